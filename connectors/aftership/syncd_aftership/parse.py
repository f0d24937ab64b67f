"""From what AfterShip answers to syncd's tracking events. Pure."""

from collections.abc import Mapping
from datetime import datetime, time
from functools import cache, partial
from typing import Any

import msgspec

from syncd.connector.scans import Estimate, Meaning, meanings, moment, rows, scan, story
from syncd.model import Item, Leg, ParcelRef, TrackingEvent


class _Courier(msgspec.Struct):
    slug: str | None = None


class _Expected(msgspec.Struct):
    date: str | None = msgspec.field(default=None, name="estimated_delivery_date")
    earliest: str | None = msgspec.field(default=None, name="estimated_delivery_date_min")
    latest: str | None = msgspec.field(default=None, name="estimated_delivery_date_max")


class _Checkpoint(msgspec.Struct):
    checkpoint_time: str | None = None
    message: str | None = None
    tag: str | None = None
    subtag: str | None = None
    raw_tag: str | None = None
    slug: str | None = None
    location: str | None = None
    city: str | None = None
    state: str | None = None
    country_region: str | None = None


class Tracked(msgspec.Struct):
    """How a number stands that AfterShip follows, with one courier; the rest of it may be odd."""

    tracking_number: str = ""
    id: str = ""
    tag: Any = None
    active: Any = None
    updated_at: Any = None
    checkpoints: Any = None
    raw: bytes = b""
    """It as a whole, for `read`."""

    @property
    def stopped(self) -> bool:
        """Whether AfterShip has given up looking for news of it."""
        return self.active is False and self.tag == "Expired"

    @property
    def weight(self) -> tuple[bool, str]:
        """By which the better of two with one number is found: it has scans, and newer ones."""
        return bool(self.checkpoints), str(self.updated_at or "")


def tracked(raw: msgspec.Raw) -> Tracked:
    """One element of a list of trackings; without a number where it is none."""
    try:
        head = msgspec.json.decode(raw, type=Tracked, strict=False)
    except msgspec.ValidationError:
        head = Tracked()
    return msgspec.structs.replace(head, raw=bytes(raw))


class _Way(msgspec.Struct):
    checkpoints: list[msgspec.Raw] | None = None
    origin_country_region: str | None = None
    destination_country_region: str | None = None
    courier_destination_country_region: str | None = None
    courier_estimated_delivery_date: _Expected | None = None
    first_mile: _Courier | None = None
    last_mile: _Courier | None = None

    @property
    def ends(self) -> tuple[str | None, str | None]:
        """The countries in which it begins and ends."""
        told = self.courier_destination_country_region or self.destination_country_region
        return two_letters(self.origin_country_region), two_letters(told)

    def leg(self, slug: str | None) -> Leg | None:
        """By whose scan it is, where two couriers share the way."""
        first = self.first_mile.slug if self.first_mile else None
        last = self.last_mile.slug if self.last_mile else None
        if slug is None or first == last:
            return None
        return {first: Leg.FIRST, last: Leg.LAST}.get(slug)


def read(parcel: ParcelRef, raw: bytes) -> list[Item]:
    """The scans out of a tracking, oldest first; the latest carries the courier's own estimate."""
    way, number = msgspec.json.decode(raw, type=_Way), parcel.tracking_number
    estimate = _estimate(way.courier_estimated_delivery_date, way.ends[1])
    return story(number, way.checkpoints or (), partial(_parse, number, way), estimate)


def _parse(number: str, way: _Way, raw: bytes) -> TrackingEvent:
    said = msgspec.json.decode(raw, type=_Checkpoint)
    here = two_letters(said.country_region)
    meaning = _meaning(said).inside(here, *way.ends)
    if meaning.leg is None:
        meaning = msgspec.structs.replace(meaning, leg=way.leg(said.slug))
    return scan(
        number,
        moment(said.checkpoint_time),
        meaning,
        text=said.message,
        code="/".join(filter(None, (said.subtag or said.tag, said.raw_tag))),
        location=said.location or ", ".join(filter(None, (said.city, said.state))),
        country=here,
        carrier=said.slug,
        raw=raw,
    )


def _meaning(said: _Checkpoint) -> Meaning:
    known = meanings("syncd_aftership")
    return known.get(said.subtag or "") or known.get(said.tag or "") or Meaning()


def _estimate(said: _Expected | None, country: str | None) -> Estimate | None:
    if said is None:
        return None
    earliest = _edge(said.earliest or said.date, time.min)
    latest = _edge(said.latest or said.date, time(23, 59, 59))
    return Estimate(None if earliest == latest else earliest, latest, country)


def _edge(said: str | None, clock: time) -> datetime | None:
    """A time as it was said, or of a mere day the first or last second."""
    at = moment(said)
    if at is None or len(said or "") > len("2026-11-02"):
        return at
    return datetime.combine(at.date(), clock)


@cache
def _countries() -> Mapping[str, str]:
    return {row["three"]: row["two"] for row in rows("syncd_aftership", "countries.csv")}


def two_letters(country: str | None) -> str | None:
    """ISO 3166-1 alpha-2 for alpha-3, None where it is neither."""
    return _countries().get((country or "").upper())


def three_letters(country: str | None) -> str | None:
    """ISO 3166-1 alpha-3 for alpha-2, None where it is neither."""
    code = (country or "").upper()
    return next((three for three, two in _countries().items() if two == code), None)
