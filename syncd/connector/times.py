"""Times as most platforms want them in a filter, and how far those that they tell are believed."""

from collections.abc import Iterable
from datetime import UTC, datetime


def utc_text(moment: datetime) -> str:
    """An aware time to the millisecond, in UTC, with a ``Z``: ``2026-03-02T09:00:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def reached(before: datetime, stamps: Iterable[datetime], horizon: datetime) -> datetime:
    """How far a cursor by time has come that stood at `before`, behind entries with these `stamps`.

    `horizon` is until when the platform can have answered: now, or `HttpClient.horizon`. What is
    dated behind it, because of a wrong clock or one odd entry, does not move the cursor: all that
    comes until then would be passed over.
    """
    believed = [stamp for stamp in stamps if stamp <= horizon]
    return max([before, *believed])
