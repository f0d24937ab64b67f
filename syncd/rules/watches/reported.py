"""Parcels about which the carrier itself reports a trouble."""

from datetime import datetime

from syncd.config import AttemptFailed, CarrierException, CustomsHold, Kind, LostOrDamaged
from syncd.model import Cause, Milestone, ParcelFacts, Reason, Severity
from syncd.rules import workdays
from syncd.rules.watches.judgement import QUIET, Judgement, countries, found

# Customs release the parcel only once somebody has done something.
_ASKED_FOR = {
    Reason.DOCUMENTS: "papers are asked for",
    Reason.PAYMENT_DUE: "a payment is asked for",
    Reason.PROHIBITED: "the goods are not allowed in",
}
_GONE = {
    Reason.LOST: (Kind.LOST, Cause.LOST),
    Reason.DAMAGED: (Kind.DAMAGED, Cause.EXCEPTION),
}


def customs_hold(parcel: ParcelFacts, settings: CustomsHold, now: datetime) -> Judgement:
    """A parcel held by customs: at once if they ask for something, else after `settings.after`."""
    if not settings.enabled or parcel.state.milestone is not Milestone.CUSTOMS_HOLD:
        return QUIET
    since = _since(parcel)
    asked = _ASKED_FOR.get(parcel.state.reason) if parcel.state.reason else None
    limit = since if asked else workdays.later(since, settings.after, countries(parcel))
    if now < limit:
        return Judgement(due_at=limit)
    evidence = f"held by customs since {since:%Y-%m-%d}{f', {asked}' if asked else ''}"
    return found(parcel, Kind.CUSTOMS_HOLD, Cause.CUSTOMS, since, evidence)


def attempt_failed(parcel: ParcelFacts, settings: AttemptFailed, now: datetime) -> Judgement:
    """A parcel that the carrier could not hand over."""
    del now  # said by the carrier, so it holds from the moment it is known
    if not settings.enabled or parcel.state.milestone is not Milestone.ATTEMPT_FAILED:
        return QUIET
    since = _since(parcel)
    evidence = f"delivery attempt failed on {since:%Y-%m-%d}{_why(parcel)}"
    return found(parcel, Kind.ATTEMPT_FAILED, Cause.ATTEMPT_FAILED, since, evidence)


def exception(parcel: ParcelFacts, settings: CarrierException, now: datetime) -> Judgement:
    """A parcel about which the carrier reports a trouble that no other watch knows."""
    del now
    state = parcel.state
    if not settings.enabled or state.milestone is not Milestone.EXCEPTION or state.reason in _GONE:
        return QUIET
    since = _since(parcel)
    evidence = f"exception reported by the carrier on {since:%Y-%m-%d}{_why(parcel)}"
    return found(parcel, Kind.EXCEPTION, Cause.EXCEPTION, since, evidence)


def lost_or_damaged(parcel: ParcelFacts, settings: LostOrDamaged, now: datetime) -> Judgement:
    """A parcel that the carrier reports as lost or damaged, whatever stage it names."""
    del now
    reason = parcel.state.reason
    if not settings.enabled or reason not in _GONE:
        return QUIET
    since = _since(parcel)
    evidence = f"reported as {reason} by the carrier on {since:%Y-%m-%d}"
    kind, cause = _GONE[reason]
    return found(parcel, kind, cause, since, evidence, severity=Severity.ACT)


def _since(parcel: ParcelFacts) -> datetime:
    return parcel.state.milestone_at or parcel.seen_at


def _why(parcel: ParcelFacts) -> str:
    reason = parcel.state.reason
    return f" ({reason.replace('_', ' ')})" if reason else ""
