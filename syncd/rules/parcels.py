"""How far a parcel is, read from its tracking events in whatever order they arrive."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from syncd.model import STAGES, Milestone, ParcelState, TrackingEvent
from syncd.model.parcels import FURTHEST_AHEAD

# Longer than a parcel still gets scans after its end, shorter than any carrier waits before it
# gives a number out again.
USED_AGAIN_AFTER = timedelta(days=60)

# Without an offset a scan of this moment may read as so much earlier, or `FURTHEST_AHEAD` later.
_BEHIND = timedelta(hours=12)

# What ends a way back. Of each depot that it passes carriers say what they always say, and of its
# end, mostly, that it was delivered; only what was handed in again goes to the buyer again.
_AFTER_RETURNING = {
    Milestone.ACCEPTED: Milestone.ACCEPTED,
    Milestone.DELIVERED: Milestone.RETURNED,
    Milestone.RETURNED: Milestone.RETURNED,
}


def occurred_at(event: TrackingEvent) -> datetime:
    """The event's time in UTC; where the carrier told no offset, its local time read as UTC.

    That is wrong by up to half a day, which no watch's span is sensitive to; nothing shown to
    people is made from it.
    """
    offset = timedelta(minutes=event.utc_offset_minutes or 0)
    return event.occurred_local.replace(tzinfo=UTC) - offset


def as_read(event: TrackingEvent, seen_at: datetime) -> TrackingEvent:
    """`event`, of the time at which it was first read if it says that it was later.

    Carriers tell scans of next year, and a parcel that moved tomorrow would be silent until then.
    """
    if occurred_at(event) <= seen_at + FURTHEST_AHEAD:
        return event
    local = seen_at.astimezone(UTC).replace(tzinfo=None)
    return msgspec.structs.replace(event, occurred_local=local, utc_offset_minutes=0)


def state_of(
    events: Iterable[TrackingEvent],
    *,
    since: datetime | None = None,
    ordered: Collection[datetime] = (),
) -> ParcelState:
    """What all events of a parcel's number add up to, in whatever order they are given.

    Carriers give a number out again: events before `since` are another parcel's, and so are those
    that come `USED_AGAIN_AFTER` the parcel's end, or after another parcel of this number was
    `ordered` of which this is so long after the last that was heard of this one.
    """
    state = ParcelState()
    end: TrackingEvent | None = None
    first = since and since - _BEHIND
    for event in sorted(events, key=_rank):
        at = occurred_at(event)
        if first is not None and at < first:
            continue
        if _ended_before(state, at - USED_AGAIN_AFTER):
            break
        if ordered and _is_next_ones(at, state.last_event_at or since, ordered):
            break
        before, state = state, _after(state, event, end)
        if state.milestone is not before.milestone:
            end = event if state.milestone.terminal else None
    return state


def remembering(after: ParcelState, before: ParcelState, now: datetime) -> ParcelState:
    """`after`, with what its events do not tell: which estimate the latest took the place of.

    Carriers say a scan again with another estimate, so that the one before is known from `before`
    only, the state that was kept until `now`.
    """
    if after.eta == before.eta:
        return msgspec.structs.replace(
            after, eta_before=before.eta_before, eta_since=before.eta_since
        )
    return msgspec.structs.replace(after, eta_before=before.eta, eta_since=now)


def _rank(event: TrackingEvent) -> tuple[datetime, int, str]:
    """By time; of the same minute, the stage further on the way counts as the later one."""
    return occurred_at(event), STAGES[event.milestone], event.source_id


def _ended_before(state: ParcelState, moment: datetime) -> bool:
    last = state.last_event_at
    return state.milestone.terminal and last is not None and last < moment


def _is_next_ones(at: datetime, heard: datetime | None, ordered: Collection[datetime]) -> bool:
    """Whether a scan is another parcel's, ordered long after this one was `heard` of last."""
    return heard is not None and any(
        heard + USED_AGAIN_AFTER < other <= at + _BEHIND for other in ordered
    )


def _after(state: ParcelState, event: TrackingEvent, end: TrackingEvent | None) -> ParcelState:
    """`state` after an event that is later than all that made it."""
    at = occurred_at(event)
    changes: dict[str, object] = {"last_event_at": at}
    if event.milestone.physical:
        changes["last_movement_at"] = at
        changes["first_scan_at"] = state.first_scan_at or at
    if event.eta is not None:
        changes["eta"] = event.eta.latest or event.eta.earliest
    reached = _reached(state, event, end)
    if reached is not state.milestone:
        changes["milestone"], changes["milestone_at"] = reached, at
        changes["reason"], changes["pickup_by"] = event.reason, event.pickup_by
    elif event.milestone is state.milestone:  # said again: perhaps more of it
        changes["reason"] = event.reason or state.reason
        changes["pickup_by"] = event.pickup_by or state.pickup_by
    return msgspec.structs.replace(state, **changes)


def _reached(state: ParcelState, event: TrackingEvent, end: TrackingEvent | None) -> Milestone:
    """How far a later scan takes a parcel: nowhere by unknown news, nor by an announcement.

    Carriers send data about a parcel long after they took it, and gave it away. One that is
    delivered, returned or cancelled, by the scan `end`, is opened again only by a scan of the
    parcel itself that is later; one that goes back does so until its end.
    """
    now, said = state.milestone, event.milestone
    if now is Milestone.UNKNOWN:
        return said
    if said is now or said is Milestone.UNKNOWN or said is Milestone.PRE_SHIPMENT:
        return now
    if now is Milestone.RETURNING:
        return _AFTER_RETURNING.get(said, now)
    if now is Milestone.RETURNED and said is Milestone.DELIVERED:
        return now
    if end is None:
        return said
    return said if said.physical and not _no_later_by_the_clock(event, end) else now


def _no_later_by_the_clock(event: TrackingEvent, end: TrackingEvent) -> bool:
    """Whether only a zone that nobody told makes a scan the later one.

    Both were made where the parcel ended. An aggregator tells the hour without the zone that the
    carrier tells.
    """
    zones = {event.utc_offset_minutes, end.utc_offset_minutes}
    return None in zones and event.occurred_local <= end.occurred_local
