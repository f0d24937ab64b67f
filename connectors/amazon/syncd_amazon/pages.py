"""Walking lists that are given a page at a time, each page with the token of the next.

A token goes with the parameters of its first page, so these stand in the cursor beside it, and a
poll that ends at any page goes on at the next one. No page is in an order that may be relied upon:
only when the last one is handled, everything that changed before `reached` is known. All times are
Amazon's; those that are behind the `Source.horizon` are wrong.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from syncd.connector import Cursor, Paging, Rejected, Unavailable, reached
from syncd.connector.paging import PATIENCE, endless
from syncd.connector.sweep import MAX_REPEATS, MAX_SEEN, Entry
from syncd.model import Item

# Orders appear in a search up to two minutes after they changed (Orders 2026-01-01,
# lastUpdatedBefore); what was handled in the overlap is known by its mark and not read again.
OVERLAP = timedelta(minutes=5)


class Page(msgspec.Struct, frozen=True):
    """A page of a list."""

    entries: list[Entry]
    token: str | None = None
    """That of the next page, which there may be although this one is empty."""
    until: datetime | None = None
    """Until when the list looks, where it tells."""
    left_out: tuple[str, ...] = ()
    """Ids of those that came and are not in `entries`."""


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a walk stands."""

    since: datetime
    """What changed before it has been handled."""
    seen: dict[str, datetime] = {}
    """Marks handled within the overlap before `since`, or behind it, with their times."""
    start: datetime | None = None
    """What the first page of the walk under way was asked for with; None: none is under way."""
    token: str | None = None
    reached: datetime | None = None
    """What `since` becomes with the last page."""
    idle: int = 0
    """How many pages with entries have brought nothing new: a walk may last many polls."""

    @classmethod
    def load(cls, cursor: Cursor) -> "Place":
        """The place a cursor stands for."""
        return msgspec.convert(cursor, cls)

    def dump(self) -> Mapping[str, Any]:
        """The place as a cursor."""
        cursor: Mapping[str, Any] = msgspec.to_builtins(self)
        return cursor

    def anew(self) -> "Place":
        """The place with the walk under way forgotten, for a token that is no longer taken."""
        return Place(self.since, self.seen)

    def behind(self, page: Page, start: datetime, source: "Source") -> "Place":
        """The place behind a page of a walk that began with `start`."""
        to = self._reached(page, source.horizon())
        marks = {one.mark: one.stamp if one.known else to for one in page.entries}
        stale = bool(page.entries) and not page.left_out and not marks.keys() - self.seen.keys()
        seen = self.seen | marks
        if page.token is not None:
            idle = self.idle + stale
            return Place(self.since, _newest(seen), start, page.token, to, idle)
        return Place(to, _newest(seen, to - source.overlap))

    def _reached(self, page: Page, horizon: datetime) -> datetime:
        """Amazon's own word goes before what the entries tell."""
        before = max(self.since, self.reached or self.since)
        if page.until is None:
            return reached(before, (one.stamp for one in page.entries if one.known), horizon)
        return max(self.since, self.reached or min(page.until, horizon))


Fetch = Callable[[datetime, str | None], Page]
"""The page of a walk that was begun with a time, and has come to a token."""


class Source(msgspec.Struct, frozen=True):
    """A list, and how to read the items of its entries."""

    fetch: Fetch
    read: Callable[[Entry], list[Item]]
    horizon: Callable[[], datetime]
    """Until when Amazon can have answered, by its clock and ours."""
    overlap: timedelta = OVERLAP


def walk(source: Source, place: Place, start: datetime) -> Iterator[tuple[list[Item], Place]]:
    """Yield the items of each page that were not handled yet, and the place behind the page.

    `start` is what a new walk begins with. Raises what `Source.fetch` raises; what it calls
    Rejected is Unavailable to a poll, after a kept token was tried that Amazon may have forgotten.
    So are pages that repeat themselves.
    """
    paging = Paging("Amazon's list", patience=MAX_REPEATS)
    page, place = _first(source.fetch, place, start)
    while True:
        ids = [*page.left_out, *(one.id for one in page.entries)]
        paging.turned(ids, more=page.token is not None, to=page.token)
        items = [item for entry in _fresh(page, place) for item in source.read(entry)]
        begun, before = place.start or start, place
        place = place.behind(page, begun, source)
        if place.token is not None and (place.token == before.token or place.idle > PATIENCE):
            raise endless("Amazon's list")
        yield items, place
        if place.token is None:
            return
        page = _page(source.fetch, begun, place.token)


def _first(fetch: Fetch, place: Place, start: datetime) -> tuple[Page, Place]:
    """The page that `place` stands before, or that of a walk begun anew."""
    if place.start is not None:
        try:
            return fetch(place.start, place.token), place
        except Rejected:
            place = place.anew()
    return _page(fetch, start, None), place


def _page(fetch: Fetch, start: datetime, token: str | None) -> Page:
    try:
        return fetch(start, token)
    except Rejected as error:
        raise Unavailable(str(error)) from None


def _fresh(page: Page, place: Place) -> list[Entry]:
    by_mark = {entry.mark: entry for entry in page.entries if entry.mark not in place.seen}
    return sorted(by_mark.values(), key=lambda entry: (entry.stamp, entry.id))


def _newest(seen: dict[str, datetime], since: datetime | None = None) -> dict[str, datetime]:
    near = sorted((at, mark) for mark, at in seen.items() if since is None or at >= since)
    return {mark: at for at, mark in near[-MAX_SEEN:]}
