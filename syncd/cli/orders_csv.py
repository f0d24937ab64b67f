"""A seller's order history from a CSV file, for the backtest."""

import codecs
import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import click

from syncd.cli.csv_dates import Dates, Unreadable
from syncd.cli.impossible_orders import impossible
from syncd.rules.lateness import Order

COLUMNS = (
    "order_id",
    "placed_at",
    "handed_over_at",
    "delivered_at",
    "promised_at",
    "origin",
    "destination",
    "carrier",
    "service",
    "status",
)
_TIMES = ("placed_at", "handed_over_at", "delivered_at", "promised_at")
_LANE = ("origin", "destination", "carrier", "service")
_NEEDED = ("order_id", "placed_at", "delivered_at", "promised_at")
_MARKS = ",;\t|"
SHOWN = 20
"""Most rows that are told one by one."""
# An order that was called off was never going to arrive, which says nothing about the parcels.
_WITHDRAWN = frozenset(
    {"canceled", "cancelled", "refunded", "rejected", "unavailable", "void", "voided"}
)
_ARRIVED = frozenset({"delivered"})
_Row = Mapping[str | None, object]


class CsvProblems(click.ClickException):
    """What is wrong with a file, each with its line."""

    exit_code = 1

    def __init__(self, path: Path, problems: Iterable[str]) -> None:
        found = list(problems)
        self.problems = [_placed(path, each) for each in found]
        """All of them, each with its file, line and message."""
        shown = [f"{path}:{each}" for each in found[:SHOWN]]
        if len(found) > SHOWN:
            shown.append(f"{path}: and {len(found) - SHOWN} more problems")
        super().__init__("\n".join(shown))

    def show(self, file: object = None) -> None:
        """Each problem on a line that begins with FILE:LINE, for editors to find."""
        del file
        click.echo(self.message, err=True)


def _placed(path: Path, problem: str) -> dict[str, object]:
    line, _, message = problem.partition(": ")
    return {"file": path, "line": int(line), "message": message}


class Orders(NamedTuple):
    """What a file holds."""

    orders: list[Order]
    left_out: dict[str, int]
    """How many orders were left out, by reason."""
    impossible: list[str]
    """Of those whose times cannot be true, the row's line in the file, the reason and the times."""


class _LeftOut(NamedTuple):
    reason: str
    columns: tuple[str, ...] = ()
    """Those whose values cannot be true."""


def read_orders(path: Path, today: date) -> Orders:
    """Read a history: UTF-8 or UTF-16; commas, semicolons, tabs or bars between the fields.

    What is told to have happened after `today` has not, and such an order is left out.

    Raises `CsvProblems` with everything that is wrong, and `OSError` where it cannot be read.
    """
    try:
        return _read(path, today)
    except UnicodeDecodeError as error:
        said = "not UTF-8 text; export it as CSV UTF-8"
        raise CsvProblems(path, [f"{_line_of(error, path.read_bytes())}: {said}"]) from None


def _line_of(error: UnicodeDecodeError, content: bytes) -> int:
    """The error knows its place in the piece that was being read, which is somewhere in here."""
    at = content.find(error.object[error.start : error.end + 20])
    return content[: max(at, 0)].count(b"\n") + 1


def _read(path: Path, today: date) -> Orders:
    orders: list[Order] = []
    left_out: Counter[str] = Counter()
    untrue: list[str] = []
    problems: list[str] = []
    seen: set[tuple[object, ...]] = set()
    dates = Dates(lambda: _time_texts(path))
    with _rows(path) as reader:
        try:
            _check_header(path, reader.fieldnames)
            for row in reader:
                try:
                    order = _order(row, dates, seen, today)
                except _Wrong as wrong:
                    problems += (f"{reader.line_num}: {each}" for each in wrong.args)
                    continue
                if isinstance(order, Order):
                    orders.append(order)
                    continue
                left_out[order.reason] += 1
                if order.columns:
                    untrue.append(f"{reader.line_num}: {_told(row, order)}")
        except csv.Error as error:
            problems.append(f"{reader.line_num}: not CSV: {error}")
    if problems:
        raise CsvProblems(path, problems)
    return Orders(orders, dict(left_out), untrue)


@contextmanager
def _rows(path: Path) -> Iterator["csv.DictReader[str]"]:
    with path.open("rb") as file:
        utf16 = file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
    with path.open(encoding="utf-16" if utf16 else "utf-8-sig", newline="") as text:
        header = text.readline()
        mark = max(_MARKS, key=header.count)
        text.seek(0)
        reader = csv.DictReader(text, strict=True, delimiter=mark)
        names = reader.fieldnames  # None where the file is empty
        reader.fieldnames = names and [name.strip().lower() for name in names]
        yield reader


def _time_texts(path: Path) -> Iterator[str]:
    with _rows(path) as reader:
        for row in reader:
            yield from (_field(row, name) for name in _TIMES)


def _check_header(path: Path, names: Sequence[str] | None) -> None:
    if not names:
        raise CsvProblems(path, [f"1: no header; the columns are {', '.join(COLUMNS)}"])
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        there = ", ".join(name or "''" for name in names)[:200]
        said = [f"1: there is no column {name!r}; there are {there}" for name in missing]
        raise CsvProblems(path, said)
    again = [name for name in COLUMNS if names.count(name) > 1]
    if again:
        raise CsvProblems(path, [f"1: there are several columns {name!r}" for name in again])


class _Wrong(Exception):
    """What cannot be read in a row."""


def _order(row: _Row, dates: Dates, seen: set[tuple[object, ...]], today: date) -> Order | _LeftOut:
    """The order, or why it is left out."""
    if None in row:
        raise _Wrong("more fields than the header has; is one with a comma not quoted?")
    if None in row.values():
        raise _Wrong("fewer fields than the header has")
    fields = tuple(_field(row, name) for name in COLUMNS)
    if not any(fields):
        return _LeftOut("empty rows")
    placed, handed, delivered, promised = _moments(row, dates)
    if fields[0]:
        if fields in seen:
            return _LeftOut("the same row again")
        seen.add(fields)
    status = _field(row, "status").lower()
    if delivered is None and status in _WITHDRAWN | _ARRIVED:
        return _LeftOut("called off" if status in _WITHDRAWN else "delivered, but not told when")
    if placed is None or promised is None:
        return _LeftOut("no placed_at" if placed is None else "no promised_at")
    order = Order(
        placed_at=placed,
        handed_over_at=handed,
        delivered_at=delivered,
        promised_at=promised,
        **{name: _field(row, name) for name in _LANE},
    )
    found = impossible(order, today)
    return order if found is None else _LeftOut(*found)


def _told(row: _Row, left_out: _LeftOut) -> str:
    times = (f"{name} {_field(row, name)[:40]!r}" for name in left_out.columns)
    return f"left out, {left_out.reason}: {', '.join(times)}"


def _field(row: _Row, name: str) -> str:
    return str(row.get(name) or "").strip()


def _moments(row: _Row, dates: Dates) -> list[date | datetime | None]:
    moments: list[date | datetime | None] = []
    wrong: list[str] = []
    for name in _TIMES:
        text = _field(row, name)
        try:
            moments.append(dates.read(text) if text else None)
        except Unreadable as error:
            wrong.append(f"{name}: {text[:40]!r} {error}")
    if wrong:
        raise _Wrong(*wrong)
    return moments
