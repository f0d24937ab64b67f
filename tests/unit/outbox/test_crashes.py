"""Wherever a sender dies, the message arrives once, or a person is asked; never twice."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd import process
from syncd.connector import OutcomeUnknown, Unavailable
from syncd.model import OutboxState
from syncd.outbox import Sender

STORE_STEPS = ("claim", "mark_in_flight", "sent", "postpone", "keep_asking", "claim_unsettled")
POINTS = [(step, when) for step in STORE_STEPS for when in ("before", "after")] + [
    ("send", "before"), ("send", "after"), ("find_sent", "before"), ("may_send", "before"),
]  # fmt: skip


class Killed(BaseException):
    """The process is gone: nothing below catches it."""


@contextmanager
def dying(world, shop, point):
    """Let the next call of a step never return, before or after it has done its work."""
    step, when = point
    target = world.store.outbox if step in STORE_STEPS else shop
    real = getattr(target, step)

    def die(*arguments, **more):
        if when == "after":
            real(*arguments, **more)
        raise Killed(step)

    setattr(target, step, die)
    try:
        yield
    finally:
        delattr(target, step)


def run_until_dead(world, shop, point):
    with dying(world, shop, point):
        try:
            Sender(world.runtime).run()
        except Killed:
            return True
    return False


def settle(world, time):
    for _ in range(8):
        time(timedelta(hours=1))
        Sender(world.runtime).run()


@pytest.mark.parametrize("point", POINTS, ids="-".join)
def test_one_crash_anywhere(world, shop, reply, time, point):
    reply()
    run_until_dead(world, shop, point)
    settle(world, time)

    assert [len(receipts) for receipts in shop.arrived.values()] == [1]
    assert [row.state for row in world.outbox()] == [OutboxState.SENT]


@pytest.mark.parametrize("arrives", [True, False], ids=["arrived", "lost"])
@pytest.mark.parametrize("point", POINTS, ids="-".join)
def test_a_crash_while_an_unclear_send_is_settled(world, shop, reply, time, point, arrives):
    reply()
    shop.fail_send(OutcomeUnknown("read timed out"), arrives=arrives)
    Sender(world.runtime).run()
    time(timedelta(hours=1))
    run_until_dead(world, shop, point)
    settle(world, time)

    assert [len(receipts) for receipts in shop.arrived.values()] == [1]
    assert [row.state for row in world.outbox()] == [OutboxState.SENT]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_number_of_crashes_and_failures(world, shop, reply, time, data):
    key = data.draw(st.uuids().map(str))
    reply(key, not_before=world.connectors["shop"].context.now())
    for point in data.draw(st.lists(st.sampled_from(POINTS), max_size=5)):
        error = data.draw(st.sampled_from([None, Unavailable("503"), OutcomeUnknown("cut off")]))
        if error is not None:
            shop.fail_send(error, arrives=isinstance(error, OutcomeUnknown))
        run_until_dead(world, shop, point)
        time(timedelta(minutes=data.draw(st.integers(0, 90))))
    shop._sends.clear()
    settle(world, time)

    (row,) = [row for row in world.outbox(limit=1000) if row.key == key]
    assert row.state is OutboxState.SENT
    assert len(shop.arrived[key]) == 1


@pytest.mark.parametrize("point", [("send", "after"), ("sent", "before")], ids="-".join)
def test_where_the_platform_cannot_tell_a_person_is_asked(world, shop, reply, time, point):
    reply()
    run_until_dead(world, shop, point)
    shop.cannot_tell()
    settle(world, time)

    assert [row.state for row in world.outbox()] == [OutboxState.PERSON]
    assert len(shop.drafts) == 1


class TestRecovery:
    def dead(self):
        host, pid, ticks = process.name().rsplit(":", 2)
        return f"{host}:{pid}:{int(ticks) - 1}"

    def test_what_a_dead_process_had_claimed_goes_out_at_once(
        self, world, shop, reply, monkeypatch
    ):
        reply()
        dead = self.dead()
        with monkeypatch.context() as context:
            context.setattr(process, "name", lambda: dead)
            run_until_dead(world, shop, ("mark_in_flight", "before"))
        sender = Sender(world.runtime)
        assert sender.run() == 0

        sender.recover()
        assert sender.run() == 1
        assert [len(receipts) for receipts in shop.arrived.values()] == [1]

    def test_what_it_had_on_its_way_is_asked_about_within_a_minute(
        self, world, shop, reply, monkeypatch, time
    ):
        reply()
        dead = self.dead()
        with monkeypatch.context() as context:
            context.setattr(process, "name", lambda: dead)
            run_until_dead(world, shop, ("send", "after"))
        Sender(world.runtime).recover()
        Sender(world.runtime).run()
        assert shop.asked == []  # it may still be arriving
        time(timedelta(minutes=1))
        Sender(world.runtime).run()

        assert (shop.asked, len(shop.drafts)) == (["reply-1"], 1)
        assert [row.state for row in world.outbox()] == [OutboxState.SENT]

    def test_the_living_are_waited_for(self, world, shop, reply):
        reply()
        run_until_dead(world, shop, ("mark_in_flight", "before"))
        sender = Sender(world.runtime)
        sender.recover()

        assert sender.run() == 0
