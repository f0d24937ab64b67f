"""A watch round over 10,000 due parcels of 1,000,000, beside the bare driver doing the least of it.

``python -m benchmarks.scan --help``; what is measured is told in benchmarks/README.md.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.measuring import SYNCD, Goal, Report, progress, run
from benchmarks.servers import end_on_sigterm, postgresql

IDLE_MS = 5.0
ROUND_SECONDS = {"SQLite": 1.0, "PostgreSQL": 1.5}
FULL_SECONDS = 90.0
# What the goals are about; fewer are scaled up.
SHIPMENTS, DUE = 1_000_000, 10_000


def report(found: dict[str, dict[str, Any]], wanted: argparse.Namespace) -> Report:
    """Figures and goals; CPU is that of the process and of the database server together."""
    out = Report(
        f"{wanted.shipments} open shipments of 10 scans, {wanted.due} due, medians of {wanted.rounds}",
        ("case", "parcels", "wall s", "CPU s", "server CPU s", "us CPU/parcel"),
    )
    out.figures = found
    for shown, figures in found.items():
        for name in ("round", "bound", "full"):
            if name in figures:
                out.rows.append(_row(f"{shown}, {name}", figures[name]))
        out.goals += _goals(shown, figures)
    return out


def _row(name: str, took: dict[str, float]) -> tuple[str, ...]:
    each = _cpu(took) / max(took["done"], 1) * 1e6
    return (name, f"{took['done']:.0f}", f"{took['wall']:.2f}", f"{took['cpu']:.2f}",
            f"{took['server_cpu']:.2f}", f"{each:.0f}")  # fmt: skip


def _goals(shown: str, figures: dict[str, Any]) -> list[Goal]:
    once, full = figures["round"], figures.get("full")
    return [
        Goal(f"{shown}: nothing due", IDLE_MS, figures["idle_ms"], at_least=False, unit=" ms"),
        Goal(f"{shown}: CPU for 10,000 due", ROUND_SECONDS[shown],
             _cpu(once) * DUE / once["done"], at_least=False, unit=" s"),
        Goal(f"{shown}: CPU for all 1,000,000", FULL_SECONDS,
             _cpu(full) * SHIPMENTS / full["done"] if full else None, at_least=False, unit=" s"),
    ]  # fmt: skip


def _cpu(took: dict[str, float]) -> float:
    return took["cpu"] + took["server_cpu"]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.scan", description=__doc__)
    parser.add_argument("--shipments", type=int, default=SHIPMENTS)
    parser.add_argument("--due", type=int, default=DUE)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-full", action="store_true", help="do not judge all shipments at once")
    parser.add_argument("--only", choices=["SQLite", "PostgreSQL"])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a goal is not met")
    return parser.parse_args()


def _measure(shown: str, url: str, wanted: argparse.Namespace) -> dict[str, Any]:
    filled = run(SYNCD, "benchmarks.scan.world", url, str(wanted.shipments))
    progress(f"{shown}: filled in {filled.said['seconds']:.0f} s")
    numbers = map(str, (wanted.shipments, wanted.due, wanted.rounds))
    full = "round" if wanted.no_full else "full"
    done = run(SYNCD, "benchmarks.scan.case_round", url, *numbers, full)
    took, bound = done.said["round"], done.said["bound"]
    progress(f"{shown}: {took['wall']:.2f} s, {_cpu(took) / _cpu(bound):.1f} times the bound's CPU")
    return {**done.said, "times_the_bound": _cpu(took) / _cpu(bound)}


def main() -> int:
    """Measure, print, and say by the exit code whether the goals are met."""
    wanted = _arguments()
    end_on_sigterm()
    found = {}
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syncd-bench-")))
        home.chmod(0o755)
        if wanted.only != "PostgreSQL":
            found["SQLite"] = _measure("SQLite", f"sqlite:///{home}/store.db", wanted)
        server = None
        if wanted.only != "SQLite":
            server = stack.enter_context(postgresql(home / "postgresql"))
        if server is not None:
            found["PostgreSQL"] = _measure("PostgreSQL", server.fresh("bench"), wanted)
    result = report(found, wanted)
    result.show(as_json=wanted.json, name="scan")
    return result.exit_code(strict=wanted.strict)


if __name__ == "__main__":
    sys.exit(main())
