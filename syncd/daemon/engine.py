"""What a reload replaces as a whole: the settings, what they open, and what drives it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from syncd import log, status
from syncd.accounts import Runtime
from syncd.config import ConfigError, Settings
from syncd.connector import Push
from syncd.daemon.secrets import missing_secrets
from syncd.plugins import Plugins
from syncd.scheduler import Received, Scheduler

Load = Callable[[Path], tuple[Settings, Plugins]]
"""Reads a config as it is now, with the connectors installed; raises ConfigError."""

_log = log.get("daemon")


class Engine:
    """Everything made from one reading of the config."""

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        self._settings = settings
        self._runtime = runtime
        self._scheduler = Scheduler(runtime)
        self._started = False

    @property
    def accounts(self) -> frozenset[str]:
        """The names of the accounts that it serves."""
        return frozenset(self._runtime.accounts)

    @property
    def broken(self) -> Mapping[str, str]:
        """The accounts left out, each with the reason."""
        return self._runtime.broken

    @property
    def stop_timeout(self) -> float:
        """Seconds that running jobs are given to end."""
        return self._settings.daemon.stop_timeout.total_seconds()

    @property
    def listen(self) -> tuple[str, int] | None:
        """Where metrics and health are to be served, or None for nowhere."""
        return self._settings.metrics.address if self._settings.metrics.enabled else None

    @property
    def push_listen(self) -> tuple[str, int] | None:
        """Where pushes are to be received, or None for nowhere."""
        return self._settings.push.address if self._settings.push.enabled else None

    def receive(self, account: str, push: Push) -> Received:
        """Judge a push to an account."""
        return self._scheduler.receive(account, push)

    def start(self) -> None:
        """Begin to poll, watch and send."""
        self._scheduler.start()
        self._started = True

    def beat(self) -> float:
        """When the scheduler was last seen alive, in `clock.monotonic()` seconds."""
        return self._scheduler.beat()

    def describe(self) -> str:
        """How things stand, in one line; asks the store."""
        return status.line(self._runtime)

    def stop(self, timeout: float) -> bool:
        """Start no more jobs; True if the running ones ended within `timeout` seconds."""
        return not self._started or self._scheduler.stop(timeout)

    def close(self) -> None:
        """Give up connections and the store; after `stop`."""
        self._runtime.close()


def build(file: Path, load: Load) -> Engine:
    """Read the config in `file` by `load` and open what it names; starts nothing, asks no source.

    Raises ConfigError, also for a secret that is not where the config says, and what
    `Runtime.open` raises.
    """
    settings, found = load(file)
    for problem in found.problems:
        _log.warning("connector unfit", problem=str(problem))
    missing = list(missing_secrets(settings, file))
    if missing:
        raise ConfigError(missing)
    return Engine(settings, Runtime.open(settings, found))
