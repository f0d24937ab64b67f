"""Watch rounds over the due parcels of a filled store, beside the bare driver's.

``case_round STORE_URL SHIPMENTS DUE ROUNDS FULL``
"""

import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.measuring import median
from benchmarks.scan.bound import bound_round
from benchmarks.scan.world import NOW, NOW_US, tidy
from syncd import clock, log, process, watch
from syncd.accounts import Account, Runtime
from syncd.config import AccountSettings, Settings
from syncd.connector import AccountConfig, Context
from syncd.store import Store
from syncd.testing.scripted import ScriptedConnector
from syncd.text.templates import Templates

_TICKS = 200


class Bench:
    """One store and the daemon's watch round on it."""

    def __init__(self, url: str, shipments: int, due: int) -> None:
        self._url = url
        self._stride = max(shipments // due, 1)
        self.store = Store(url)
        self.runtime = _runtime(self.store)

    def reset(self, *, everything: bool = False) -> None:
        """Nothing found yet, and the same parcels due again."""
        which = "true" if everything else f"shipment_id % {self._stride} = 0"
        later = f"{NOW_US} + (1 + id % 30) * 86400000000"
        due = f"{NOW_US} - shipment_id % 1000"
        with self.store.database.write() as connection:
            connection.exec_driver_sql("DELETE FROM findings")
            left = "shipments LEFT JOIN shipment_dues ON shipment_id = id WHERE shipment_id IS NULL"
            self._run(connection, f"INSERT INTO shipment_dues SELECT id, {later} FROM {left}")
            self._run(connection, f"UPDATE shipment_dues SET due_at = {due} WHERE {which}")
        tidy(self.store)

    @staticmethod
    def _run(connection: Any, sql: str) -> None:
        cursor = connection.connection.cursor()  # a remainder sign is no placeholder here
        cursor.execute(sql)
        cursor.close()

    def bound(self) -> int:
        """One round of the bare driver."""
        return bound_round(self._url.removeprefix("sqlite:///"))

    def timed(self, work: Callable[[], int]) -> dict[str, float]:
        """What one piece of work took of the clock, of this process and of the server."""
        gc.collect()
        with self._server() as server:
            cpu, began = time.process_time(), time.perf_counter()
            done = work()
            took = {"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu}
        return {"done": done, **took, "server_cpu": server["cpu"]}

    @contextmanager
    def _server(self) -> Iterator[dict[str, float]]:
        """CPU of the database's backends that serve us; 0 for SQLite, which works in this process.

        A backend that has ended by then has told its parent, the server.
        """
        found = {"cpu": 0.0}
        if self.store.database.sqlite:
            yield found
            return
        before = self._server_cpu()
        yield found
        found["cpu"] = self._server_cpu() - before

    def _server_cpu(self) -> float:
        with self.store.database.read() as connection:
            own = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        parent = int(_stat(own)[1])
        children = (
            Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
        )
        stats = [(_stat(parent), 15), *((_stat(int(child)), 13) for child in children)]
        ticks = sum(sum(map(int, stat[11:upto])) for stat, upto in stats if stat)
        return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """The fields of proc(5)'s stat behind the program's name; none where the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _runtime(store: Store) -> Runtime:
    """The shop's account, which has just been polled, and no playbook."""
    connector = ScriptedConnector(Context(account="shop", now=clock.now))
    account = Account(
        id=store.accounts.register("shop", "bench", NOW),
        name="shop",
        settings=AccountSettings(name="shop", connector="bench", options=AccountConfig()),
        connector=connector,
    )
    claim = store.accounts.claim(
        account.id, "tracking", owner="bench", now=NOW, lease=timedelta(minutes=1)
    )
    assert claim is not None
    store.accounts.succeeded(claim, NOW)
    templates = Templates.load(None, default_language="en")
    return Runtime(Settings(), store, templates, {"shop": account}, {})


def _idle(bench: Bench) -> float:
    """Milliseconds of CPU for a round that finds nothing due."""
    cpu = time.process_time()
    for _ in range(_TICKS):
        assert watch.run(bench.runtime) == 0
    return (time.process_time() - cpu) / _TICKS * 1000


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(bench: Bench, rounds: int, *, full: bool) -> dict[str, Any]:
    """All figures; the median round of each kind, syncd's and the bound's by turns."""
    found: dict[str, Any] = {"idle_ms": _idle(bench)}
    taken: dict[str, list[dict[str, float]]] = {"round": [], "bound": []}
    bench.reset()
    watch.run(bench.runtime)  # the daemon has compiled its statements long before
    process.settle()  # as the daemon does once it has started
    for _ in range(rounds):
        for name, work in (("round", lambda: watch.run(bench.runtime)), ("bound", bench.bound)):
            bench.reset()
            taken[name].append(bench.timed(work))
            if name == "round":
                found["findings"] = sum(bench.store.look.open_findings().values())
    for name, runs in taken.items():
        found[name] = {key: median(run[key] for run in runs) for key in runs[0]}
    found["peak_mb"] = _peak_mb()
    if full:
        bench.reset(everything=True)
        found["full"] = bench.timed(lambda: watch.run(bench.runtime))
        found["peak_mb"] = _peak_mb()
    return found


def main(url: str, shipments: str, due: str, rounds: str, full: str) -> None:
    log.configure("json", "warning")
    with clock.frozen(NOW):
        bench = Bench(url, int(shipments), int(due))
        found = measure(bench, int(rounds), full=full == "full")
    bench.store.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
