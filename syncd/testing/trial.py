"""Runs a connector's tests in a process of their own, and tells what each failure means."""

import os
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import msgspec

from syncd.hookspecs import ENTRY_POINT_GROUP

REPORT_OPTION, FINISHED = "--syncd-report", ".finished"
"""How `telling`, in the process of the tests, is given its file and says that it was the end."""

TIMEOUT_SECONDS = 600.0
# What pytest's exit codes say beside "all passed" (0) and "some failed" (1).
_ENDED_BADLY = {2: "it was interrupted", 3: "pytest failed", 4: "pytest was called wrongly"}
_NONE_RAN = 5


class Check(msgspec.Struct, frozen=True):
    """One test that ran."""

    name: str
    outcome: str
    """passed, failed or skipped."""
    meaning: str
    """What is wrong where it fails, in a sentence."""
    said: str
    """What it saw here, or why it was skipped."""
    conformance: bool
    """Whether it is one of the conformance suite's."""


class Trial(msgspec.Struct, frozen=True):
    """How a connector's tests ended."""

    checks: tuple[Check, ...]
    problems: tuple[str, ...]
    """What is wrong beside single checks, each with its fix."""

    @property
    def ok(self) -> bool:
        """Whether everything passed, the conformance suite among it."""
        return not self.problems and not self.failed

    @property
    def failed(self) -> list[Check]:
        """The checks that did not pass."""
        return self.ended("failed")

    def ended(self, outcome: str) -> list[Check]:
        """The checks that ended so."""
        return [check for check in self.checks if check.outcome == outcome]


def run(folder: Path, *, only: str | None = None, timeout: float = TIMEOUT_SECONDS) -> Trial:
    """Run the tests in `folder`, those that match `only` (pytest's -k) where it is given.

    Whatever the tests do to their process - exit, hang, fill the disk with output - is told as a
    problem; after `timeout` seconds it and what it has started are killed.
    """
    if find_spec("pytest") is None:
        return Trial((), ("pytest is not installed here: pip install 'pytest>=8.3'",))
    with tempfile.TemporaryDirectory(prefix="syncd-trial-") as scratch:
        report = Path(scratch) / "report.jsonl"
        output = Path(scratch) / "output"
        code = _pytest(folder, report, output, only, timeout)
        checks = tuple(_read(report))
        finished = report.with_suffix(FINISHED).exists()
        ended = list(_how_it_ended(code, checks, timeout, _tail(output), finished=finished))
    if only:  # a part need not hold the suite
        ended = [f"-k: no test's name matches {only!r}"] if code == _NONE_RAN else ended
        return Trial(checks, (*_undeclared(folder), *ended))
    return Trial(checks, (*_undeclared(folder), *ended, *_without_suite(checks)))


def _pytest(
    folder: Path, report: Path, output: Path, only: str | None, timeout: float
) -> int | None:
    """Its exit code; None where it had to be killed."""
    command = [
        sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider",
        "-p", "syncd.testing.telling", f"{REPORT_OPTION}={report}", *(["-k", only] if only else []),
        ".",
    ]  # fmt: skip
    with output.open("wb") as sink:
        process = subprocess.Popen(  # noqa: S603  the author's own tests
            command,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": _path(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _kill_group(process)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End what the tests have started and left; they have a session of their own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()


def _path(folder: Path) -> str:
    """The connector is found where it lies, installed or not."""
    places = [folder.absolute(), folder.absolute() / "src"]
    inherited = os.environ.get("PYTHONPATH")
    return os.pathsep.join([*map(str, places), *([inherited] if inherited else [])])


def _read(report: Path) -> Iterator[Check]:
    if report.exists():
        for line in report.read_bytes().splitlines():
            yield msgspec.json.decode(line, type=Check)


def _tail(output: Path) -> str:
    lines = output.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-15:])


def _how_it_ended(
    code: int | None, checks: tuple[Check, ...], timeout: float, tail: str, *, finished: bool
) -> Iterator[str]:
    if code is None:
        last = f"; the last that ended was {checks[-1].name!r}" if checks else ""
        yield f"the tests did not end within {timeout:g} s and were killed{last}"
    elif code == _NONE_RAN:
        yield "there are no tests in it: `syncd connector new` shows what they look like"
    elif not finished or (
        code in _ENDED_BADLY and not any(one.outcome == "failed" for one in checks)
    ):
        how = f"signal {-code}" if code < 0 else _ENDED_BADLY.get(code, f"exit code {code}")
        yield f"the tests' process ended before its time ({how}):\n{tail}"


def _without_suite(checks: tuple[Check, ...]) -> Iterator[str]:
    if checks and not any(check.conformance for check in checks):
        yield (
            "the conformance suite is not among the tests: subclass "
            "syncd.testing.conformance.ConnectorConformance as TestConformance"
        )


def _undeclared(folder: Path) -> Iterator[str]:
    """What keeps syncd from finding the connector once it is installed."""
    file = folder / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except FileNotFoundError:
        yield f"there is no {file}: without it the connector cannot be installed"
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        yield f"{file} cannot be read: {error}"
        return
    if not project.get("entry-points", {}).get(ENTRY_POINT_GROUP):
        yield (
            f'{file} has no [project.entry-points."{ENTRY_POINT_GROUP}"] with NAME = "MODULE": '
            "syncd would not find the connector"
        )
