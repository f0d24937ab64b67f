"""When systemd's watchdog is kicked, and when it is not."""

import pytest
import structlog

from syncd import clock
from syncd.daemon.watchdog import BEAT_LIMIT, Watchdog


@pytest.fixture
def time(monkeypatch):
    """Real time as a test sets it, in a list of one."""
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    return now


def look(watchdog, time, seconds, beat=None):
    """One look a second for `seconds`, with a heartbeat that is fresh or stays at `beat`."""
    for _ in range(seconds):
        watchdog.look(lambda: time[0] if beat is None else beat)
        time[0] += 1


def test_it_is_kicked_twice_in_each_interval(manager, time):
    look(Watchdog(20.0), time, 60)
    assert manager.hear() == ["WATCHDOG=1"] * 6


def test_it_is_not_kicked_while_the_scheduler_is_stuck(manager, time):
    watchdog = Watchdog(10.0)
    with structlog.testing.capture_logs() as logs:
        look(watchdog, time, int(BEAT_LIMIT) + 60, beat=time[0])
    assert manager.hear() == ["WATCHDOG=1"] * int(BEAT_LIMIT / 5)
    assert [entry["event"] for entry in logs] == ["scheduler stuck"]


def test_a_scheduler_that_beats_again_is_kicked_for_again(manager, time):
    watchdog = Watchdog(10.0)
    look(watchdog, time, 10, beat=time[0] - BEAT_LIMIT)
    assert manager.hear() == []
    look(watchdog, time, 1)
    assert manager.hear() == ["WATCHDOG=1"]


def test_without_a_watchdog_nothing_is_kicked(manager, time):
    look(Watchdog(None), time, 100)
    assert manager.hear() == []


@pytest.mark.parametrize(("interval", "pause"), [(None, 1.0), (60.0, 1.0), (2.0, 0.5)])
def test_the_loop_looks_often_enough_for_the_interval(interval, pause):
    assert Watchdog(interval).pause == pause
