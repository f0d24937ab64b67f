"""Parcels that the buyer has to fetch, or did not get and that go back."""

from datetime import datetime

from syncd.config import AwaitingPickup, Kind, PickupEnding, Returning
from syncd.model import Cause, Milestone, ParcelFacts, Severity
from syncd.rules.watches.judgement import DAY, QUIET, Judgement, found


def awaiting_pickup(parcel: ParcelFacts, settings: AwaitingPickup, now: datetime) -> Judgement:
    """A parcel that has waited for the buyer for `settings.after`.

    Where the last day to fetch it is told, they hear of it at least `settings.after` before its
    end, and not any more when it is over: the parcel is on its way back.
    """
    since, ends = _waits_since(parcel), parcel.state.pickup_by
    if not settings.enabled or since is None or (ends is not None and now >= ends):
        return QUIET
    limit = since + settings.after
    if ends is not None:
        limit = min(limit, max(since, ends - settings.after))
    if now < limit:
        return Judgement(due_at=limit)
    until = f", kept until {ends:%Y-%m-%d}" if ends else ""
    evidence = f"waiting to be fetched since {since:%Y-%m-%d}{until}"
    return found(parcel, Kind.AWAITING_PICKUP, Cause.PICKUP, since, evidence, due_at=ends)


def pickup_ending(parcel: ParcelFacts, settings: PickupEnding, now: datetime) -> Judgement:
    """A parcel that will be sent back within `settings.ahead` unless the buyer fetches it."""
    since = _waits_since(parcel)
    if not settings.enabled or since is None:
        return QUIET
    ends = parcel.state.pickup_by or since + settings.kept
    if now < ends - settings.ahead:
        return Judgement(due_at=ends - settings.ahead)
    told = "by the carrier's word" if parcel.state.pickup_by else "as far as is usual"
    evidence = f"waiting since {since:%Y-%m-%d}, kept until {ends:%Y-%m-%d} {told}"
    return found(
        parcel, Kind.PICKUP_ENDING, Cause.PICKUP, ends - settings.ahead, evidence,
        severity=Severity.ACT, days_waiting=(now - since) // DAY,
    )  # fmt: skip


def _waits_since(parcel: ParcelFacts) -> datetime | None:
    waits = parcel.state.milestone is Milestone.READY_FOR_PICKUP
    return parcel.state.milestone_at if waits else None


def returning(parcel: ParcelFacts, settings: Returning, now: datetime) -> Judgement:
    """A parcel that goes back to the sender; one that is back, for `settings.lasts`."""
    since, milestone = parcel.state.milestone_at, parcel.state.milestone
    if not settings.enabled or since is None:
        return QUIET
    if milestone is Milestone.RETURNING:
        evidence = f"on its way back to the sender since {since:%Y-%m-%d}"
        return found(
            parcel, Kind.RETURNING, Cause.RETURNING, since, evidence, severity=Severity.ACT
        )
    over = since + settings.lasts
    if milestone is not Milestone.RETURNED or now >= over:
        return QUIET
    evidence = f"back with the sender since {since:%Y-%m-%d}"
    return found(
        parcel, Kind.RETURNED, Cause.RETURNING, since, evidence, severity=Severity.ACT, due_at=over
    )
