"""Running a case as a process of its own, what it cost, and whether the goals are met."""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SYNCD = ROOT / ".venv/bin/python"
PEERS = ROOT / ".venv-bench/bin/python"
RESULTS = ROOT / "benchmarks/results"


@dataclass(frozen=True, slots=True)
class Run:
    """One life of one process."""

    wall: float
    cpu: float
    peak_mb: float
    said: Mapping[str, Any]


def run(python: Path, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> Run:
    """Run ``python -m module`` to its end; its last line of output is JSON.

    Raises RuntimeError with what it wrote where it fails.
    """
    command = [str(python), "-m", module, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=errors, cwd=ROOT, env=environment)
        status, used = _ended(child)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if child.returncode != 0:
            text = errors.read().decode("utf-8", "replace")[-4000:]
            raise RuntimeError(f"{module} {' '.join(arguments)} failed:\n{text}")
        lines = out.read().decode().strip().splitlines()
    return Run(
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        peak_mb=used.ru_maxrss / 1024,
        said=json.loads(lines[-1]) if lines else {},
    )


def _ended(child: "subprocess.Popen[bytes]") -> tuple[int, resource.struct_rusage]:
    """Wait for it, but not longer than we live ourselves."""
    try:
        _, status, used = os.wait4(child.pid, 0)
    except BaseException:
        child.kill()
        child.wait()
        raise
    return status, used


def has_peers(*modules: str) -> bool:
    """Whether the peers' environment is there and has `modules`."""
    if not PEERS.exists():
        return False
    tried = [str(PEERS), "-c", f"import {', '.join(modules)}"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


@dataclass(slots=True)
class Goal:
    """What is to be reached, and what was."""

    name: str
    wanted: float
    got: float | None
    at_least: bool = True
    unit: str = ""

    @property
    def met(self) -> bool | None:
        """None where it was not measured."""
        if self.got is None:
            return None
        return self.got >= self.wanted if self.at_least else self.got <= self.wanted

    def __str__(self) -> str:
        verdict = {True: "met", False: "NOT MET", None: "not measured"}[self.met]
        got = "-" if self.got is None else f"{self.got:.2f}"
        sign = ">=" if self.at_least else "<="
        return (
            f"{self.name:<46} {sign} {self.wanted:g}{self.unit:<4} {got:>9}{self.unit:<4} {verdict}"
        )


@dataclass(slots=True)
class Report:
    """What a benchmark has to say at its end."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def show(self, *, as_json: bool, name: str) -> None:
        """Print it, and leave it as JSON in benchmarks/results."""
        found = {
            "title": self.title,
            "machine": machine(),
            "figures": self.figures,
            "goals": [{**asdict(goal), "met": goal.met} for goal in self.goals],
        }
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        print(json.dumps(found, indent=2) if as_json else self._text())

    def exit_code(self, *, strict: bool) -> int:
        """1 where `strict` and a measured goal is not met."""
        return int(strict and any(goal.met is False for goal in self.goals))

    def _text(self) -> str:
        rows = [self.columns, *self.rows]
        widths = [max(len(row[n]) for row in rows) for n in range(len(self.columns))]
        lines = ["  ".join(_aligned(row, widths)) for row in rows]
        goals = [str(goal) for goal in self.goals]
        return "\n".join([self.title, machine(), "", *lines, "", *goals])


def _aligned(row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.ljust(width) if number == 0 else cell.rjust(width)


def machine() -> str:
    """Enough of the machine to know which figures may be compared."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.python_implementation()} "
        f"{platform.python_version()}, load {load:.1f}"
    )


def median(values: Iterable[float]) -> float:
    """The median of what was measured."""
    return statistics.median(list(values))


def progress(text: str) -> None:
    """Say on standard error what is being done."""
    print(text, file=sys.stderr, flush=True)
