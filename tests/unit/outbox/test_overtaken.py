"""News that waited for the buyer's morning, and that something else overtook meanwhile."""

from datetime import timedelta

import pytest

from syncd import watch
from syncd.model import Milestone, OutboxState
from syncd.outbox import Sender

NIGHT = timedelta(hours=11)


@pytest.fixture
def world(world_on_either):
    return world_on_either


@pytest.fixture
def shipped(world, make, time):
    """A shipping notice that was found at 23:00 in Berlin and waits for 8 o'clock."""
    world.playbook("news", when=("shipped", "arrived"))
    world.playbook("trouble", when=("attempt_failed",))
    world.bring(make.order(promise=9), make.shipment())
    time(timedelta(hours=10))
    world.bring(make.event(0.4, Milestone.ACCEPTED))
    watch.run(world.runtime)
    (row,) = world.outbox()
    assert (row.cause, row.state) == ("shipped", OutboxState.PENDING)


def in_the_morning(world, make, time, *events):
    time(NIGHT)
    world.bring(*(make.event(day, milestone) for day, milestone in events))
    watch.run(world.runtime)
    Sender(world.runtime).run()
    return {row.cause: (row.state, row.reason) for row in world.outbox()}


def test_alone_it_is_sent(world, make, shipped, time):
    told = in_the_morning(world, make, time, (0.6, Milestone.OUT_FOR_DELIVERY))
    assert {cause: state for cause, (state, _) in told.items()} == {"shipped": OutboxState.SENT}


@pytest.mark.parametrize(
    ("end", "said"), [(Milestone.DELIVERED, "delivered"), (Milestone.RETURNING, "returning")]
)
def test_not_where_the_parcel_is_past_that_by_now(world, make, shipped, time, end, said):
    told = in_the_morning(world, make, time, (0.6, end))
    assert told["shipped"] == (OutboxState.OBSOLETE, f"by now the parcel is {said}")
    assert world.connectors["shop"].drafts == []


def test_not_where_a_later_notice_says_more(world, make, shipped, time):
    told = in_the_morning(world, make, time, (0.6, Milestone.ATTEMPT_FAILED))
    assert told["shipped"] == (
        OutboxState.OBSOLETE, "a later notice says more (attempt failed)",
    )  # fmt: skip
    assert told["attempt_failed"][0] == OutboxState.SENT


def test_a_good_end_is_not_told_of_a_parcel_that_is_under_way_again(world, make, time):
    world.playbook("news", when=("arrived",))
    world.playbook()
    world.bring(make.order(promise=-3), make.shipment(), make.event(-4))
    watch.run(world.runtime)
    Sender(world.runtime).run()
    time(timedelta(hours=10))
    world.bring(make.event(0.4, Milestone.DELIVERED))
    watch.run(world.runtime)
    told = in_the_morning(world, make, time, (0.6, Milestone.OUT_FOR_DELIVERY))
    assert told["arrived"] == (OutboxState.OBSOLETE, "by now the parcel is out for delivery again")
