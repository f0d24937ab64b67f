"""The watches: whether a parcel is in trouble, since when, and when to look again.

Each watch is a pure function of one parcel's facts, its settings and the time. A parcel that has
arrived, or was sent back or cancelled, is nobody's business any more.
"""

from datetime import datetime

from syncd.config import Watches
from syncd.model import Finding, ParcelFacts
from syncd.rules.watches.judgement import Judgement
from syncd.rules.watches.promise import promise_passed
from syncd.rules.watches.reported import trouble
from syncd.rules.watches.silence import no_movement

__all__ = ["Judgement", "each", "judge", "no_movement", "promise_passed", "trouble"]


def judge(
    parcel: ParcelFacts, watches: Watches, now: datetime
) -> tuple[list[Finding], datetime | None]:
    """All watches on one parcel: the findings that hold now, and when to judge again."""
    said = each(parcel, watches, now).values()
    findings = [judgement.finding for judgement in said if judgement.finding]
    due = [judgement.due_at for judgement in said if judgement.due_at]
    return findings, min(due, default=None)


def each(parcel: ParcelFacts, watches: Watches, now: datetime) -> dict[str, Judgement]:
    """What each watch says of a parcel, by its table in the config; empty where none looks at it."""
    if parcel.state.milestone.terminal or parcel.tracking_number is None:
        return {}
    return {
        "no_movement": no_movement(parcel, watches.no_movement, now),
        "promise_passed": promise_passed(parcel, watches.promise_passed, now),
        "trouble": trouble(parcel, watches.trouble, now),
    }
