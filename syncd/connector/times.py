"""Times as most platforms want them in a filter."""

from datetime import UTC, datetime


def utc_text(moment: datetime) -> str:
    """An aware time to the millisecond, in UTC, with a ``Z``: ``2026-03-02T09:00:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
