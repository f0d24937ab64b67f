"""Progress of long work: a live bar on a terminal, a line now and then elsewhere."""

import shutil
import sys
from types import TracebackType
from typing import Self

import click

from syncd import clock

_EVERY_SECONDS = 10.0
_COUNTED = ("messages", "orders", "shipments", "findings", "quarantined")
_WIDEST_BAR = 40


class Shown:
    """Shows a share that is done and some counts on standard error; call it to bring it on."""

    def __init__(self, *, hidden: bool = False) -> None:
        self._hidden = hidden
        self._terminal = sys.stderr.isatty()
        self._next = clock.monotonic() + _EVERY_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._terminal and not self._hidden:
            click.echo("\r\x1b[K", err=True, nl=False)

    def __call__(self, share: float, counts: dict[str, int], doing: str = "") -> None:
        """`share` is from 0 to 1, `doing` what is being done just now."""
        if self._hidden:
            return
        said = ", ".join(f"{counts[name]} {name}" for name in _COUNTED if name in counts)
        if self._terminal:
            columns = shutil.get_terminal_size().columns
            click.echo(f"\r{_line(share, doing, said, columns)}\x1b[K", err=True, nl=False)
        elif clock.monotonic() >= self._next:
            self._next += _EVERY_SECONDS
            click.echo(f"{share:4.0%}  {doing}  {said}", err=True)


def _line(share: float, doing: str, said: str, columns: int) -> str:
    """One that fits: a line that wraps cannot be written over."""
    whole = min(_WIDEST_BAR, max(0, columns - len(doing) - 30))
    filled = int(share * whole)
    bar = click.style("━" * filled, fg="green") + click.style("━" * (whole - filled), dim=True)
    room = columns - whole - len(doing) - 10
    return f"{bar} {share:4.0%}  {doing}  {said[: max(0, room)]}"
