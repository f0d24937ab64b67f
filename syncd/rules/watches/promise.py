"""Parcels measured against what the buyer was promised."""

from datetime import datetime

from syncd.config import Kind, PromisePassed
from syncd.model import Cause, ParcelFacts
from syncd.rules.watches.judgement import DAY, QUIET, Judgement, found


def promise_passed(parcel: ParcelFacts, settings: PromisePassed, now: datetime) -> Judgement:
    """A parcel still under way when the time promised to the buyer is over."""
    promised = parcel.deliver_by
    if not settings.enabled or promised is None:
        return QUIET
    if now < promised + settings.grace:
        return Judgement(due_at=promised + settings.grace)
    days = (now - promised) // DAY
    evidence = f"promised by {promised:%Y-%m-%d}, not delivered {days} days later"
    return found(parcel, Kind.PROMISE_PASSED, Cause.DELAY, promised, evidence, days_late=days)
