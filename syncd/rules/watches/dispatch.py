"""Parcels that the carrier should have by now."""

from datetime import datetime, timedelta
from typing import NamedTuple

from syncd.config import Kind, LateDispatch, NoFirstScan
from syncd.model import Cause, Milestone, OrderFacts, ParcelFacts, Severity, Subject
from syncd.rules import workdays
from syncd.rules.watches.judgement import QUIET, Judgement, countries, found, in_days

# Of a parcel that syncd has just heard of, scans may be known that it has yet to ask for.
_ASKED_FOR = timedelta(hours=12)
# Shops tell of orders first, and of the parcels that were sent a poll or two later.
_PARCELS_TOLD = timedelta(hours=1)
_LATE = frozenset({Kind.SHIP_BY_NEAR.value, Kind.LATE_DISPATCH.value})
# What a carrier says before it has a parcel, or where it will never have it.
_ANNOUNCED = frozenset({Milestone.UNKNOWN, Milestone.PRE_SHIPMENT})
_LABEL = _ANNOUNCED | {Milestone.CANCELLED}


class _End(NamedTuple):
    """When the time to send something ends, and when it may be said that it does, and did."""

    at: datetime
    near_since: datetime
    near: datetime
    passed: datetime


def late_dispatch(parcel: ParcelFacts, settings: LateDispatch, now: datetime) -> Judgement:
    """A parcel not handed over although the seller's time to do so ends soon, or has ended.

    Of one that the shop says was sent nobody is warned ahead: its first scan may come any moment.
    """
    ends = parcel.ship_by
    if not settings.enabled or ends is None or _handed_over(parcel):
        return QUIET
    asked = parcel.seen_at + _ASKED_FOR
    passed = max(ends, asked)
    near = passed if parcel.shipped_at else max(ends - settings.ahead, asked)
    lacks = "no tracking number" if parcel.tracking_number is None else "no scan by the carrier"
    return _late(parcel, lacks, _End(ends, ends - settings.ahead, near, passed), now)


def order_late(order: OrderFacts, settings: LateDispatch, now: datetime) -> Judgement:
    """An order without a parcel although the seller's time to send it ends soon, or has ended."""
    ends = order.ship_by
    if not settings.enabled or ends is None or not order.waits:
        return QUIET
    told = order.seen_at if order.troubles & _LATE else order.seen_at + _PARCELS_TOLD
    near, passed = max(ends - settings.ahead, told), max(ends, told)
    return _late(order, "no parcel", _End(ends, ends - settings.ahead, near, passed), now)


def _late(subject: Subject, lacks: str, end: _End, now: datetime) -> Judgement:
    if now < end.near:
        return Judgement(due_at=end.near)
    said = f"to be handed over by {end.at:%Y-%m-%d %H:%M} UTC, {lacks} yet"
    if now < end.passed:
        kind, since, due_at = Kind.SHIP_BY_NEAR, end.near_since, end.passed
    else:
        kind, since, due_at, said = Kind.LATE_DISPATCH, end.at, None, f"was {said}"
    late = found(subject, kind, Cause.DISPATCH, since, said, severity=Severity.ACT)
    return Judgement(late.finding, due_at)


def _handed_over(parcel: ParcelFacts) -> bool:
    """Whether the carrier has it: by its own word, or the shop's where the carrier says nothing."""
    state = parcel.state
    if state.first_scan_at is not None:
        return True
    carrier_says_label = state.last_event_at is not None and state.milestone in _LABEL
    return parcel.shipped_at is not None and not carrier_says_label


def no_first_scan(parcel: ParcelFacts, settings: NoFirstScan, now: datetime) -> Judgement:
    """A parcel that the carrier has announced, and has not scanned within `settings.after`.

    Of a number that no carrier knows nothing is said: perhaps nobody asks carriers about it.
    """
    state = parcel.state
    labelled = state.last_event_at if state.milestone in _ANNOUNCED else None
    if not settings.enabled or labelled is None or state.first_scan_at is not None:
        return QUIET
    since = parcel.shipped_at or state.milestone_at or labelled
    limit = workdays.later(since, settings.after, countries(parcel))
    limit = max(limit, parcel.seen_at + _ASKED_FOR)
    if now < limit:
        return Judgement(due_at=limit)
    evidence = (
        f"sent on {since:%Y-%m-%d}, no scan by the carrier; expected within "
        f"{in_days(settings.after, working=True)}"
    )
    return found(parcel, Kind.NO_FIRST_SCAN, Cause.DISPATCH, since, evidence, severity=Severity.ACT)
