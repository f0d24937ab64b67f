"""Parcels whose carriers tell odd but real things: nobody is told what is not so."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from syncd import watch
from syncd.model import Milestone, Party, Reason

M = Milestone
DAY = timedelta(days=1)
YEAR = 365 * DAY


@pytest.fixture
def world(world_on_either):
    """Where buyers hear of delays, of what the carrier reports, and of the good end."""
    world_on_either.playbook(
        when=("no_movement", "promise_passed", "exception", "customs_hold", "attempt_failed",
              "awaiting_pickup", "returning", "arrived")
    )  # fmt: skip
    return world_on_either


@pytest.fixture
def found(world):
    """Judge; returns the kinds that are open."""

    def run():
        watch.run(world.runtime)
        return set(world.store.look.open_findings())

    return run


@pytest.fixture
def sent(world, make):
    """One parcel with these scans, of an order that was promised for yesterday's yesterday."""

    def bring(*scans, promise=-2, **order):
        world.bring(make.order(promise=promise, **order), make.shipment())
        world.bring(*(make.event(*scan) if isinstance(scan, tuple) else scan for scan in scans))

    return bring


class TestGoingBack:
    def test_scans_on_the_way_back_are_no_way_to_the_buyer(self, sent, found):
        """Carriers say once that it goes back, and then of each depot what they always say."""
        sent(
            (-6, M.ATTEMPT_FAILED), (-5, M.RETURNING), (-4, M.IN_TRANSIT), (-3, M.OUT_FOR_DELIVERY)
        )
        assert found() == {"returning"}

    def test_what_is_delivered_at_its_end_is_back_with_the_sender(self, world, make, sent, tell):
        sent((-5, M.RETURNING), (-4, M.IN_TRANSIT))
        assert len(tell()) == 1
        world.bring(make.event(-0.1, M.DELIVERED))
        assert len(tell()) == 1
        assert world.store.look.open_findings() == {"returned": 1}

    def test_data_about_it_is_no_way_to_the_buyer_either(self, sent, found):
        sent((-5, M.RETURNING), (-4, M.PRE_SHIPMENT))
        assert found() == {"returning"}

    def test_what_is_handed_in_again_is_on_its_way_again(self, sent, found):
        sent((-9, M.RETURNING), (-8, M.ACCEPTED), (-7, M.IN_TRANSIT))
        assert found() == {"promise_passed"}


@pytest.mark.parametrize("milestone", [M.EXCEPTION, M.CUSTOMS_HOLD, M.ATTEMPT_FAILED])
def test_data_sent_later_ends_no_trouble(sent, found, milestone):
    """The last carrier announces a parcel when it lies with customs, or was damaged, already."""
    sent((-5, M.IN_TRANSIT), (-4, milestone), (-1, M.PRE_SHIPMENT), promise=3)
    assert found() == {milestone.value}


def test_nor_does_it_take_a_parcel_from_where_it_waits(sent, found):
    sent((-5, M.IN_TRANSIT), (-4, M.READY_FOR_PICKUP), (-1, M.PRE_SHIPMENT))
    assert found() == {"awaiting_pickup"}


class TestClocks:
    def test_what_arrived_on_the_evening_of_the_order_has_arrived(self, world, make, found):
        """Ordered at six in the evening in Los Angeles; its courier tells no zone."""
        world.bring(make.order(placed_at=make.at(-9), promise=-8), make.shipment())
        world.bring(make.event(-9.2, M.DELIVERED, utc_offset_minutes=None))
        assert found() == set()

    @pytest.mark.parametrize(("delivered", "out"), [(480, None), (None, -480), (None, 480)])
    def test_the_same_day_told_by_two_sources_stays_the_same_day(
        self, sent, make, found, delivered, out
    ):
        """An aggregator tells no zone; the carrier does, or the other way round."""
        sent(
            make.event(-3.2, M.OUT_FOR_DELIVERY, utc_offset_minutes=out),
            make.event(-3, M.DELIVERED, utc_offset_minutes=delivered),
        )
        assert found() == set()

    def test_a_scan_the_day_after_it_arrived_opens_it_whatever_the_zone(self, sent, make, found):
        sent(
            make.event(-3, M.DELIVERED, utc_offset_minutes=480),
            make.event(-2, M.IN_TRANSIT, utc_offset_minutes=None),
        )
        assert found() == {"promise_passed"}

    def test_a_scan_of_next_year_is_told_with_no_date_to_come(self, world, sent, make, tell):
        sent(make.event(-4), make.event(365, M.EXCEPTION, text="Weather"), promise=3)
        (text,) = tell()
        assert "2027" not in text
        assert "2026" in text


class TestCorrected:
    """What is told again some hours off, since its zone was not known, is no new trouble."""

    def test_a_scan_that_gets_its_zone_is_one_task(self, world, make, time, found):
        world.playbook("staff", when=("lost",), tell="staff")
        scan = make.event(-1, M.EXCEPTION, reason=Reason.LOST, utc_offset_minutes=None)
        world.bring(make.order(), make.shipment(), scan)
        assert found() == {"lost"}
        world.bring(replace(scan, utc_offset_minutes=480))
        assert found() == {"lost"}
        time(2 * DAY)
        assert found() == {"lost"}
        assert len(world.outbox()) == 1

    def test_a_promise_that_moves_by_hours_stays_passed(self, world, make, sent, found):
        sent((-1, M.IN_TRANSIT))
        assert found() == {"promise_passed"}
        world.bring(make.order(promise=-1.6))
        assert found() == {"promise_passed"}

    def test_what_happens_the_day_after_is_another_trouble(self, world, make, time, sent, found):
        world.playbook("staff", when=("attempt_failed",), tell="staff")
        sent((-3, M.ATTEMPT_FAILED), promise=9)
        assert found() == {"attempt_failed"}
        world.bring(make.event(-2.5, M.OUT_FOR_DELIVERY), make.event(-2, M.ATTEMPT_FAILED))
        time(2 * DAY)
        assert found() == set()
        time(2 * DAY)
        assert found() == {"attempt_failed"}
        assert [row.purpose for row in world.outbox()].count("task") == 2


class TestNumberUsedAgain:
    @pytest.fixture
    def lost(self, world, make, tell):
        """One that was told to be late and never came."""
        world.bring(make.order("old", promise=-3), make.shipment("old", order="old"))
        world.bring(make.event(-4))
        assert len(tell()) == 1

    def test_the_buyer_of_a_lost_parcel_is_told_nothing_of_the_next_one(
        self, world, make, time, tell, lost
    ):
        time(YEAR)
        other = Party(id="buyer-2", name="Bob")
        world.bring(make.order("new", placed_at=make.at(360), promise=370, buyer=other))
        world.bring(make.shipment("new", order="new", shipped_at=make.at(361)))
        world.bring(make.event(362), make.event(365, M.DELIVERED))
        assert len(tell()) == 1

    def test_two_orders_in_one_parcel_both_arrive(self, world, make, time, tell, lost):
        world.bring(make.order("new", placed_at=make.at(-1), promise=3))
        world.bring(make.shipment("new", order="new"), make.event(-0.1, M.DELIVERED))
        tell()
        assert world.store.look.open_findings() == {}
