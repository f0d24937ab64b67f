"""Parcels of which nothing is heard."""

from datetime import datetime, timedelta

from syncd.config import Kind, NoMovement, PresumedLost
from syncd.model import Cause, Milestone, ParcelFacts, Severity
from syncd.rules import workdays
from syncd.rules.watches.judgement import DAY, QUIET, Judgement, countries, found, in_days

# Where the carrier has said what is wrong, silence is no trouble of its own; a parcel that waits
# to be fetched does not move either.
_WAITS = frozenset({Milestone.CUSTOMS_HOLD, Milestone.READY_FOR_PICKUP, Milestone.RETURNING})
_EXPLAINS_SILENCE = _WAITS | {Milestone.EXCEPTION}
_ARRIVED = frozenset(
    {
        Milestone.ARRIVED_DESTINATION,
        Milestone.IMPORT_CUSTOMS,
        Milestone.AT_DELIVERY_DEPOT,
        Milestone.OUT_FOR_DELIVERY,
        Milestone.ATTEMPT_FAILED,
    }
)


def no_movement(parcel: ParcelFacts, settings: NoMovement, now: datetime) -> Judgement:
    """A parcel under way that no carrier has scanned for longer than this part of the way takes."""
    last = parcel.state.last_movement_at
    if not settings.enabled or last is None or parcel.state.milestone in _EXPLAINS_SILENCE:
        return QUIET
    patience = _patience(parcel, settings)
    limit = workdays.later(last, patience, countries(parcel))
    if now < limit:
        return Judgement(due_at=limit)
    days = (now - last) // DAY
    expected = in_days(patience, working=True)
    evidence = f"no scan for {days} days (since {last:%Y-%m-%d}); expected within {expected}"
    return found(parcel, Kind.NO_MOVEMENT, Cause.DELAY, last, evidence, days_silent=days)


def _patience(parcel: ParcelFacts, settings: NoMovement) -> timedelta:
    at_home = parcel.origin_country == parcel.destination_country is not None
    if at_home or parcel.state.milestone in _ARRIVED:
        return settings.after
    return settings.between_countries


def presumed_lost(parcel: ParcelFacts, settings: PresumedLost, now: datetime) -> Judgement:
    """A parcel that no carrier has scanned for so long that it will not come any more."""
    last = parcel.state.last_movement_at
    if not settings.enabled or last is None or parcel.state.milestone in _WAITS:
        return QUIET
    if now < last + settings.after:
        return Judgement(due_at=last + settings.after)
    days = (now - last) // DAY
    evidence = f"no scan for {days} days (since {last:%Y-%m-%d}): presumed lost"
    return found(
        parcel, Kind.PRESUMED_LOST, Cause.DELAY, last, evidence,
        severity=Severity.ACT, days_silent=days,
    )  # fmt: skip
