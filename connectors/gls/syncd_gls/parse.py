"""From what GLS answers to syncd's tracking events. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from syncd.connector.scans import Meaning, country_code, meanings, moment, scan, story
from syncd.model import Item, TrackingEvent

NOT_KNOWN = frozenset({"E_404_01", "E_404_02"})
"""The error codes that say that there is nothing (yet)."""


class _Event(msgspec.Struct):
    code: str | None = None
    city: str | None = None
    country: str | None = None
    description: str | None = None
    eventDateTime: str | None = None  # noqa: N815  GLS's name


class _Parcel(msgspec.Struct):
    status: str | None = None
    events: list[msgspec.Raw] | None = None


class Head(msgspec.Struct):
    """What tells which number an element of ``parcels`` is about, and whether GLS knows it."""

    requested: str | None = None
    unitno: str | None = None
    errorCode: str | None = None  # noqa: N815
    errorMessage: str | None = None  # noqa: N815


def scans(number: str, raw: bytes) -> list[Item]:
    """Read one element of ``parcels``; what cannot be read of it becomes `BadItem`.

    GLS has many event codes and publishes few: where that of the latest event is none of them, the
    parcel's status, which is published in full, tells its milestone. Raises
    msgspec.ValidationError where it is no parcel.
    """
    parcel = msgspec.json.decode(raw, type=_Parcel)
    events = parcel.events or []
    newest = _newest(events)
    now = meanings("syncd_gls").get(parcel.status or "", Meaning())

    def event(said: bytes) -> TrackingEvent:
        return _event(number, said, now if said == newest else Meaning())

    return story(number, events, event)


def _event(number: str, raw: bytes, otherwise: Meaning) -> TrackingEvent:
    event = msgspec.json.decode(raw, type=_Event)
    return scan(
        number,
        moment(event.eventDateTime),
        meanings("syncd_gls", "events.csv").get(event.code or "", otherwise),
        text=event.description,
        raw=raw,
        code=event.code,
        location=event.city,
        country=country_code(event.country),
    )


def _newest(events: Sequence[msgspec.Raw]) -> bytes:
    """GLS gives the latest first; between equal times that order decides."""
    return max((bytes(raw) for raw in events), key=_time, default=b"")


def _time(raw: bytes) -> datetime:
    try:
        at = moment(msgspec.json.decode(raw, type=_Event).eventDateTime)
    except msgspec.ValidationError:
        at = None
    if at is None:
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
