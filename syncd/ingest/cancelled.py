"""Parcels that a shop takes back: told like a scan, as their carriers would tell it."""

from collections.abc import Collection
from datetime import UTC, datetime

from syncd.model import Milestone, Reason, Shipment, TrackingEvent
from syncd.store import IngestTransaction


def taken_back(
    tx: IngestTransaction, shipments: Collection[Shipment], now: datetime
) -> list[TrackingEvent]:
    """That these were cancelled, of those that were: once for each, of when it was heard first.

    They have been stored. A number that goes on for another parcel is left alone; where several
    travel under one, it is told when the last of them is cancelled.
    """
    mine = {
        f"cancelled:{each.source_id}": each.tracking_number
        for each in shipments
        if each.cancelled and each.tracking_number
    }
    if not mine:
        return []
    left_alone = tx.parcels.going_on(set(mine.values()))
    known = tx.parcels.known_events(mine.keys())
    return [
        _said(source_id, number, now)
        for source_id, number in mine.items()
        if number not in left_alone and source_id not in known
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
