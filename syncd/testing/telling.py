"""A pytest plug-in that notes, line by line, how each check of a connector ended and what it means.

`trial` runs it in a process of its own; the file is written as the checks end, so that what a
crash leaves is there to be read.
"""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from syncd.testing.conformance import ConnectorConformance
from syncd.testing.trial import FINISHED, REPORT_OPTION


def pytest_addoption(parser: pytest.Parser) -> None:
    """The file to write to."""
    parser.addoption(
        REPORT_OPTION, type=Path, help="where syncd connector test reads how checks ended"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """One line for each check: of its call, or of a set-up that did not get so far."""
    report = yield
    if report.when == "call" or report.outcome != "passed":
        _write(item.config, _told(item, report))
    return report


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A file that could not be imported is a check that failed."""
    if report.failed and _session.config is not None:
        line = {"name": report.nodeid or "collection", "meaning": "", "conformance": False}
        said = _last_line(report.longreprtext)
        _write(_session.config, {**line, "outcome": "failed", "said": said})


class _Session:
    config: pytest.Config | None = None


_session = _Session()


def pytest_configure(config: pytest.Config) -> None:
    """Reports of collection do not know the config."""
    _session.config = config


def pytest_unconfigure(config: pytest.Config) -> None:
    """That nothing ended the process before the last check had its turn."""
    path: Path | None = config.getoption(REPORT_OPTION)
    if path is not None:
        path.with_suffix(FINISHED).touch()


def _told(item: pytest.Item, report: pytest.TestReport) -> dict[str, Any]:
    function = getattr(item, "function", None)
    cls = getattr(item, "cls", None)
    return {
        "name": item.name.removeprefix("test_").replace("_", " "),
        "meaning": " ".join((getattr(function, "__doc__", None) or "").split("\n\n")[0].split()),
        "conformance": isinstance(cls, type) and issubclass(cls, ConnectorConformance),
        "outcome": report.outcome,
        "said": _said(report),
    }


def _said(report: pytest.TestReport) -> str:
    if report.outcome == "passed":
        return ""
    if isinstance(report.longrepr, tuple):  # a skip: file, line, reason
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return (
        str(crash.message).partition("\nassert ")[0].removeprefix("AssertionError: ")
        if crash
        else _last_line(report.longreprtext)
    )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("E").strip() if lines else ""


def _write(config: pytest.Config, line: dict[str, Any]) -> None:
    path: Path | None = config.getoption(REPORT_OPTION)
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
