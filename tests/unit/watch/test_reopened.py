"""A parcel scanned again after it was delivered: a person looks before its buyer is told."""

import pytest

from syncd import watch
from syncd.model import Milestone, OutboxState
from syncd.outbox import Sender


@pytest.fixture
def world(store, templates, time, world_of):
    """On either database."""
    made = world_of(store)
    made.add()
    made.playbook(when=("promise_passed", "attempt_failed", "shipped"))
    return made


def states(world):
    watch.run(world.runtime)
    Sender(world.runtime).run()
    return [(row.cause, row.state) for row in world.outbox()]


@pytest.mark.parametrize(
    ("scan", "causes"),
    [(Milestone.IN_TRANSIT, ["delay"]), (Milestone.ATTEMPT_FAILED, ["attempt_failed", "delay"])],
)
def test_its_buyer_is_not_told_of_trouble_by_itself(world, make, scan, causes):
    world.bring(make.order(promise=-2), make.shipment(), make.event(-6))
    world.bring(make.event(-4, Milestone.DELIVERED), make.event(-3, scan))
    assert sorted(states(world)) == [(cause, OutboxState.HELD) for cause in causes]
    assert "was delivered on 2026-03-06" in world.outbox()[0].reason


def test_a_parcel_of_the_same_number_that_was_delivered_long_ago_is_another(world, make):
    world.bring(make.event(-300), make.event(-290, Milestone.DELIVERED))
    world.bring(make.order(promise=-2), make.shipment(), make.event(-6))
    assert states(world) == [("delay", OutboxState.SENT)]


def test_a_delivery_that_the_carrier_took_back_counts_no_more(world, make):
    world.bring(make.order(promise=-2), make.shipment(), make.event(-6))
    world.bring(make.event(-4, Milestone.DELIVERED, source_id="e1"))
    world.bring(make.event(-4, Milestone.AT_DELIVERY_DEPOT, source_id="e1"), make.event(-3))
    assert states(world) == [("delay", OutboxState.SENT)]
