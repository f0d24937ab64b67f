"""Figures and names in words, as people say them."""

from collections.abc import Mapping
from datetime import datetime

_UNITS = ((86_400, "days"), (3_600, "h"), (60, "min"), (1, "s"))


def span(seconds: float) -> str:
    """How long in the largest unit that gives at least two: ``90 s``, ``36 h``, ``12 days``."""
    size, name = next(((s, n) for s, n in _UNITS if seconds >= 2 * s), (1, "s"))
    return f"{int(seconds // size)} {name}"


def minute(moment: datetime | None) -> str:
    """A time to the minute; where it is aware it is UTC."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def day(moment: datetime | None) -> str:
    """A date, or that there is none."""
    return "no date" if moment is None else f"{moment:%Y-%m-%d}"


def plain(name: str | None) -> str:
    """A name of the model as people write it: ``promise passed``."""
    return (name or "unknown").replace("_", " ")


def counted(figures: Mapping[str, int]) -> str:
    """``20 customs hold, 9 no movement``, the most first."""
    by_size = sorted(figures.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{number} {plain(name)}" for name, number in by_size)
