"""Parcels that were cancelled at the carrier while their buyers wait."""

from datetime import datetime

from syncd.config import Cancelled, Kind
from syncd.model import Cause, Milestone, ParcelFacts, Severity
from syncd.rules.watches.judgement import QUIET, Judgement, found


def cancelled(parcel: ParcelFacts, settings: Cancelled, now: datetime) -> Judgement:
    """A parcel that was cancelled at the carrier, scanned or not, and that no other replaces.

    Who cancels one mostly sends another, or calls the order off; shops tell of that a poll or two
    later. Where all of an order's are cancelled, that is one trouble, of when the last one was.
    """
    since, at = parcel.unreplaced_since, parcel.state.milestone_at
    if not settings.enabled or parcel.state.milestone is not Milestone.CANCELLED:
        return QUIET
    if since is None or at is None:
        return QUIET
    if now < since + settings.after:
        return Judgement(due_at=since + settings.after)
    return found(
        parcel, Kind.CANCELLED, Cause.CANCELLED, since, _evidence(parcel, at),
        severity=Severity.ACT, onset=at,
    )  # fmt: skip


def _evidence(parcel: ParcelFacts, at: datetime) -> str:
    last = parcel.state.last_movement_at
    if last is None:
        return f"its label was cancelled on {at:%Y-%m-%d}, and its order has no parcel that was not"
    return (
        f"cancelled on {at:%Y-%m-%d} although the carrier had it, last on {last:%Y-%m-%d}; "
        "nothing was sent in its place since"
    )
