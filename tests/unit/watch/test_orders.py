"""Orders that have no parcel yet fall due too: found, told once, and over when they are sent."""

from datetime import timedelta

import pytest

from syncd import clock, ingest, watch
from syncd.config import FreshLook, Guards, StaleSource
from syncd.connector import Unavailable
from syncd.model import OrderStatus, OutboxState, Window
from syncd.outbox import Sender, compose

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ORDER = "12-00001-00001"


@pytest.fixture
def world(world_on_either):
    return world_on_either


@pytest.fixture
def order(make):
    """An order that has to leave within two days, paid for and not sent."""

    def made(source_id=ORDER, ship_by=2, status=OrderStatus.UNSHIPPED, **fields):
        within = None if ship_by is None else Window(latest=make.at(ship_by))
        return make.order(source_id, ship_by=within, status=status, **fields)

    return made


@pytest.fixture
def round_(world):
    return lambda: watch.run(world.runtime)


def findings(world):
    return world.store.look.open_findings()


def rows(world):
    """Messages to the buyer first, then tasks."""
    found = [(row.purpose, row.template, row.state) for row in reversed(world.outbox())]
    return sorted(found, key=lambda row: row[0])


def planned(world, select):
    rows = select(world.store, "SELECT due_at FROM order_dues")
    return rows[0]["due_at"] if rows else None


class TestFound:
    def test_a_day_ahead_and_then_at_the_end(self, world, order, round_, time):
        world.bring(order())
        assert (round_(), findings(world)) == (1, {})
        time(DAY - timedelta(seconds=1))
        assert round_() == 0, "nothing is due"
        time(timedelta(seconds=1))
        assert (round_(), findings(world)) == (1, {"ship_by_near": 1})
        time(DAY)
        assert (round_(), findings(world)) == (1, {"late_dispatch": 1})
        time(9 * DAY)
        assert round_() == 0, "it is late until there is news"

    def test_one_just_heard_of_may_have_a_parcel_that_comes_with_the_next_poll(
        self, world, order, round_, time
    ):
        world.bring(order(ship_by=-5))
        assert (round_(), findings(world)) == (1, {})
        time(HOUR)
        assert (round_(), findings(world)) == (1, {"late_dispatch": 1})

    @pytest.mark.parametrize("status", sorted({*OrderStatus} - {OrderStatus.UNSHIPPED}))
    def test_only_of_one_that_is_paid_for_and_not_sent(
        self, world, order, round_, time, status, select
    ):
        world.bring(order(ship_by=-5, status=status))
        time(DAY)
        assert (round_(), findings(world)) == (0, {})
        assert planned(world, select) is None, "it costs no round anything"

    def test_without_a_dispatch_time_nothing_is_said(self, world, order, round_, time, select):
        world.bring(order(ship_by=None))
        assert (round_(), planned(world, select)) == (1, None)

    def test_what_one_round_can_take_is_judged_and_then_the_rest(
        self, world, order, monkeypatch, time
    ):
        monkeypatch.setattr(watch, "BATCH", 3)
        world.bring(*(order(f"o{number}", ship_by=-1) for number in range(8)))
        time(HOUR)
        assert watch.run(world.runtime) == 8
        assert findings(world) == {"late_dispatch": 8}


class TestOver:
    @pytest.fixture
    def late(self, world, order, round_, time):
        world.playbook("desk", when=("ship_by_near", "late_dispatch"), tell="staff")
        world.playbook("honest", when=("late_dispatch",), template=None)
        world.bring(order(ship_by=-1))
        time(HOUR)
        round_()
        assert findings(world) == {"late_dispatch": 1}

    def test_when_a_parcel_comes(self, world, make, late, round_, select):
        world.bring(make.shipment(number=None, shipped_at=None))
        round_()
        assert (findings(world), planned(world, select)) == ({}, None)

    @pytest.mark.parametrize(
        "status", [OrderStatus.CANCELLED, OrderStatus.SHIPPED, OrderStatus.DELIVERED]
    )
    def test_when_it_is_cancelled_or_sent(self, world, order, late, round_, status, select):
        world.bring(order(ship_by=-1, status=status))
        round_()
        assert (findings(world), planned(world, select)) == ({}, None)
        Sender(world.runtime).run()
        assert rows(world)[0] == ("notice", "order_late", OutboxState.OBSOLETE)
        assert world.connectors["shop"].drafts == []

    def test_when_it_gets_more_time(self, world, order, late, round_):
        world.bring(order(ship_by=9))
        round_()
        assert findings(world) == {}


class TestTold:
    @pytest.fixture(autouse=True)
    def playbooks(self, world):
        world.playbook("desk", when=("ship_by_near", "late_dispatch"), tell="staff")
        world.playbook("honest", when=("late_dispatch",))

    def test_staff_ahead_and_both_at_the_end_once(self, world, order, round_, time):
        world.bring(order())
        time(DAY)
        round_()
        assert rows(world) == [("task", None, OutboxState.PERSON)]
        time(DAY)
        for again in range(3):
            world.bring(order(note=f"read again: {again}"))
            round_()
            assert findings(world) == {"late_dispatch": 1}
            time(2 * HOUR)
        assert rows(world) == [
            ("notice", "order_late", OutboxState.PENDING),
            ("task", None, OutboxState.PERSON),
            ("task", None, OutboxState.PERSON),
        ]

    def test_the_buyer_reads_which_order_in_their_language(self, world, order, round_, time, make):
        world.bring(order(ship_by=-1, promise=9, language="de"))
        time(HOUR)
        round_()
        Sender(world.runtime).run()
        ((_, draft),) = world.connectors["shop"].drafts
        assert draft.order_id == ORDER
        assert draft.subject == f"Ihre Bestellung {ORDER} wird später verschickt als geplant"
        assert "Geplanter Versand: bis 9. März 2026" in draft.text
        assert "Geplante Zustellung: bis 19. März 2026" in draft.text

    def test_in_the_buyers_daytime(self, world, order, round_, time, make):
        world.bring(order(ship_by=-1))
        time(11 * HOUR)  # midnight in Berlin
        round_()
        Sender(world.runtime).run()
        assert rows(world)[0] == ("notice", "order_late", OutboxState.PENDING)
        time(8 * HOUR)
        Sender(world.runtime).run()
        assert rows(world)[0] == ("notice", "order_late", OutboxState.SENT)

    def test_what_waited_into_the_night_waits_for_the_morning(self, world, order, round_, time):
        world.bring(order(ship_by=-1))
        time(HOUR)
        round_()
        time(10 * HOUR)  # midnight in Berlin; nothing could be sent meanwhile
        Sender(world.runtime).run()
        assert world.connectors["shop"].drafts == []
        assert rows(world)[0] == ("notice", "order_late", OutboxState.PENDING)
        time(8 * HOUR)
        Sender(world.runtime).run()
        assert rows(world)[0] == ("notice", "order_late", OutboxState.SENT)

    def test_nobody_is_told_again_when_it_gets_a_label_and_is_late_still(
        self, world, make, order, round_, time
    ):
        world.bring(order(ship_by=-1))
        time(HOUR)
        round_()
        Sender(world.runtime).run()
        told = rows(world)
        world.bring(make.shipment(number=None, shipped_at=None))
        time(DAY)
        round_()
        assert findings(world) == {"late_dispatch": 1}, "of the parcel now"
        assert rows(world) == told

    def test_of_a_label_that_nobody_took_the_buyer_reads_the_same(
        self, world, make, order, round_, time
    ):
        world.bring(order(ship_by=-1), make.shipment(number=None, shipped_at=None))
        time(DAY)
        round_()
        Sender(world.runtime).run()
        assert rows(world)[0] == ("notice", "order_late", OutboxState.SENT)
        ((_, draft),) = world.connectors["shop"].drafts
        assert draft.subject == f"Ihre Bestellung {ORDER} wird später verschickt als geplant"

    def test_one_held_for_approval_is_shown_as_it_would_go_out(self, world, order, round_, time):
        world.configure(playbooks=())
        world.playbook("honest", when=("late_dispatch",), approval=True)
        world.bring(order(ship_by=-1, language="en"))
        time(HOUR)
        round_()
        (row,) = world.outbox()
        draft = compose(world.runtime, world.account(), row, clock.now())
        assert (row.state, row.shipment_id) == (OutboxState.HELD, None)
        assert "Planned dispatch: by March 9, 2026" in draft.text

    def test_what_shop_and_desk_see_of_it(self, world, order, round_, time):
        world.bring(order(ship_by=-1))
        time(HOUR)
        round_()
        found = world.store.look.subject(ORDER)
        (finding,) = found["open_findings"]
        assert (finding["kind"], finding["order"], finding["tracking_number"]) == (
            "late_dispatch", ORDER, None,
        )  # fmt: skip
        assert "no parcel yet" in finding["evidence"]
        assert "finding" in {entry["kind"] for entry in found["timeline"]}
        assert {notice["template"] for notice in found["notices"]} == {None, "order_late"}


class TestGuards:
    @pytest.fixture(autouse=True)
    def guarded(self, world):
        world.playbook("honest", when=("late_dispatch",))
        stale = StaleSource(after=24 * HOUR)
        world.configure(guards=Guards(stale_source=stale, fresh_look=FreshLook(within=2 * HOUR)))

    def poll(self, world, *, fails=False):
        if fails:
            world.connectors["shop"].feed("orders", Unavailable("down"))
        return ingest.poll(world.account(), "orders", world.store)

    def test_nothing_is_found_while_the_shop_cannot_be_read(self, world, order, round_, time):
        self.poll(world)
        world.bring(order(ship_by=1))
        round_()
        time(2 * DAY)
        self.poll(world, fails=True)
        round_()
        assert findings(world) == {}
        self.poll(world)
        time(HOUR)
        round_()
        assert findings(world) == {"late_dispatch": 1}

    def test_the_order_is_read_right_before_its_buyer_is_told(self, world, order, round_, time):
        self.poll(world)
        world.bring(order(ship_by=0.2))
        time(5 * HOUR)
        round_()
        asked = []
        runtime = world.runtime
        sender = Sender(runtime, poll_soon=lambda account, stream: asked.append(stream))
        sender.run()
        assert asked == ["orders"]
        assert rows(world) == [("notice", "order_late", OutboxState.PENDING)]
        self.poll(world)
        time(timedelta(minutes=1))
        sender.run()
        assert rows(world) == [("notice", "order_late", OutboxState.SENT)]
