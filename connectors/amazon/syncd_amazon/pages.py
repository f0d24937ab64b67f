"""Walking lists that are given a page at a time, each page with the token of the next.

A token goes with the parameters of its first page, so these stand in the cursor beside it, and a
poll that ends at any page goes on at the next one. No page is in an order that may be relied upon:
only when the last one is handled, everything that changed before `reached` is known. All times are
Amazon's, so that this machine's clock does not matter.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from syncd.connector import Cursor, Rejected, Unavailable
from syncd.connector.sweep import MAX_SEEN, Entry
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

    def behind(self, page: Page, start: datetime, overlap: timedelta) -> "Place":
        """The place behind a page of a walk that began with `start`."""
        reached = max(self.since, self.reached or page.until or self.since)
        if page.until is None:
            reached = max([reached, *(entry.stamp for entry in page.entries if entry.known)])
        seen = self.seen | {one.mark: one.stamp if one.known else reached for one in page.entries}
        if page.token is not None:
            return Place(self.since, _newest(seen), start, page.token, reached)
        return Place(reached, _newest(seen, reached - overlap))


Fetch = Callable[[datetime, str | None], Page]
"""The page of a walk that was begun with a time, and has come to a token."""


def walk(
    fetch: Fetch,
    read: Callable[[Entry], list[Item]],
    place: Place,
    start: datetime,
    overlap: timedelta = OVERLAP,
) -> Iterator[tuple[list[Item], Place]]:
    """Yield the items of each page that were not handled yet, and the place behind the page.

    `start` is what a new walk begins with. Raises what `fetch` raises; what it calls Rejected is
    Unavailable to a poll, after a kept token was tried that Amazon may have forgotten.
    """
    page, place = _first(fetch, place, start)
    while True:
        items = [item for entry in _fresh(page, place) for item in read(entry)]
        begun, before = place.start or start, place.token
        place = place.behind(page, begun, overlap)
        yield items, place
        if place.token is None:
            return
        if place.token == before:
            raise Unavailable("Amazon gives the same page again and again")
        page = _page(fetch, begun, place.token)


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
