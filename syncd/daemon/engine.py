"""What a reload replaces as a whole: the settings, what they open, and what drives it."""

from pathlib import Path

from syncd import config, log, plugins, status
from syncd.accounts import Runtime
from syncd.config import Settings
from syncd.scheduler import Scheduler

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
    def stop_timeout(self) -> float:
        """Seconds that running jobs are given to end."""
        return self._settings.daemon.stop_timeout.total_seconds()

    @property
    def listen(self) -> tuple[str, int] | None:
        """Where metrics and health are to be served, or None for nowhere."""
        return self._settings.metrics.address if self._settings.metrics.enabled else None

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


def build(path: Path) -> Engine:
    """Read the config at `path` and open what it names; starts nothing and asks no source.

    Raises ConfigError, and what opening the store raises.
    """
    found = plugins.load()
    for problem in found.problems:
        _log.warning("connector_unfit", problem=str(problem))
    settings = config.load(path, found.connectors)
    runtime = Runtime.open(settings, found)
    log.configure(settings.log.format, settings.log.level)
    return Engine(settings, runtime)
