"""From what 17TRACK answers to syncd's tracking events. Pure."""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache

import msgspec

from syncd.connector import NOT_JSON, parse_each
from syncd.connector.scans import (
    Meaning,
    country_code,
    meaning,
    moment,
    oldest_first,
    rows,
    scan,
)
from syncd.model import (
    BadItem,
    Item,
    Milestone,
    OffsetSource,
    TrackingEvent,
    Window,
)


class _Place(msgspec.Struct):
    country: str | None = None
    state: str | None = None
    city: str | None = None


class _RawTime(msgspec.Struct):
    date: str | None = None
    time: str | None = None
    timezone: str | None = None


class _Event(msgspec.Struct):
    time_iso: str | None = None
    time_utc: str | None = None
    time_raw: _RawTime | None = None
    description: str | None = None
    location: str | None = None
    stage: str | None = None
    sub_status: str | None = None
    address: _Place | None = None


class _Carrier(msgspec.Struct):
    name: str | None = None


class _Provider(msgspec.Struct):
    provider: _Carrier | None = None
    events: list[msgspec.Raw] | None = None


class _Tracking(msgspec.Struct):
    providers: list[_Provider] | None = None


class _Estimate(msgspec.Struct):
    earliest: str | None = msgspec.field(default=None, name="from")
    latest: str | None = msgspec.field(default=None, name="to")


class _Metrics(msgspec.Struct):
    estimated_delivery_date: _Estimate | None = None


class _Status(msgspec.Struct):
    status: str | None = None


class _Route(msgspec.Struct):
    shipper_address: _Place | None = None
    recipient_address: _Place | None = None


class _TrackInfo(msgspec.Struct):
    shipping_info: _Route | None = None
    latest_status: _Status | None = None
    time_metrics: _Metrics | None = None
    tracking: _Tracking | None = None


class _Parcel(msgspec.Struct):
    track_info: _TrackInfo | None = None


class Sighting(msgspec.Struct, frozen=True):
    """What 17TRACK knows of a parcel now."""

    items: tuple[Item, ...]
    """Its events, oldest first, each once; the latest carries the carrier's estimate."""
    status: str = ""
    """17TRACK's main status, such as ``InTransit`` or ``Expired``."""
    readable: bool = True
    """False where the answer as a whole is not what 17TRACK describes."""


class _Scan(msgspec.Struct, frozen=True):
    """An event's payload with what its surroundings tell of it."""

    number: str
    carrier: str | None
    route: _Route
    raw: bytes


def sighting(number: str, raw: bytes) -> Sighting:
    """Read one element of ``accepted``; what cannot be read becomes a `BadItem`."""
    try:
        info = msgspec.json.decode(raw, type=_Parcel).track_info or _TrackInfo()
    except NOT_JSON as error:
        bad = BadItem(source_id=_odd_id(number, raw), reason=str(error), raw=raw)
        return Sighting((bad,), readable=False)
    items = oldest_first(parse_each(_scans(number, info), _parse, _describe))
    status = (info.latest_status and info.latest_status.status) or ""
    return Sighting(_with_estimate(items, _estimate(info)), status)


def _scans(number: str, info: _TrackInfo) -> Iterator[_Scan]:
    for provider in (info.tracking and info.tracking.providers) or []:
        name = provider.provider.name if provider.provider else None
        for event in provider.events or []:
            yield _Scan(number, name, info.shipping_info or _Route(), bytes(event))


def _describe(one: _Scan) -> tuple[str, bytes]:
    return _odd_id(one.number, one.raw), one.raw


def _odd_id(number: str, raw: bytes) -> str:
    return f"{number}-{hashlib.blake2b(raw, digest_size=8).hexdigest()}"


def _parse(one: _Scan) -> tuple[TrackingEvent, ...]:
    event = msgspec.json.decode(one.raw, type=_Event)
    meant = _meaning(event)
    if meant is None:
        return ()
    local, offset, source = when(event)
    made = scan(
        one.number,
        local,
        meant.inside(
            _country(event.address),
            _country(one.route.shipper_address),
            _country(one.route.recipient_address),
        ),
        text=event.description,
        code=event.sub_status or event.stage,
        location=_location(event),
        country=_country(event.address),
        carrier=one.carrier,
        raw=one.raw,
    )
    return (msgspec.structs.replace(made, utc_offset_minutes=offset, offset_source=source),)


def _location(event: _Event) -> str | None:
    place = event.address or _Place()
    return event.location or ", ".join(filter(None, (place.city, place.state))) or None


def _country(place: _Place | None) -> str | None:
    return country_code(place.country) if place else None


def when(event: _Event) -> tuple[datetime, int | None, OffsetSource | None]:
    """The wall clock as the carrier wrote it, its offset in minutes, and who says so.

    ``time_raw`` is the carrier's own writing. An offset only in ``time_iso`` was added by 17TRACK,
    which is known to guess it wrongly (one offset for all scans of an international parcel), so
    it counts as assumed. Raises ValueError where there is no time at all.
    """
    told = moment(event.time_iso or event.time_utc)
    local, offset = _raw_clock(event.time_raw)
    if local is not None and offset is not None:
        return local, offset, OffsetSource.CARRIER
    if local is not None and (told is None or _wall(told) != local):
        return local, None, None
    if told is None:
        raise ValueError("the event has no time")
    added = _minutes(told)
    return _wall(told), added, None if added is None else OffsetSource.ASSUMED


def _raw_clock(raw: _RawTime | None) -> tuple[datetime | None, int | None]:
    clock = moment(f"{raw.date}T{raw.time or '00:00:00'}") if raw and raw.date else None
    if raw is None or clock is None:
        return None, None
    zoned = moment(f"{clock.isoformat()}{raw.timezone}") if raw.timezone else None
    return _wall(clock), _minutes(zoned or clock)


def _wall(at: datetime) -> datetime:
    return at.replace(tzinfo=None)


def _minutes(at: datetime) -> int | None:
    offset = at.utcoffset()
    return None if offset is None else int(offset.total_seconds() // 60)


def _estimate(info: _TrackInfo) -> Window | None:
    said = info.time_metrics and info.time_metrics.estimated_delivery_date
    if not said:
        return None
    window = Window(earliest=_aware(said.earliest), latest=_aware(said.latest))
    return window if window.earliest or window.latest else None


def _aware(text: str | None) -> datetime | None:
    at = moment(text)
    return at if at is not None and at.tzinfo is not None else None


def _with_estimate(items: list[Item], eta: Window | None) -> tuple[Item, ...]:
    if not items or not isinstance(items[-1], TrackingEvent):
        return tuple(items)
    return (*items[:-1], msgspec.structs.replace(items[-1], eta=eta))


def _meaning(event: _Event) -> Meaning | None:
    """The status first, then the key stage, then the status without its undocumented ending.

    None where that is no scan of the parcel.
    """
    sub, stage = event.sub_status or "", event.stage or ""
    said = _by_words(sub, (event.description or "").strip())
    if said is not None:
        return Meaning(said)
    known = statuses()
    codes = (sub, stage, sub.partition("_")[0], stage.partition("_")[0])
    return next((known[code] for code in codes if code in known), Meaning())


def _by_words(sub: str, text: str) -> Milestone | None:
    for code, pattern, milestone in texts():
        if code == sub and pattern.fullmatch(text):
            return milestone
    return None


@cache
def statuses() -> dict[str, Meaning | None]:
    """What each status, sub-status and key stage means; None where it is no scan."""
    return {
        row["code"]: None if row["milestone"] == "-" else meaning(row)
        for row in rows("syncd_seventeentrack", "statuses.csv")
    }


@cache
def texts() -> tuple[tuple[str, re.Pattern[str], Milestone], ...]:
    """Wordings that overrule a status."""
    return tuple(
        (row["code"], re.compile(row["text"], re.IGNORECASE), Milestone(row["milestone"]))
        for row in rows("syncd_seventeentrack", "texts.csv")
    )
