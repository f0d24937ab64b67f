"""From what La Poste answers to syncd's tracking events. Pure."""

from datetime import datetime, timedelta

import msgspec

from syncd.connector.scans import Estimate, Meaning, meanings, moment, scan, story
from syncd.model import Item, TrackingEvent


class _Event(msgspec.Struct):
    code: str = ""
    date: str | None = None
    label: str | None = None


class _Shipment(msgspec.Struct):
    event: list[msgspec.Raw] | None = None
    isFinal: bool | None = None  # noqa: N815  La Poste's name
    estimDate: str | None = None  # noqa: N815
    estimHourMin: str | None = None  # noqa: N815
    estimHourMax: str | None = None  # noqa: N815


def scans(number: str, raw: bytes) -> list[Item]:
    """Read one ``shipment``; the latest scan carries the estimate until the parcel is there.

    Raises msgspec.ValidationError where it is none; single events that cannot be read become
    `BadItem`.
    """
    shipment = msgspec.json.decode(raw, type=_Shipment)

    def event(said: bytes) -> TrackingEvent:
        return _event(number, said)

    return story(number, shipment.event or [], event, _estimate(shipment))


def _event(number: str, raw: bytes) -> TrackingEvent:
    event = msgspec.json.decode(raw, type=_Event)
    meaning = meanings("syncd_laposte").get(event.code, Meaning())
    at = moment(event.date)
    return scan(number, at, meaning, text=event.label, raw=raw, code=event.code)


def _estimate(shipment: _Shipment) -> Estimate | None:
    """The hours where they are told, else the whole day: a date without hours is no minute."""
    earliest, latest = moment(shipment.estimHourMin), moment(shipment.estimHourMax)
    day = moment(shipment.estimDate)
    if shipment.isFinal or not (earliest or latest or day):
        return None
    if day is not None and not (earliest or latest):
        earliest = datetime(day.year, day.month, day.day, tzinfo=day.tzinfo)
        latest = earliest + timedelta(days=1, seconds=-1)
    return Estimate(earliest, latest)
