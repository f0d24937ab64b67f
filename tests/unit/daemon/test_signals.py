"""Real signals, sent to this process."""

import signal
import threading

import pytest

from syncd.daemon.signals import Signals


def test_signals_are_waited_for_in_the_order_they_came():
    with Signals() as signals:
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGTERM)
        assert signals.wait(1) is signal.SIGHUP
        assert signals.wait(1) is signal.SIGTERM
        assert signals.wait(0.01) is None


def test_a_signal_ends_a_wait_at_once():
    before = signal.getsignal(signal.SIGALRM)
    with Signals() as signals:
        signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGHUP))
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            assert signals.wait(30) is signal.SIGHUP
        finally:
            signal.signal(signal.SIGALRM, before)


def test_stopping_is_known_before_the_stop_is_waited_for():
    with Signals() as signals:
        signal.raise_signal(signal.SIGHUP)
        assert signals.stopping is False
        signal.raise_signal(signal.SIGTERM)
        assert signals.stopping is True


def test_a_second_ctrl_c_does_not_wait():
    with Signals() as signals:
        signal.raise_signal(signal.SIGINT)
        assert signals.wait(1) is signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_the_handlers_from_before_are_put_back():
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    with Signals():
        assert signal.getsignal(signal.SIGTERM) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before


def test_the_stacks_are_told_and_it_goes_on(capfd):
    """Of all threads, those that compute meanwhile too, as often as somebody asks."""
    done = threading.Event()

    def computing():
        while not done.is_set():
            sum(range(100))

    threads = [threading.Thread(target=computing, name=f"busy-{n}") for n in range(4)]
    for thread in threads:
        thread.start()
    with Signals() as signals:
        for _ in range(50):
            signal.raise_signal(signal.SIGUSR1)
        assert not signals.stopping
    done.set()
    for thread in threads:
        thread.join()
    told = capfd.readouterr().err
    assert told.count("Thread MainThread (most recent call last):") == 50
    assert told.count("Thread busy-3 (most recent call last):") == 50
    assert "in computing" in told
    assert "test_signals.py" in told
