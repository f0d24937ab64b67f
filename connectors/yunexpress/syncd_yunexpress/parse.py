"""From what YunExpress answers to syncd's tracking events. Pure."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

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

_FURTHEST = timedelta(hours=14)
_STEP = timedelta(minutes=15)


class _Event(msgspec.Struct):
    process_time: str | None = None
    """The wall clock where it happened; the ``Z`` behind it is a mere letter of the form."""
    process_utc_time: str | None = None
    process_content: str | None = None
    process_country: str | None = None
    process_city: str | None = None
    process_location: str | None = None
    track_node_code: str | None = None
    track_node_description: str | None = None


class _Track(msgspec.Struct):
    track_events: list[msgspec.Raw] | None = None


class _Result(msgspec.Struct):
    package_status: str | None = None
    track_Info: _Track | None = None  # noqa: N815  YunExpress's name
    track_info: _Track | None = None


class Answer(msgspec.Struct):
    """What comes of a number: one result, in a list or bare."""

    result: Any = None


def read(parcel: ParcelRef, raw: bytes) -> list[Item]:
    """The events of one parcel; single ones that cannot be read become `BadItem`.

    Where the node of the latest event is not known, the status of the package tells its
    milestone. Raises msgspec.ValidationError where the answer is something else.
    """
    said = msgspec.json.decode(raw, type=Answer).result
    results = said if isinstance(said, list) else [said] if said else []
    items: list[Item] = []
    for each in results:
        result = msgspec.json.decode(msgspec.json.encode(each), type=_Result)
        items += _items(parcel.tracking_number, result)
    return items


def _items(number: str, result: _Result) -> list[Item]:
    track = result.track_Info or result.track_info or _Track()
    events = track.track_events or []
    otherwise = by_status(events, _when, meaning_of("syncd_yunexpress", result.package_status))
    return story(number, events, partial(_event, number, otherwise))


def _event(number: str, otherwise: Callable[[bytes], Meaning], raw: bytes) -> TrackingEvent:
    event = msgspec.json.decode(raw, type=_Event)
    return scan(
        number,
        when(event.process_time, event.process_utc_time),
        meanings("syncd_yunexpress", "nodes.csv").get(event.track_node_code or "")
        or otherwise(raw),
        text=event.process_content or event.track_node_description,
        raw=raw,
        code=event.track_node_code,
        location=event.process_location or event.process_city,
        country=country_code(event.process_country),
    )


def when(local: str | None, utc: str | None) -> datetime | None:
    """The wall clock, with the offset that follows from the same instant told in UTC.

    A difference that no time zone has leaves the wall clock without an offset.
    """
    here, there = _wall(local), _wall(utc)
    if here is None:
        return there.replace(tzinfo=UTC) if there else None
    if there is None:
        return here
    offset = here - there
    if abs(offset) > _FURTHEST or offset % _STEP:
        return here
    return here.replace(tzinfo=timezone(offset))


def _wall(said: str | None) -> datetime | None:
    at = moment(said)
    return at.replace(tzinfo=None, microsecond=0) if at else None


def _when(raw: bytes) -> datetime | None:
    event = msgspec.json.decode(raw, type=_Event)
    return when(event.process_time, event.process_utc_time)
