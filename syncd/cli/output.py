"""Printing of rows: a table on a terminal, plain columns elsewhere, JSON on request."""

import json
import re
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import combining, east_asian_width

import click

Row = Mapping[str, Any]

# What a column that wraps has at the least, and what a table puts beside each.
_ROOM, _BETWEEN = 12, 3


class Lines(tuple[object, ...]):
    """A value that takes several lines in its cell of a table on a terminal."""

    __slots__ = ()


class Looks(NamedTuple):
    """What a table on a terminal looks like."""

    colour: Callable[[Row], str | None] = lambda _: None
    """The colour of a row, where it has one."""
    wraps: Collection[str] = ()
    """The columns that make room for the others where the terminal is narrow; empty for all."""
    fold: Callable[[Row], Row] | None = None
    """Gives a row as fewer columns, so that ids stay whole on a terminal; whatever reads along gets
    a column for each thing."""


# Terminal sequences (ECMA-48: CSI, OSC and the other string kinds, two-character ones), in their
# 7-bit and 8-bit forms: a buyer's text could otherwise rewrite the screen or its title.
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
# Controls but tab and newline, and those that reorder what stands around them (Unicode bidi).
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# What JSON's own escaping leaves as it is.
_RAW_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """`text` without anything that a terminal would obey; lines and tabs stay."""
    cleaned = _CONTROLS.sub("", _SEQUENCES.sub("", text.replace("\r\n", "\n")))
    return cleaned.encode(errors="replace").decode()


def emit(
    data: Sequence[Row] | Row,
    *,
    as_json: bool,
    columns: Sequence[str] | None = None,
    looks: Looks | None = None,
) -> None:
    """Print rows, or one mapping, to standard output.

    `columns` picks and orders what people see; JSON always has everything. `looks` is how a
    table on a terminal looks.
    """
    if as_json:
        click.echo(to_json(data))
    elif isinstance(data, Mapping):
        _pairs(data, columns or list(data))
    else:
        names = columns or list(dict.fromkeys(key for row in data for key in row))
        _rows(data, names, looks or Looks())


def tell_cut(rows: Sequence[object], limit: int) -> None:
    """Say beside the output that only `limit` of `rows` are listed, where there are more."""
    if len(rows) > limit:
        click.echo(f"there are more: --limit {2 * limit} lists up to {2 * limit}", err=True)


def to_json(data: Any) -> str:
    """Indented JSON that is safe on a terminal and loses nothing; times in ISO 8601."""
    text = json.dumps(data, default=_jsonable, ensure_ascii=False, indent=2)
    return _RAW_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def cell(value: object) -> str:
    """A value on one line, for people."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M %Z").rstrip()
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(cell, value))
    return " ".join(printable(str(value)).split())


def fitted(line: str, indent: int) -> Iterator[str]:
    """A line as it fits on a terminal: broken between words, and going on `indent` from the left.

    Anywhere else it stays whole, for what reads along.
    """
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else len(line)
    shown = ""
    for word in re.split(r"(?<= )(?! )", line):
        if click.unstyle(shown).strip() and _width(click.unstyle(shown + word).rstrip()) > room:
            yield shown.rstrip()
            shown = " " * indent
        shown += word
    yield shown.rstrip()


def _rows(rows: Sequence[Row], columns: Sequence[str], looks: Looks) -> None:
    if not rows:
        click.echo("nothing to list", err=True)
        return
    if sys.stdout.isatty():
        _rich_table(rows, columns, looks)
        return
    table = [[cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(map(_width, each)) for each in zip(columns, *table, strict=True)]
    for line in (columns, *table):
        padded = (
            text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True)
        )
        click.echo("  ".join(padded).rstrip())


def _width(text: str) -> int:
    """How many columns a terminal gives to `text`: Chinese takes two each, accents none."""
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if combining(char):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def _rich_table(rows: Iterable[Row], columns: Sequence[str], looks: Looks) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415  a quarter of the start-up time, seldom needed
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table, console = Table(box=SIMPLE_HEAD, pad_edge=False), Console()
    folded = [(looks.fold(row) if looks.fold else row, row) for row in rows]
    columns = tuple(folded[0][0]) if looks.fold else columns
    if _needed([shown for shown, _ in folded], columns, looks) > console.width:
        for shown, row in folded:
            console.print(Text(_below_each_other(shown, columns), looks.colour(row) or ""))
        return
    for column in columns:
        whole = column not in (looks.wraps or columns)  # Chinese has no blanks to wrap at
        table.add_column(column, no_wrap=whole, overflow="ellipsis" if whole else "fold")
    for shown, row in folded:
        cells = (Text(_lines(shown.get(column))) for column in columns)
        table.add_row(*cells, style=looks.colour(row))  # Text: data is never read as rich's markup
    console.print(table)


def _needed(rows: Sequence[Row], columns: Sequence[str], looks: Looks) -> int:
    """How many columns a terminal needs for a table in which nothing has to be shortened."""
    whole = [column for column in columns if column not in (looks.wraps or columns)]
    cells = ([column, *(_lines(row.get(column)) for row in rows)] for column in whole)
    widths = [
        max(_width(line) for text in several for line in text.split("\n")) for several in cells
    ]
    return sum(widths) + _ROOM * (len(columns) - len(whole)) + _BETWEEN * len(columns)


def _below_each_other(row: Row, columns: Sequence[str]) -> str:
    """A row where the terminal is too narrow for columns."""
    cells = ((column, row.get(column)) for column in columns)
    lines = (
        _lines(value) if isinstance(value, Lines) else f"{column}: {cell(value)}"
        for column, value in cells
    )
    return "\n".join(line for line in "\n".join(lines).splitlines() if line) + "\n"


def _lines(value: object) -> str:
    return "\n".join(map(cell, value)) if isinstance(value, Lines) else cell(value)


def _pairs(data: Row, columns: Sequence[str]) -> None:
    width = max(map(_width, columns), default=0)
    for column in columns:
        click.echo(f"{column.ljust(width)}  {cell(data.get(column))}".rstrip())


def _jsonable(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be printed as JSON")
