"""A trouble that comes and goes does not open and close and open."""

from datetime import timedelta

import pytest

from syncd import watch
from syncd.model import Milestone, OutboxState

HOUR = timedelta(hours=1)


@pytest.fixture
def round_(world):
    return lambda: watch.run(world.runtime)


@pytest.fixture
def failed(world, make, round_):
    """A failed attempt that was over at noon."""
    world.playbook("desk", when=("attempt_failed",), tell="staff")
    world.bring(make.order(promise=9), make.shipment())
    world.bring(make.event(-0.2, Milestone.ATTEMPT_FAILED))
    round_()
    assert found(world) == {"attempt_failed": 1}
    world.bring(make.event(-0.1, Milestone.OUT_FOR_DELIVERY))
    round_()
    assert found(world) == {}


def found(world):
    return world.store.look.open_findings()


def test_one_that_comes_back_soon_waits_until_it_has_lasted(world, make, failed, round_, time):
    world.bring(make.event(-0.01, Milestone.ATTEMPT_FAILED))
    round_()
    time(6 * HOUR - timedelta(seconds=1))
    round_()
    assert found(world) == {}

    time(timedelta(seconds=1))
    assert round_() == 1
    assert found(world) == {"attempt_failed": 1}


def test_one_that_is_over_again_by_then_is_never_told(world, make, failed, round_, time):
    world.bring(make.event(-0.01, Milestone.ATTEMPT_FAILED))
    round_()
    world.bring(make.event(-0.005, Milestone.OUT_FOR_DELIVERY))
    round_()
    time(7 * HOUR)
    round_()

    assert found(world) == {}
    assert [row.state for row in world.outbox()] == [OutboxState.PERSON], "the first one's task"


def test_another_kind_does_not_wait(world, make, failed, round_):
    world.bring(make.event(-0.01, Milestone.EXCEPTION))
    round_()
    assert found(world) == {"exception": 1}


def test_later_it_opens_at_once(world, make, failed, round_, time):
    time(7 * HOUR)
    world.bring(make.event(0.25, Milestone.ATTEMPT_FAILED))
    round_()
    assert found(world) == {"attempt_failed": 1}
