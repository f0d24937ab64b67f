"""The main loop: from the first READY to the last job's end.

The loop itself only waits, kicks the watchdog and acts on signals. What may take long (a drain, a
reload, a look at the store) runs beside it.
"""

import faulthandler
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from syncd import clock, log, metrics, process, systemd
from syncd.config import ConfigError
from syncd.daemon.endpoint import serve_endpoint
from syncd.daemon.receiver import receive_pushes
from syncd.daemon.reporter import Reporter
from syncd.daemon.signals import RELOAD, STOP, Signals
from syncd.daemon.watchdog import BEAT_LIMIT, Watchdog
from syncd.text.templates import TemplateProblems

if TYPE_CHECKING:
    from syncd.connector import Push
    from syncd.daemon.engine import Engine
    from syncd.scheduler import Received

BUILD_LIMIT = 60.0
"""Seconds that opening the store and building the connectors may take at a reload."""

T = TypeVar("T")

_log = log.get("daemon")


def serve(build: Callable[[], "Engine"]) -> bool:
    """Run what `build` makes until SIGTERM or SIGINT; at SIGHUP, what it makes then.

    True if every job ended within the stop time; where False, threads of the scheduler are still
    at work and the process had better end without them. Raises what the first `build` raises, and
    AddressTaken.
    """
    faulthandler.enable()  # the watchdog's SIGABRT leaves every thread's stack in the journal
    with Signals() as signals:
        systemd.notify("STATUS=starting")
        return Service(build, signals).run()


class Service:
    """One life of the service, around engines that reloads replace."""

    def __init__(self, build: Callable[[], "Engine"], signals: Signals) -> None:
        """Build the first engine; raises what `build` raises."""
        self._build = build
        self._signals = signals
        self._watchdog = Watchdog(systemd.watchdog_seconds())
        self._left_behind = False
        self._engine = build()
        self._reporter = Reporter(self._engine.describe)

    def run(self) -> bool:
        """Start, wait for a signal to stop, drain; True if every job ended within the stop time."""
        try:
            with self._listening():
                self._start()
                self._wait()
                self._stop()
        except BaseException:
            self._engine.close()
            raise
        return not self._left_behind

    def problems(self) -> dict[str, str]:
        """What is wrong with the scheduler or the store; a failing source is neither."""
        silent = clock.monotonic() - self._engine.beat()
        found = {
            "scheduler": f"no heartbeat for {silent:.0f} s" if silent > BEAT_LIMIT else None,
            "store": self._reporter.store_problem(),
        }
        return {part: problem for part, problem in found.items() if problem}

    @contextmanager
    def _listening(self) -> Iterator[None]:
        with ExitStack() as open_ones:
            if self._engine.listen:
                open_ones.enter_context(serve_endpoint(self._engine.listen, self.problems))
            if self._engine.push_listen:
                open_ones.enter_context(receive_pushes(self._engine.push_listen, self._receive))
            yield

    def _receive(self, account: str, push: "Push") -> "Received":
        """Hand a push to the engine of the moment: a reload puts another in its place."""
        return self._engine.receive(account, push)

    def _start(self) -> None:
        self._engine.start()
        self._reporter.start()
        process.settle()
        metrics.STARTED.set(clock.now().timestamp())
        systemd.notify("READY=1")
        _log.info("started", accounts=len(self._engine.accounts))

    def _wait(self) -> None:
        while (caught := self._signals.wait(self._watchdog.pause)) not in STOP:
            self._watchdog.look(self._engine.beat)
            if caught is RELOAD:
                self._reload()

    def _stop(self) -> None:
        systemd.notify("STOPPING=1")
        self._reporter.stop()
        _log.info("stopping", stop_timeout_s=self._engine.stop_timeout)
        systemd.notify("STATUS=letting the running jobs end")
        self._drain(self._engine)
        _log.info("stopped")

    def _reload(self) -> None:
        systemd.reloading()
        try:
            fresh = self._beside(self._build, BUILD_LIMIT)
        except Exception as error:  # noqa: BLE001  whatever the new config leads to, the old one works
            self._refuse(_problems(error))
        else:
            self._take(fresh)
        systemd.notify("READY=1")

    def _take(self, fresh: "Engine") -> None:
        """Go over to `fresh`, unless it leaves out an account that works now."""
        lost = fresh.broken.keys() & self._engine.accounts
        if lost:
            fresh.close()
            self._refuse([f"accounts.{name}: {fresh.broken[name]}" for name in sorted(lost)])
        else:
            self._swap(fresh)

    def _refuse(self, problems: list[str]) -> None:
        for problem in problems:
            _log.error("reload refused", problem=problem)
        note = (
            f"reload refused for {len(problems)} problem(s), see the journal; old config in force"
        )
        self._reporter.describe_by(self._engine.describe, note)

    def _swap(self, fresh: "Engine") -> None:
        """Let the old jobs end before the new begin, so that no stream is polled by both."""
        before, self._engine = self._engine, fresh
        self._reporter.describe_by(fresh.describe)
        self._drain(before)
        if not self._signals.stopping:
            fresh.start()
            _log.info("reloaded", accounts=len(fresh.accounts))
        for account in before.accounts - fresh.accounts:
            metrics.forget(account)
        if fresh.listen != before.listen:
            _log.warning("restart needed", setting="metrics")
        if fresh.push_listen != before.push_listen:
            _log.warning("restart needed", setting="push")

    def _drain(self, engine: "Engine") -> None:
        """Let its jobs end and close it; those that outlive the stop time keep what they hold."""
        limit = engine.stop_timeout
        if self._beside(lambda: engine.stop(limit), limit):
            engine.close()
        else:
            self._left_behind = True
            _log.warning("drain cut off", stop_timeout_s=limit)

    def _beside(self, work: Callable[[], T], limit: float) -> T:
        """Do `work` in a thread while kicking; past `limit` seconds the watchdog may have us."""
        until = clock.monotonic() + limit
        future = _in_thread(work)
        while not wait([future], timeout=self._watchdog.pause).done:
            if clock.monotonic() < until:
                self._watchdog.kick()
        return future.result()


def _problems(error: Exception) -> list[str]:
    if isinstance(error, ConfigError | TemplateProblems):
        return [str(problem) for problem in error.problems]
    return [f"{type(error).__name__}: {error}"]


def _in_thread(work: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001  handed over, whatever it is
            future.set_exception(error)

    Thread(target=run, name="beside-main", daemon=True).start()
    return future
