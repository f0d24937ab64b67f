"""AliExpress's clock: times without a zone, which are those of the US Pacific coast.

Source: the descriptions of the order calls, field by field. Those of disputes and reviews name no
zone; theirs is taken to be the same.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")


def moment(written: str) -> datetime:
    """A time as AliExpress writes it, with or without seconds; raises ValueError.

    In the hour that comes twice in autumn it is the first, so that nothing is taken for younger
    than it is.
    """
    at = datetime.fromisoformat(written.strip())
    return (at if at.tzinfo else at.replace(tzinfo=PACIFIC)).astimezone(UTC)


def maybe(written: str | None) -> datetime | None:
    """A time that may not be told."""
    return moment(written) if written and written.strip() else None


def wall(at: datetime) -> str:
    """A time as AliExpress's filters want it, never later than `at`.

    In the hour that comes twice in autumn it is the hour before, whichever of the two AliExpress
    takes it for.
    """
    there = at.astimezone(PACIFIC)
    if there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset():
        there = (at - timedelta(hours=1)).astimezone(PACIFIC)
    return f"{there:%Y-%m-%d %H:%M:%S}"
