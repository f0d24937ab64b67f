"""Times as eBay wants them."""

from datetime import UTC, datetime


def utc(moment: datetime) -> str:
    """To the millisecond, in UTC, with a ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
