"""An account that is switched off, or cannot be made, keeps its messages until it is back."""

from datetime import timedelta

import pytest

from syncd.connector import OutcomeUnknown
from syncd.model import OutboxState


@pytest.fixture
def old(world, reply):
    """An account that is in the config, with a message that is due."""
    connector = world.add("old")
    world.configure(accounts={"old": world.account("old").settings})
    reply(account="old")
    return connector


@pytest.fixture
def rest(world, old):
    """The account is not served any more; gives what has it served again."""

    def begin():
        account = world.account("old")
        world.remove("old")
        return lambda: world._accounts.update(old=account)

    return begin


def only(world):
    (row,) = world.outbox()
    return row


def test_what_is_due_meanwhile_goes_out_when_it_is_served_again(world, old, rest, send, time):
    serve = rest()
    send()
    assert only(world).state is OutboxState.PENDING
    assert only(world).reason == "account old is not served: it is switched off"

    serve()
    time(timedelta(minutes=10))
    send()
    assert only(world).state is OutboxState.SENT
    assert [len(each) for each in old.arrived.values()] == [1]


def test_what_was_on_its_way_is_asked_about_then(world, old, rest, send, time):
    old.fail_send(OutcomeUnknown("cut off"), arrives=True)
    send()
    serve = rest()
    time(timedelta(minutes=6))
    send()
    assert only(world).state is OutboxState.IN_FLIGHT

    serve()
    time(timedelta(minutes=10))
    send()
    assert only(world).state is OutboxState.SENT
    assert [len(each) for each in old.arrived.values()] == [1]


def test_what_cannot_be_asked_about_for_hours_is_a_persons(world, old, rest, send, time):
    old.fail_send(OutcomeUnknown("cut off"), arrives=True)
    send()
    rest()
    for _ in range(8):
        time(timedelta(hours=1))
        send()
    assert only(world).state is OutboxState.PERSON
    assert only(world).reason.startswith("may have arrived already")
