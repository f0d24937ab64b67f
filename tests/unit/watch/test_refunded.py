"""Orders that were paid back after they had left: their buyers wait for nothing any more."""

from datetime import timedelta

import pytest

from syncd import watch
from syncd.model import Milestone, OrderStatus, OutboxState
from syncd.outbox import Sender


@pytest.fixture
def world(world_on_either):
    """Where buyers are told of delays and of what has left."""
    world_on_either.playbook(when=("no_movement", "promise_passed", "shipped", "arrived"))
    return world_on_either


@pytest.fixture
def tell(world):
    """Judge and send; returns the texts that have gone out so far."""

    def run():
        watch.run(world.runtime)
        Sender(world.runtime).run()
        return [draft.text for _, draft in world.connectors["shop"].drafts]

    return run


def states(world):
    return [row.state for row in world.outbox()]


def test_their_buyers_are_not_told_that_a_parcel_is_late(world, make, tell):
    world.bring(make.order(promise=-3, status=OrderStatus.REFUNDED), make.shipment())
    world.bring(make.event(-6))
    assert (tell(), states(world)) == ([], [])


def test_what_was_found_before_and_waits_is_not_told(world, make, tell):
    world.bring(make.order(promise=-3), make.shipment(), make.event(-6))
    watch.run(world.runtime)
    assert states(world) == [OutboxState.PENDING]
    world.bring(make.order(promise=-3, status=OrderStatus.REFUNDED))
    assert (tell(), states(world)) == ([], [OutboxState.OBSOLETE])


def test_nor_what_has_left(world, make, tell, time):
    world.bring(make.order(), make.shipment())
    time(timedelta(hours=10))
    world.bring(make.event(0.4, Milestone.ACCEPTED))
    watch.run(world.runtime)
    assert states(world) == [OutboxState.PENDING]
    time(timedelta(hours=11))
    world.bring(make.order(status=OrderStatus.REFUNDED))
    assert (tell(), states(world)) == ([], [OutboxState.OBSOLETE])


def test_that_it_comes_back_is_for_staff(world, make, tell):
    world.playbook("buyer", when=("returning",))
    world.playbook("staff", when=("returning",), tell="staff")
    world.bring(make.order(status=OrderStatus.REFUNDED), make.shipment())
    world.bring(make.event(-1, Milestone.RETURNING))
    assert tell() == []
    assert [row.purpose for row in world.outbox()] == ["task"]
