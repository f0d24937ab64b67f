"""How far a parcel is, read from its tracking events in whatever order they arrive."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from syncd.model import STAGES, Milestone, ParcelState, TrackingEvent

# Longer than a parcel still gets scans after its end, shorter than any carrier waits before it
# gives a number out again.
USED_AGAIN_AFTER = timedelta(days=60)

# Without an offset a scan of this moment may read as so much later: no clock is further ahead.
_AHEAD = timedelta(hours=14)


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
    if occurred_at(event) <= seen_at + _AHEAD:
        return event
    local = seen_at.astimezone(UTC).replace(tzinfo=None)
    return msgspec.structs.replace(event, occurred_local=local, utc_offset_minutes=0)


def state_of(events: Iterable[TrackingEvent], *, since: datetime | None = None) -> ParcelState:
    """What all events of a parcel's number add up to, in whatever order they are given.

    Carriers give a number out again: events before `since` are another parcel's, and so are those
    that come `USED_AGAIN_AFTER` the parcel's end.
    """
    state = ParcelState()
    for event in sorted(events, key=_rank):
        at = occurred_at(event)
        if since is not None and at < since:
            continue
        if _ended_before(state, at - USED_AGAIN_AFTER):
            break
        state = _after(state, event)
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


def _after(state: ParcelState, event: TrackingEvent) -> ParcelState:
    """`state` after an event that is later than all that made it."""
    at = occurred_at(event)
    changes: dict[str, object] = {"last_event_at": at}
    if event.milestone.physical:
        changes["last_movement_at"] = at
        changes["first_scan_at"] = state.first_scan_at or at
    if event.eta is not None:
        changes["eta"] = event.eta.latest or event.eta.earliest
    if _moves_on(state, event.milestone):
        changes["milestone"], changes["milestone_at"] = event.milestone, at
        changes["reason"], changes["pickup_by"] = event.reason, event.pickup_by
    elif event.milestone is state.milestone:  # said again: perhaps more of it
        changes["reason"] = event.reason or state.reason
        changes["pickup_by"] = event.pickup_by or state.pickup_by
    return msgspec.structs.replace(state, **changes)


def _moves_on(state: ParcelState, milestone: Milestone) -> bool:
    """Whether a later scan changes the milestone: never on unknown news, nor by saying it again.

    A parcel that is delivered, returned or cancelled is opened again only by a scan of the parcel
    itself that is later: carriers send data about a parcel long after they gave it away.
    """
    if milestone in {Milestone.UNKNOWN, state.milestone}:
        return False
    return milestone.physical or not state.milestone.terminal
