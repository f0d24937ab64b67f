"""Where a parcel is, how it came there, and what is to be expected of it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from syncd.model import Dossier, Milestone, ParcelFacts, Scan
from syncd.rules.explain.words import dated, plain
from syncd.rules.parcels import USED_AGAIN_AFTER
from syncd.rules.watches import Judgement

_NEXT = {
    Milestone.UNKNOWN: "the carrier's first word of it",
    Milestone.PRE_SHIPMENT: "the first scan, which shows that the carrier has it",
    Milestone.ACCEPTED: "a scan on the way",
    Milestone.IN_TRANSIT: "the next scan on the way",
    Milestone.EXPORT_CUSTOMS: "its leaving the country of origin",
    Milestone.ARRIVED_DESTINATION: "import customs, then the delivery depot",
    Milestone.IMPORT_CUSTOMS: "its release by customs",
    Milestone.CUSTOMS_HOLD: "its release, or a question of customs to sender or buyer",
    Milestone.AT_DELIVERY_DEPOT: "its going out for delivery",
    Milestone.OUT_FOR_DELIVERY: "its delivery",
    Milestone.ATTEMPT_FAILED: "another attempt, or a place to fetch it from",
    Milestone.READY_FOR_PICKUP: "the buyer's fetching it",
    Milestone.EXCEPTION: "the carrier's word on what becomes of it",
    Milestone.RETURNING: "its arrival at the sender",
}
_ENDED = {
    Milestone.DELIVERED: "It was delivered; nothing more is expected.",
    Milestone.RETURNED: "It is back with the sender; nothing more is expected.",
    Milestone.CANCELLED: "It was cancelled; nothing more is expected.",
}

_OVER = {"delivered": "has arrived, as the platform says", "refunded": "was paid back"}


def standing(dossier: Dossier, now: datetime) -> Iterator[str]:
    """Which parcel it is and how far."""
    parcel = dossier.parcel
    if parcel is None:
        yield (
            "No shop has told of a shipment with this number: only its scans are known, "
            "and no watch looks at it."
        )
        return
    state = parcel.state
    since = f" since {dated(state.milestone_at, now)}" if state.milestone_at else ""
    yield f"{plain(state.milestone).capitalize()}{since}."
    yield (
        f"Order {parcel.order_id} of account {dossier.account}, "
        f"to {dossier.country or 'an unknown country'}, with {parcel.carrier or 'an unnamed carrier'}."
    )
    if parcel.shipped_at:
        yield f"The shop says it was shipped on {dated(parcel.shipped_at, now)}."
    if state.last_movement_at:
        yield f"Last in a carrier's hands on {dated(state.last_movement_at, now)}."


def milestones(scans: Sequence[Scan]) -> Iterator[str]:
    """Each scan that changed the milestone, and the latest, in the carrier's local time."""
    if not scans:
        yield "No scan is known."
        return
    before = None
    for scan in scans:
        if before and before.milestone.terminal and scan.local - before.local > USED_AGAIN_AFTER:
            yield "The carrier gave the number out again: what follows is another parcel."
        if before is None or scan.milestone is not before.milestone or scan is scans[-1]:
            yield _scan(scan)
        before = scan
    if len(scans) > 1:
        yield f"{len(scans)} scans in all; `syncd show` lists each."


def _scan(scan: Scan) -> str:
    place = f", {scan.place}" if scan.place else ""
    reason = f" ({plain(scan.reason)})" if scan.reason else ""
    words = f': "{scan.text}"' if scan.text else ""
    return (
        f"{scan.local:%Y-%m-%d %H:%M} local time ({_zone(scan.utc_offset)}): "
        f"{plain(scan.milestone)}{reason}{place}{words}"
    )


def _zone(offset: timedelta | None) -> str:
    if offset is None:
        return "zone not told"
    sign = "-" if offset < timedelta(0) else "+"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"UTC{sign}{hours:02}:{minutes:02}"


def expected(dossier: Dossier, said: Mapping[str, Judgement], now: datetime) -> Iterator[str]:
    """What should happen next and by when, by the promise, the carrier and the watches."""
    parcel = dossier.parcel
    if parcel is None:
        return
    ended = _ENDED.get(parcel.state.milestone)
    if parcel.unreplaced_since and not parcel.order_over:
        yield f"It was cancelled. Next: another parcel in its place{_until(said, now)}."
        return
    if ended is not None:
        yield ended
        return
    if parcel.order_over:
        said_so = _OVER.get(parcel.order_status or "", "was called off")
        yield f"Its order {said_so}: no trouble is looked for, but that it comes back."
        return
    yield f"Next: {_NEXT[parcel.state.milestone]}{_until(said, now)}."
    yield from _dates(parcel, now)


def _until(said: Mapping[str, Judgement], now: datetime) -> str:
    """The first time at which a watch would speak if nothing happened before."""
    due = {name: each.due_at for name, each in said.items() if each.due_at and not each.finding}
    if not due:
        return ""
    name, at = min(due.items(), key=lambda pair: pair[1])
    return f"; without news {plain(name)} looks at it first, on {dated(at, now)}"


def _dates(parcel: ParcelFacts, now: datetime) -> Iterator[str]:
    known = (
        ("The buyer was promised it by", parcel.deliver_by),
        ("The carrier's own estimate is", parcel.state.eta),
        ("The buyer's protection ends on", parcel.protection_ends_at),
    )
    if parcel.deliver_by is None and parcel.state.eta is None:
        yield "Neither the shop nor the carrier has told a date of delivery."
    for words, moment in known:
        if moment is not None:
            yield f"{words} {dated(moment, now)}."
