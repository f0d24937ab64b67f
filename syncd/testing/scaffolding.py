"""A new connector's distribution, whose tests pass before anything is changed in it."""

import re
from collections.abc import Iterator
from pathlib import Path

_TEMPLATE = Path(__file__).parent / "scaffold"
# Without "-" and "_", which a module's or a connector's name may not have.
_NAME = re.compile(r"[a-z][a-z0-9]{1,30}")


class CannotScaffold(Exception):
    """The name or the place does not do; the text says what would."""


def scaffold(name: str, folder: Path) -> list[Path]:
    """Write the distribution ``syncd-NAME`` into `folder`; gives the files, relative to it.

    Raises CannotScaffold where the name is no word, or the folder has something in it.
    """
    if not _NAME.fullmatch(name):
        raise CannotScaffold(
            f"{name!r} cannot be a connector's name: take a word of a-z and 0-9 that begins with a "
            'letter, such as "newshop"'
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotScaffold(f"{folder} is there already; name another place by --path")
    written = []
    for target, text in _files(name):
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(target)
    return written


def _files(name: str) -> Iterator[tuple[Path, str]]:
    for source in sorted(_TEMPLATE.rglob("*.txt")):
        target = str(source.relative_to(_TEMPLATE)).removesuffix(".txt")
        yield Path(_named(target, name)), _named(source.read_text(encoding="utf-8"), name)


def _named(text: str, name: str) -> str:
    cases = (str.lower, str.upper, str.capitalize)
    for case in cases:
        text = text.replace(case("newshop"), case(name))
    return text
