"""Orders called off, paid back, or there by the platform's word: no trouble of theirs is told."""

from datetime import timedelta

import pytest

from syncd import watch
from syncd.model import Milestone, OrderStatus, OutboxState

CALLED_OFF = [OrderStatus.CANCELLED, OrderStatus.REFUNDED]
OVER = [*CALLED_OFF, OrderStatus.DELIVERED]


@pytest.fixture
def world(world_on_either):
    world_on_either.playbook()
    return world_on_either


@pytest.mark.parametrize("status", OVER)
@pytest.mark.parametrize("known", ["before", "after"])
def test_no_trouble_is_found_with_its_parcels(world, make, tell, status, known):
    order = make.order(promise=-3, status=status)
    parcel = make.shipment(), make.event(-4)
    world.bring(*((order, *parcel) if known == "before" else (*parcel, order)))
    world.playbook("staff", tell="staff")
    assert tell() == []
    assert world.outbox() == []


@pytest.mark.parametrize("status", OVER)
def test_what_was_found_and_waits_is_not_told(world, make, tell, time, status):
    world.bring(make.order(promise=-3), make.shipment(), make.event(-4))
    watch.run(world.runtime)
    world.bring(make.order(promise=-3, status=status))
    assert tell() == []
    time(timedelta(minutes=1))
    assert tell() == []
    assert [row.state for row in world.outbox()] == [OutboxState.OBSOLETE]


@pytest.mark.parametrize("status", CALLED_OFF)
def test_nor_is_its_shipping(world, make, tell, time, status):
    world.configure(playbooks=())
    world.playbook(when=("shipped",))
    world.bring(make.order(), make.shipment())
    time(timedelta(hours=10))
    world.bring(make.event(0.4, Milestone.ACCEPTED))
    watch.run(world.runtime)
    time(timedelta(hours=11))
    world.bring(make.order(status=status))
    assert tell() == []
    assert [row.state for row in world.outbox()] == [OutboxState.OBSOLETE]


@pytest.mark.parametrize("status", CALLED_OFF)
def test_that_it_comes_back_is_for_staff_alone(world, make, tell, status):
    world.configure(playbooks=())
    world.playbook("buyer", when=("returning",))
    world.playbook("staff", when=("returning",), tell="staff")
    world.bring(make.order(status=status), make.shipment())
    world.bring(make.event(-1, Milestone.RETURNING))
    assert tell() == []
    assert [row.purpose for row in world.outbox()] == ["task"]


def test_one_that_is_on_again_is_watched_again(world, make, tell):
    world.bring(make.order(promise=-3, status=OrderStatus.CANCELLED), make.shipment())
    world.bring(make.event(-4))
    assert tell() == []
    world.bring(make.order(promise=-3))
    assert len(tell()) == 1
