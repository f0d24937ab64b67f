"""Reading after-sales lists that can only be asked for by the time at which a case was opened.

So a list is read again from the oldest case that is still open, or was opened lately, and only what
reads otherwise than before is given. Spans of time take the place of pages: eBay's references do
not agree on whether an offset counts pages or entries.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from syncd.connector import parse_each
from syncd.connector.paging import endless
from syncd.model import BadItem, Case, CaseStatus, Item
from syncd_ebay.cases import Kind

Span = tuple[datetime, datetime]
Found = tuple[list[bytes], bool]
"""The cases opened in a span, and whether those were all."""
Fetch = Callable[[Kind, datetime, datetime], Found]

# A case that has just been closed may still change: a refund is made, an appeal is lodged.
LATELY = timedelta(days=30)
# "Cannot be set back more than 18 months"; a week less, so that month lengths do not matter.
OLDEST = timedelta(days=540)
# The longest span of payment disputes is 90 days. Cancellations are given only if an end is named.
SPAN = timedelta(days=89)
SHORTEST = timedelta(seconds=1)
BATCH = 200


class Place(msgspec.Struct, frozen=True):
    """Where the reading of one list stands."""

    since: datetime
    """Cases opened before it are closed and done with."""
    seen: dict[str, str] = {}
    """Those opened since, each with a digest of how it read."""

    @classmethod
    def load(cls, cursor: Mapping[str, Any]) -> "Place":
        """The place a cursor stands for."""
        return msgspec.convert(cursor, cls)

    def dump(self) -> Mapping[str, Any]:
        """The place as a cursor."""
        cursor: Mapping[str, Any] = msgspec.to_builtins(self)
        return cursor


def news(
    kind: Kind, fetch: Fetch, place: Place, now: datetime
) -> Iterator[tuple[list[Item], Place]]:
    """Yield what reads otherwise than at `place`, oldest first, and the place behind it."""
    start = max(place.since, now - OLDEST)
    found = {item.source_id: item for item in _all(kind, fetch, start, now)}
    items = sorted(found.values(), key=_opened)
    fresh = [item for item in items if place.seen.get(item.source_id) != _digest(item)]
    seen = {key: mark for key, mark in place.seen.items() if key in found}
    for at in range(0, len(fresh), BATCH):
        part = fresh[at : at + BATCH]
        seen = seen | {item.source_id: _digest(item) for item in part}
        yield part, Place(place.since, seen)
    yield [], _moved(items, seen, start, now)


def _moved(items: list[Item], seen: dict[str, str], start: datetime, now: datetime) -> Place:
    """Behind everything that was closed some time ago."""
    cases = [item for item in items if isinstance(item, Case)]
    unfinished = [case.opened_at for case in cases if case.status is not CaseStatus.CLOSED]
    since = max(start, min([*unfinished, now - LATELY]))
    done = {case.source_id for case in cases if case.opened_at < since}
    return Place(since, {key: mark for key, mark in seen.items() if key not in done})


def _all(kind: Kind, fetch: Fetch, start: datetime, now: datetime) -> Iterator[Item]:
    describe = _describing(kind)
    for span in _spans(start, now):
        for raws, whole in _parts(kind, fetch, span, fetch(kind, *span)):
            yield from parse_each(raws, kind.read, describe)
            if not whole:
                reason = f"eBay has more than it lists at once within a second of {span[0]}"
                yield BadItem(source_id=f"{kind.name}@{span[0]:%Y%m%dT%H%M%S}", reason=reason)


def _spans(start: datetime, now: datetime) -> Iterator[Span]:
    """From `start` to now, in parts that eBay takes."""
    while now - start > SPAN:
        yield start, start + SPAN
        start += SPAN
    yield start, now


def _parts(kind: Kind, fetch: Fetch, span: Span, found: Found) -> Iterator[Found]:
    """What was `found` in a span, in halves where there are more than eBay lists at once.

    Raises Unavailable where both halves have all that the whole has: they would have it for ever.
    """
    raws, whole = found
    begin, end = span
    if whole or end - begin <= SHORTEST:
        yield found
        return
    middle = begin + (end - begin) / 2
    halves = {half: fetch(kind, *half) for half in ((begin, middle), (middle, end))}
    if all(set(each) == set(raws) for each, _ in halves.values()):
        raise endless(f"eBay's list {kind.entries}")
    for half, each in halves.items():
        yield from _parts(kind, fetch, half, each)


def _describing(kind: Kind) -> Callable[[bytes], tuple[str, bytes]]:
    def describe(raw: bytes) -> tuple[str, bytes]:
        return f"{kind.name}/{hashlib.blake2b(raw, digest_size=12).hexdigest()}", raw

    return describe


def _opened(item: Item) -> tuple[float, str]:
    opened = item.opened_at.timestamp() if isinstance(item, Case) else 0.0
    return opened, item.source_id


def _digest(item: Item) -> str:
    return hashlib.blake2b(item.raw or item.source_id.encode(), digest_size=4).hexdigest()
