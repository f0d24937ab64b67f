"""From what AfterShip answers to syncd's tracking events. Pure."""

from collections.abc import Mapping
from datetime import datetime, time
from functools import cache, partial

import msgspec

from syncd.connector.scans import Estimate, Meaning, meanings, moment, rows, scan, story
from syncd.model import BadItem, Item, Leg, TrackingEvent


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


class Tracking(msgspec.Struct):
    """A number as AfterShip follows it, with one courier."""

    tracking_number: str
    id: str = ""
    tag: str | None = None
    active: bool | None = None
    updated_at: str | None = None
    checkpoints: list[msgspec.Raw] | None = None
    origin_country_region: str | None = None
    destination_country_region: str | None = None
    courier_destination_country_region: str | None = None
    courier_estimated_delivery_date: _Expected | None = None
    first_mile: _Courier | None = None
    last_mile: _Courier | None = None

    @property
    def stopped(self) -> bool:
        """Whether AfterShip has given up looking for news of it."""
        return self.active is False and self.tag == "Expired"

    @property
    def weight(self) -> tuple[bool, str]:
        """By which the better of two with the same number is found: it has scans, and newer ones."""
        return bool(self.checkpoints), self.updated_at or ""

    def items(self, number: str) -> list[Item]:
        """Its scans, oldest first; the latest carries the courier's own estimate."""
        origin = two_letters(self.origin_country_region)
        told = self.courier_destination_country_region or self.destination_country_region
        destination = two_letters(told)
        parse = partial(self._parse, number, origin, destination)
        estimate = _estimate(self.courier_estimated_delivery_date, destination)
        return story(number, self.checkpoints or (), parse, estimate)

    def _parse(
        self, number: str, origin: str | None, destination: str | None, raw: bytes
    ) -> TrackingEvent:
        said = msgspec.json.decode(raw, type=_Checkpoint)
        here = two_letters(said.country_region)
        meaning = _meaning(said).inside(here, origin, destination)
        if meaning.leg is None:
            meaning = msgspec.structs.replace(meaning, leg=self._leg(said.slug))
        place = said.location or ", ".join(filter(None, (said.city, said.state)))
        return scan(
            number,
            moment(said.checkpoint_time),
            meaning,
            text=said.message,
            code="/".join(filter(None, (said.subtag or said.tag, said.raw_tag))),
            location=place,
            country=here,
            carrier=said.slug,
            raw=raw,
        )

    def _leg(self, slug: str | None) -> Leg | None:
        """By whose scan it is, where two couriers share the way."""
        first = self.first_mile.slug if self.first_mile else None
        last = self.last_mile.slug if self.last_mile else None
        if slug is None or first == last:
            return None
        return {first: Leg.FIRST, last: Leg.LAST}.get(slug)


class Unreadable(msgspec.Struct):
    """A number that AfterShip follows, and writes of in another shape than it describes."""

    tracking_number: str
    error: str = ""
    raw: bytes = b""
    id: str = ""
    stopped: bool = False
    weight: tuple[bool, str] = (False, "")

    def items(self, number: str) -> list[Item]:
        """That it cannot be read."""
        return [BadItem(source_id=number, reason=self.error, raw=self.raw)]


class _Head(msgspec.Struct):
    tracking_number: str = ""


def read(raw: msgspec.Raw) -> Tracking | Unreadable:
    """One element of a list of trackings."""
    try:
        return msgspec.json.decode(raw, type=Tracking)
    except msgspec.ValidationError as error:
        number = msgspec.json.decode(raw, type=_Head, strict=False).tracking_number
        return Unreadable(number, str(error), bytes(raw))


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
