"""A second message about a delay: once, only where it got worse, never for the same evidence."""

from datetime import timedelta

import pytest

from syncd import watch
from syncd.config import NoMovement, Watches
from syncd.model import Milestone, OutboxState
from syncd.outbox import Sender

DAY = timedelta(days=1)
KINDS = ("no_movement", "promise_passed", "eta_slipped", "returning")


@pytest.fixture
def world(store, templates, time, world_of):
    """On either database; as patient with parcels from afar as with those within a country."""
    made = world_of(store)
    made.add()
    made.configure(watches=Watches(no_movement=NoMovement(between_countries=5 * DAY)))
    return made


@pytest.fixture
def silent(world, make):
    """Nothing has moved for a week; it is promised for the day after tomorrow."""
    world.bring(make.order(promise=2), make.shipment(), make.event(-8))


def go_on(world):
    watch.run(world.runtime)
    Sender(world.runtime).run()
    return [(row.cause, row.template, row.state) for row in reversed(world.outbox())]


FIRST = ("delay", "delay", OutboxState.SENT)


def test_the_promise_passes_after_the_buyer_was_told_that_nothing_moves(world, make, silent, time):
    world.playbook(when=KINDS, follow_up=True)
    assert go_on(world) == [FIRST]
    time(2 * DAY)
    assert go_on(world) == [FIRST], "the promise has its day of grace"
    time(DAY)
    assert go_on(world) == [FIRST, ("delay", "delay_update", OutboxState.SENT)]
    (_, first), (_, second) = world.connectors["shop"].drafts
    assert second.subject == "Ihre Bestellung 12-00001-00001: Stand der Verzögerung"
    assert "TN1" in second.text
    assert second.text != first.text


def test_none_where_only_another_playbook_wants_it(world, make, silent, time):
    world.add("other")
    world.playbook("others", when=KINDS, follow_up=True, accounts=("other",))
    world.playbook(when=KINDS)
    assert go_on(world) == [FIRST]
    time(3 * DAY)
    assert go_on(world) == [FIRST]
    assert "promise_passed" in world.store.look.open_findings()


def test_it_is_one_more_and_no_third(world, make, silent, time):
    world.playbook(when=(*KINDS, "presumed_lost"), follow_up=True, template="delay")
    go_on(world)
    for _ in range(40):
        time(DAY)
        world.bring(make.event(-7.9, Milestone.UNKNOWN))
        told = go_on(world)
    assert world.store.look.open_findings()["presumed_lost"] == 1
    assert [template for _, template, _ in told] == ["delay", "delay_update"]


def test_off_by_default(world, make, silent, time):
    world.playbook(when=KINDS)
    go_on(world)
    time(3 * DAY)
    assert go_on(world) == [FIRST]
    assert world.store.look.open_findings() == {"no_movement": 1, "promise_passed": 1}


def test_the_same_evidence_again_is_none(world, make, silent, time):
    world.playbook(when=("no_movement",), follow_up=True)
    go_on(world)
    world.bring(make.event(0))
    go_on(world)
    time(9 * DAY)
    assert go_on(world) == [FIRST]
    assert world.store.look.open_findings() == {"no_movement": 1, "promise_passed": 1}


def test_before_the_first_has_left_there_is_none(world, make, silent, time):
    world.playbook(when=KINDS, follow_up=True, approval=True)
    go_on(world)
    time(3 * DAY)
    assert go_on(world) == [("delay", "delay", OutboxState.HELD)]


def test_not_within_a_day_of_the_first_and_not_where_it_is_over(world, make, time):
    world.playbook(when=KINDS, follow_up=True)
    world.bring(make.order(promise=-0.9), make.shipment(), make.event(-8))
    assert go_on(world) == [FIRST]
    time(timedelta(hours=3))
    waits = [FIRST, ("delay", "delay_update", OutboxState.PENDING)]
    assert go_on(world) == waits
    world.bring(make.event(0.2, Milestone.DELIVERED))
    time(DAY)
    assert go_on(world) == [FIRST, ("delay", "delay_update", OutboxState.OBSOLETE)]


def test_one_that_goes_back_after_that_is_another_matter_and_told_by_itself(
    world, make, silent, time
):
    world.playbook(when=KINDS)
    go_on(world)
    time(DAY)
    world.bring(make.event(0.9, Milestone.RETURNING))
    assert go_on(world) == [FIRST, ("returning", "returning", OutboxState.SENT)]
