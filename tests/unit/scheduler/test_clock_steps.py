"""The machine's clock is put right while the scheduler runs: nothing waits for it to catch up."""

import time as real
from datetime import datetime, timedelta

import pytest
from apscheduler.schedulers import base

from syncd import clock
from syncd.connector import Unavailable
from syncd.scheduler import Scheduler

QUICK = {"intervals": {"messages": timedelta(seconds=0.05)}}


def until(condition, seconds=5.0):
    end = real.monotonic() + seconds
    while not condition():
        assert real.monotonic() < end, "it did not happen in time"
        real.sleep(0.005)


@pytest.fixture
def step(monkeypatch):
    """Put the machine's clock forward, or back by less than nothing."""
    off = timedelta(0)

    class Shifted(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + off

    def shift(by):
        nonlocal off
        off += by

    monkeypatch.setattr(base, "datetime", Shifted)
    right = clock.system
    monkeypatch.setattr(clock, "system", lambda: right() + off)
    return shift


@pytest.fixture
def quick(world):
    """An account whose messages are polled twenty times a second."""
    world.remove("shop")
    return world.add("quick", **QUICK)


@pytest.fixture
def start(world, quick):
    """Start a scheduler on the world's runtime; it is stopped after the test."""
    scheduler = Scheduler(world.runtime, tick_seconds=0.05)

    def begin():
        scheduler.start()
        return scheduler

    yield begin
    assert scheduler.stop(10)


def polls(connector, stream="messages"):
    return sum(polled == stream for polled, _ in connector.polled)


@pytest.mark.parametrize(
    "by", [timedelta(hours=-8), timedelta(minutes=-3), timedelta(hours=8), timedelta(days=3650)]
)
def test_work_goes_on_after_a_step(quick, start, step, by):
    scheduler = start()
    until(lambda: polls(quick) >= 2)
    step(by)
    seen, beaten = polls(quick), scheduler.beat()
    until(lambda: polls(quick) > seen + 3)
    until(lambda: scheduler.beat() > beaten + 1.5)


def test_what_is_polled_seldom_is_polled_once_after_a_step_and_then_at_its_turn(quick, start, step):
    start()
    until(lambda: polls(quick, "orders") == 1)
    step(timedelta(hours=-8))
    until(lambda: polls(quick, "orders") == 2)
    real.sleep(1.2)
    assert polls(quick, "orders") == 2


def test_what_failed_before_the_clock_was_put_back_is_not_left_alone_until_then(quick, start, time):
    quick.feed("messages", Unavailable("HTTP 503", retry_after=60))
    start()
    until(lambda: polls(quick) == 1)
    real.sleep(0.2)
    assert polls(quick) == 1

    time(timedelta(hours=-8))
    until(lambda: polls(quick) >= 3)
