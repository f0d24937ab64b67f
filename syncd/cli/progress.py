"""Progress of long work: a live bar on a terminal, a line now and then elsewhere."""

import sys
from types import TracebackType
from typing import Self

import click

from syncd import clock

_EVERY_SECONDS = 10.0
_COUNTED = ("messages", "orders", "shipments", "findings", "quarantined")


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
            click.echo(err=True)

    def __call__(self, share: float, counts: dict[str, int]) -> None:
        """`share` is from 0 to 1."""
        if self._hidden:
            return
        said = "  ".join(f"{name} {counts[name]}" for name in _COUNTED if name in counts)
        if self._terminal:
            filled = int(share * 30)
            bar = "#" * filled + "-" * (30 - filled)
            click.echo(f"\r[{bar}] {share:4.0%}  {said}\x1b[K", err=True, nl=False)
        elif clock.monotonic() >= self._next:
            self._next += _EVERY_SECONDS
            click.echo(f"{share:4.0%}  {said}", err=True)
