"""The sandbox connector against the sandbox world."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from msgspec.structs import replace

from syncd.connector import (
    AuthFailed,
    Capability,
    Context,
    Cursor,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from syncd.model import (
    BadItem,
    Direction,
    Draft,
    Message,
    MessageKind,
    OffsetSource,
    Order,
    OrderStatus,
    Party,
    Shipment,
    StockLevel,
    TrackingEvent,
)
from syncd.testing.conformance import ConnectorConformance, Make
from syncd.testing.server import Fault
from syncd.testing.world import World
from syncd.testing.world_story import Sale
from syncd_sandbox import Sandbox, SandboxConfig, _order

START = datetime(2026, 3, 1, tzinfo=UTC)
TOKEN = "sandbox-token"
README = Path(__file__).parents[3] / "connectors" / "sandbox" / "README.md"


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock(START + timedelta(days=30))


@pytest.fixture
def world(clock: Clock) -> Iterator[World]:
    with World(now=clock, start=START) as world:
        yield world


@pytest.fixture
def sandbox(world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("SANDBOX_TOKEN", TOKEN)
    config = SandboxConfig.model_validate({"url": world.url, "token": {"env": "SANDBOX_TOKEN"}})
    sandbox = Sandbox(config, Context(account="shop", now=clock))
    yield sandbox
    sandbox.close()


def items(sandbox: Sandbox, stream: str, cursor: Cursor | None = None) -> list:
    return [item for batch in sandbox.poll(stream, cursor or {}) for item in batch.items]


def of(kind: type, found: list) -> dict[str, Any]:
    return {item.source_id: item for item in found if isinstance(item, kind)}


def sale_of(world: World, *, mail_only: bool) -> Sale:
    return next(s for s in world.story.sales if s.buyer.mail_only is mail_only and s.parcels)


def draft_for(sale: Sale) -> Draft:
    return Draft(
        text=f"Your parcel {sale.parcels[0].number}",
        buyer=Party(id=sale.buyer.id),
        subject="Your parcel",
        order_id=sale.id,
        language=sale.buyer.language,
    )


def test_everything_the_world_tells_is_read_and_the_unreadable_put_aside(
    sandbox: Sandbox, world: World
) -> None:
    found = [item for stream in sandbox.streams for item in items(sandbox, stream)]
    counts = world.counts()
    assert len(of(Order, found)) == counts.orders
    assert len(of(Message, found)) == counts.messages
    assert len(of(Shipment, found)) == counts.shipments
    assert len(of(TrackingEvent, found)) == counts.tracking
    assert len(of(StockLevel, found)) == counts.stock
    bad = of(BadItem, found)
    assert len(bad) == counts.malformed
    assert all(item.reason and item.raw for item in bad.values())


def test_with_faults_all_the_time_everything_still_arrives(sandbox: Sandbox, world: World) -> None:
    world.fault_rate = 0.2
    cursors: dict[str, Cursor] = {stream: {} for stream in sandbox.streams}
    found, breakdowns, unfinished = [], 0, set(sandbox.streams)
    while unfinished:
        for stream in sorted(unfinished):
            try:
                for batch in sandbox.poll(stream, cursors[stream]):
                    found += batch.items
                    cursors[stream] = batch.cursor
                unfinished.discard(stream)
            except Unavailable:
                breakdowns += 1
    counts = world.counts()
    assert breakdowns > 0
    assert len(of(Order, found)) == counts.orders
    assert len(of(Message, found)) == counts.messages
    assert len(of(TrackingEvent, found)) == counts.tracking


def test_an_order_arrives_whole(sandbox: Sandbox, world: World) -> None:
    sale = sale_of(world, mail_only=True)
    order = of(Order, items(sandbox, "orders"))[sale.id]
    assert order.status in {OrderStatus.SHIPPED, OrderStatus.DELIVERED}
    odd = {**msgspec.json.decode(order.raw), "status": "on_hold"}
    assert _order(odd).status is OrderStatus.UNKNOWN
    assert order.placed_at == sale.placed_at.replace(microsecond=0)
    assert order.deliver_by.latest == sale.promise
    assert (order.buyer.id, order.buyer.email) == (sale.buyer.id, sale.buyer.email)
    assert (order.ship_to.country, order.language) == (sale.buyer.city.country, sale.buyer.language)
    assert [(line.sku, line.variant, line.quantity) for line in order.lines] == [
        (line.sku, line.variant, line.quantity) for line in sale.lines
    ]


def test_the_best_seller_runs_out_for_some_days(sandbox: Sandbox, clock: Clock) -> None:
    clock.at = START + timedelta(days=9)
    levels = of(StockLevel, items(sandbox, "stock"))
    empty = {level.sku for level in levels.values() if level.quantity == 0}
    assert len(levels) > len(empty) == 1
    clock.at = START + timedelta(days=12)
    assert all(level.quantity for level in of(StockLevel, items(sandbox, "stock")).values())


def test_scans_keep_the_local_time_and_an_unknown_offset(sandbox: Sandbox, world: World) -> None:
    told = of(TrackingEvent, items(sandbox, "tracking"))
    scans = [scan for _, parcel in world.story.parcels for scan in parcel.scans]
    for scan in (scan for scan in scans if scan.id in told):
        event = told[scan.id]
        assert event.occurred_local == scan.local.replace(microsecond=0)
        assert event.utc_offset_minutes == scan.offset_minutes
        assert event.milestone is scan.milestone
    sources = {event.utc_offset_minutes is None: event.offset_source for event in told.values()}
    assert sources == {True: None, False: OffsetSource.CARRIER}


def test_speakers_and_automatic_replies_are_told_apart(
    sandbox: Sandbox, world: World, clock: Clock
) -> None:
    away = next(s for s in world.story.sales if s.buyer.away and not s.buyer.mail_only)
    sandbox.send(draft_for(away), "k1") if away.parcels else pytest.fail("no parcel")
    clock.at += timedelta(minutes=2)
    said = of(Message, items(sandbox, "messages")).values()
    assert {message.direction for message in said} == set(Direction)
    automatic = [message for message in said if message.kind is MessageKind.AUTO_REPLY]
    assert [message.order_ids for message in automatic] == [(away.id,)]


def test_a_poll_goes_on_where_the_last_one_ended(
    sandbox: Sandbox, world: World, clock: Clock
) -> None:
    clock.at = START + timedelta(days=6)
    batches = list(sandbox.poll("orders", {}))
    before = [item.source_id for batch in batches for item in batch.items]
    clock.at += timedelta(days=1)
    after = [item.source_id for item in items(sandbox, "orders", batches[-1].cursor)]
    assert after
    assert sorted(before + after) == sorted(item.source_id for item in items(sandbox, "orders"))


def test_a_sent_message_reaches_the_buyer_and_is_seen_again(sandbox: Sandbox, world: World) -> None:
    sale = sale_of(world, mail_only=False)
    assert sandbox.may_send(draft_for(sale)).allowed
    receipt = sandbox.send(draft_for(sale), "k1")
    [received] = world.received
    assert (received.id, received.key, received.buyer_id, received.language) == (
        receipt.source_id,
        "k1",
        sale.buyer.id,
        sale.buyer.language,
    )
    assert of(Message, items(sandbox, "messages"))[receipt.source_id].direction is (
        Direction.OUTBOUND
    )


def test_an_answer_that_is_no_receipt_leaves_open_whether_it_went_out(
    sandbox: Sandbox, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = draft_for(sale_of(world, mail_only=False))
    monkeypatch.setattr(world, "_deliver", lambda *_: {"status": "queued"})
    with pytest.raises(OutcomeUnknown, match="the answer is unreadable"):
        sandbox.send(draft, "k1")


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.TRUNCATED])
def test_a_lost_answer_is_settled_by_asking(sandbox: Sandbox, world: World, fault: Fault) -> None:
    draft = draft_for(sale_of(world, mail_only=False))
    assert sandbox.find_sent(draft, "k1") is None
    world.fail(fault, path="/messages", method="POST")
    with pytest.raises(OutcomeUnknown):
        sandbox.send(draft, "k1")
    found = sandbox.find_sent(draft, "k1")
    assert found is not None
    assert found.source_id == world.received[0].id


def test_a_message_that_was_not_carried_out_is_not_found(sandbox: Sandbox, world: World) -> None:
    draft = draft_for(sale_of(world, mail_only=False))
    world.fail(Fault.RATE_LIMITED, path="/messages", method="POST", retry_after=9)
    with pytest.raises(Unavailable) as caught:
        sandbox.send(draft, "k1")
    assert caught.value.retry_after == 9
    assert sandbox.find_sent(draft, "k1") is None


def test_buyers_who_take_no_messages_are_known_before_and_refused_after(
    sandbox: Sandbox, world: World
) -> None:
    draft = draft_for(sale_of(world, mail_only=True))
    verdict = sandbox.may_send(draft)
    assert (verdict.allowed, verdict.not_before) == (False, None)
    assert "e-mail only" in verdict.reason
    with pytest.raises(Rejected, match="e-mail only"):
        sandbox.send(draft, "k1")
    assert world.received == []


def test_a_draft_to_nobody_of_the_marketplace_is_refused(sandbox: Sandbox) -> None:
    verdict = sandbox.may_send(Draft(text="Hello", buyer=Party(email="someone@mail.example")))
    assert (verdict.allowed, "no buyer of this marketplace" in verdict.reason) == (False, True)
    with pytest.raises(Rejected, match="422"):
        sandbox.send(Draft(text="Hello", buyer=Party(id="u_unknown")), "k1")


def test_a_rotated_token_works_without_a_restart(
    sandbox: Sandbox, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.check()
    world.token = "new-token"
    with pytest.raises(AuthFailed):
        sandbox.check()
    monkeypatch.setenv("SANDBOX_TOKEN", "new-token")
    sandbox.check()


def test_more_time_shows_in_the_order_and_in_its_later_versions(
    sandbox: Sandbox, world: World, clock: Clock
) -> None:
    clock.at = START + timedelta(days=11)
    sale = next(s for s in world.story.sales if s.delivered_at and s.delivered_at > clock.at
                and s.placed_at < clock.at)  # fmt: skip
    read = list(sandbox.poll("orders", {}))
    until = (sale.promise + timedelta(days=40)).replace(microsecond=0)
    assert sandbox.extend_promise(sale.id, until, "k1").source_id == "x_1"

    batches = [*sandbox.poll("orders", read[-1].cursor)]
    assert [(item.source_id, item.protection_ends_at) for item in batches[0].items] == [
        (sale.id, until)
    ]
    clock.at = START + timedelta(days=30)
    later = of(Order, items(sandbox, "orders", batches[-1].cursor))[sale.id]
    assert (later.status, later.protection_ends_at) == (OrderStatus.DELIVERED, until)


def test_the_marketplace_says_why_it_gives_no_more_time(sandbox: Sandbox, world: World) -> None:
    sale = sale_of(world, mail_only=True)
    for until in (sale.promise, sale.promise + timedelta(days=60)):
        with pytest.raises(Rejected, match=r"protected until|no more than"):
            sandbox.extend_promise(sale.id, until, "k1")
    assert world.extensions.given == []


class TestConformance(ConnectorConformance):
    connector_class = Sandbox
    readme = README
    secrets = (TOKEN,)
    send_path = "/messages"
    request_paths: ClassVar = {Capability.EXTEND_PROMISE: "/orders/.*/extensions"}

    @pytest.fixture(autouse=True)
    def _token(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SANDBOX_TOKEN", TOKEN)

    @pytest.fixture
    def source(self) -> Iterator[World]:
        self.clock = Clock(START + timedelta(days=11))
        with World(now=self.clock, start=START, orders=40) as world:
            yield world

    def test_source_ids_are_unique_strings(self, make: Make, stream: str) -> None:
        """The marketplace tells changes: one id comes again, as a later version of the same."""
        known: dict[str, datetime] = {}
        for item in items(make(), stream):
            assert isinstance(item.source_id, str)
            if isinstance(item, Order | Message):
                began = item.placed_at if isinstance(item, Order) else item.sent_at
                assert known.setdefault(item.source_id, began) == began

    def config(self, source: World) -> dict[str, Any]:
        return {"url": source.url, "token": {"env": "SANDBOX_TOKEN"}}

    def add_item(self, source: World, stream: str) -> None:
        self.clock.at += timedelta(days=1)

    def edit_item(self, source: World, stream: str) -> bool:
        self.clock.at += timedelta(days=1)
        return stream in {"orders", "stock"}

    def draft(self, source: World) -> Draft:
        return draft_for(sale_of(source, mail_only=False))

    def more_drafts(self, source: World) -> list[Draft]:
        first = draft_for(sale_of(source, mail_only=False))
        other = next(
            sale
            for sale in source.story.sales
            if not sale.buyer.mail_only and sale.buyer.id != first.buyer.id
        )
        return [replace(first, order_id=None), draft_for(other)]

    def refused_draft(self, source: World) -> Draft:
        return draft_for(sale_of(source, mail_only=True))

    def arrived(self, source: World) -> int:
        return len(source.received)

    def extension(self, source: World) -> tuple[str, datetime]:
        sale = sale_of(source, mail_only=True)
        return sale.id, sale.promise + timedelta(days=25)

    def carried_out(self, source: World, capability: Capability) -> int:
        return len(source.extensions.given)
