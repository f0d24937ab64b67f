"""The kick that keeps systemd from killing us, withheld where the scheduler has stopped beating."""

from collections.abc import Callable

from syncd import clock, log, systemd

BEAT_LIMIT = 30.0
"""Seconds without a heartbeat after which the scheduler counts as stuck.

It beats every second or so; a machine that swaps or a suspended guest may well miss some.
"""

_log = log.get("daemon")


class Watchdog:
    """Kicks twice per interval, and only when told to by the main loop."""

    def __init__(self, interval: float | None) -> None:
        self._interval = interval
        self._kicked: float | None = None
        self._stuck = False

    @property
    def pause(self) -> float:
        """The longest time in seconds that the main loop may let pass between two looks."""
        return 1.0 if self._interval is None else min(1.0, self._interval / 4)

    def look(self, beat: Callable[[], float]) -> None:
        """Kick if it is time and the heartbeat, a `clock.monotonic()` time, is fresh."""
        silent = clock.monotonic() - beat()
        if silent < BEAT_LIMIT:
            self._stuck = False
            self.kick()
        elif not self._stuck:
            self._stuck = True
            _log.error("scheduler stuck", silent_s=round(silent), watchdog=self._consequence())

    def kick(self) -> None:
        """Kick if it is time; for waits that end by themselves, such as a drain."""
        now = clock.monotonic()
        if self._interval and (self._kicked is None or now - self._kicked >= self._interval / 2):
            systemd.notify("WATCHDOG=1")
            self._kicked = now

    def _consequence(self) -> str:
        return "will restart the service" if self._interval else "not set, restart the service"
