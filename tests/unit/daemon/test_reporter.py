"""The status line and what it knows about the store."""

from threading import Event

import pytest
import structlog

from syncd.daemon.reporter import Reporter

INTERVAL = 0.05


@pytest.fixture
def reporter(engine):
    reporter = Reporter(engine.describe, INTERVAL)
    reporter.start()
    yield reporter
    reporter.stop()


def test_the_status_is_told_when_it_changes_and_only_then(engine, manager, reporter):
    manager.await_("STATUS=first: 1 accounts")
    Event().wait(5 * INTERVAL)
    engine.line = "1 accounts, 1 failing (ebay-de: 401), outbox 3"
    manager.await_(f"STATUS={engine.line}")
    assert manager.hear() == ["STATUS=first: 1 accounts", f"STATUS={engine.line}"]


def test_a_store_that_fails_is_logged_once_and_its_recovery_once(engine, manager):
    with structlog.testing.capture_logs() as logs:
        reporter = Reporter(engine.describe, INTERVAL)
        engine.store_down = True
        reporter.start()
        manager.await_("STATUS=the store does not answer")
        Event().wait(5 * INTERVAL)
        assert reporter.store_problem() == "OSError"
        engine.store_down = False
        manager.await_("STATUS=first: 1 accounts")
        reporter.stop()
    assert reporter.store_problem() is None
    assert [entry["event"] for entry in logs] == ["store failed", "store recovered"]


def test_a_store_that_hangs_is_a_problem_after_three_looks(engine, manager, reporter):
    manager.await_("STATUS=first")
    hang, hung = Event(), Event()

    def describe():
        hung.set()
        hang.wait(10)
        return "awake"

    reporter.describe_by(describe)
    assert hung.wait(5)
    Event().wait(4 * INTERVAL)
    problem = reporter.store_problem()
    hang.set()
    assert problem == "no answer for 0 s"


def test_an_engine_closed_by_a_reload_is_no_failure_of_the_store(make_engine, manager):
    old, new = make_engine("old"), make_engine("new")

    def describe():
        reporter.describe_by(new.describe)  # the reload comes while the old store is being asked
        raise OSError("closed")

    old.describe = describe
    reporter = Reporter(old.describe, INTERVAL)
    with structlog.testing.capture_logs() as logs:
        reporter.start()
        manager.await_("STATUS=new")
        reporter.stop()
    assert logs == []
