"""What all tests share: a store in either database, a clock that stands still, a whole runtime."""

import gc
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from itertools import islice
from pathlib import Path
from time import thread_time

import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from syncd import clock
from syncd.accounts import Account, Runtime
from syncd.config import (
    AccountSettings,
    FreshLook,
    Guards,
    Lateness,
    Playbook,
    Settings,
    StaleSource,
)
from syncd.connector import AccountConfig, Context
from syncd.ingest.salvage import salvage
from syncd.model import (
    Address,
    Direction,
    Message,
    Milestone,
    Order,
    OrderStatus,
    Party,
    Shipment,
    TrackingEvent,
    Window,
)
from syncd.store import Store
from syncd.store.tables import metadata
from syncd.testing.scripted import ScriptedConnector
from syncd.text.templates import Templates

# A busy machine draws examples slowly; that is no fault of what is tested.
settings.register_profile("syncd", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("syncd")

# Each test opens stores of its own, and compiling their statements anew took a third of its time:
# what was compiled for one engine is good for all of its kind.
_COMPILED = LRUCache(2000)
DefaultDialect.__hash__ = lambda self: hash(type(self))
DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)


@event.listens_for(Engine, "engine_connect")
def _share_what_is_compiled(connection):
    connection.engine._compiled_cache = _COMPILED


_LONG = ("tests/systemd/", "tests/system/")


def pytest_collection_modifyitems(config, items):
    """Deal what takes longest out to the workers, as their first: else one has it all at the end.

    Each begins with an equal share of the list, and takes from another's once that is done.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers > 1:
        machine, system = ([i for i in items if i.nodeid.startswith(at)] for at in _LONG)
        first = [system[worker::workers] for worker in range(workers)]
        first[-1] += machine  # all of it to one: it boots a machine for them
        rest = iter([i for i in items if not i.nodeid.startswith(_LONG)])
        shares, left = [], len(items)
        for worker, long in enumerate(first):
            share = left // (workers - worker)
            shares += long + list(islice(rest, max(0, share - len(long))))
            left -= share
        items[:] = [*shares, *rest]


UNGUARDED = Guards(stale_source=StaleSource(enabled=False), fresh_look=FreshLook(enabled=False))
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def cpu_seconds() -> Callable[[Callable[[], object]], float]:
    """What a call takes of this thread's CPU.

    Without what other tests have left to a process: threads that end, and half a second of looking
    through all their objects for garbage.
    """

    def measured(call: Callable[[], object]) -> float:
        gc.disable()
        try:
            began = thread_time()
            call()
            return thread_time() - began
        finally:
            gc.enable()

    return measured


@pytest.fixture(autouse=True)
def _log_as_it_was():
    """A verb sets up the log of its process; the next test would miss lines below its level."""
    yield
    structlog.reset_defaults()


def _beside(name):
    spec = spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of this test process."""
    programs = _beside("postgres")
    try:
        server = programs.Postgres()
    except programs.NoPostgres as reason:
        pytest.skip(str(reason))
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgres_migrated(postgres):
    """The name of a migrated database, used by one test after the other."""
    name = postgres.create()
    Store(postgres.url(name)).close()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("store") / "template.db"
    Store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template, tmp_path):
    path = tmp_path / "syncd.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres, postgres_migrated):
    postgres.clear(postgres_migrated, metadata.tables)
    return postgres.url(postgres_migrated)


@pytest.fixture
def postgres_empty_url(postgres):
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


both = pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])


@both
def store_url(request):
    """The URL of a migrated, empty store: once in SQLite, once in PostgreSQL."""
    return request.getfixturevalue(f"{request.param}_url")


@both
def empty_url(request, tmp_path):
    """The URL of a database that no syncd has seen."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return request.getfixturevalue("postgres_empty_url")


@pytest.fixture
def store(store_url):
    opened = Store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(sqlite_url):
    opened = Store(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def time():
    """The time stands at noon UTC on 10 March 2026; call it with a timedelta to move on."""
    with clock.frozen(NOON) as advance:
        yield advance


class Make:
    """Items with what a test does not care about filled in; `day` counts from `NOON`."""

    buyer = Party(id="buyer-1", name="Ann", email="ann@example.org")

    def at(self, day=0.0):
        return NOON + timedelta(days=day)

    def message(self, source_id="m1", day=0.0, **fields):
        fields = {"direction": Direction.INBOUND, "buyer": self.buyer, "text": "Hello", **fields}
        return Message(source_id=source_id, sent_at=self.at(day), **fields)

    def order(self, source_id="12-00001-00001", promise=None, **fields):
        fields = {
            "status": OrderStatus.SHIPPED, "buyer": self.buyer, "ship_to": Address(country="DE"),
            "placed_at": self.at(-20),
            "deliver_by": None if promise is None else Window(latest=self.at(promise)), **fields,
        }  # fmt: skip
        return Order(source_id=source_id, **fields)

    def shipment(self, source_id="p1", number="TN1", order="12-00001-00001", **fields):
        fields = {"shipped_at": self.at(-15), "carrier": "DHL", **fields}
        return Shipment(source_id=source_id, tracking_number=number, order_id=order, **fields)

    def event(self, day, milestone=Milestone.IN_TRANSIT, number="TN1", **fields):
        local = self.at(day).replace(tzinfo=None)
        fields = {
            "source_id": f"{number}-{day}-{milestone}", "text": f"Scan: {milestone}",
            "utc_offset_minutes": 0, **fields,
        }  # fmt: skip
        return TrackingEvent(
            tracking_number=number, occurred_local=local, milestone=milestone, **fields
        )


@pytest.fixture(scope="session")
def make():
    return Make()


class Source:
    """One account that brings items straight into a store, as a poll would."""

    def __init__(self, store, name="shop", platform="scripted"):
        self.store = store
        self.platform = platform
        self.id = store.accounts.register(name, platform, clock.now())

    def claim(self, stream="messages", owner="me"):
        return self.store.accounts.claim(
            self.id, stream, owner=owner, now=clock.now(), lease=timedelta(minutes=10)
        )

    def bring(self, *items, stream="messages", cursor=None):
        """Write one batch; returns how many items of which kind became what."""
        claim = self.claim(stream)
        counts = salvage(self.store, claim, self.platform, items, cursor or {})
        self.store.accounts.succeeded(claim, clock.now())
        return counts


@pytest.fixture
def source(store, time):
    return Source(store)


@pytest.fixture
def source_of(time):
    """Make a `Source` on a given store."""
    return Source


@pytest.fixture
def select():
    """Rows of a table, as dicts, in the order of the first column."""

    def rows(store, sql):
        with store.database.read() as connection:
            return [dict(row._mapping) for row in connection.exec_driver_sql(sql)]

    return rows


@pytest.fixture
def column(select):
    """What stands in a column of a table, by the source ids of its rows."""

    def found(store, table, name):
        rows = select(store, f"SELECT source_id, {name} FROM {table} ORDER BY source_id")
        return {row["source_id"]: row[name] for row in rows}

    return found


@pytest.fixture(scope="session")
def templates():
    return Templates.load(None, default_language="en")


class World:
    """Accounts of scripted connectors on one store, and the runtime made of them."""

    def __init__(self, store, templates):
        self.store = store
        self.connectors = {}
        # A test that is not about guards has no sources that are polled; no chance decides either.
        self.settings = Settings(guards=UNGUARDED, lateness=Lateness(enabled=False))
        self._accounts = {}
        self._templates = templates

    def add(self, name="shop", **settings):
        """An account; returns its connector."""
        connector = ScriptedConnector(Context(account=name, now=clock.now))
        self.connectors[name] = connector
        self._accounts[name] = Account(
            id=self.store.accounts.register(name, "scripted", clock.now()),
            name=name,
            settings=AccountSettings(
                name=name, connector="scripted", options=AccountConfig(), **settings
            ),
            connector=connector,
        )
        return connector

    def remove(self, name):
        """The account leaves the config; the store keeps what it knows of it."""
        del self._accounts[name], self.connectors[name]

    def playbook(self, name="tell", when=("no_movement", "promise_passed"), tell="buyer", **more):
        book = Playbook(name=name, when=when, tell=tell, **more)
        self.configure(playbooks=(*self.settings.playbooks, book))

    def configure(self, **sections):
        self.settings = self.settings.model_copy(update=sections)

    def account(self, name="shop"):
        return self._accounts[name]

    def bring(self, *items, account="shop"):
        """What a poll of `account` would bring."""
        Source(self.store, account).bring(*items)

    def outbox(self, **wanted):
        return self.store.outbox.rows(**wanted)

    @property
    def runtime(self):
        return Runtime(self.settings, self.store, self._templates, self._accounts, {})


@pytest.fixture
def world(sqlite_store, templates, time):
    """One account called shop, on SQLite, at a time that stands still."""
    made = World(sqlite_store, templates)
    made.add()
    return made


@pytest.fixture
def world_on_either(store, templates, time):
    """As `world`, once on SQLite and once on PostgreSQL."""
    made = World(store, templates)
    made.add()
    return made


@pytest.fixture
def world_of(templates):
    """Make a `World` on a given store."""
    return lambda store: World(store, templates)
