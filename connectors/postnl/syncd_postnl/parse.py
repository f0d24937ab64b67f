"""From what PostNL answers to syncd's tracking events. Pure."""

from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from syncd.connector.scans import compact, meaning_of, moment, scan, story
from syncd.model import Item, ParcelRef, TrackingEvent


class _Shipment(msgspec.Struct):
    """The parts of a shipment that count; an empty one is written ``{}`` instead of a list."""

    Barcode: Any = None
    MainBarcode: Any = None
    Event: Any = None
    Status: Any = None
    OldStatus: Any = None


class _Status(msgspec.Struct):
    Shipment: Any = None


class Answer(msgspec.Struct):
    """What comes of a number; without a shipment PostNL does not know it (yet)."""

    CompleteStatus: _Status | None = None
    CurrentStatus: _Status | None = None


def read(parcel: ParcelRef, raw: bytes) -> list[Item]:
    """The events of one parcel, or where there are none its statuses.

    Raises ValueError where the answer is about other parcels only; single events that cannot be
    read become `BadItem`.
    """
    answer = msgspec.json.decode(raw, type=Answer)
    said = answer.CompleteStatus or answer.CurrentStatus or _Status()
    shipments = [msgspec.convert(each, type=_Shipment) for each in _several(said.Shipment)]
    number = compact(parcel.tracking_number)
    ours = [one for one in shipments if number in {_text(one.Barcode), _text(one.MainBarcode)}]
    if shipments and not ours:
        raise ValueError("the answer is about other parcels")
    ours = [one for one in ours if _text(one.Barcode) == number] or ours
    entries = [entry for one in ours for entry in _entries(one)]
    return story(parcel.tracking_number, entries, partial(_event, parcel.tracking_number))


def _entries(shipment: _Shipment) -> list[msgspec.Raw]:
    events = _several(shipment.Event)
    entries = events or _several(shipment.Status) + _several(shipment.OldStatus)
    return [msgspec.Raw(msgspec.json.encode(entry)) for entry in entries]


def _event(number: str, raw: bytes) -> TrackingEvent:
    entry = msgspec.json.decode(raw, type=dict[str, Any])
    status = _text(entry.get("StatusCode")).lstrip("0")
    code = _text(entry.get("Code")) or status
    table = "statuses.csv" if status else "events.csv"
    text = _text(entry.get("Description")) or _text(entry.get("StatusDescription"))
    meaning = meaning_of("syncd_postnl", code, table)
    return scan(number, when(_text(entry.get("TimeStamp"))), meaning, text=text, raw=raw, code=code)


def when(said: str) -> datetime | None:
    """PostNL's wall clock, day first; it tells no zone."""
    try:
        return datetime.strptime(said, "%d-%m-%Y %H:%M:%S")  # noqa: DTZ007  it tells no zone
    except ValueError:
        return moment(said)


def _several(said: Any) -> list[Any]:
    """A list; one value alone, or nothing, come without one."""
    if isinstance(said, list):
        return said
    return [said] if isinstance(said, dict) and said else []


def _text(said: Any) -> str:
    """Empty texts come as ``{}``, as an object or in quotes."""
    return said.strip() if isinstance(said, str) and said != "{}" else ""
