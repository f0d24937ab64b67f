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
_NEEDED = ("order_id", "placed_at", "delivered_at", "promised_at")
_MARKS = ",;\t|"
_SHOWN = 20
_LONGEST_YEARS = 2
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
        shown = [f"{path}:{each}" for each in found[:_SHOWN]]
        if len(found) > _SHOWN:
            shown.append(f"{path}: and {len(found) - _SHOWN} more problems")
        super().__init__("\n".join(shown))

    def show(self, file: object = None) -> None:
        """Each problem on a line that begins with FILE:LINE, for editors to find."""
        del file
        click.echo(self.message, err=True)


class Orders(NamedTuple):
    """What a file holds."""

    orders: list[Order]
    left_out: dict[str, int]
    """How many orders were left out, by reason."""


def read_orders(path: Path) -> Orders:
    """Read a history: UTF-8 or UTF-16; commas, semicolons, tabs or bars between the fields.

    Raises `CsvProblems` with everything that is wrong, and `OSError` where it cannot be read.
    """
    try:
        return _read(path)
    except UnicodeDecodeError as error:
        said = "not UTF-8 text; export it as CSV UTF-8"
        raise CsvProblems(path, [f"{_line_of(error, path.read_bytes())}: {said}"]) from None


def _line_of(error: UnicodeDecodeError, content: bytes) -> int:
    """The error knows its place in the piece that was being read, which is somewhere in here."""
    at = content.find(error.object[error.start : error.end + 20])
    return content[: max(at, 0)].count(b"\n") + 1


def _read(path: Path) -> Orders:
    orders: list[Order] = []
    left_out: Counter[str] = Counter()
    problems: list[str] = []
    seen: set[tuple[object, ...]] = set()
    dates = Dates(lambda: _time_texts(path))
    with _rows(path) as reader:
        try:
            _check_header(path, reader.fieldnames)
            for row in reader:
                try:
                    order = _order(row, dates, seen)
                except _Wrong as wrong:
                    problems += (f"{reader.line_num}: {each}" for each in wrong.args)
                    continue
                if isinstance(order, str):
                    left_out[order] += 1
                else:
                    orders.append(order)
        except csv.Error as error:
            problems.append(f"{reader.line_num}: not CSV: {error}")
    if problems:
        raise CsvProblems(path, problems)
    return Orders(orders, dict(left_out))


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


def _order(row: _Row, dates: Dates, seen: set[tuple[object, ...]]) -> Order | str:
    """The order, or why it is left out."""
    if None in row:
        raise _Wrong("more fields than the header has; is one with a comma not quoted?")
    if None in row.values():
        raise _Wrong("fewer fields than the header has")
    fields = tuple(_field(row, name) for name in COLUMNS)
    if not any(fields):
        return "empty rows"
    placed, handed, delivered, promised = _moments(row, dates)
    if fields[0]:
        if fields in seen:
            return "the same row again"
        seen.add(fields)
    status = _field(row, "status").lower()
    if delivered is None and status in _WITHDRAWN | _ARRIVED:
        return "called off" if status in _WITHDRAWN else "delivered, but not told when"
    if placed is None or promised is None:
        return "no placed_at" if placed is None else "no promised_at"
    return _sane(
        Order(
            placed_at=placed,
            handed_over_at=handed,
            delivered_at=delivered,
            promised_at=promised,
            origin=_field(row, "origin"),
            destination=_field(row, "destination"),
            carrier=_field(row, "carrier"),
            service=_field(row, "service"),
        )
    )


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


def _sane(order: Order) -> Order | str:
    """The order unless its times cannot be true; real exports have some such rows."""
    placed = order.placed_at
    if _before(order.promised_at, placed) or _years_after(order.promised_at, placed):
        return "promised before it was placed, or years after"
    if order.delivered_at is not None and _before(order.delivered_at, placed):
        return "delivered before it was placed"
    later = (order.handed_over_at, order.delivered_at)
    if any(each is not None and _years_after(each, placed) for each in later):
        return "handed over or delivered years after it was placed"
    return order


def _years_after(one: date, other: date) -> bool:
    return one.year - other.year > _LONGEST_YEARS


def _before(one: date, other: date) -> bool:
    """By the day as written, a day's slack for zones."""
    return one.toordinal() + 1 < other.toordinal()
