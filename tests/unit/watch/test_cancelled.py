"""Labels and parcels that were cancelled at the carrier while their orders wait: for staff."""

from datetime import timedelta

import pytest

from syncd import watch
from syncd.model import Milestone, OrderStatus, OutboxState
from syncd.outbox import Sender

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
LABEL = "its label was cancelled on 2026-03-10, and its order has no parcel that was not"
SCANNED = (
    "cancelled on 2026-03-10 although the carrier had it, last on 2026-03-09; "
    "nothing was sent in its place since"
)


@pytest.fixture
def world(world_on_either):
    """Where staff want to hear of it, and buyers of what concerns them."""
    world_on_either.playbook("staff", when=("cancelled",), tell="staff")
    world_on_either.playbook()
    return world_on_either


@pytest.fixture
def cancelled(world, make):
    """A parcel that is cancelled at noon, the day after it was announced, or scanned."""

    def bring(first=Milestone.PRE_SHIPMENT, number="TN1", at=0.0):
        last = make.event(at - 1, first, number)
        world.bring(make.shipment(number, number), last)
        world.bring(make.event(at, Milestone.CANCELLED, number))

    return bring


@pytest.fixture(params=[Milestone.PRE_SHIPMENT, Milestone.IN_TRANSIT], ids=["label", "scanned"])
def first(request):
    """What the carrier said before."""
    return request.param


def found(world):
    watch.run(world.runtime)
    return world.store.look.open_findings()


def told(world):
    """What anybody was told or is to be, oldest first."""
    return [(row.purpose, row.reason) for row in reversed(world.outbox())]


@pytest.mark.parametrize("status", [OrderStatus.SHIPPED, OrderStatus.UNSHIPPED])
@pytest.mark.parametrize(
    ("before", "evidence"), [(Milestone.PRE_SHIPMENT, LABEL), (Milestone.IN_TRANSIT, SCANNED)]
)
def test_staff_are_told_once_there_was_time_for_another(
    world, make, cancelled, time, status, before, evidence
):
    world.bring(make.order(status=status))
    cancelled(before)
    assert found(world) == {}
    time(2 * HOUR - timedelta(seconds=1))
    assert found(world) == {}
    time(timedelta(seconds=1))
    assert found(world) == {"cancelled": 1}
    assert told(world) == [("task", evidence)]


def test_its_buyer_is_not_told_of_a_delay_that_was_found_before(world, make, time):
    world.bring(make.order(promise=-3), make.shipment(), make.event(-4))
    assert found(world) == {"promise_passed": 1}
    world.bring(make.event(0, Milestone.CANCELLED))
    time(3 * HOUR)
    assert found(world) == {"cancelled": 1}
    Sender(world.runtime).run()
    assert world.connectors["shop"].drafts == []
    assert [(row.purpose, row.state) for row in world.outbox()] == [
        ("task", OutboxState.PERSON), ("notice", OutboxState.OBSOLETE)
    ]  # fmt: skip


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.DELIVERED])
def test_nobody_waits_for_a_parcel_of_an_order_that_is_over(
    world, make, cancelled, time, first, status
):
    world.bring(make.order(status=status))
    cancelled(first)
    time(3 * HOUR)
    assert (found(world), told(world)) == ({}, [])


def test_it_is_over_when_the_order_is(world, make, cancelled, time, first):
    world.bring(make.order())
    cancelled(first)
    time(3 * HOUR)
    assert found(world) == {"cancelled": 1}
    world.bring(make.order(status=OrderStatus.REFUNDED))
    assert found(world) == {}


def test_the_parcel_of_another_order_takes_no_place(world, make, cancelled, time, first):
    world.bring(make.order())
    cancelled(first)
    world.bring(make.order("12-2"), make.shipment("p2", "TN2", "12-2", shipped_at=make.at(0.1)))
    time(3 * HOUR)
    assert found(world) == {"cancelled": 1}


class TestLabel:
    @pytest.fixture(autouse=True)
    def label(self, world, make, cancelled):
        world.bring(make.order())
        cancelled()

    def test_any_other_parcel_takes_its_place(self, world, make, time):
        world.bring(make.shipment("p2", "TN2"))
        time(3 * HOUR)
        assert (found(world), told(world)) == ({}, [])

    def test_it_is_over_when_another_comes(self, world, make, time):
        time(3 * HOUR)
        assert found(world) == {"cancelled": 1}
        world.bring(make.shipment("p2", "TN2"))
        assert found(world) == {}

    def test_another_gets_the_same_time_when_that_is_cancelled_too(
        self, world, make, cancelled, time
    ):
        world.bring(make.shipment("p2", "TN2"))
        time(DAY)
        assert found(world) == {}
        world.bring(make.event(1, Milestone.CANCELLED, "TN2"))
        assert found(world) == {}
        time(2 * HOUR)
        assert found(world) == {"cancelled": 2}
        assert len(told(world)) == 1

    def test_another_that_goes_on_after_all_takes_its_place(self, world, make, cancelled, time):
        cancelled(number="TN2")
        time(3 * HOUR)
        assert found(world) == {"cancelled": 2}
        world.bring(make.event(0.1, Milestone.IN_TRANSIT, "TN2"))
        assert found(world) == {}


class TestScanned:
    @pytest.fixture(autouse=True)
    def scanned(self, world, make, cancelled):
        world.bring(make.order())
        cancelled(Milestone.IN_TRANSIT)

    @pytest.mark.parametrize(("sent", "over"), [(-1, False), (None, False), (0.1, True)])
    def test_only_what_was_sent_after_it_takes_its_place(self, world, make, time, sent, over):
        """The other parcel of the order, under way all the time, has other goods in it."""
        day = None if sent is None else make.at(sent)
        world.bring(make.shipment("p2", "TN2", shipped_at=day), make.event(0.1, number="TN2"))
        time(3 * HOUR)
        assert found(world) == ({} if over else {"cancelled": 1})

    def test_where_nobody_tells_when_another_left_it_counts_when_it_was_heard_of(
        self, world, make, time
    ):
        time(HOUR)
        world.bring(make.shipment("p2", "TN2", shipped_at=None))
        time(3 * HOUR)
        assert found(world) == {}

    def test_it_is_over_when_the_carrier_brings_it_on(self, world, make, time):
        time(3 * HOUR)
        assert found(world) == {"cancelled": 1}
        world.bring(make.event(0.1))
        assert found(world) == {}

    def test_that_it_comes_back_then_is_told(self, world, make, time):
        world.playbook("back", when=("returning",), tell="staff")
        time(3 * HOUR)
        found(world)
        world.bring(make.event(0.1, Milestone.RETURNING))
        assert found(world) == {"returning": 1}
        assert [reason for _, reason in told(world)] == [
            SCANNED, "on its way back to the sender since 2026-03-10"
        ]  # fmt: skip


class TestByTheShop:
    """Where the platform itself makes the labels, and takes them back."""

    @pytest.fixture
    def taken_back(self, world, make):
        """A parcel of which the shop says so, the first time or again."""

        def bring(source_id="p1", number="TN1", **fields):
            world.bring(make.shipment(source_id, number, cancelled=True, **fields))

        return bring

    def test_it_counts_as_cancelled_when_that_was_heard_first(
        self, world, make, time, taken_back, first
    ):
        world.bring(make.order(promise=-3), make.shipment(), make.event(-1, first))
        taken_back()
        assert found(world) == {}
        time(HOUR)
        taken_back(carrier="UPS")
        time(HOUR)
        assert found(world) == {"cancelled": 1}
        assert [purpose for purpose, _ in told(world)] == ["task"]

    def test_a_scan_later_takes_it_on(self, world, make, time, taken_back):
        world.bring(make.order(promise=-3), make.shipment())
        taken_back()
        time(DAY)
        assert found(world) == {"cancelled": 1}
        world.bring(make.event(1))
        assert found(world) == {"promise_passed": 1}

    def test_one_that_was_never_told_of_is_none(self, world, make, time, taken_back, select):
        world.bring(make.order(status=OrderStatus.UNSHIPPED))
        taken_back()
        time(DAY)
        assert found(world) == {}
        assert select(world.store, "SELECT * FROM shipments") == []

    def test_a_number_that_goes_on_for_another_parcel_is_left_alone(
        self, world, make, time, taken_back
    ):
        """The seller has told the shop of it anew."""
        world.bring(make.order(promise=-3), make.shipment())
        world.bring(make.shipment("p2"))
        taken_back()
        world.bring(make.event(-1))
        assert found(world) == {"promise_passed": 2}

    def test_two_lines_in_one_parcel_are_taken_back_at_once(self, world, make, time, taken_back):
        world.bring(make.order(), make.shipment("p1"), make.shipment("p2"))
        world.bring(*(make.shipment(each, cancelled=True) for each in ("p1", "p2")))
        time(3 * HOUR)
        assert found(world) == {"cancelled": 2}
        assert len(told(world)) == 1

    def test_two_orders_in_one_parcel_are_taken_back_one_after_the_other(
        self, world, make, time, taken_back
    ):
        """Each order is told by itself, and mostly not in one poll."""
        for order in ("o1", "o2"):
            world.bring(make.order(order), make.shipment(f"p-{order}", order=order))
        taken_back("p-o1", order="o1")
        time(3 * HOUR)
        assert found(world) == {}
        taken_back("p-o2", order="o2")
        time(3 * HOUR)
        assert found(world) == {"cancelled": 2}


class TestSeveralOfOneOrder:
    @pytest.fixture(autouse=True)
    def order(self, world, make):
        world.bring(make.order())

    def test_are_one_task(self, world, cancelled, time, first):
        for number, at in (("TN1", 0), ("TN2", 0), ("TN3", 0.001)):
            cancelled(first, number, at)
        time(3 * HOUR)
        assert found(world) == {"cancelled": 3}
        assert len(told(world)) == 1

    def test_also_where_one_is_heard_of_later(self, world, cancelled, time, first):
        cancelled(first)
        time(3 * HOUR)
        assert found(world) == {"cancelled": 1}
        cancelled(first, "TN2", 0.01)
        assert found(world) == {"cancelled": 2}
        assert len(told(world)) == 1

    def test_what_is_cancelled_on_another_day_is_another_task(self, world, cancelled, time):
        """Somebody may have done what the first asked for."""
        cancelled(Milestone.IN_TRANSIT)
        time(3 * DAY)
        assert found(world) == {"cancelled": 1}
        cancelled(Milestone.IN_TRANSIT, "TN2", 3)
        time(3 * HOUR)
        assert found(world) == {"cancelled": 2}
        assert len(told(world)) == 2

    def test_of_different_orders_are_a_task_each(self, world, make, cancelled, time, first):
        cancelled(first)
        world.bring(make.order("12-2"), make.shipment("p2", "TN2", "12-2"))
        world.bring(make.event(-1, first, "TN2"), make.event(0, Milestone.CANCELLED, "TN2"))
        time(3 * HOUR)
        assert found(world) == {"cancelled": 2}
        assert len(told(world)) == 2
