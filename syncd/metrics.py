"""What Prometheus is told. docs/operations.md explains each metric to those on call."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from syncd import clock

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

REGISTRY = CollectorRegistry()
"""Our own, so that what is exposed is what this module names and nothing a library adds."""

POLLS = Counter(
    "syncd_polls",
    "Polls by how they ended: ok, busy, cut_off, auth_failed, not_permitted, unavailable, rejected "
    "or bug.",
    ["account", "stream", "outcome"],
    registry=REGISTRY,
)
ITEMS = Counter(
    "syncd_items",
    "Items taken in, by kind and result: new, edited, repeated or quarantined.",
    ["account", "stream", "kind", "result"],
    registry=REGISTRY,
)
# An idle poll takes tens of milliseconds, the first one of a large mailbox minutes.
POLL_SECONDS = Histogram(
    "syncd_poll_seconds",
    "How long polls take, whatever their outcome.",
    ["account", "stream"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
    registry=REGISTRY,
)
ACCOUNT_UP = Gauge(
    "syncd_account_up",
    "1 where the account's last poll succeeded, 0 where it failed or the account is stopped.",
    ["account"],
    registry=REGISTRY,
)
LAST_SUCCESS = Gauge(
    "syncd_last_success_timestamp_seconds",
    "When the stream was last polled successfully, in Unix time.",
    ["account", "stream"],
    registry=REGISTRY,
)
LAG = Gauge(
    "syncd_lag_seconds",
    "Age of the newest item of the last batch at the moment it was stored.",
    ["account", "stream"],
    registry=REGISTRY,
)
OUTBOX_DEPTH = Gauge(
    "syncd_outbox_depth",
    "Outbox rows that are not settled yet, by state.",
    ["state"],
    registry=REGISTRY,
)
OUTBOX_OLDEST = Gauge(
    "syncd_outbox_oldest_seconds",
    "How long the oldest outbox row that is due has been waiting; 0 where none is due.",
    registry=REGISTRY,
)
SENDS = Counter(
    "syncd_sends",
    "Tries to send, by outcome: sent, later, obsolete, held, rerouted, person, rejected, "
    "unavailable, auth_failed, unknown or bug.",
    ["account", "outcome"],
    registry=REGISTRY,
)
FINDINGS = Counter(
    "syncd_findings",
    "Findings opened, by kind.",
    ["kind"],
    registry=REGISTRY,
)
ERRORS = Counter(
    "syncd_errors",
    "Errors by the class of the exception; any that is not a connector's is a bug.",
    ["class"],
    registry=REGISTRY,
)
WATCH_DUE = Counter(
    "syncd_watch_due_evaluated",
    "Subjects that fell due and were looked at, by watch.",
    ["watch"],
    registry=REGISTRY,
)
LOOKS = Counter(
    "syncd_parcel_looks",
    "Parcels that tracking accounts asked about, news or not: answered or unanswered.",
    ["account", "result"],
    registry=REGISTRY,
)
LOOKS_DUE = Gauge(
    "syncd_parcel_looks_due",
    "Parcels that are due for a look: a number that stays up means too little quota.",
    ["account"],
    registry=REGISTRY,
)
LATENESS_DRIFT = Gauge(
    "syncd_lateness_odds_ratio",
    "Odds of a late delivery in the last four weeks over those before; from 2 the thresholds rise.",
    registry=REGISTRY,
)
LATENESS_FITTED = Gauge(
    "syncd_lateness_learnt_timestamp_seconds",
    "When the lateness model in force was learnt, in Unix time; 0 where there is none.",
    registry=REGISTRY,
)
PUSHES = Counter(
    "syncd_pushes",
    "Requests to the push listener, by result: woke, repeated, stale, forged, unknown or failed.",
    ["account", "result"],
    registry=REGISTRY,
)
CALLS = Counter(
    "syncd_http_requests",
    "Requests to platforms, by host and the answer's status; none: no answer came.",
    ["host", "status"],
    registry=REGISTRY,
)
CALL_SECONDS = Histogram(
    "syncd_http_request_seconds",
    "How long requests to platforms take until the answer is read, by host.",
    ["host"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
STARTED = Gauge(
    "syncd_started_timestamp_seconds",
    "When the daemon became ready, in Unix time.",
    registry=REGISTRY,
)

OURS: tuple[MetricWrapperBase, ...] = (
    POLLS,
    ITEMS,
    POLL_SECONDS,
    ACCOUNT_UP,
    LAST_SUCCESS,
    LAG,
    OUTBOX_DEPTH,
    OUTBOX_OLDEST,
    SENDS,
    FINDINGS,
    ERRORS,
    WATCH_DUE,
    LOOKS,
    LOOKS_DUE,
    PUSHES,
    CALLS,
    CALL_SECONDS,
    LATENESS_DRIFT,
    LATENESS_FITTED,
    STARTED,
)
"""All of the above, in the order in which the documentation lists them."""


class _Process(Collector):
    """Prometheus' standard figures of a process, from what ``ProcSubset=pid`` leaves in /proc.

    The client's own collector wants /proc/stat, and without it tells nothing at all.
    """

    def collect(self) -> Iterator[Metric]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        yield CounterMetricFamily(
            "process_cpu_seconds",
            "Total user and system CPU time spent in seconds.",
            value=used.ru_utime + used.ru_stime,
        )
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        yield GaugeMetricFamily(
            "process_resident_memory_bytes",
            "Resident memory size in bytes.",
            value=pages * resource.getpagesize(),
        )
        yield GaugeMetricFamily(
            "process_open_fds",
            "Number of open file descriptors.",
            value=sum(1 for _ in Path("/proc/self/fd").iterdir()),
        )


REGISTRY.register(_Process())
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)


@contextmanager
def timed_poll(account: str, stream: str) -> Iterator[None]:
    """Count how long the block takes as one poll, also where it raises."""
    with POLL_SECONDS.labels(account, stream).time():
        yield


class Call:
    """A request under way; `status` is the answer's, once there is one."""

    status: int | None = None


class Calls:
    """Counts and times the requests to one host."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._seconds = CALL_SECONDS.labels(host)

    @contextmanager
    def timed(self) -> Iterator[Call]:
        """Count the block as one request, also where it raises."""
        call = Call()
        with self._seconds.time():
            try:
                yield call
            finally:
                CALLS.labels(self._host, call.status or "none").inc()


def succeeded(account: str, stream: str) -> None:
    """Note that a poll came to its end without an error, now."""
    ACCOUNT_UP.labels(account).set(1)
    LAST_SUCCESS.labels(account, stream).set(clock.now().timestamp())


def failed(account: str, error: BaseException, *, down: bool = True) -> None:
    """Note that something of the account failed, and with which class of error.

    `down` is False where the account itself goes on.
    """
    if down:
        ACCOUNT_UP.labels(account).set(0)
    ERRORS.labels(type(error).__name__).inc()


def stored(account: str, stream: str, newest: datetime) -> None:
    """Note that a batch was stored just now whose newest item happened at `newest`, aware."""
    LAG.labels(account, stream).set(max(0.0, (clock.now() - newest).total_seconds()))


def forget(account: str) -> None:
    """Stop exposing an account that is no longer configured, lest it look down for ever."""
    for metric in (
        POLLS,
        ITEMS,
        POLL_SECONDS,
        ACCOUNT_UP,
        LAST_SUCCESS,
        LAG,
        SENDS,
        LOOKS,
        LOOKS_DUE,
        PUSHES,
    ):
        metric.remove_by_labels({"account": account})


def forget_stream(account: str, stream: str) -> None:
    """Stop exposing how fresh a stream is that its account no longer has, lest it look stale."""
    for metric in (LAST_SUCCESS, LAG):
        metric.remove_by_labels({"account": account, "stream": stream})


def exposition() -> bytes:
    """All metrics in Prometheus' text format, to be served as `CONTENT_TYPE`."""
    return generate_latest(REGISTRY)
