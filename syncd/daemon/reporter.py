"""Looks at the store every few seconds and tells systemd how things stand.

In a thread of its own: a store that hangs must not stop the main loop, since the watchdog would
then restart a service that a restart cannot help.
"""

from collections.abc import Callable
from threading import Event, Thread

from syncd import clock, log, systemd

INTERVAL = 5.0

_log = log.get("daemon")


class Reporter:
    """Keeps the service's status line true and knows when the store last answered."""

    def __init__(self, describe: Callable[[], str], interval: float = INTERVAL) -> None:
        self._describe = describe
        self._interval = interval
        self._note = ""
        self._told = ""
        self._answered = clock.monotonic()
        self._error: str | None = None
        self._ended = False
        self._wake = Event()
        self._thread = Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        """Begin to look, the first time at once."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; a look that hangs is left behind."""
        self._ended = True
        self._wake.set()
        self._thread.join(timeout=self._interval)

    def describe_by(self, describe: Callable[[], str], note: str = "") -> None:
        """Ask another engine from now on, at once, and put `note` behind what it says."""
        self._describe, self._note = describe, note
        self._wake.set()

    def store_problem(self) -> str | None:
        """What is wrong with the store, or None if it answered within the last three looks."""
        silent = clock.monotonic() - self._answered
        if self._error is not None:
            return self._error
        return f"no answer for {silent:.0f} s" if silent > 3 * self._interval else None

    def _run(self) -> None:
        while not self._ended:
            self._look()
            self._wake.wait(self._interval)
            self._wake.clear()

    def _look(self) -> None:
        describe = self._describe
        try:
            line = describe()
        except Exception as error:  # noqa: BLE001  whatever a database can raise; told once
            if describe == self._describe:  # else a reload has just closed what was looked at
                self._failed(error)
        else:
            self._recovered()
            self._tell(line)

    def _failed(self, error: Exception) -> None:
        if self._error is None:
            # The first line: what sqlalchemy adds to it is the statement.
            said = (str(error).splitlines() or [""])[0]
            _log.error("store failed", error=f"{type(error).__name__}: {said}")
        self._error = type(error).__name__
        self._tell("the store does not answer, see the journal")

    def _recovered(self) -> None:
        if self._error is not None:
            _log.info("store recovered")
        self._answered, self._error = clock.monotonic(), None

    def _tell(self, line: str) -> None:
        text = f"{line}; {self._note}" if self._note else line
        if text != self._told:
            systemd.notify(f"STATUS={text}")
            self._told = text
