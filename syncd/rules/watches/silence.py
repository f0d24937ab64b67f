"""Parcels of which nothing is heard."""

from datetime import datetime

from syncd.config import Kind, NoMovement
from syncd.model import Cause, Milestone, ParcelFacts
from syncd.rules.watches.judgement import DAY, QUIET, Judgement, found, in_days

# Where the carrier has said what is wrong, silence is no trouble of its own; a parcel that waits
# to be fetched does not move either.
_EXPLAINS_SILENCE = frozenset(
    {
        Milestone.CUSTOMS_HOLD,
        Milestone.EXCEPTION,
        Milestone.READY_FOR_PICKUP,
        Milestone.RETURNING,
    }
)


def no_movement(parcel: ParcelFacts, settings: NoMovement, now: datetime) -> Judgement:
    """A parcel under way that no carrier has scanned for `settings.after`."""
    last = parcel.state.last_movement_at
    if not settings.enabled or last is None or parcel.state.milestone in _EXPLAINS_SILENCE:
        return QUIET
    if now < last + settings.after:
        return Judgement(due_at=last + settings.after)
    days = (now - last) // DAY
    expected = in_days(settings.after)
    evidence = f"no scan for {days} days (since {last:%Y-%m-%d}); expected within {expected}"
    return found(parcel, Kind.NO_MOVEMENT, Cause.DELAY, last, evidence, days_silent=days)
