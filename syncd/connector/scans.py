"""What connectors that read carriers' scans have in common: code tables, clocks, order. Pure."""

import csv
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from importlib.resources import files

import msgspec

from syncd.connector.entities import unescape
from syncd.connector.parsing import parse_each
from syncd.model import (
    STAGES,
    Item,
    Leg,
    Milestone,
    OffsetSource,
    Reason,
    TrackingEvent,
    Window,
    event_fingerprint,
)

LONG_AGO = datetime.min.replace(tzinfo=UTC)
_TAG = re.compile(r"<[^<>]*>")
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>[0-9]{1,2}):?(?P<minutes>[0-9]{2})")
_END_OF_DAY = time(23, 59, 59)
_WAITS = frozenset({Milestone.READY_FOR_PICKUP, Milestone.ATTEMPT_FAILED})


class Meaning(msgspec.Struct, frozen=True):
    """What a carrier's code says of a parcel; as it is made, nothing."""

    milestone: Milestone = Milestone.UNKNOWN
    at_origin: Milestone | None = None
    """The milestone instead where it happens in the sender's country and not in the recipient's."""
    reason: Reason | None = None
    leg: Leg | None = None

    def inside(self, here: str | None, origin: str | None, destination: str | None) -> "Meaning":
        """What it means in the country `here` on the way between two others."""
        at_origin = here is not None and here == origin != destination
        return Meaning(
            (self.at_origin if at_origin else None) or self.milestone, None, self.reason, self.leg
        )


class Estimate(msgspec.Struct, frozen=True):
    """What the carrier expects to be when: aware, or on the recipient's clock."""

    earliest: datetime | None = None
    latest: datetime | None = None
    country: str | None = None
    """The recipient's, as ISO 3166-1 alpha-2."""

    @classmethod
    def day(cls, said: date, country: str | None) -> "Estimate":
        """Some time on a day of the recipient's calendar."""
        return cls(datetime.combine(said, time.min), datetime.combine(said, _END_OF_DAY), country)


def rows(package: str, name: str) -> list[dict[str, str]]:
    """A table of a connector's folder ``data``, without its comments."""
    text = (files(package) / "data" / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return list(csv.DictReader(lines))


@cache
def meanings(package: str, name: str = "statuses.csv") -> Mapping[str, Meaning]:
    """A table of codes with the columns code, milestone, reason, leg and perhaps at_origin."""
    return {row["code"]: meaning(row) for row in rows(package, name)}


def meaning_of(package: str, code: str | None, name: str = "statuses.csv") -> Meaning:
    """What a table says of a code; nothing where it is not in it, or there is no code."""
    return meanings(package, name).get(code or "", Meaning())


def meaning(row: Mapping[str, str]) -> Meaning:
    """What a row of a table of codes says."""
    return Meaning(
        Milestone(row["milestone"]),
        Milestone(row["at_origin"]) if row.get("at_origin") else None,
        Reason(row["reason"]) if row["reason"] else None,
        Leg(row["leg"]) if row["leg"] else None,
    )


def moment(said: str | None) -> datetime | None:
    """An ISO 8601 time as it was written, aware only where that tells an offset."""
    try:
        return datetime.fromisoformat(said) if said else None
    except ValueError:
        return None


def with_offset(local: datetime, said: str | None) -> datetime:
    """A wall clock with the offset that a carrier writes beside it (``-05:00``, ``-7:00``)."""
    match = _OFFSET.fullmatch(said.strip()) if said else None
    if match is None:
        return local
    minutes = int(match["hours"]) * 60 + int(match["minutes"])
    offset = timedelta(minutes=-minutes if match["sign"] == "-" else minutes)
    return local.replace(tzinfo=timezone(offset)) if abs(offset) < timedelta(days=1) else local


def plain(text: str | None) -> str:
    """A carrier's words without the mark-up that some put into them."""
    return " ".join(unescape(_TAG.sub("", text or "")).split())


def compact(number: str) -> str:
    """A number in capitals and without the blanks that shops put into it."""
    return "".join(number.split()).upper()


def country_code(said: str | None) -> str | None:
    """An ISO 3166-1 alpha-2 code in capitals, or None where it is something else."""
    code = (said or "").strip().upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


def scan(
    number: str,
    at: datetime | None,
    meaning: Meaning,
    *,
    text: str | None,
    raw: bytes,
    code: str | None = None,
    location: str | None = None,
    country: str | None = None,
    carrier: str | None = None,
) -> TrackingEvent:
    """One scan of a source without ids; an aware `at` has the offset that the carrier wrote.

    Its id is made without the code, so that a corrected one is an edit and no second scan. Raises
    ValueError where there is no time.
    """
    if at is None:
        raise ValueError("the scan has no time that can be read")
    local, said, place = at.replace(tzinfo=None), plain(text), plain(location) or None
    offset = at.utcoffset()
    return TrackingEvent(
        source_id=event_fingerprint(number, local, f"{said}\x1f{place or ''}"),
        tracking_number=number,
        occurred_local=local,
        utc_offset_minutes=None if offset is None else int(offset.total_seconds() // 60),
        offset_source=None if offset is None else OffsetSource.CARRIER,
        milestone=meaning.milestone,
        reason=meaning.reason,
        leg=meaning.leg,
        text=said,
        code=code or None,
        carrier=carrier,
        location=place,
        country=country,
        raw=raw,
    )


When = Callable[[bytes], datetime | None]
"""Reads the time out of a scan's payload; may raise msgspec.ValidationError."""


def by_status(
    raws: Iterable[msgspec.Raw], when: When, status: Meaning
) -> Callable[[bytes], Meaning]:
    """What a scan means whose own code says nothing, for carriers whose parcel has a status too.

    The status is what the latest scan means, which is the first of those with equal times.
    """
    latest = max(map(bytes, raws), key=lambda raw: instant(raw, when), default=b"")
    return lambda raw: status if raw == latest else Meaning()


def instant(raw: bytes, when: When) -> datetime:
    """A scan's time to compare by: as UTC without an offset, before all others if unreadable."""
    try:
        at = when(raw)
    except msgspec.ValidationError:
        at = None
    if at is None:
        return LONG_AGO
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def story(
    number: str,
    raws: Iterable[msgspec.Raw],
    parse: Callable[[bytes], Item],
    estimate: Estimate | None = None,
    kept: Estimate | None = None,
) -> list[Item]:
    """A parcel's scans, oldest first, each once; the latest carries the carrier's estimate.

    `kept` is until when the parcel waits to be fetched; it goes to the latest scan if that says
    that the parcel waits. One that `parse` fails at becomes a `BadItem`. What has no offset is read
    on the clock of the latest scan in the recipient's country, and left out where there is none.
    """

    def describe(raw: bytes) -> tuple[str, bytes]:
        return f"{number}-{hashlib.blake2b(raw, digest_size=8).hexdigest()}", raw

    parsed = parse_each((bytes(raw) for raw in raws), parse, describe)
    items = oldest_first(parsed)
    latest = items[-1] if items else None
    if isinstance(latest, TrackingEvent):
        until = _window(kept, items) if latest.milestone in _WAITS else None
        items[-1] = msgspec.structs.replace(
            latest, eta=_window(estimate, items), pickup_by=until and until.latest
        )
    return items


def oldest_first(items: Iterable[Item]) -> list[Item]:
    """Each item once, by the instant as far as it is known, whatever order the answer had.

    Of scans of one instant the one that is further on the way comes later.
    """
    return sorted({item.source_id: item for item in items}.values(), key=_order)


def _order(item: Item) -> tuple[datetime, int, str]:
    if not isinstance(item, TrackingEvent):
        return datetime.min, 0, item.source_id  # noqa: DTZ901  before everything that has a time
    at = item.occurred_local - timedelta(minutes=item.utc_offset_minutes or 0)
    return at, STAGES[item.milestone], item.source_id


def _window(told: Estimate | None, items: list[Item]) -> Window | None:
    if told is None:
        return None
    offset = _clock_in(told.country, items)
    window = Window(earliest=_aware(told.earliest, offset), latest=_aware(told.latest, offset))
    return window if window.earliest or window.latest else None


def _clock_in(country: str | None, items: list[Item]) -> timezone | None:
    for item in reversed(items):
        if not isinstance(item, TrackingEvent) or item.utc_offset_minutes is None:
            continue
        if country is not None and item.country == country:
            return timezone(timedelta(minutes=item.utc_offset_minutes))
    return None


def _aware(at: datetime | None, offset: timezone | None) -> datetime | None:
    if at is None or at.tzinfo is not None:
        return at
    return None if offset is None else at.replace(tzinfo=offset)
