"""How far a parcel is, read from its tracking events in whatever order they arrive."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from syncd.model import Milestone, ParcelState, TrackingEvent


def occurred_at(event: TrackingEvent) -> datetime:
    """The event's time in UTC; where the carrier told no offset, its local time read as UTC.

    That is wrong by up to half a day, which no watch's span is sensitive to; nothing shown to
    people is made from it.
    """
    offset = timedelta(minutes=event.utc_offset_minutes or 0)
    return event.occurred_local.replace(tzinfo=UTC) - offset


def advance(state: ParcelState, events: Iterable[TrackingEvent]) -> ParcelState:
    """`state` after `events`, which may be older than what made the state, or repeats of it."""
    for event in sorted(events, key=occurred_at):
        state = _after(state, event)
    return state


def _after(state: ParcelState, event: TrackingEvent) -> ParcelState:
    at = occurred_at(event)
    physical = event.milestone.physical
    changes: dict[str, object] = {"last_event_at": _latest(state.last_event_at, at)}
    if physical:
        changes["last_movement_at"] = _latest(state.last_movement_at, at)
        changes["first_scan_at"] = min(state.first_scan_at or at, at)
    if _newer(state, at) and event.eta is not None:
        changes["eta"] = event.eta.latest or event.eta.earliest
    if _moves_on(state, event.milestone, at):
        changes["milestone"], changes["milestone_at"] = event.milestone, at
    return msgspec.structs.replace(state, **changes)


def _latest(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else max(known, at)


def _newer(state: ParcelState, at: datetime) -> bool:
    return state.last_event_at is None or at >= state.last_event_at


def _moves_on(state: ParcelState, milestone: Milestone, at: datetime) -> bool:
    """Whether a scan changes the milestone: never on unknown news, nor on late-arriving old news.

    A parcel that is delivered, returned or cancelled is opened again only by a scan of the parcel
    itself that is later: carriers send data about a parcel long after they gave it away.
    """
    if milestone is Milestone.UNKNOWN:
        return False
    if state.milestone_at is None:
        return True
    if state.milestone.terminal and not milestone.physical:
        return False
    if at == state.milestone_at:  # the same minute: keep an end rather than go back from it
        return not state.milestone.terminal
    return at > state.milestone_at
