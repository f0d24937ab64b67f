"""Parcels that a shop takes back: told like a scan, as their carriers would tell it."""

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime

from syncd.model import Milestone, Reason, Shipment, TrackingEvent
from syncd.store import IngestTransaction


def taken_back(
    tx: IngestTransaction, shipments: Collection[Shipment], now: datetime
) -> list[TrackingEvent]:
    """That these were cancelled, of those that were: once for each, of when it was heard first.

    A number that goes on for another parcel is left alone.
    """
    mine = {f"cancelled:{each.source_id}": each for each in shipments if each.cancelled}
    numbers = Counter(each.tracking_number for each in mine.values() if each.tracking_number)
    if not numbers:
        return []
    parcels = Counter(number for number, _, _ in tx.parcels.states(numbers.keys()).values())
    known = tx.parcels.known_events(mine.keys())
    return [
        _said(source_id, number, now)
        for source_id, each in mine.items()
        if (number := each.tracking_number) and source_id not in known
        if parcels[number] <= numbers[number]
    ]


def _said(source_id: str, number: str, now: datetime) -> TrackingEvent:
    return TrackingEvent(
        source_id=source_id,
        tracking_number=number,
        occurred_local=now.astimezone(UTC).replace(tzinfo=None),
        utc_offset_minutes=0,
        milestone=Milestone.CANCELLED,
        reason=Reason.CANCELLED_BY_SENDER,
        text="Cancelled, as the shop says",
    )
