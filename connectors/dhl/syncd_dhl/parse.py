"""From what DHL answers to syncd's tracking events. Pure."""

from collections.abc import Sequence
from datetime import date
from functools import partial

import msgspec

from syncd.connector.scans import (
    Estimate,
    Meaning,
    country_code,
    meaning_of,
    meanings,
    moment,
    rows,
    scan,
    story,
)
from syncd.model import Item, ParcelRef, TrackingEvent


class _Address(msgspec.Struct):
    country: str | None = msgspec.field(default=None, name="countryCode")
    locality: str | None = msgspec.field(default=None, name="addressLocality")


class _Place(msgspec.Struct):
    address: _Address | None = None


class _Event(msgspec.Struct, rename="camel"):
    timestamp: str | None = None
    status_code: str | None = None
    status: str | None = None
    description: str | None = None
    remark: str | None = None
    location: _Place | None = None


class _Frame(msgspec.Struct, rename="camel"):
    estimated_from: str | None = None
    estimated_through: str | None = None


class _Shipment(msgspec.Struct, rename="camel"):
    service: str | None = None
    origin: _Place | None = None
    destination: _Place | None = None
    events: list[msgspec.Raw] | None = None
    estimated_time_of_delivery: str | None = None
    estimated_delivery_time_frame: _Frame | None = None


class _Answer(msgspec.Struct):
    shipments: list[_Shipment] = []


def read(parcel: ParcelRef, raw: bytes) -> list[Item]:
    """A parcel's scans out of one answer.

    Raises ValueError where several of DHL's divisions know the number.
    """
    answer = msgspec.json.decode(raw, type=_Answer)
    if not answer.shipments:
        raise ValueError("DHL: no shipment in the answer")
    shipment = _the_one(answer.shipments, parcel)
    origin, destination = _country(shipment.origin), _country(shipment.destination)
    number, estimate = parcel.tracking_number, _estimate(shipment, destination)
    parse = partial(_parse, number, shipment.service, (origin, destination))
    return story(number, shipment.events or (), parse, estimate)


def service_of(carrier: str | None) -> str | None:
    """The division that a carrier's name means, where it leaves no doubt."""
    words = " ".join((carrier or "").lower().replace("-", " ").split())
    return next((row["service"] for row in _SERVICES if row["name"] == words), None)


_SERVICES = rows("syncd_dhl", "services.csv")


def _the_one(shipments: Sequence[_Shipment], parcel: ParcelRef) -> _Shipment:
    """Without a service, DHL's divisions answer side by side for a number both have given out."""
    for alike in (shipments, _going_to(parcel.destination_country, shipments)):
        if len(alike) == 1:
            return alike[0]
    services = ", ".join(sorted({shipment.service or "?" for shipment in shipments}))
    raise ValueError(f"several divisions of DHL know this number ({services}): set service")


def _going_to(country: str | None, shipments: Sequence[_Shipment]) -> Sequence[_Shipment]:
    return [one for one in shipments if country and _country(one.destination) == country]


def _parse(
    number: str, service: str | None, route: tuple[str | None, str | None], raw: bytes
) -> TrackingEvent:
    event = msgspec.json.decode(raw, type=_Event)
    here = _country(event.location)
    address = event.location and event.location.address
    return scan(
        number,
        moment(event.timestamp),
        _meaning(event, service).inside(here, *route),
        text=" - ".join(dict.fromkeys(filter(None, (_words(event), event.remark)))),
        code=_code(event),
        location=address.locality if address else None,
        country=here,
        carrier="DHL",
        raw=raw,
    )


def _meaning(event: _Event, service: str | None) -> Meaning:
    express = meanings("syncd_dhl", "express.csv") if service == "express" else {}
    known = express.get((event.status or "").upper())
    return known or meaning_of("syncd_dhl", event.status_code)


def _code(event: _Event) -> str | None:
    """The status code, and behind it the division's own code where there is one."""
    own = event.status if event.status and len(event.status) <= 3 else None
    return "/".join(filter(None, (event.status_code, own))) or None


def _words(event: _Event) -> str | None:
    return event.description or event.status


def _country(place: _Place | None) -> str | None:
    return country_code(place.address.country) if place and place.address else None


def _estimate(shipment: _Shipment, country: str | None) -> Estimate:
    frame = shipment.estimated_delivery_time_frame or _Frame()
    said = shipment.estimated_time_of_delivery
    day = _mere_day(said)
    if day is not None and frame == _Frame():
        return Estimate.day(day, country)
    latest = moment(frame.estimated_through) or moment(said)
    return Estimate(moment(frame.estimated_from), latest, country)


def _mere_day(said: str | None) -> date | None:
    """The day, where no time is told with it."""
    at = moment(said)
    return at.date() if at and len(said or "") == len("2026-11-02") else None
