"""Messages that wait for a person go when the trouble does: nobody approves or writes them late."""

import pytest

from syncd import clock, watch
from syncd.connector import Capability
from syncd.model import Milestone, OrderStatus, OutboxState, Window


@pytest.fixture
def world(world_on_either):
    return world_on_either


@pytest.fixture
def held(world, make):
    world.playbook(approval=True)
    world.playbook("staff", tell="staff")
    world.bring(make.order(promise=-3), make.shipment(), make.event(-4))
    watch.run(world.runtime)


def states(world, purpose="notice"):
    return [row.state for row in world.outbox() if row.purpose == purpose]


def deliver(world, make):
    world.bring(make.event(-0.1, Milestone.DELIVERED))
    watch.run(world.runtime)


def test_one_that_waits_for_approval(world, held, make):
    assert states(world) == [OutboxState.HELD]
    deliver(world, make)
    assert states(world) == [OutboxState.OBSOLETE]
    assert states(world, "task") == [OutboxState.PERSON]


def test_one_that_a_person_was_to_write(world, make):
    world.connectors["shop"].capabilities = frozenset({Capability.READ_MESSAGES})
    world.playbook()
    world.bring(make.order(promise=-3), make.shipment(), make.event(-4))
    watch.run(world.runtime)
    assert states(world) == [OutboxState.PERSON]
    deliver(world, make)
    assert states(world) == [OutboxState.OBSOLETE]


def test_not_one_that_may_have_arrived(world, held, make):
    (row,) = [row for row in world.outbox() if row.purpose == "notice"]
    box = world.store.outbox
    with world.store.database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE outbox SET state='person', attempts=1 WHERE id={row.id}"
        )
    deliver(world, make)
    assert [one.state for one in box.rows(ids=[row.id])] == [OutboxState.PERSON]


def test_not_where_another_trouble_of_the_cause_goes_on(world, make):
    world.playbook(approval=True)
    world.bring(make.order(promise=-3), make.shipment(), make.event(-14))
    watch.run(world.runtime)
    assert world.store.look.open_findings() == {"no_movement": 1, "promise_passed": 1}
    world.bring(make.order(promise=5))
    watch.run(world.runtime)
    assert world.store.look.open_findings() == {"no_movement": 1}
    assert states(world) == [OutboxState.HELD]


def test_one_about_an_order(world, make):
    world.playbook(when=("late_dispatch",), approval=True)
    overdue = Window(latest=make.at(-1))
    world.bring(make.order(status=OrderStatus.UNSHIPPED, ship_by=overdue))
    with clock.frozen(make.at(0.1)):
        watch.run(world.runtime)
        assert states(world) == [OutboxState.HELD]
        world.bring(make.order(status=OrderStatus.CANCELLED))
        watch.run(world.runtime)
    assert states(world) == [OutboxState.OBSOLETE]
