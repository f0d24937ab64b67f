"""The life of the service, told by what it says to systemd and asks of its engines."""

import signal
import socket
from pathlib import Path
from urllib.request import urlopen

import pytest
import structlog

from syncd import clock, metrics
from syncd.config import ConfigError, Problem
from syncd.daemon.service import Service

BROKEN = ConfigError(
    [
        Problem(Path("syncd.toml"), 3, "daemon.worker", "unknown key", "Did you mean 'workers'?"),
        Problem(Path("syncd.toml"), 9, "accounts.ebay-de", "no such connector 'ebya'"),
    ]
)


def builder(*outcomes):
    """A build function that returns or raises one outcome after the other."""
    remaining = list(outcomes)

    def build():
        outcome = remaining.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return build


def kinds(said):
    return [datagram.split("\n")[0].split("=")[0] for datagram in said]


def test_ready_comes_after_the_start_and_stopping_before_the_drain(engine, manager, scripted):
    heard_at_stop = []
    stop = engine.stop
    engine.stop = lambda timeout: (heard_at_stop.extend(manager.hear()), stop(timeout))[1]
    assert Service(builder(engine), scripted()).run() is True
    assert engine.calls == ["start", "stop", "close"]
    assert "READY=1" in manager.hear()
    assert "STOPPING=1" in heard_at_stop


def test_nothing_is_ready_before_the_engine_has_started(engine, manager, scripted):
    heard_at_start = []
    engine.start = lambda: heard_at_start.extend(manager.hear())
    Service(builder(engine), scripted()).run()
    assert "READY=1" not in heard_at_start


def test_a_config_that_cannot_be_built_at_the_start_is_raised(scripted):
    with pytest.raises(ConfigError):
        Service(builder(BROKEN), scripted())


def test_an_engine_that_does_not_start_is_closed(engine, scripted):
    def start():
        raise RuntimeError("no threads left")

    engine.start = start
    with pytest.raises(RuntimeError, match="no threads left"):
        Service(builder(engine), scripted()).run()
    assert engine.calls == ["close"]


def test_jobs_that_outlive_the_stop_time_keep_their_store(make_engine, scripted):
    engine = make_engine(drains=False)
    with structlog.testing.capture_logs() as logs:
        assert Service(builder(engine), scripted()).run() is False
    assert engine.calls == ["start", "stop"]
    assert "drain cut off" in [entry["event"] for entry in logs]


def test_a_good_reload_ends_the_old_engine_before_the_new_one_starts(
    make_engine, manager, scripted
):
    order = []
    old, new = make_engine("old"), make_engine("new")
    for each in (old, new):
        each.start = lambda name=each.name: order.append(f"{name} starts")
        each.stop = lambda _timeout, name=each.name: order.append(f"{name} stops") or True
        each.close = lambda name=each.name: order.append(f"{name} closes")
    assert Service(builder(old, new), scripted(signal.SIGHUP)).run() is True
    assert order == [
        "old starts",
        "old stops",
        "old closes",
        "new starts",
        "new stops",
        "new closes",
    ]
    said = kinds(manager.hear())
    assert said.index("RELOADING") < len(said) - 1 - said[::-1].index("READY")


def test_a_bad_reload_tells_every_problem_and_runs_on(engine, manager, scripted):
    with structlog.testing.capture_logs() as logs:
        service = Service(
            builder(engine, BROKEN),
            scripted(signal.SIGHUP, lambda: manager.await_("STATUS=first: 1 accounts; reload ref")),
        )
        assert service.run() is True
    refused = [entry["problem"] for entry in logs if entry["event"] == "reload refused"]
    assert refused == [str(problem) for problem in BROKEN.problems]
    assert engine.calls == ["start", "stop", "close"]
    assert kinds(manager.hear()).count("READY") == 2


def test_a_reload_that_fails_otherwise_is_refused_too(engine, scripted):
    with structlog.testing.capture_logs() as logs:
        Service(builder(engine, OSError("disk full")), scripted(signal.SIGHUP)).run()
    (refused,) = [entry for entry in logs if entry["event"] == "reload refused"]
    assert refused["problem"] == "OSError: disk full"
    assert engine.calls == ["start", "stop", "close"]


def test_a_reload_that_would_lose_a_working_account_is_refused(make_engine, scripted):
    old, new = make_engine("old"), make_engine("new", accounts=())
    new.broken = {"ebay-de": "ValueError: site and currency disagree"}
    with structlog.testing.capture_logs() as logs:
        Service(builder(old, new), scripted(signal.SIGHUP)).run()
    (refused,) = [entry for entry in logs if entry["event"] == "reload refused"]
    assert refused["problem"] == "accounts.ebay-de: ValueError: site and currency disagree"
    assert (old.calls, new.calls) == (["start", "stop", "close"], ["close"])


def test_an_account_that_was_broken_before_does_not_stand_in_the_way(make_engine, scripted):
    old, new = make_engine("old"), make_engine("new")
    new.broken = {"third-party": "ImportError: no module named 'x'"}
    Service(builder(old, new), scripted(signal.SIGHUP)).run()
    assert new.calls == ["start", "stop", "close"]


def test_a_good_reload_after_a_bad_one_takes_the_note_back(make_engine, manager, scripted):
    first, second = make_engine("first"), make_engine("second")
    Service(
        builder(first, BROKEN, second),
        scripted(
            signal.SIGHUP,
            lambda: manager.await_("STATUS=first: 1 accounts; reload refused"),
            signal.SIGHUP,
            lambda: manager.await_("STATUS=second: 1 accounts"),
        ),
    ).run()
    (last,) = [said for said in manager.hear() if said.startswith("STATUS=second")]
    assert "refused" not in last


def test_a_stop_during_a_reload_starts_nothing_new(make_engine, scripted):
    signals = scripted(signal.SIGHUP)
    old, new = make_engine("old"), make_engine("new")

    def stop(_timeout):
        signals.stopping = True
        return True

    old.stop = stop
    Service(builder(old, new), signals).run()
    assert "start" not in new.calls
    assert new.calls[-1] == "close"


def test_jobs_that_outlive_a_reload_keep_their_store_and_the_new_ones_begin(make_engine, scripted):
    old, new = make_engine("old", drains=False), make_engine("new")
    assert Service(builder(old, new), scripted(signal.SIGHUP)).run() is False
    assert old.calls == ["start", "stop"]
    assert new.calls == ["start", "stop", "close"]


def test_an_account_that_a_reload_drops_is_no_longer_exposed(make_engine, scripted):
    metrics.ACCOUNT_UP.labels("gone").set(0)
    metrics.ACCOUNT_UP.labels("stays").set(1)
    old, new = (
        make_engine("old", accounts=("gone", "stays")),
        make_engine("new", accounts=("stays",)),
    )
    Service(builder(old, new), scripted(signal.SIGHUP)).run()
    exposed = metrics.exposition()
    metrics.forget("stays")
    assert b'account="gone"' not in exposed
    assert b'account="stays"' in exposed


@pytest.mark.parametrize(("setting", "of"), [("metrics", "listen"), ("push", "push_listen")])
def test_a_changed_address_needs_a_restart_and_says_so(make_engine, scripted, setting, of):
    fresh = make_engine()
    setattr(fresh, of, ("127.0.0.1", 0))
    with structlog.testing.capture_logs() as logs:
        Service(builder(make_engine(), fresh), scripted(signal.SIGHUP)).run()
    assert {"event": "restart needed", "setting": setting, "log_level": "warning"} in [
        {key: entry[key] for key in ("event", "setting", "log_level") if key in entry}
        for entry in logs
    ]


def test_pushes_go_to_the_engine_that_a_reload_put_in_place(make_engine, scripted):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    before, after = make_engine("before"), make_engine("after")
    before.push_listen = after.push_listen = ("127.0.0.1", port)

    def push():
        with urlopen(f"http://127.0.0.1:{port}/push/ebay-de", data=b"1", timeout=5):
            pass

    Service(builder(before, after), scripted(push, signal.SIGHUP, push)).run()
    assert (before.pushed, after.pushed) == (["ebay-de"], ["ebay-de"])


def test_a_long_drain_keeps_kicking_the_watchdog(engine, manager, scripted, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "100000")

    def stop(timeout):
        clock.sleep(0.4)
        return True

    engine.stop = stop
    Service(builder(engine), scripted()).run()
    said = manager.hear()
    assert said[said.index("STOPPING=1") :].count("WATCHDOG=1") >= 3


def test_a_drain_without_end_is_left_to_the_watchdog(engine, manager, scripted, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "40000")
    engine.stop, engine.stop_timeout = lambda timeout: clock.sleep(0.5) or True, 0.1
    Service(builder(engine), scripted()).run()
    said = manager.hear()
    assert said[said.index("STOPPING=1") :].count("WATCHDOG=1") <= 8


def test_health_names_a_scheduler_that_stopped_beating(engine, scripted):
    found = []
    service = Service(builder(engine), scripted(lambda: found.append(service.problems())))
    engine.last_beat = clock.monotonic() - 45
    service.run()
    assert found == [{"scheduler": "no heartbeat for 45 s"}]


def test_health_names_a_store_that_does_not_answer(engine, manager, scripted):
    engine.store_down = True
    found = []
    service = Service(
        builder(engine),
        scripted(
            lambda: manager.await_("STATUS=the store does not answer"),
            lambda: found.append(service.problems()),
        ),
    )
    service.run()
    assert found == [{"store": "OSError"}]


def test_health_finds_nothing_wrong_with_a_service_that_works(engine, manager, scripted):
    found = []
    service = Service(
        builder(engine),
        scripted(
            lambda: manager.await_("STATUS=first: 1 accounts"),
            lambda: found.append(service.problems()),
        ),
    )
    service.run()
    assert found == [{}]
