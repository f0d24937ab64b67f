"""What the daemon is made of, polling accounts that have nothing new.

``case_daemon BASE_URL STORE_URL ACCOUNTS INTERVAL SECONDS``: one interval to connect everybody,
then SECONDS that count.
"""

import gc
import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from apscheduler.events import EVENT_JOB_EXECUTED, JobExecutionEvent

from syncd import clock, log, process
from syncd.accounts import Runtime
from syncd.config import AccountSettings, Settings, StoreSettings
from syncd.connector import AccountConfig, Batch, Capability, Connector, Context, Cursor
from syncd.http import HttpClient
from syncd.plugins import Plugins
from syncd.scheduler import Scheduler


class ShopConfig(AccountConfig):
    base_url: str


class News(msgspec.Struct):
    items: list[msgspec.Raw]


class Shop(Connector):
    """Asks what is new by one GET; there never is anything."""

    name = "bench"
    Config = ShopConfig
    streams: ClassVar = {"messages": timedelta(minutes=1)}
    capabilities = frozenset({Capability.READ_MESSAGES})
    started: ClassVar[dict[str, datetime]] = {}
    polls: ClassVar[Counter[str]] = Counter()

    def __init__(self, config: ShopConfig, context: Context) -> None:
        super().__init__(config, context)
        self._http = HttpClient(config.base_url)

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        Shop.started[f"poll:{self.context.account}:{stream}"] = clock.system()
        found = self._http.get("/news.json", {"since": cursor.get("since", "0")}).json(News)
        Shop.polls[self.context.account] += 1
        if found.items:
            yield Batch([], cursor)

    def close(self) -> None:
        self._http.close()


class Lateness:
    """How many seconds after their time polls began."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._on = False
        self.seconds: list[float] = []
        jobs = scheduler._scheduler  # noqa: SLF001  only APScheduler's events know when a poll was due
        jobs.add_listener(self._note, EVENT_JOB_EXECUTED)

    def begin(self) -> None:
        """Count from now on."""
        self._on = True

    def _note(self, event: JobExecutionEvent) -> None:
        if self._on and event.job_id in Shop.started:
            began = Shop.started[event.job_id]
            self.seconds.append((began - event.scheduled_run_time).total_seconds())

    def percentile(self, share: float) -> float:
        """Milliseconds; `share` of the polls were at most that late."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Pauses:
    """How long the collector of garbage held everybody up."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._began = 0.0
        gc.callbacks.append(self._note)

    def _note(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        else:
            self.longest = max(self.longest, time.perf_counter() - self._began)


def resident_kb() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def settings(base_url: str, store_url: str, accounts: int, interval: float) -> Settings:
    """A config with that many accounts."""
    every = {"messages": timedelta(seconds=interval)}
    options = ShopConfig(base_url=base_url)
    names = [f"shop{number:05}" for number in range(accounts)]
    return Settings(
        store=StoreSettings(url=store_url),
        accounts={
            name: AccountSettings(name=name, connector="bench", options=options, intervals=every)
            for name in names
        },
    )


def measure(scheduler: Scheduler, interval: float, seconds: float) -> dict[str, Any]:
    """Let everybody connect, then count for `seconds`."""
    late = Lateness(scheduler)
    scheduler.start()
    time.sleep(max(interval * 1.1, 5.0))
    gc.collect()
    memory = resident_kb()
    before, cpu, began = Shop.polls.total(), time.process_time(), time.perf_counter()
    late.begin()
    pauses = Pauses()
    time.sleep(seconds)
    passed, used = time.perf_counter() - began, time.process_time() - cpu
    polls = Shop.polls.total() - before
    return {
        "polls": polls,
        "polls_per_minute": polls / passed * 60,
        "cpu_ms_per_poll": used / polls * 1000,
        "share_of_a_core": used / passed,
        "late_ms_p50": late.percentile(0.5),
        "late_ms_p99": late.percentile(0.99),
        "late_ms_max": late.percentile(1.0),
        "longest_collection_ms": 1000 * pauses.longest,
        "resident_kb": memory,
        "accounts_polled": len(Shop.polls),
        "threads": threading.active_count(),
    }


def warm_up(base_url: str) -> None:
    """Load what every daemon has, however many accounts: threads, templates, statements, CAs."""
    with tempfile.TemporaryDirectory() as folder:
        some = settings(base_url, f"sqlite:///{folder}/store.db", 20, 1.0)
        runtime = Runtime.open(some, Plugins(connectors={"bench": Shop}))
        scheduler = Scheduler(runtime)
        scheduler.start()
        time.sleep(3)
        scheduler.stop(20)
        runtime.close()
    Shop.polls.clear()
    gc.collect()


def main(base_url: str, store_url: str, accounts: str, interval: str, seconds: str) -> None:
    log.configure(level="warning")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    warm_up(base_url)
    empty = resident_kb()
    began = time.process_time()
    wanted = settings(base_url, store_url, int(accounts), float(interval))
    runtime = Runtime.open(wanted, Plugins(connectors={"bench": Shop}))
    opened = time.process_time() - began
    gc.collect()
    process.settle()
    scheduler = Scheduler(runtime)
    found = measure(scheduler, float(interval), float(seconds))
    found["kb_per_account"] = (found.pop("resident_kb") - empty) / int(accounts)
    found["start_up_cpu_s"] = opened
    if not scheduler.stop(20):
        raise SystemExit("polls did not end within 20 s")
    runtime.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
