"""From what GLS answers to syncd's tracking events. Pure."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import msgspec

from syncd.connector.scans import (
    Meaning,
    by_status,
    country_code,
    meaning_of,
    meanings,
    moment,
    scan,
    story,
)
from syncd.model import Item, ParcelRef, TrackingEvent

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


def head(raw: bytes | msgspec.Raw) -> Head:
    """The head of an element of ``parcels``; an empty one where it has none."""
    try:
        return msgspec.json.decode(raw, type=Head)
    except msgspec.ValidationError:
        return Head()


def read(parcel: ParcelRef, raw: bytes) -> list[Item]:
    """The events out of what GLS has of a number; none where it does not know it (yet).

    Raises ValueError where GLS cannot answer for it, with GLS's words.
    """
    items: list[Item] = []
    for each in msgspec.json.decode(raw, type=list[msgspec.Raw]):
        about = head(each)
        if about.errorCode is None:
            items += scans(parcel.tracking_number, each)
        elif about.errorCode not in NOT_KNOWN:
            raise ValueError(f"GLS {about.errorCode}: {about.errorMessage}")
    return items


def scans(number: str, raw: bytes | msgspec.Raw) -> list[Item]:
    """Read one element of ``parcels``; what cannot be read of it becomes `BadItem`.

    GLS has many event codes and publishes few: where that of the latest event is none of them, the
    parcel's status, which is published in full, tells its milestone. Raises
    msgspec.ValidationError where it is no parcel.
    """
    parcel = msgspec.json.decode(raw, type=_Parcel)
    events = parcel.events or []
    otherwise = by_status(events, _when, meaning_of("syncd_gls", parcel.status))
    return story(number, events, partial(_event, number, otherwise))


def _event(number: str, otherwise: Callable[[bytes], Meaning], raw: bytes) -> TrackingEvent:
    event = msgspec.json.decode(raw, type=_Event)
    return scan(
        number,
        moment(event.eventDateTime),
        meanings("syncd_gls", "events.csv").get(event.code or "") or otherwise(raw),
        text=event.description,
        raw=raw,
        code=event.code,
        location=event.city,
        country=country_code(event.country),
    )


def _when(raw: bytes) -> datetime | None:
    return moment(msgspec.json.decode(raw, type=_Event).eventDateTime)
