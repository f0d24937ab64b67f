"""A parcel that the carrier reports as lost: its buyer reads that, and nothing of a mere delay."""

import pytest

from syncd import watch
from syncd.model import Milestone, OutboxState, Reason
from syncd.outbox import Sender


@pytest.fixture
def world(world_on_either, make):
    """With a parcel about which nothing has been told."""
    world_on_either.bring(make.order(promise=-3), make.shipment(), make.event(-2))
    return world_on_either


@pytest.fixture
def lost(world, make):
    """Its carrier reports it as lost."""
    return lambda: world.bring(make.event(0, Milestone.EXCEPTION, reason=Reason.LOST))


def go_on(world):
    watch.run(world.runtime)
    Sender(world.runtime).run()
    return [(row.template, row.state) for row in reversed(world.outbox())]


def test_it_is_told_in_words_of_its_own_with_number_site_and_event(world, lost):
    world.playbook(when=("exception", "lost", "promise_passed"))
    lost()
    assert go_on(world) == [("lost", OutboxState.SENT)]
    ((_, draft),) = world.connectors["shop"].drafts
    assert draft.subject == "Das Paket zu Ihrer Bestellung 12-00001-00001 ist als verloren gemeldet"
    for fact in ("TN1", "Sendungsverfolgung: ", "Scan: exception"):
        assert fact in draft.text
    assert "Geplante Zustellung" not in draft.text


def test_it_is_news_to_a_buyer_who_knows_of_another_trouble(world, make, lost):
    world.playbook(when=("exception", "lost"))
    world.bring(make.event(-1, Milestone.EXCEPTION))
    assert go_on(world) == [("exception", OutboxState.SENT)]
    lost()
    assert go_on(world) == [("exception", OutboxState.SENT), ("lost", OutboxState.SENT)]


def test_a_playbook_with_approval_leaves_it_to_a_person(world, lost):
    world.playbook(when=("lost",), approval=True)
    lost()
    assert go_on(world) == [("lost", OutboxState.HELD)]
