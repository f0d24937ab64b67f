"""From what USPS answers to syncd's tracking events. Pure."""

from datetime import datetime
from functools import partial

import msgspec

from syncd.connector.scans import (
    Estimate,
    country_code,
    meaning_of,
    moment,
    scan,
    story,
    with_offset,
)
from syncd.model import Item, ParcelRef, TrackingEvent


class _Event(msgspec.Struct, rename="camel"):
    event_code: str | None = None
    event_type: str | None = None
    event_timestamp: str | None = None
    offset: str | None = msgspec.field(default=None, name="GMTOffset")
    event_city: str | None = None
    event_state: str | None = None
    event_country: str | None = None


class _Answer(msgspec.Struct, rename="camel"):
    tracking_events: list[msgspec.Raw] | None = None
    expected_delivery_time_stamp: str | None = None
    guaranteed_delivery_time_stamp: str | None = None
    predicted_delivery_date: str | None = None
    return_date_notice: str | None = None
    destination_country_code: str | None = None
    destination_zip: str | None = msgspec.field(default=None, name="destinationZIP")


def read(parcel: ParcelRef, raw: bytes) -> list[Item]:
    """A parcel's scans out of one answer."""
    answer = msgspec.json.decode(raw, type=_Answer)
    number = parcel.tracking_number
    events, parse = answer.tracking_events or (), partial(_parse, number)
    return story(number, events, parse, _estimate(answer), _kept(answer))


def _parse(number: str, raw: bytes) -> TrackingEvent:
    event = msgspec.json.decode(raw, type=_Event)
    return scan(
        number,
        when(event),
        meaning_of("syncd_usps", (event.event_code or "").upper()),
        text=event.event_type,
        code=event.event_code,
        location=", ".join(filter(None, (event.event_city, event.event_state))),
        country=_country(event),
        carrier="USPS",
        raw=raw,
    )


def when(event: _Event) -> datetime | None:
    """The local clock, aware where USPS writes its offset.

    A Z behind ``eventTimestamp`` is no offset: the field is local time by USPS's description.
    """
    local = moment(event.event_timestamp)
    return with_offset(local.replace(tzinfo=None), event.offset) if local else None


def _country(event: _Event) -> str | None:
    """USPS names countries abroad only, and states at home only."""
    if event.event_country:
        return country_code(event.event_country)
    return "US" if event.event_state else None


def _there(answer: _Answer) -> str | None:
    country = country_code(answer.destination_country_code)
    return country or ("US" if answer.destination_zip else None)


def _kept(answer: _Answer) -> Estimate | None:
    """Until the day on which USPS sends it back begins."""
    day = moment(answer.return_date_notice)
    return Estimate(None, day.replace(tzinfo=None), _there(answer)) if day else None


def _estimate(answer: _Answer) -> Estimate | None:
    """The predicted day, else the expected time, else the guaranteed one."""
    country = _there(answer)
    day = moment(answer.predicted_delivery_date)
    if day is not None:
        return Estimate.day(day.date(), country)
    said = answer.expected_delivery_time_stamp or answer.guaranteed_delivery_time_stamp
    latest = moment(said)
    if latest is None:
        return None
    if len(said or "") == len("2026-11-02"):
        return Estimate.day(latest.date(), country)
    return Estimate(None, latest.replace(tzinfo=None), country)
