"""A look at the parcel right before its buyer is written to."""

from datetime import timedelta

import pytest
import structlog

from syncd import clock, ingest, watch
from syncd.config import FreshLook, Guards, StaleSource
from syncd.connector import Unavailable
from syncd.model import Milestone, OutboxState, Window
from syncd.outbox import Sender

MINUTE = timedelta(minutes=1)


@pytest.fixture
def asked(world, late):
    """The guards are on; the streams that somebody wants polled."""
    fresh = FreshLook(within=30 * MINUTE, patience=3 * MINUTE)
    world.configure(guards=Guards(fresh_look=fresh, stale_source=StaleSource()))
    poll(world)
    return []


@pytest.fixture
def sender(world, asked):
    return Sender(world.runtime, poll_soon=lambda account, stream: asked.append(account.name))


def poll(world, *, fails=False):
    if fails:
        world.connectors["shop"].feed("tracking", Unavailable("down"))
    ingest.poll(world.account(), "tracking", world.store)


def state(world):
    (row,) = world.outbox()
    return row.state, row.reason


def test_after_a_fresh_look_it_leaves_at_once(world, sender, asked, time):
    time(30 * MINUTE)
    sender.run()

    assert (state(world)[0], asked) == (OutboxState.SENT, [])


def test_else_a_look_is_asked_for_and_awaited(world, sender, asked, time):
    time(31 * MINUTE)
    sender.run()
    assert state(world) == (OutboxState.PENDING, "a look at the parcel comes first")
    assert asked == ["shop"]

    poll(world)
    time(MINUTE)
    sender.run()
    assert state(world)[0] == OutboxState.SENT


def test_what_the_look_brings_decides(world, make, sender, time):
    time(31 * MINUTE)
    sender.run()
    world.bring(make.event(0, Milestone.DELIVERED))
    poll(world)
    watch.run(world.runtime)
    time(MINUTE)
    sender.run()

    assert state(world) == (OutboxState.OBSOLETE, "the trouble is over")
    assert world.connectors["shop"].drafts == []


def test_a_look_that_never_comes_is_not_waited_for_for_ever(world, sender, asked, time):
    time(31 * MINUTE)
    with structlog.testing.capture_logs() as logs:
        for _ in range(4):
            sender.run()
            time(MINUTE)

    assert (state(world)[0], len(asked)) == (OutboxState.SENT, 3)
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == [
        "no look was had, the notice goes out as it is"
    ]


def test_a_look_asked_for_in_the_evening_is_asked_for_again_in_the_morning(
    world, sender, asked, time
):
    time(timedelta(hours=7, minutes=59))  # 20:59 in Berlin
    sender.run()
    time(MINUTE)
    sender.run()
    assert state(world) == (OutboxState.PENDING, "the buyer's quiet hours")

    time(timedelta(hours=11))
    sender.run()
    assert state(world) == (OutboxState.PENDING, "a look at the parcel comes first")
    assert asked == ["shop", "shop"]


@pytest.mark.parametrize("stopped", [False, True])
def test_a_source_that_fails_is_not_waited_for(world, sender, asked, time, stopped):
    time(31 * MINUTE)
    if stopped:  # as where another stream's login was refused
        world.store.accounts.suspend(world.account().id, "HTTP 401", clock.now())
    else:
        poll(world, fails=True)
    sender.run()

    assert (state(world)[0], asked) == (OutboxState.SENT, [])


def test_one_that_is_stale_keeps_a_notice_about_silence(world, sender, time):
    time(timedelta(days=2))
    poll(world, fails=True)
    sender.run()
    assert state(world) == (OutboxState.PENDING, "the source of tracking is silent itself")

    time(timedelta(hours=1))
    poll(world)
    sender.run()
    assert state(world)[0] == OutboxState.SENT


def test_but_none_of_what_a_carrier_said(world, make, time):
    world.playbook(when=("attempt_failed",))
    world.configure(guards=Guards())
    world.bring(make.order(), make.shipment(), make.event(-0.1, Milestone.ATTEMPT_FAILED))
    poll(world)
    watch.run(world.runtime)
    time(timedelta(days=2))
    poll(world, fails=True)
    Sender(world.runtime).run()
    assert state(world)[0] == OutboxState.SENT


def test_also_a_notice_that_it_has_not_left(world, make, asked, time):
    world.playbook("sent", when=("late_dispatch",))
    order = make.order("o2", ship_by=Window(latest=make.at(-2)))
    world.bring(order, make.shipment("p2", "TN2", "o2"))
    world.bring(make.event(-9, Milestone.PRE_SHIPMENT, number="TN2"))
    watch.run(world.runtime)
    time(timedelta(days=1))
    watch.run(world.runtime)
    assert {row.cause for row in world.outbox()} == {"delay", "dispatch"}
    time(timedelta(days=2))
    poll(world, fails=True)
    watch.run(world.runtime)
    Sender(world.runtime).run()
    assert {row.reason for row in world.outbox()} == {"the source of tracking is silent itself"}


def test_an_account_that_follows_the_parcel_is_asked(world, sender, asked, time):
    world.add("carrier")
    with world.store.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO follows (tracking_number, account_id, look_at) VALUES ('TN1', ?, 1)",
            (world.account("carrier").id,),
        )
    time(31 * MINUTE)
    Sender(world.runtime, poll_soon=lambda account, _: asked.append(account.name)).run()

    assert sorted(asked) == ["carrier", "shop"]
    assert list(world.store.follows.asked()) == [world.account("carrier").id]


def test_a_look_of_weeks_ago_was_for_another_trouble(world, make, time):
    world.playbook(when=("no_movement",))
    world.configure(guards=Guards())
    world.bring(make.order(promise=60), make.shipment(), make.event(-20))
    poll(world)
    watch.run(world.runtime)
    asked = []
    sender = Sender(world.runtime, poll_soon=lambda account, _: asked.append(account.name))
    time(31 * MINUTE)
    sender.run()
    assert state(world) == (OutboxState.PENDING, "a look at the parcel comes first")
    world.bring(make.event(0))
    watch.run(world.runtime)
    time(MINUTE)
    sender.run()
    assert state(world) == (OutboxState.OBSOLETE, "the trouble is over")
    asked.clear()

    time(timedelta(days=20))
    poll(world)
    watch.run(world.runtime)
    time(31 * MINUTE)
    sender.run()
    assert state(world) == (OutboxState.PENDING, "a look at the parcel comes first")
    assert asked == ["shop"]
