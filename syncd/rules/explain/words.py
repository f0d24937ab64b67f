"""Times and names as sentences about a parcel say them."""

from datetime import datetime, timedelta

_UNITS = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)


def plain(name: str) -> str:
    """A name of the model as people write it: ``promise passed``."""
    return name.replace("_", " ")


def minute(moment: datetime) -> str:
    """A time of ours: ``2026-03-08 12:00 UTC``."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def span(length: timedelta) -> str:
    """How long, rounded down, in the largest unit that gives at least two: ``36 hours``."""
    size, name = next(((s, n) for s, n in _UNITS if length >= 2 * s), _UNITS[-1])
    count = length // size
    return f"{count} {name}{'' if count == 1 else 's'}"


def apart(moment: datetime, now: datetime) -> str:
    """How far from now: ``in 3 days``, ``2 days ago``."""
    return f"in {span(moment - now)}" if moment > now else f"{span(now - moment)} ago"


def dated(moment: datetime, now: datetime) -> str:
    """A time, and how far from now it is."""
    return f"{minute(moment)} ({apart(moment, now)})"
