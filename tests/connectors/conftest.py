"""What the tests of several connectors start from.

For marketplaces: a clock that the test moves, kept tokens, and `connect`'s parts, which each folder
puts together for its platform. For carriers: an account at the fake that a test module names by a
fixture `carrier`.
"""

from datetime import UTC, datetime, timedelta

import pytest

from syncd import clock
from syncd.connector import Context, MemoryTokens
from syncd.model import ParcelRef


class Clock:
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __init__(self) -> None:
        self.moment = self.start

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **step: float) -> datetime:
        self.moment += timedelta(**step)
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - self.start).total_seconds()


@pytest.fixture
def now():
    """The clock of a fake and of the accounts at it."""
    return Clock()


@pytest.fixture
def tokens():
    return MemoryTokens()


@pytest.fixture
def no_waiting(monkeypatch):
    """Turns of a budget and second tries wait a little: not here."""
    monkeypatch.setattr(clock, "sleep", lambda _: None)


@pytest.fixture
def in_files(tmp_path):
    """Gives settings that name files, for settings that are secrets."""

    def write(**secrets):
        for name, secret in secrets.items():
            (tmp_path / name).write_text(f"{secret}\n")
        return {name: {"file": tmp_path / name} for name in secrets}

    return write


@pytest.fixture
def closing():
    """Gives a connector back, and closes it when the test has ended."""
    made = []

    def keep(connector):
        made.append(connector)
        return connector

    yield keep
    for connector in made:
        connector.close()


@pytest.fixture
def connector(connect):
    return connect()


@pytest.fixture
def read():
    """Gives all items of one poll, and the cursor behind them."""

    def poll(connector, stream="orders", cursor=None):
        items, cursor = [], cursor or {}
        for batch in connector.poll(stream, cursor):
            items += batch.items
            cursor = batch.cursor
        return items, cursor

    return poll


class World:
    """A fake, one account that asks it, and the parcels that are due."""

    def __init__(self, fake, connector):
        self.fake = fake
        self.connector = connector
        self.parcels = connector.context.parcels()

    def due(self, *numbers):
        self.parcels += [ParcelRef(tracking_number=number) for number in numbers]

    def poll(self):
        return list(self.connector.poll("tracking", {}))

    def items(self):
        return [item for batch in self.poll() for item in batch.items]

    def looked(self):
        return [number for batch in self.poll() for number in batch.looked]

    def calls(self, path=""):
        return [request for request in self.fake.requests if path in request.path]


@pytest.fixture
def carrier():
    """The connector's class and that of its fake."""
    raise NotImplementedError("say in the test module which carrier it is about")


@pytest.fixture
def fake(carrier, no_waiting, monkeypatch):
    _, fake_class = carrier
    for name, value in fake_class.secrets.items():
        monkeypatch.setenv(name.upper(), value)
    with fake_class() as fake:
        yield fake


@pytest.fixture
def make(carrier, fake):
    """Make a `World`: the parcels that are due, and settings beside those that let it in."""
    connector_class, _ = carrier
    made = []

    def make(*parcels, **config):
        refs = [p if isinstance(p, ParcelRef) else ParcelRef(tracking_number=p) for p in parcels]
        settings = connector_class.Config.model_validate({**fake.config, **config})
        context = Context(account="parcels", now=clock.now, parcels=lambda: refs)
        made.append(World(fake, connector_class(settings, context)))
        return made[-1]

    yield make
    for world in made:
        world.connector.close()


@pytest.fixture
def world(make):
    return make()
