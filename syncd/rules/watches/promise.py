"""Parcels measured against what the buyer was promised."""

from datetime import datetime

from syncd.config import EtaSlipped, Kind, PromisePassed, ProtectionEnding
from syncd.model import Cause, Milestone, ParcelFacts, Reason, Severity
from syncd.rules.watches.judgement import DAY, QUIET, Judgement, found, in_days

# It is where the buyer fetches it, or goes back: another watch tells that, and that it takes longer
# than planned would be untrue.
_NOT_ON_ITS_WAY = frozenset({Milestone.READY_FOR_PICKUP, Milestone.RETURNING})


def promise_passed(parcel: ParcelFacts, settings: PromisePassed, now: datetime) -> Judgement:
    """A parcel still on its way to the buyer when the time promised to them is over."""
    promised = parcel.deliver_by
    if not settings.enabled or promised is None or not _comes(parcel):
        return QUIET
    if now < promised + settings.grace:
        return Judgement(due_at=promised + settings.grace)
    days = (now - promised) // DAY
    evidence = f"promised by {promised:%Y-%m-%d}, not delivered {in_days(days * DAY)} later"
    return found(parcel, Kind.PROMISE_PASSED, Cause.DELAY, promised, evidence, days_late=days)


def eta_slipped(parcel: ParcelFacts, settings: EtaSlipped, now: datetime) -> Judgement:
    """A parcel that will be late by the carrier's estimate, as two looks at it have said.

    They have where the estimate has stood for `settings.confirmed_after`, or where the one before
    it was too late already. One look alone may have met a slip of the carrier's.
    """
    promised, state = parcel.deliver_by, parcel.state
    if not settings.enabled or promised is None or state.eta is None or state.eta_since is None:
        return QUIET
    if not _comes(parcel):
        return QUIET
    limit = promised + settings.by
    if state.eta < limit or state.eta <= promised:
        return QUIET
    said_before = state.eta_before is not None and state.eta_before >= limit
    confirmed = state.eta_since if said_before else state.eta_since + settings.confirmed_after
    if now < confirmed:
        return Judgement(due_at=confirmed)
    days = (state.eta - promised) // DAY
    evidence = (
        f"the carrier estimates {state.eta:%Y-%m-%d}, promised by {promised:%Y-%m-%d}: "
        f"{in_days(days * DAY)} late"
    )
    return found(
        parcel, Kind.ETA_SLIPPED, Cause.DELAY, state.eta_since, evidence,
        onset=promised, days_late=days,
    )  # fmt: skip


def protection_ending(parcel: ParcelFacts, settings: ProtectionEnding, now: datetime) -> Judgement:
    """A parcel under way when the buyer's protection ends within `settings.ahead`, or has ended."""
    ends = parcel.protection_ends_at
    if not settings.enabled or ends is None:
        return QUIET
    since = ends - settings.ahead
    if now < since:
        return Judgement(due_at=since)
    evidence = f"the buyer's protection ends on {ends:%Y-%m-%d}, not delivered yet"
    return found(
        parcel, Kind.PROTECTION_ENDING, Cause.PROTECTION, since, evidence, severity=Severity.ACT
    )


def _comes(parcel: ParcelFacts) -> bool:
    state = parcel.state
    return state.milestone not in _NOT_ON_ITS_WAY and state.reason is not Reason.LOST
