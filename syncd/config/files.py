"""The main file and conf.d/*.toml, read into one tree in which each key knows its file and line."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from syncd.config.lines import KeyPath, locate
from syncd.config.problems import Problem

# Tables whose own tables may be spread over files; all others belong to one file as a whole.
_OPEN = frozenset({"accounts", "guards", "watches"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key stands."""

    file: Path
    line: int


@dataclass(slots=True)
class Tree:
    """All files together, with the problems met on the way."""

    main: Path
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    whole: bool = True
    """False where a file could not be read, so that something referred to may be in it."""

    def place(self, path: KeyPath) -> Place | None:
        """Where `path` stands, or else the nearest thing above it."""
        tops = (path[:length] for length in range(len(path), 0, -1))
        return next((self.places[top] for top in tops if top in self.places), None)


def read(main: Path) -> Tree:
    """Read `main` and, sorted by name, the ``*.toml`` files of the folder conf.d beside it."""
    tree = Tree(main)
    _read_one(tree, main)
    folder = main.parent / "conf.d"
    try:
        for file in _files_in(folder) if _is_there(main) else ():
            _read_one(tree, file)
    except OSError as error:
        tree.whole = False
        tree.problems.append(_unread(folder, "", error))
    return tree


def _is_there(main: Path) -> bool:
    try:
        return main.exists()
    except PermissionError:  # of its folder, which has been told by now
        return False


def _files_in(folder: Path) -> list[Path]:
    """Those that may be part of a config; `Path.glob` finds none where it may not look."""
    try:
        return sorted(each for each in folder.iterdir() if each.name.endswith(".toml"))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _read_one(tree: Tree, file: Path) -> None:
    text = ""
    try:
        text = file.read_bytes().decode()
        data = tomllib.loads(text)
    except (OSError, RecursionError, ValueError) as error:
        tree.whole = False
        tree.problems.append(_unread(file, text, error))
    else:
        places = {path: Place(file, line) for path, line in locate(text).items()}
        _merge(tree, data, places)


def _way_to_read(error: OSError) -> str:
    """What to do about a file that cannot be read; nothing where that is not known."""
    if isinstance(error, PermissionError):
        return "Run this as the user whose file it is (`sudo -u syncd syncd ...`)"
    if isinstance(error, IsADirectoryError):
        return "Name the file in it"
    return ""


def _unread(file: Path, text: str, error: Exception) -> Problem:
    if isinstance(error, FileNotFoundError):
        return Problem(
            file, None, "", "there is no such file", f"`syncd init {file}` writes one to start from"
        )
    if isinstance(error, OSError):
        return Problem(file, None, "", f"cannot be read: {error.strerror}", _way_to_read(error))
    if isinstance(error, UnicodeDecodeError):
        line = error.object[: error.start].count(b"\n") + 1
        return Problem(file, line, "", "is not UTF-8 text", "Save it as UTF-8")
    if isinstance(error, RecursionError):
        return Problem(file, None, "", "is nested too deeply to be a config")
    return _syntax(file, text, error)


def _syntax(file: Path, text: str, error: Exception) -> Problem:
    """The error ends in "(at line 3, column 9)" or "(at end of document)".

    It need not be a TOMLDecodeError: a number may have too many digits for Python.
    """
    said = str(error)
    at = re.search(r" \(at (?:line ([0-9]+), column [0-9]+|end of document)\)$", said)
    line = int(at[1]) if at and at[1] else (text.count("\n") + 1 if at else None)
    message = said[: at.start()] if at else said
    return Problem(file, line, "", f"is not valid TOML: {message}")


def _merge(tree: Tree, data: dict[str, Any], places: dict[KeyPath, Place]) -> None:
    for path, value in _units(data):
        shift = _put(tree, path, value, places)
        if shift is None:
            continue
        for below, place in places.items():
            if below[: len(path)] == path:
                tree.places[_shifted(below, len(path), shift)] = place


def _units(data: dict[str, Any]) -> Iterator[tuple[KeyPath, Any]]:
    """What one file may define as a whole: a table, or one table within an open one."""
    for key, value in data.items():
        if key in _OPEN and isinstance(value, dict):
            yield from (((key, name), each) for name, each in value.items())
        else:
            yield (key,), value


def _put(tree: Tree, path: KeyPath, value: Any, places: dict[KeyPath, Place]) -> int | None:
    """Add `value`; gives how far its entries moved down in an array, None where it is refused."""
    home, name = _home(tree.data, path), str(path[-1])
    if home is not None and name not in home:
        home[name] = value
        return 0
    there = home.get(name) if home is not None else None
    if home is not None and isinstance(there, list) and isinstance(value, list):
        home[name] = there + value
        return len(there)
    tree.problems.append(_twice(tree.place(path), places[path], path))
    return None


def _home(data: dict[str, Any], path: KeyPath) -> dict[str, Any] | None:
    """The table that `path` goes into; None where another file has no table there."""
    if len(path) == 1:
        return data
    home = data.setdefault(str(path[0]), {})
    return home if isinstance(home, dict) else None


def _twice(first: Place | None, second: Place, path: KeyPath) -> Problem:
    return Problem(
        second.file,
        second.line,
        dotted(path),
        f"defined twice: {_at(first)} and {_at(second)}",
        "Keep one of them",
    )


def _shifted(path: KeyPath, depth: int, shift: int) -> KeyPath:
    if shift and len(path) > depth and isinstance(path[depth], int):
        return (*path[:depth], int(path[depth]) + shift, *path[depth + 1 :])
    return path


def _at(place: Place | None) -> str:
    return f"{place.file}:{place.line}" if place else "?"


def dotted(path: KeyPath) -> str:
    """``accounts.ebay-de.port``, ``playbooks[2].when``: arrays count from 1, as people do."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
