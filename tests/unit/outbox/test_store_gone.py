"""The database goes away while messages are sent: one trouble, told once and soon made up for."""

import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from syncd.model import OutboxState
from syncd.outbox import Sender

GONE = OperationalError("SELECT 1", {}, Exception("server closed the connection unexpectedly"))
# What bulk statements, which SQLAlchemy does not see, raise.
OF_DRIVER = sqlite3.OperationalError("database or disk is full")


def states(world):
    return [row.state for row in sorted(world.outbox(), key=lambda row: row.id)]


@pytest.fixture
def gone(world, monkeypatch):
    """Let every call of some of the outbox's use cases fail, until it is undone."""

    def fail(*names, error=GONE):
        def broken(*_, **__):
            raise error

        for name in names:
            monkeypatch.setattr(world.store.outbox, name, broken)

    return fail


@pytest.fixture
def sender(world, reply):
    """A sender with three messages to one account, and one to another."""
    world.add("other")
    for key in ("r1", "r2", "r3"):
        reply(key)
    reply("r4", account="other")
    return Sender(world.runtime)


@pytest.mark.parametrize("error", [GONE, OF_DRIVER])
def test_it_is_told_once_and_the_rest_goes_out_as_soon_as_it_is_back(
    world, sender, gone, monkeypatch, time, error
):
    gone("standing", error=error)
    with capture_logs() as logs, pytest.raises(type(error)):
        sender.run()
    assert logs == []

    monkeypatch.undo()
    assert sender.run() == 2
    assert states(world).count(OutboxState.SENT) == 2
    time(timedelta(minutes=2, seconds=1))
    assert sender.run() == 2
    assert states(world) == [OutboxState.SENT] * 4


def test_what_left_before_it_is_asked_about_and_not_sent_again(
    world, shop, sender, gone, monkeypatch, time
):
    gone("sent")
    with pytest.raises(OperationalError):
        sender.run()
    assert len(shop.drafts) == 1

    monkeypatch.undo()
    time(timedelta(minutes=6))
    sender.run()
    assert states(world) == [OutboxState.SENT] * 4
    assert [len(each) for each in shop.arrived.values()] == [1, 1, 1]


def test_one_that_goes_away_while_a_platform_is_asked_brings_nothing_before_a_person(
    world, shop, sender, gone, monkeypatch, time
):
    gone("sent")
    with pytest.raises(OperationalError):
        sender.run()
    time(timedelta(hours=7))
    gone("taken")
    with capture_logs() as logs, pytest.raises(OperationalError):
        sender.run()
    assert logs == []

    monkeypatch.undo()
    time(timedelta(minutes=6))
    sender.run()
    assert states(world) == [OutboxState.SENT] * 4
