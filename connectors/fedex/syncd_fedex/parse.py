"""From what FedEx answers to syncd's tracking events. Pure."""

from datetime import datetime
from functools import partial

import msgspec

from syncd.connector.scans import (
    LONG_AGO,
    Estimate,
    Meaning,
    country_code,
    instant,
    meaning_of,
    moment,
    scan,
    story,
)
from syncd.model import Item, ParcelRef, Reason, TrackingEvent

NOT_FOUND = "NOTFOUND"
"""How FedEx's codes end that say that nothing is known (yet)."""


class _Address(msgspec.Struct, rename="camel"):
    city: str | None = None
    state_or_province_code: str | None = None
    country_code: str | None = None


class _Party(msgspec.Struct):
    address: _Address | None = None


class _Delay(msgspec.Struct):
    type: str | None = None


class _Scan(msgspec.Struct, rename="camel"):
    date: str | None = None
    event_type: str | None = None
    event_description: str | None = None
    exception_code: str | None = None
    exception_description: str | None = None
    scan_location: _Address | None = None
    delay_detail: _Delay | None = None


class _Time(msgspec.Struct, rename="camel"):
    type: str | None = None
    date_time: str | None = None


class _Span(msgspec.Struct):
    begins: str | None = None
    ends: str | None = None


class _Window(msgspec.Struct):
    window: _Span | None = None


class Error(msgspec.Struct):
    """What FedEx says of a number, or of a call, that it does not answer."""

    code: str
    message: str = ""

    def __str__(self) -> str:
        return f"FedEx {self.code}: {self.message}"


class _Result(msgspec.Struct, rename="camel"):
    error: Error | None = None
    scan_events: list[msgspec.Raw] | None = None
    date_and_times: list[_Time] | None = None
    estimated_delivery_time_window: _Window | None = None
    shipper_information: _Party | None = None
    recipient_information: _Party | None = None


def read(parcel: ParcelRef, raw: bytes) -> list[Item]:
    """The scans out of the results for one number; none where FedEx does not know it (yet).

    FedEx gives a number out again, and then answers with both: the one scanned last is meant.
    Raises ValueError where FedEx cannot answer for it, with FedEx's words.
    """
    found = msgspec.json.decode(raw, type=list[_Result])
    good = [result for result in found if result.error is None]
    if good:
        return _story(parcel.tracking_number, max(good, key=_latest))
    for each in found:
        if each.error and not each.error.code.endswith(NOT_FOUND):
            raise ValueError(str(each.error))
    return []


def _latest(result: _Result) -> datetime:
    return max((instant(bytes(raw), _when) for raw in result.scan_events or ()), default=LONG_AGO)


def _when(raw: bytes) -> datetime | None:
    return moment(msgspec.json.decode(raw, type=_Scan).date)


def _story(number: str, result: _Result) -> list[Item]:
    origin = _country(result.shipper_information)
    destination = _country(result.recipient_information)
    parse = partial(_parse, number, origin, destination)
    return story(number, result.scan_events or (), parse, _estimate(result, destination))


def _parse(number: str, origin: str | None, destination: str | None, raw: bytes) -> TrackingEvent:
    event = msgspec.json.decode(raw, type=_Scan)
    place = event.scan_location or _Address()
    here = country_code(place.country_code)
    said = (event.event_description, event.exception_description)
    return scan(
        number,
        moment(event.date),
        _meaning(event).inside(here, origin, destination),
        text=" - ".join(dict.fromkeys(filter(None, said))),
        code="/".join(filter(None, (event.event_type, event.exception_code))),
        location=", ".join(filter(None, (place.city, place.state_or_province_code))),
        country=here,
        carrier="FedEx",
        raw=raw,
    )


def _meaning(event: _Scan) -> Meaning:
    meaning = meaning_of("syncd_fedex", (event.event_type or "").upper())
    if event.delay_detail and event.delay_detail.type == "WEATHER" and meaning.reason is None:
        return msgspec.structs.replace(meaning, reason=Reason.WEATHER)
    return meaning


def _country(party: _Party | None) -> str | None:
    return country_code(party.address.country_code) if party and party.address else None


def _estimate(result: _Result, country: str | None) -> Estimate | None:
    window = result.estimated_delivery_time_window
    span = (window and window.window) or _Span()
    dated = [t for t in result.date_and_times or () if t.type == "ESTIMATED_DELIVERY"]
    latest = moment(span.ends) or (moment(dated[0].date_time) if dated else None)
    earliest = moment(span.begins)
    return Estimate(earliest, latest, country) if earliest or latest else None
