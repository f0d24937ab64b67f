"""From what UPS answers to syncd's tracking events. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from functools import partial

import msgspec

from syncd.connector.scans import (
    Estimate,
    Meaning,
    compact,
    country_code,
    meaning_of,
    meanings,
    scan,
    story,
    with_offset,
)
from syncd.model import Item, Milestone, ParcelRef, TrackingEvent


class _Address(msgspec.Struct, rename="camel"):
    city: str | None = None
    state_province: str | None = None
    country: str | None = None
    country_code: str | None = None


class _Place(msgspec.Struct):
    address: _Address | None = None
    type: str | None = None


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    type: str | None = None
    code: str | None = None
    status_code: str | None = None
    description: str | None = None


class _Activity(msgspec.Struct, rename="camel"):
    date: str | None = None
    time: str | None = None
    gmt_offset: str | None = None
    status: _Status = _Status()
    location: _Place | None = None


class _Date(msgspec.Struct):
    type: str | None = None
    date: str | None = None


class _Hours(msgspec.Struct, rename="camel"):
    type: str | None = None
    start_time: str | None = None
    end_time: str | None = None


class _AccessPoint(msgspec.Struct, rename="camel"):
    pickup_by_date: str | None = None


class _Package(msgspec.Struct, rename="camel"):
    tracking_number: str | None = None
    activity: list[msgspec.Raw] | None = None
    delivery_date: list[_Date] | None = None
    delivery_time: _Hours | None = None
    package_address: list[_Place] | None = None
    access_point_information: _AccessPoint | None = None


class _Shipment(msgspec.Struct):
    package: list[_Package] | None = None


class _Track(msgspec.Struct):
    shipment: list[_Shipment] | None = None


class _Answer(msgspec.Struct, rename="camel"):
    track_response: _Track | None = None


class _Way(msgspec.Struct, frozen=True):
    origin: str | None
    destination: str | None
    delivered: bool


def read(parcel: ParcelRef, raw: bytes) -> list[Item]:
    """A parcel's scans out of one answer; none where UPS has none yet (warning TW0001).

    Raises ValueError where the answer is not about this parcel.
    """
    answer = msgspec.json.decode(raw, type=_Answer)
    if answer.track_response is None:
        raise ValueError("UPS: no trackResponse in the answer")
    package = _package(answer.track_response, parcel.tracking_number)
    if package is None:
        return []
    dates = {each.type: each.date for each in package.delivery_date or ()}
    way = _Way(_side(package, "ORIGIN"), _side(package, "DESTINATION"), bool(dates.get("DEL")))
    parse = partial(_parse, parcel.tracking_number, way)
    estimate = _estimate(dates, package.delivery_time, way.destination)
    kept = _kept(package.access_point_information, way.destination)
    return story(parcel.tracking_number, package.activity or (), parse, estimate, kept)


def _package(track: _Track, number: str) -> _Package | None:
    """The one asked about: a shipment of several pieces holds the others too."""
    packages, asked = list(_packages(track)), compact(number)
    same = [p for p in packages if compact(p.tracking_number or "") == asked]
    if same or len(packages) <= 1:
        return next(iter(same or packages), None)
    raise ValueError("UPS: several packages in the answer, and none of them with this number")


def _packages(track: _Track) -> Iterator[_Package]:
    for shipment in track.shipment or ():
        yield from shipment.package or ()


def _side(package: _Package, type_: str) -> str | None:
    places = [place.address for place in package.package_address or () if place.type == type_]
    return _country(places[0]) if places else None


def _country(address: _Address | None) -> str | None:
    return country_code(address.country_code or address.country) if address else None


def _parse(number: str, way: _Way, raw: bytes) -> TrackingEvent:
    activity = msgspec.json.decode(raw, type=_Activity)
    address = activity.location.address if activity.location else None
    place = (address.city, address.state_province) if address else ()
    here, status = _country(address), activity.status
    return scan(
        number,
        when(activity),
        _meaning(status, delivered=way.delivered).inside(here, way.origin, way.destination),
        text=status.description,
        code="/".join(filter(None, (status.type, status.code, status.status_code))),
        location=", ".join(filter(None, place)),
        country=here,
        carrier="UPS",
        raw=raw,
    )


def _meaning(status: _Status, *, delivered: bool) -> Meaning:
    known = meanings("syncd_ups").get(status.status_code or "")
    by_type = meaning_of("syncd_ups", status.type, "types.csv")
    if known is None and status.type == "D" and delivered:
        return Meaning(Milestone.DELIVERED, None, None, by_type.leg)
    return known or by_type


def when(activity: _Activity) -> datetime | None:
    """The local clock, aware where UPS writes its offset."""
    local = _clock(activity.date, activity.time)
    return with_offset(local, activity.gmt_offset) if local else None


def _clock(day: str | None, hours: str | None) -> datetime | None:
    """Out of YYYYMMDD and HHMMSS, whose first zero may be missing; midnight without a time."""
    try:
        return datetime.strptime(f"{day}{(hours or '').zfill(6)}", "%Y%m%d%H%M%S")  # noqa: DTZ007  a wall clock
    except ValueError:
        return None


# Kinds of times that are windows of the delivery.
_WINDOWS = frozenset({"EDW", "CDW", "IDW", "CMT"})


def _estimate(
    dates: Mapping[str | None, str | None], hours: _Hours | None, country: str | None
) -> Estimate | None:
    """The rescheduled delivery, else the scheduled one, in the window that UPS tells."""
    day = _clock(dates.get("RDD") or dates.get("SDD"), None)
    if day is None:
        return None
    whole = Estimate.day(day.date(), country)
    return whole if hours is None or hours.type not in _WINDOWS else _within(whole, day, hours)


def _within(whole: Estimate, day: datetime, hours: _Hours) -> Estimate:
    """The hours of a day, as far as they are told."""
    start, end = _hour(hours.start_time), _hour(hours.end_time)
    return Estimate(
        datetime.combine(day, start) if start else whole.earliest,
        datetime.combine(day, end) if end else whole.latest,
        whole.country,
    )


def _kept(point: _AccessPoint | None, country: str | None) -> Estimate | None:
    day = _clock(point.pickup_by_date, None) if point else None
    return Estimate.day(day.date(), country) if day else None


def _hour(said: str | None) -> time | None:
    clock = _clock("20000101", said) if said else None
    return clock.time() if clock else None
