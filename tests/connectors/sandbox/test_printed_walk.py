"""The walk the tutorial prints keeps to the contract, with and without details asked for singly."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import Field

from syncd import clock
from syncd.connector import (
    API_VERSION,
    AccountConfig,
    AuthFailed,
    Connector,
    Context,
    OutcomeUnknown,
    Unavailable,
)
from syncd.http import HttpClient
from syncd.model import BadItem, Draft, Order, OrderStatus, Party
from syncd.testing.conformance import SECTIONS, ConnectorConformance
from syncd.testing.server import Answer, FakeServer, route

DOCS = Path(__file__).parents[3] / "docs" / "connectors"
PAGE = 2
# What the printed code says it has from elsewhere: the imports and the shapes of the answers.
FRAME = """
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace

import msgspec

from syncd.connector import (
    AccountConfig, AuthFailed, Batch, Cursor, OutcomeUnknown, Rejected, Unavailable, describe_by,
    find_text, only_messages, parse_each, settling,
)
from syncd.connector.sweep import Entry, Page, Place, Source, entry_of, walk
from syncd.connector.times import utc_text
from syncd.model import BadItem, Draft, Item, Order, OrderStatus, Party, Receipt


class OrderPage(msgspec.Struct):
    orders: list[msgspec.Raw]
    total: int


class Head(msgspec.Struct):
    id: str
    changed_at: datetime


def order(raw):
    head = msgspec.json.decode(raw, type=Head)
    status = OrderStatus(msgspec.json.decode(raw).get("status", "unshipped"))
    return Order(
        source_id=head.id, placed_at=head.changed_at, status=status, buyer=Party(id="u-1"), raw=raw
    )


parse = SimpleNamespace(order=order)
"""


def printed(page, marker):
    """The one block of a page that has `marker` in it."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    [code] = [code for code in found if marker in code]
    return code


def written(*blocks):
    """What these blocks define, each seeing what the others do."""
    told = {}
    for code in (FRAME, *blocks):
        exec(compile(code, "docs", "exec", dont_inherit=True), told)
    return told


WALKED = written(printed("tutorial.md", "def fetch(self"))
DETAILED = written(printed("tutorial.md", "def fetch(self"), printed("reading.md", "def detailed("))
READ_BACK = written(printed("sending.md", "does not show it yet"))


class Shop(FakeServer):
    """Lists orders by their last change, the latest first, two a page whatever is asked for."""

    def __init__(self):
        super().__init__()
        self.orders = {}
        self.gone = set()
        for number in range(7):
            self.put(f"o-{number}", clock.now() - timedelta(days=7 - number))

    def put(self, name, at, status="unshipped"):
        self.orders[name] = {"id": name, "changed_at": at.isoformat(), "status": status}

    @route("GET", "/orders")
    def listed(self, request):
        start, end = request.one("changed_from"), request.one("changed_to", "9999-01-01T00:00:00Z")
        begin, until = datetime.fromisoformat(start), datetime.fromisoformat(end)
        fits = [one for one in self.orders.values() if begin <= _changed(one) < until]
        fits.sort(key=_changed, reverse=True)
        offset = int(request.one("offset"))
        found = self.page(fits[offset : offset + PAGE])
        return Answer.json({"orders": found, "total": len(fits)})

    @route("GET", "/orders/(.+)")
    def one(self, request):
        name = request.groups[0]
        if name in self.gone:
            return Answer.json({"error": "no such order"}, 404)
        return Answer.json(self.orders[name])


def _changed(one):
    return datetime.fromisoformat(one["changed_at"])


def connector_of(told, title):
    class Config(AccountConfig):
        url: str = Field(description="Where the shop is.")

    def begin(self, config, context):
        Connector.__init__(self, config, context)
        self.http = HttpClient(config.url)

    methods = {name: told[name] for name in ("poll", "fetch", "read", "detailed") if name in told}
    body = {
        "name": title, "api_version": API_VERSION, "Config": Config, "__init__": begin,
        "streams": {"orders": timedelta(minutes=5)}, "capabilities": frozenset(),
        "close": lambda self: self.http.close(), **methods,
    }  # fmt: skip
    return type(title.capitalize(), (Connector,), body)


class Suite(ConnectorConformance):
    @pytest.fixture(autouse=True)
    def _readme(self, tmp_path, monkeypatch):
        page = tmp_path / "README.md"
        page.write_text("".join(f"## {section}\n" for section in SECTIONS))
        monkeypatch.setattr(type(self), "readme", page, raising=False)

    @pytest.fixture
    def source(self):
        with Shop() as shop:
            yield shop

    def config(self, source):
        return {"url": source.url}

    def add_item(self, source, stream):
        source.put("o-new", clock.now())

    def edit_item(self, source, stream):
        source.put("o-0", clock.now(), "shipped")
        return True


class TestWalked(Suite):
    connector_class = connector_of(WALKED, "walked")


class TestDetailed(Suite):
    connector_class = connector_of(DETAILED, "detailed")


def test_one_order_that_is_gone_does_not_stop_the_others():
    with Shop() as shop:
        shop.gone = {"o-3"}
        made = connector_of(DETAILED, "detailed")
        account = made(made.Config(url=shop.url), Context(account="shop", now=clock.now))
        items = [item for batch in account.poll("orders", {}) for item in batch.items]
        account.close()
    bad = [item.source_id for item in items if isinstance(item, BadItem)]
    assert (len(items), bad) == (7, ["o-3"])
    assert {item.status for item in items if isinstance(item, Order)} == {OrderStatus.UNSHIPPED}


@pytest.mark.parametrize("error", [Unavailable("HTTP 503"), AuthFailed("HTTP 401"), None])
def test_a_message_that_cannot_be_read_back_is_an_unknown_outcome(error):
    class Poster:
        def post(self, path, body):
            del path, body

    class Account:
        http = Poster()

        def find_sent(self, draft, key):
            del draft, key
            if error:
                raise error

    draft = Draft(text="Hello", buyer=Party(id="u-1"), created_at=datetime.now(UTC))
    with pytest.raises(OutcomeUnknown):
        READ_BACK["send"](Account(), draft, "key")
