"""A first and a second pull of 100,000 messages, beside dlt and the bound of this machine.

``python -m benchmarks.sync --help``; what the cases do is told in benchmarks/README.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import (
    PEERS,
    SYNCD,
    Goal,
    Report,
    Run,
    has_peers,
    median,
    progress,
    run,
)
from benchmarks.servers import PostgreSQL, end_on_sigterm, postgresql, web
from benchmarks.sync import feed

OF_THE_BOUND = 0.65
OF_DLT = 4.0
PEAK_MB = 150.0


@dataclass(frozen=True, slots=True)
class Case:
    """A job that is measured."""

    name: str
    module: str
    python: Path
    store: str
    again: bool = False
    """Whether the same data are pulled a second time."""
    rounds: int | None = None
    """At most this many rounds, where a case takes long."""
    more: tuple[str, ...] = ()
    """What it is told besides."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A run, and what the database server worked for it."""

    run: Run
    server_cpu: float


class Bench:
    """The servers and the folder of one benchmark."""

    def __init__(self, home: Path, base_url: str, server: PostgreSQL | None, messages: int) -> None:
        self._home = home
        self._base_url = base_url
        self._server = server
        self._messages = messages
        self._number = 0

    def measure(self, case: Case) -> Iterator[tuple[str, Measured]]:
        """Run `case` on an empty store, and again on the full one where it says so."""
        store = self._store(case)
        with tempfile.TemporaryDirectory(dir=self._home) as folder:
            yield case.name, self._once(case, store, folder, "new")
            if case.again:
                yield f"{case.name}, again", self._once(case, store, folder, "repeated")

    def _store(self, case: Case) -> str:
        self._number += 1
        if case.store == "sqlite":
            return f"sqlite:///{self._home}/store{self._number}.db"
        assert self._server is not None
        return self._server.fresh("bench")

    def _once(self, case: Case, store: str, folder: str, expected: str) -> Measured:
        before = self._server_cpu()
        more = [folder] if case.module.endswith("dlt") else case.more
        done = run(case.python, case.module, self._base_url, store, *more)
        written = done.said.get("written", done.said.get(expected))
        if written != self._messages:
            raise SystemExit(f"{case.name} brought {written} of {self._messages}: {done.said}")
        return Measured(done, self._server_cpu() - before)

    def _server_cpu(self) -> float:
        if self._server is None:
            return 0.0
        self._server.checkpoint()
        return self._server.cpu_seconds()


def cases(*, postgres: bool, peers: bool, dlt: bool, profile_rounds: int) -> list[Case]:
    """What this machine can measure."""
    found = []
    for store, shown in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        if store == "postgresql" and not postgres:
            continue
        found.append(
            Case(f"syncd, {shown}", "benchmarks.sync.case_syncd", SYNCD, store, again=True)
        )
        if peers:
            module = "benchmarks.sync.case_bound"
            found.append(Case(f"bound, {shown}", module, PEERS, store))
            if store == "postgresql":
                name, more = f"bound, {shown}, binary COPY", ("binary",)
                found.append(Case(name, module, PEERS, store, more=more))
        if dlt:
            module = "benchmarks.sync.case_dlt"
            found.append(Case(f"dlt, {shown}", module, PEERS, store, rounds=profile_rounds))
    return found


def interleaved(
    bench: Bench, wanted: list[Case], rounds: int, say: Callable[[str], None]
) -> dict[str, list[Measured]]:
    """Every case once a round, the order reversed in every other round."""
    found: dict[str, list[Measured]] = {}
    for number in range(rounds):
        for case in wanted if number % 2 == 0 else reversed(wanted):
            if case.rounds is not None and number >= case.rounds:
                continue
            for name, measured in bench.measure(case):
                say(f"round {number + 1}: {name}: {measured.run.wall:.2f} s")
                found.setdefault(name, []).append(measured)
    return found


def report(found: dict[str, list[Measured]], messages: int) -> Report:
    """Medians, ratios and goals."""
    out = Report(
        f"{messages} messages of {feed.ACCOUNTS} accounts, whole processes, medians",
        ("case", "n", "wall s", "messages/s", "in process/s", "CPU s", "server CPU s", "peak MB"),
    )
    walls: dict[str, float] = {}
    for name in sorted(found):
        runs = found[name]
        wall = walls[name] = median(each.run.wall for each in runs)
        figures = {
            "rounds": len(runs),
            "wall_s": wall,
            "per_second": messages / wall,
            "in_process_per_second": messages / median(each.run.said["seconds"] for each in runs),
            "cpu_s": median(each.run.cpu for each in runs),
            "server_cpu_s": median(each.server_cpu for each in runs),
            "peak_mb": max(each.run.peak_mb for each in runs),
        }
        out.figures[name] = figures
        out.rows.append(
            (name, str(len(runs)), f"{wall:.2f}", f"{figures['per_second']:,.0f}",
             f"{figures['in_process_per_second']:,.0f}", f"{figures['cpu_s']:.2f}",
             f"{figures['server_cpu_s']:.2f}", f"{figures['peak_mb']:.0f}")
        )  # fmt: skip
    for shown in ("SQLite", "PostgreSQL"):
        if f"syncd, {shown}" in found:
            out.goals += _goals(found, shown)
    return out


def _goals(found: dict[str, list[Measured]], shown: str) -> list[Goal]:
    own, again = f"syncd, {shown}", f"syncd, {shown}, again"
    peak = max(each.run.peak_mb for name in (own, again) for each in found[name])
    return [
        Goal(f"{shown}: times dlt", OF_DLT, _times(found, f"dlt, {shown}", own), unit="x"),
        Goal(f"{shown}: of the bound", OF_THE_BOUND, _times(found, f"bound, {shown}", own)),
        Goal(f"{shown}: second pull of the first", 1.0, _times(found, own, again), unit="x"),
        Goal(f"{shown}: peak memory", PEAK_MB, peak, at_least=False, unit=" MB"),
    ]


def _times(found: dict[str, list[Measured]], slow: str, fast: str) -> float | None:
    """How many times as fast as `slow` `fast` was, as the median of the rounds both were in."""
    if slow not in found:
        return None
    pairs = zip(found[slow], found[fast], strict=False)
    return median(a.run.wall / b.run.wall for a, b in pairs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.sync", description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-rounds", type=int, default=1, help="rounds of dlt, which is slow")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--no-peers", action="store_true", help="syncd alone")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a goal is not met")
    return parser.parse_args()


def main() -> int:
    """Measure, print, and say by the exit code whether the goals are met."""
    wanted = _arguments()
    end_on_sigterm()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syncd-bench-")))
        home.chmod(0o755)
        (home / "pages").mkdir()
        size = feed.write(home / "pages", wanted.messages)
        progress(f"{wanted.messages} messages, {size / wanted.messages:.0f} bytes each")
        base_url = stack.enter_context(web(home / "pages", home))
        server = stack.enter_context(postgresql(home / "postgresql"))
        bound = not wanted.no_peers and has_peers("aiohttp", "msgspec", "psycopg")
        some = cases(
            postgres=server is not None,
            peers=bound,
            dlt=bound and wanted.peer_rounds > 0 and has_peers("dlt"),
            profile_rounds=wanted.peer_rounds,
        )
        some = [case for case in some if wanted.only in case.name]
        bench = Bench(home, base_url, server, wanted.messages)
        found = interleaved(bench, some, wanted.rounds, progress)
    result = report(found, wanted.messages)
    result.show(as_json=wanted.json, name="sync")
    return result.exit_code(strict=wanted.strict)


if __name__ == "__main__":
    sys.exit(main())
