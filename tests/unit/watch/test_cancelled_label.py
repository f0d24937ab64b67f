"""Labels that were cancelled at the carrier while their orders are open: staff have to know."""

from datetime import timedelta

import pytest

from syncd import watch
from syncd.model import Milestone, OrderStatus

HOUR = timedelta(hours=1)
EVIDENCE = "its label was cancelled on 2026-03-10, and the order has no other parcel"


@pytest.fixture
def world(world_on_either):
    """Where staff want to hear of what is not handed over."""
    world_on_either.playbook("staff", when=("no_first_scan",), tell="staff")
    return world_on_either


@pytest.fixture
def cancelled(world, make):
    """An order of this status with one parcel, whose label is cancelled at noon."""

    def bring(status=OrderStatus.SHIPPED):
        world.bring(make.order(status=status), make.shipment())
        world.bring(make.event(-1, Milestone.PRE_SHIPMENT), make.event(0, Milestone.CANCELLED))

    return bring


def found(world):
    watch.run(world.runtime)
    return world.store.look.open_findings()


@pytest.mark.parametrize("status", [OrderStatus.SHIPPED, OrderStatus.UNSHIPPED])
def test_staff_are_told_once_there_was_time_for_another(world, cancelled, time, status):
    cancelled(status)
    assert found(world) == {}
    time(2 * HOUR - timedelta(seconds=1))
    assert found(world) == {}
    time(timedelta(seconds=1))
    assert found(world) == {"no_first_scan": 1}
    assert [(row.purpose, row.reason) for row in world.outbox()] == [("task", EVIDENCE)]


def test_nobody_is_told_where_another_parcel_took_its_place(world, make, cancelled, time):
    cancelled()
    world.bring(make.shipment("p2", "TN2"))
    time(3 * HOUR)
    assert found(world) == {}
    assert world.outbox() == []


def test_it_is_over_when_another_parcel_comes(world, make, cancelled, time):
    cancelled()
    time(3 * HOUR)
    assert found(world) == {"no_first_scan": 1}
    world.bring(make.shipment("p2", "TN2"))
    assert found(world) == {}


def test_another_that_is_cancelled_too_takes_no_place(world, make, cancelled, time):
    cancelled()
    world.bring(make.shipment("p2", "TN2"))
    time(3 * HOUR)
    assert found(world) == {}
    world.bring(make.event(0.1, Milestone.CANCELLED, "TN2"))
    time(2 * HOUR)
    assert found(world) == {"no_first_scan": 1}


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.DELIVERED])
def test_nobody_waits_for_a_parcel_of_an_order_that_is_over(world, cancelled, time, status):
    cancelled(status)
    time(3 * HOUR)
    assert found(world) == {}


def test_the_parcel_of_another_order_takes_no_place(world, make, cancelled, time):
    cancelled()
    world.bring(make.order("12-2"), make.shipment("p2", "TN2", "12-2"))
    time(3 * HOUR)
    assert found(world) == {"no_first_scan": 1}
