"""The watches: whether a parcel is in trouble, since when, and when to look again.

Each watch is a pure function of one parcel's facts, its settings and the time. A parcel that has
arrived is nobody's business any more, nor is one that was cancelled, unless its order waits and has
no other; one that comes or came back is, for a while, also where its order was called off.

Severity says whose business a finding is: one the buyer should hear of (`TELL`), or one that a
person has to act on (`ACT`), of which the buyer may be told as well if a playbook wants that.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from syncd.config import Kind, Watches
from syncd.model import Finding, Lack, Milestone, OrderFacts, ParcelFacts
from syncd.model.lateness import Outlook
from syncd.rules.watches.at_risk import at_risk
from syncd.rules.watches.cancelled import cancelled
from syncd.rules.watches.dispatch import late_dispatch, no_first_scan, order_late
from syncd.rules.watches.handing_over import awaiting_pickup, pickup_ending, returning
from syncd.rules.watches.judgement import QUIET, Judgement, corrected
from syncd.rules.watches.numbers import number_changed
from syncd.rules.watches.promise import eta_slipped, promise_passed, protection_ending
from syncd.rules.watches.reported import (
    attempt_failed,
    customs_hold,
    exception,
    lost_or_damaged,
)
from syncd.rules.watches.silence import no_movement, presumed_lost
from syncd.rules.watches.stock import lacking, out_of_stock

__all__ = ["AT_RISK", "Judgement", "corrected", "each", "judge", "judge_order", "lacking"]

AT_RISK = (f"{Kind.AT_RISK}:", f"{Kind.LIKELY_LATE}:")
"""How the fingerprints of parcels that are known to be at risk begin."""

_NONE_AT_ALL = timedelta(0)

_Watch = Callable[[ParcelFacts, Any, datetime], Judgement]

_UNDER_WAY: dict[str, _Watch] = {
    "late_dispatch": late_dispatch,
    "no_first_scan": no_first_scan,
    "number_changed": number_changed,
    "no_movement": no_movement,
    "presumed_lost": presumed_lost,
    "customs_hold": customs_hold,
    "attempt_failed": attempt_failed,
    "awaiting_pickup": awaiting_pickup,
    "pickup_ending": pickup_ending,
    "exception": exception,
    "lost_or_damaged": lost_or_damaged,
    "returning": returning,
    "eta_slipped": eta_slipped,
    "promise_passed": promise_passed,
    "protection_ending": protection_ending,
}
"""The watches by their tables in the config."""
_WITHOUT_NUMBER: dict[str, _Watch] = {"late_dispatch": late_dispatch}
_RETURNED: dict[str, _Watch] = {"returning": returning}
_UNREPLACED: dict[str, _Watch] = {"late_dispatch": late_dispatch, "cancelled": cancelled}
_NONE: dict[str, _Watch] = {}

_ONLY_AT = {
    "no_first_scan": {Milestone.UNKNOWN, Milestone.PRE_SHIPMENT},
    "customs_hold": {Milestone.CUSTOMS_HOLD},
    "attempt_failed": {Milestone.ATTEMPT_FAILED},
    "awaiting_pickup": {Milestone.READY_FOR_PICKUP},
    "pickup_ending": {Milestone.READY_FOR_PICKUP},
    "exception": {Milestone.EXCEPTION},
    "returning": {Milestone.RETURNING, Milestone.RETURNED},
}
"""The watches that have nothing to say of a parcel that is anywhere else."""

_UNDER_WAY_AT: Mapping[Milestone, dict[str, _Watch]] = {
    milestone: {
        name: watch
        for name, watch in _UNDER_WAY.items()
        if milestone in _ONLY_AT.get(name, {milestone})
    }
    for milestone in Milestone
}
"""Those that need be asked of a parcel: a round asks them of every one, and most are quiet."""


def judge(
    parcel: ParcelFacts, watches: Watches, now: datetime, outlook: Outlook | None = None
) -> tuple[list[Finding], datetime | None]:
    """All watches on one parcel: the findings that hold now, and when to judge again.

    Without an `outlook` nothing is said of whether it is at risk.
    """
    looking = _looking_at(parcel)
    under_way = looking is _UNDER_WAY
    asked = _UNDER_WAY_AT[parcel.state.milestone] if under_way else looking
    said = [watch(parcel, getattr(watches, name), now) for name, watch in asked.items()]
    if under_way and outlook is not None:
        said.append(_at_risk(parcel, watches, now, outlook))
    return _together(said)


def _together(said: Collection[Judgement]) -> tuple[list[Finding], datetime | None]:
    findings: list[Finding] = []
    first: datetime | None = None
    for judgement in said:
        if judgement is QUIET:
            continue
        finding, due_at = judgement.finding, judgement.due_at
        if finding is not None:
            findings.append(finding)
        if due_at is not None and (first is None or due_at < first):
            first = due_at
    return findings, first


def judge_order(
    order: OrderFacts, watches: Watches, now: datetime, lacks: tuple[Lack, ...] = ()
) -> tuple[list[Finding], datetime | None]:
    """All watches on one order that has no parcel yet, as `judge` does for parcels.

    `lacks` is what cannot be had for it (`lacking`).
    """
    return _together(
        [
            order_late(order, watches.late_dispatch, now),
            out_of_stock(order, lacks, watches.out_of_stock, now),
        ]
    )


def each(
    parcel: ParcelFacts, watches: Watches, now: datetime, outlook: Outlook | None = None
) -> dict[str, Judgement]:
    """What each watch says of a parcel, by its table in the config; empty where none looks at it.

    ``at_risk``, whose table is `[lateness]`, speaks where there is an `outlook`.
    """
    looking = _looking_at(parcel)
    said = {name: watch(parcel, getattr(watches, name), now) for name, watch in looking.items()}
    if looking is _UNDER_WAY and outlook is not None:
        said["at_risk"] = _at_risk(parcel, watches, now, outlook)
    return said


def _at_risk(parcel: ParcelFacts, watches: Watches, now: datetime, outlook: Outlook) -> Judgement:
    passed = watches.promise_passed
    return at_risk(parcel, outlook, now, grace=passed.grace if passed.enabled else _NONE_AT_ALL)


def _looking_at(parcel: ParcelFacts) -> dict[str, _Watch]:
    if parcel.state.milestone is Milestone.RETURNED or parcel.order_over:
        return _RETURNED
    if parcel.state.milestone.terminal:
        return _UNREPLACED if parcel.unreplaced_since else _NONE
    return _WITHOUT_NUMBER if parcel.tracking_number is None else _UNDER_WAY
