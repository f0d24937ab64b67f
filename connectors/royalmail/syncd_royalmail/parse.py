"""From what Royal Mail answers to syncd's tracking events. Pure."""

from datetime import datetime
from functools import partial

import msgspec

from syncd.connector.scans import Estimate, meaning_of, moment, scan, story
from syncd.model import Item, ParcelRef, TrackingEvent


class _Event(msgspec.Struct):
    eventCode: str = ""  # noqa: N815  Royal Mail's names
    eventName: str | None = None  # noqa: N815
    eventDateTime: str | None = None  # noqa: N815
    locationName: str | None = None  # noqa: N815


class _Estimate(msgspec.Struct):
    date: str | None = None
    startOfEstimatedWindow: str | None = None  # noqa: N815
    endOfEstimatedWindow: str | None = None  # noqa: N815


class _MailPiece(msgspec.Struct):
    events: list[msgspec.Raw] | None = None
    estimatedDelivery: _Estimate | None = None  # noqa: N815


class _Answer(msgspec.Struct):
    mailPieces: _MailPiece | None = None  # noqa: N815


def read(parcel: ParcelRef, raw: bytes) -> list[Item]:
    """The events of one mail piece; the latest carries Royal Mail's estimate.

    Raises ValueError where nothing of the answer can be read; single events that cannot be read
    become `BadItem`.
    """
    answer = msgspec.json.decode(raw, type=_Answer)
    if answer.mailPieces is None:
        raise ValueError("no mail piece in it")
    piece, number = answer.mailPieces, parcel.tracking_number
    estimate = _estimate(piece.estimatedDelivery)
    return story(number, piece.events or [], partial(_event, number), estimate)


def _event(number: str, raw: bytes) -> TrackingEvent:
    event = msgspec.json.decode(raw, type=_Event)
    return scan(
        number,
        moment(event.eventDateTime),
        meaning_of("syncd_royalmail", event.eventCode),
        text=event.eventName,
        raw=raw,
        code=event.eventCode,
        location=event.locationName,
    )


def _estimate(said: _Estimate | None) -> Estimate | None:
    """A window; a day alone has no offset and is left out: its instants would be guesses."""
    if said is None:
        return None
    earliest = _on(said.date, said.startOfEstimatedWindow)
    latest = _on(said.date, said.endOfEstimatedWindow)
    return Estimate(earliest, latest) if earliest or latest else None


def _on(day: str | None, clock: str | None) -> datetime | None:
    """Recorded answers have either form: a time alone, or the day with it."""
    if clock is None or "T" in clock:
        return moment(clock)
    return moment(f"{(day or '')[:10]}T{clock}")
