"""One job for each stream of each account, one each for watches, outbox, lateness and housekeeping.

Jobs live in memory and are made from the config at every start; what is due is known to the store
alone. A job that is late runs once and at once (`coalesce`, no misfire limit), and never beside
itself (`max_instances`; polls see to that by themselves).
"""

import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from functools import partial
from zlib import crc32

from apscheduler.executors.pool import ThreadPoolExecutor

from syncd import clock, ingest, log, metrics, watch
from syncd.accounts import Account, Runtime
from syncd.connector import Capability, Push
from syncd.forecast import Learner
from syncd.outbox import Sender
from syncd.scheduler.logins import Logins
from syncd.scheduler.push import Listener
from syncd.scheduler.steady import SteadyScheduler
from syncd.scheduler.upkeep import housekeeping
from syncd.scheduler.wakes import Received, Wakes

_log = log.get("scheduler")

TICK_SECONDS = 1.0
UPKEEP_SECONDS = 30.0
_BEAT_SECONDS = 1.0
# Not beside the start: NumPy takes a while to import, and there is no hurry.
_LEARN_AFTER = 5.0
# Pushes come in bursts: what comes within this many ticks is polled at once.
_TICKS_PER_WAKE = 5

# Accounts' first polls are this far apart, so that thousands do not all begin in one second.
_START_GAP = 0.005
# Each poll is moved by up to this share of its interval, lest many fall into step again.
_JITTER_SHARE = 0.05


class Scheduler:
    """Drives one runtime from `start` to `stop`.

    `tick_seconds` is how often it looks for parcels and messages that are due.
    """

    def __init__(self, runtime: Runtime, *, tick_seconds: float = TICK_SECONDS) -> None:
        self._runtime = runtime
        self._tick_seconds = tick_seconds
        self._stopping = threading.Event()
        self._sender = Sender(runtime, poll_soon=self.poll_soon)
        self._resting: dict[tuple[str, str], tuple[datetime, datetime]] = {}
        self._polling: dict[str, bool] = {}
        self._polling_lock = threading.Lock()
        self._beat = clock.monotonic()
        self._listeners: list[Listener] = []
        self._logins = Logins(runtime, self._sender, self._begin_again)
        self._wakes = Wakes(runtime, self.poll_soon)
        self._scheduler = SteadyScheduler(
            executors={
                "polls": ThreadPoolExecutor(runtime.settings.daemon.workers),
                # Of their own, so that slow sources never hold up the outbox.
                "own": ThreadPoolExecutor(4),
                # Goes on where a store that hangs has taken all of those: a restart helps no store.
                "beat": ThreadPoolExecutor(1),
            },
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )

    def start(self) -> None:
        """Begin to poll, watch and send; accounts that were stopped get a new try."""
        self._runtime.store.accounts.resume()
        self._forget_streams()
        self._sender.recover()
        self._every(_BEAT_SECONDS, self._keep_beat, "beat", executor="beat")
        self._every(self._tick_seconds, lambda: watch.run(self._runtime), "watch")
        self._every(self._tick_seconds, lambda: self._sender.run(self._stopping.is_set), "outbox")
        self._every(UPKEEP_SECONDS, lambda: housekeeping(self._runtime), "housekeeping")
        self._every(UPKEEP_SECONDS, self._logins.look, "logins")
        self._every(UPKEEP_SECONDS, Learner(self._runtime).run, "lateness", first=_LEARN_AFTER)
        if self._wakes.needed:
            self._every(self._tick_seconds * _TICKS_PER_WAKE, self._wakes.run, "wakes")
        for account in self._runtime.accounts.values():
            self._add_account(account)
        self._scheduler.start()
        for listener in self._listeners:
            listener.start()

    def stop(self, timeout: float) -> bool:
        """Begin nothing more and wait for what runs; False where something outlived `timeout`.

        A poll ends after the batch it is at, the outbox after the message it is sending.
        """
        self._stopping.set()
        for listener in self._listeners:
            listener.stop()
        waiter = threading.Thread(target=self._shut_down, name="scheduler-stop", daemon=True)
        waiter.start()
        waiter.join(timeout)
        return not waiter.is_alive()

    def beat(self) -> float:
        """When the scheduler last ran a job on time, by `clock.monotonic()`."""
        return self._beat

    def receive(self, name: str, push: Push) -> Received:
        """Judge a push to the account called `name`; a genuine one has it polled within seconds."""
        return self._wakes.receive(name, push)

    def poll_soon(self, account: Account, stream: str) -> None:
        """Poll a stream now instead of at its next turn; once more where it is being polled."""
        job_id = _job_id(account, stream)
        with self._polling_lock:
            if job_id in self._polling:
                self._polling[job_id] = True
                return
        if not self._stopping.is_set():
            self._scheduler.modify_job(job_id, next_run_time=_real_now())

    def _shut_down(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
            _logged(self._wakes.run, "wakes")()  # what was pushed since is due at the next start

    def _forget_streams(self) -> None:
        """What accounts no longer read is missed by nobody."""
        accounts = {account.id: account for account in self._runtime.accounts.values()}
        streams = {each: account.connector.streams for each, account in accounts.items()}
        for account_id, stream in self._runtime.store.accounts.keep_only(streams):
            metrics.forget_stream(accounts[account_id].name, stream)

    def _keep_beat(self) -> None:
        self._beat = clock.monotonic()

    def _every(
        self,
        seconds: float,
        work: Callable[[], object],
        name: str,
        *,
        first: float = 0.0,
        executor: str = "own",
    ) -> None:
        self._scheduler.add_job(
            _logged(work, name),
            "interval",
            seconds=seconds,
            id=name,
            executor=executor,
            next_run_time=_real_now() + timedelta(seconds=first),
        )

    def _add_account(self, account: Account) -> None:
        for stream, interval in account.intervals().items():
            seconds = interval.total_seconds()
            self._scheduler.add_job(
                _logged(partial(self._poll, account, stream), _job_id(account, stream)),
                "interval",
                # APScheduler only ever adds jitter: less half of it, the mean is as asked for.
                seconds=seconds * (1 - _JITTER_SHARE / 2),
                jitter=seconds * _JITTER_SHARE,
                id=_job_id(account, stream),
                executor="polls",
                # The one before may still be on its way out of APScheduler when news comes, which
                # would not run it then; `_poll` itself keeps them from running beside each other.
                max_instances=2,
                next_run_time=_real_now() + self._phase(account, stream, seconds),
            )
        if Capability.PUSH in account.connector.capabilities:
            self._listeners += [
                Listener(account, stream, self.poll_soon) for stream in account.connector.streams
            ]

    def _begin_again(self, account: Account, streams: Collection[str]) -> None:
        for stream in streams:
            self._resting.pop((account.name, stream), None)
            self.poll_soon(account, stream)

    def _phase(self, account: Account, stream: str, interval: float) -> timedelta:
        """A stable place within the start-up window, the same at every start."""
        window = min(interval, len(self._runtime.accounts) * _START_GAP)
        share = crc32(_job_id(account, stream).encode()) / 2**32
        return timedelta(seconds=window * share)

    def _poll(self, account: Account, stream: str) -> None:
        job_id = _job_id(account, stream)
        with self._polling_lock:
            if job_id in self._polling:
                return
            self._polling[job_id] = True
        try:
            while self._has_news(job_id):
                self._poll_once(account, stream)
        except BaseException:
            with self._polling_lock:
                self._polling.pop(job_id, None)
            raise

    def _has_news(self, job_id: str) -> bool:
        """Whether a poll is wanted; where none is, it counts as ended."""
        with self._polling_lock:
            wanted = self._polling.pop(job_id) and not self._stopping.is_set()
            if wanted:
                self._polling[job_id] = False
        return wanted

    def _poll_once(self, account: Account, stream: str) -> None:
        key = account.name, stream
        if self._logins.stopped(account) or self._rests(key):
            return
        result = ingest.poll(account, stream, self._runtime.store, self._stopping)
        self._logins.note(account, stream, result.outcome)
        if result.retry_at is None:
            self._resting.pop(key, None)
        else:
            self._resting[key] = clock.now(), result.retry_at

    def _rests(self, key: tuple[str, str]) -> bool:
        """Whether a stream that failed is left alone; not once the clock was put back since."""
        since, until = self._resting.get(key, (None, None))
        return since is not None and until is not None and since <= clock.now() < until


def _job_id(account: Account, stream: str) -> str:
    return f"poll:{account.name}:{stream}"


def _real_now() -> datetime:
    """APScheduler goes by the machine's clock, whatever `clock` has been set to."""
    return clock.system()


def _logged(work: Callable[[], object], name: str) -> Callable[[], None]:
    """`work`, whose failures end only this run of it.

    A failure is logged when it begins or changes, and when it is over: a full disk fails every job
    every second.
    """
    failing: str | None = None

    def run() -> None:
        nonlocal failing
        try:
            work()
        except Exception as error:  # noqa: BLE001  the job boundary
            before, failing = failing, type(error).__name__
            if failing != before:
                _log.error("job failed", job=name, exc_info=error)
        else:
            if failing is not None:
                _log.info("job recovered", job=name)
            failing = None

    return run
