"""Who computes while several polls run: one of them, unless that one keeps the others waiting."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from syncd import clock, turns
from syncd.turns import Turns

LONG = 30.0


@pytest.fixture
def patience(monkeypatch):
    """Sets how long a turn is waited for."""

    def be(seconds):
        monkeypatch.setattr(turns, "PATIENCE_SECONDS", seconds)

    be(LONG)
    return be


@pytest.fixture
def other():
    """Another thread that does what it is told."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit


def taken(some):
    """Whether a poll gets its turn."""
    with some.sharing():
        return some.take()


def test_a_turn_is_waited_for_until_it_ends(patience, other):
    some = Turns()
    with some.sharing():
        assert some.take()
        assert some.take()  # one's own
        waiting = other(taken, some)
        with pytest.raises(TimeoutError):
            waiting.result(0.05)
        some.end()
        assert waiting.result(LONG)


def test_it_ends_with_the_poll_whatever_happens(patience, other):
    some = Turns()

    def go_wrong():
        with some.sharing():
            some.take()
            raise ValueError("of a test")

    with pytest.raises(ValueError, match="of a test"):
        go_wrong()
    assert other(taken, some).result(LONG)
    assert not some.take()  # a thread that shares none has none


def test_who_keeps_it_too_long_is_waited_for_once(patience, other):
    patience(0.02)
    some = Turns()
    with some.sharing():
        some.take()
        assert not other(taken, some).result(LONG)
        patience(LONG)  # from here on, waiting at all would be seen
        assert not other(taken, some).result(LONG / 3)
        some.end()
        assert other(taken, some).result(LONG / 3)
        some.take()
        waiting = other(taken, some)  # all is as it was before
        with pytest.raises(TimeoutError):
            waiting.result(0.05)
        some.end()
        assert waiting.result(LONG)


def test_whoever_has_none_ends_none(patience, other):
    some = Turns()
    with some.sharing():
        some.take()
        other(some.end).result(LONG)
        patience(0.02)
        assert not other(taken, some).result(LONG)


def test_nobody_sleeps_in_ones_turn(patience, other):
    with turns.sharing():
        assert turns.take()
        clock.sleep(0)
        assert other(taken, turns).result(LONG)


def test_many_at_once_all_come_to_an_end(patience):
    patience(0.001)
    some, begun = Turns(), threading.Barrier(8)

    def work():
        begun.wait(LONG)
        for _ in range(200):
            with some.sharing():
                some.take()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(future.result(LONG) for future in [pool.submit(work) for _ in range(8)])
    assert taken(some)
