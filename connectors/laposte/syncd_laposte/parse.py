"""From what La Poste answers to syncd's tracking events. Pure."""

from datetime import datetime, timedelta
from functools import partial

import msgspec

from syncd.connector.scans import Estimate, meaning_of, moment, scan, story
from syncd.model import Item, ParcelRef, TrackingEvent


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


class Answer(msgspec.Struct, frozen=True):
    """What La Poste says of one number."""

    returnCode: int | None = None  # noqa: N815
    idShip: str | None = None  # noqa: N815
    shipment: msgspec.Raw = msgspec.Raw()

    @property
    def known(self) -> bytes | None:
        """The shipment as it came; None where La Poste does not know the number (yet)."""
        raw = bytes(self.shipment)
        return None if raw in {b"", b"null"} else raw

    @property
    def told(self) -> bool:
        """Whether this is an answer at all: 504 says that La Poste's own systems were too slow."""
        return self.known is not None or (self.returnCode or 0) < 500

    @property
    def number(self) -> str:
        """The number that it is about."""
        try:
            inside = msgspec.json.decode(self.known or b"{}", type=_Named).idShip
        except msgspec.ValidationError:
            inside = None
        return inside or self.idShip or ""


class _Named(msgspec.Struct):
    idShip: str | None = None  # noqa: N815


def read(parcel: ParcelRef, raw: bytes) -> list[Item]:
    """Read one ``shipment``; the latest scan carries the estimate until the parcel is there.

    Raises msgspec.ValidationError where it is none; single events that cannot be read become
    `BadItem`.
    """
    shipment = msgspec.json.decode(raw, type=_Shipment)
    number = parcel.tracking_number
    return story(number, shipment.event or [], partial(_event, number), _estimate(shipment))


def _event(number: str, raw: bytes) -> TrackingEvent:
    event = msgspec.json.decode(raw, type=_Event)
    meaning = meaning_of("syncd_laposte", event.code)
    at = moment(event.date)
    return scan(number, at, meaning, text=event.label, raw=raw, code=event.code)


def _estimate(shipment: _Shipment) -> Estimate | None:
    """The hours where they are told, else the whole day: a date without hours is no minute."""
    if shipment.isFinal:
        return None
    earliest, latest = moment(shipment.estimHourMin), moment(shipment.estimHourMax)
    if earliest or latest:
        return Estimate(earliest, latest)
    return _whole(moment(shipment.estimDate))


def _whole(day: datetime | None) -> Estimate | None:
    """From the first to the last second of a day, on the clock that it is told by."""
    if day is None:
        return None
    begin = datetime(day.year, day.month, day.day, tzinfo=day.tzinfo)
    return Estimate(begin, begin + timedelta(days=1, seconds=-1))
