"""Allegro's ratings and offers: the one list is walked by change, the other by its log."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from syncd.connector import Cursor, Paging, parse_each
from syncd.connector.sweep import Entry, Page, Source, entry_of
from syncd.model import Item
from syncd_allegro import parse, wire_sales
from syncd_allegro.client import (
    LAST_RATING,
    OFFER_EVENTS_PER_PAGE,
    OFFERS_PER_PAGE,
    RATINGS_PER_PAGE,
    AllegroClient,
)

# The log of offers reaches back a day: before that they are all listed again.
RELIST = timedelta(hours=20)
OFFERS_AT_ONCE = 100


class Ratings:
    """The ratings of sales."""

    def __init__(self, client: AllegroClient) -> None:
        self._client = client

    def source(self) -> Source:
        """The list."""
        return Source(
            self._page,
            self._read,
            limit=RATINGS_PER_PAGE,
            batch=RATINGS_PER_PAGE,
            horizon=self._client.horizon,
        )

    def _page(self, start: datetime, end: datetime | None, offset: int) -> Page:
        raws = self._client.ratings(start, end, offset)
        entries = [entry_of(raw, start, _rating_entry, parse.describe) for raw in raws]
        more = len(raws) >= RATINGS_PER_PAGE and offset + RATINGS_PER_PAGE <= LAST_RATING
        return Page(entries, None, more)

    def _read(self, entries: list[Entry]) -> list[Item]:
        return list(parse_each((entry.raw for entry in entries), parse.review, parse.describe))


class StockPlace(msgspec.Struct):
    """Where the stock stands; it moves as it is read."""

    listed_at: datetime
    """When the offers were listed wholly; the log is read from before that."""
    event: str | None = None
    offset: int | None = None
    """How far the list was read; None: to its end."""

    @classmethod
    def load(cls, cursor: Cursor) -> "StockPlace":
        """The place a cursor stands for."""
        return msgspec.convert(cursor, cls)

    def dump(self) -> Mapping[str, Any]:
        """The place as a cursor."""
        cursor: Mapping[str, Any] = msgspec.to_builtins(self)
        return cursor


def stock(
    client: AllegroClient, place: StockPlace | None, now: datetime
) -> Iterator[tuple[list[Item], StockPlace]]:
    """All offers where they have not been listed for long, then those that the log names."""
    if place is None or now - place.listed_at > RELIST:
        place = StockPlace(now, _end_of_log(client), offset=0)
    for raws in _listed(client, place):
        yield _levels(raws), place
    for ids, event in _logged(client, place.event):
        place.event = event
        found = [raw for some in _chunks(ids) for raw in client.offers(ids=some)]
        yield _levels(found), place


def _listed(client: AllegroClient, place: StockPlace) -> Iterator[list[bytes]]:
    """The offers that the list has behind the place, which moves on."""
    paging = Paging("Allegro's list of offers")
    while place.offset is not None:
        raws = client.offers(place.offset)
        more = len(raws) >= OFFERS_PER_PAGE
        paging.turned(raws, more=more)
        place.offset = place.offset + OFFERS_PER_PAGE if more else None
        yield raws


def _end_of_log(client: AllegroClient) -> str | None:
    """The log's last entry; None where it is empty, so that it is read from its beginning."""
    last = None
    for _, event in _logged(client, None):
        last = event
    return last


def _logged(client: AllegroClient, after: str | None) -> Iterator[tuple[list[str], str]]:
    """The offers that the log names, and the entry up to which it was read."""
    paging, more = Paging("Allegro's offer log"), True
    while more:
        events = client.offer_events(after)
        if not events:
            return
        # Of those of one moment it is the last: the log has them as they happened.
        last = max(reversed(events), key=lambda event: parse.needed(event.occurred_at)).id
        more = len(events) >= OFFER_EVENTS_PER_PAGE
        paging.turned((event.id for event in events), more=more, to=last)
        after = last
        yield list(dict.fromkeys(event.offer.id for event in events if event.offer)), last


def _chunks(ids: list[str]) -> Iterable[list[str]]:
    return (ids[at : at + OFFERS_AT_ONCE] for at in range(0, len(ids), OFFERS_AT_ONCE))


def _levels(raws: list[bytes]) -> list[Item]:
    return list(parse_each(raws, parse.stock_level, parse.describe))


def _rating_entry(raw: bytes) -> Entry:
    rating = msgspec.json.decode(raw, type=wire_sales.Rating)
    stamp = parse.instant(rating.last_changed_at) or parse.needed(rating.created_at)
    return Entry(rating.id, stamp, parse.mark(raw), raw)
