"""Parcels about which the carrier itself reports a trouble."""

from datetime import datetime

from syncd.config import Kind, Trouble
from syncd.model import Cause, Milestone, ParcelFacts
from syncd.rules.watches.judgement import QUIET, Judgement, found

_REPORTED = {
    Milestone.CUSTOMS_HOLD: (Kind.CUSTOMS_HOLD, Cause.CUSTOMS, "held by customs"),
    Milestone.ATTEMPT_FAILED: (
        Kind.ATTEMPT_FAILED,
        Cause.ATTEMPT_FAILED,
        "delivery attempt failed",
    ),
    Milestone.EXCEPTION: (Kind.EXCEPTION, Cause.EXCEPTION, "exception reported by the carrier"),
}


def trouble(parcel: ParcelFacts, settings: Trouble, now: datetime) -> Judgement:
    """A parcel about which the carrier's latest word is a trouble."""
    del now  # said by the carrier, so it holds from the moment it is known
    reported = _REPORTED.get(parcel.state.milestone)
    if not settings.enabled or reported is None or reported[0] not in settings.causes:
        return QUIET
    kind, cause, words = reported
    since = parcel.state.milestone_at or parcel.seen_at
    return found(parcel, kind, cause, since, f"{words} on {since:%Y-%m-%d}")
