"""A seller's order history from a CSV file, for the backtest."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import click

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
_SHOWN = 20
_LONGEST_YEARS = 2
# An order that was called off was never going to arrive, which says nothing about the parcels.
_WITHDRAWN = frozenset(
    {"canceled", "cancelled", "refunded", "rejected", "unavailable", "void", "voided"}
)


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
    """Read a history.

    Raises `CsvProblems` with everything that is wrong, and `OSError` where it cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(path, file)
    except UnicodeDecodeError as error:
        raise CsvProblems(path, [f"1: not UTF-8 text: {error.reason}"]) from None


def _read(path: Path, file: Iterable[str]) -> Orders:
    reader = csv.DictReader(file, strict=True)
    orders: list[Order] = []
    left_out: Counter[str] = Counter()
    problems: list[str] = []
    try:
        _check_header(path, reader.fieldnames)
        for row in reader:
            wrong = list(_wrong(row))
            problems += (f"{reader.line_num}: {each}" for each in wrong)
            if wrong:
                continue
            order = _order(row)
            if isinstance(order, str):
                left_out[order] += 1
            else:
                orders.append(order)
    except csv.Error as error:
        problems.append(f"{reader.line_num}: not CSV: {error}")
    if problems:
        raise CsvProblems(path, problems)
    return Orders(orders, dict(left_out))


def _check_header(path: Path, names: Sequence[str] | None) -> None:
    if not names:
        raise CsvProblems(path, [f"1: no header; the columns are {', '.join(COLUMNS)}"])
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise CsvProblems(path, ["1: fields are not separated by commas; export it with commas"])
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise CsvProblems(path, [f"1: there is no column {name!r}" for name in missing])


def _wrong(row: Mapping[str | None, object]) -> Iterator[str]:
    """What cannot be read in a row."""
    if None in row:
        yield "more fields than the header has; is one with a comma not quoted?"
    elif None in row.values():
        yield "fewer fields than the header has"
    else:
        yield from _wrong_times(row)


def _wrong_times(row: Mapping[str | None, object]) -> Iterator[str]:
    for name in _TIMES:
        text = str(row.get(name) or "").strip()
        if text and _moment(text) is None:
            yield (
                f"{name}: {text[:40]!r} is neither a date nor a timestamp in ISO 8601, "
                "such as 2026-03-01 or 2026-03-01T18:30:00+01:00"
            )


def _moment(text: str) -> date | datetime | None:
    try:
        return datetime.fromisoformat(text) if len(text) > len("2026-03-01") else _day(text)
    except ValueError:
        return None


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _order(row: Mapping[str, str]) -> Order | str:
    """The order, or why it is left out."""
    placed, handed, delivered, promised = (_moment((row.get(n) or "").strip()) for n in _TIMES)
    if delivered is None and (row.get("status") or "").strip().lower() in _WITHDRAWN:
        return "called off"
    if placed is None or promised is None:
        return "no placed_at" if placed is None else "no promised_at"
    return _sane(
        Order(
            placed_at=placed,
            handed_over_at=handed,
            delivered_at=delivered,
            promised_at=promised,
            origin=(row.get("origin") or "").strip(),
            destination=(row.get("destination") or "").strip(),
            carrier=(row.get("carrier") or "").strip(),
            service=(row.get("service") or "").strip(),
        )
    )


def _sane(order: Order) -> Order | str:
    """The order unless its times cannot be true; real exports have some such rows."""
    years = order.promised_at.year - order.placed_at.year
    if _before(order.promised_at, order.placed_at) or years > _LONGEST_YEARS:
        return "promised before it was placed, or years after"
    if order.delivered_at is not None and _before(order.delivered_at, order.placed_at):
        return "delivered before it was placed"
    return order


def _before(one: date, other: date) -> bool:
    """By the day as written, a day's slack for zones."""
    return one.toordinal() + 1 < other.toordinal()
