"""Accounts are served side by side, and one that cannot be reached does not hold up the others."""

import threading
from datetime import timedelta

import pytest

from syncd import clock
from syncd.connector import AuthFailed, Unavailable
from syncd.model import OutboxState, Receipt
from syncd.outbox import Sender


def states(world):
    return {row.key: row.state for row in world.outbox()}


def test_a_slow_platform_does_not_hold_up_another(world, shop, reply):
    other, done = world.add("other"), threading.Event()

    def waits_for_the_other(draft, key):
        assert done.wait(10), "the other account was not served meanwhile"
        return Receipt(source_id=key, accepted_at=draft.created_at)

    def quick(draft, key):
        done.set()
        return Receipt(source_id=key, accepted_at=draft.created_at)

    shop.send, other.send = waits_for_the_other, quick
    reply("slow")
    reply("quick", account="other")

    assert Sender(world.runtime).run() == 2
    assert set(states(world).values()) == {OutboxState.SENT}


def test_an_account_that_cannot_be_reached_is_asked_once_and_left_alone(world, shop, reply, time):
    for number in range(5):
        reply(f"r{number}")
    sender = Sender(world.runtime)
    shop.fail_send(Unavailable("connection refused"))

    assert sender.run() == 1
    assert len(shop.drafts) == 1
    assert set(states(world).values()) == {OutboxState.PENDING}

    time(timedelta(seconds=29))
    assert sender.run() == 0
    time(timedelta(seconds=1))
    assert sender.run() == 5
    assert set(states(world).values()) == {OutboxState.SENT}


def test_nor_is_it_left_alone_for_hours_where_the_clock_is_put_back(world, shop, reply, time):
    reply("r1")
    sender = Sender(world.runtime)
    shop.fail_send(Unavailable("connection refused"))
    assert sender.run() == 1

    time(timedelta(hours=-8))
    reply("r2", not_before=clock.now())
    assert sender.run() == 1
    assert states(world)["r2"] is OutboxState.SENT


def test_meanwhile_the_others_go_on(world, shop, reply):
    world.add("other")
    reply("r1")
    sender = Sender(world.runtime)
    shop.fail_send(Unavailable("connection refused"))
    sender.run()

    reply("r2", account="other")
    assert sender.run() == 1
    assert states(world)["r2"] is OutboxState.SENT


@pytest.mark.parametrize("error", [Unavailable("no answer"), AuthFailed("token expired")])
def test_a_platform_that_cannot_say_whether_it_takes_a_message_is_asked_later(
    world, shop, reply, send, time, error
):
    reply("r1")
    shop.verdicts.append(error)
    send()
    assert states(world) == {"r1": OutboxState.PENDING}
    assert shop.drafts == []

    time(timedelta(minutes=1))
    send()
    assert states(world) == {"r1": OutboxState.SENT}
