"""Amazon's lists as `syncd_amazon.pages` walks them, and orders one by one."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import msgspec
from msgspec.structs import replace

from syncd.connector import NOT_JSON, Cursor, Unavailable, parse_each, utc_text
from syncd.connector.sweep import Entry, entry_of
from syncd.model import Item
from syncd_amazon import parse, wire
from syncd_amazon.client import AmazonClient
from syncd_amazon.pages import OVERLAP, Page, Place, Source, walk
from syncd_amazon.settings import AmazonConfig

# The External Fulfillment API says nothing of how late a change is shown.
RETURNS_OVERLAP = timedelta(hours=6)
_REMEMBERED = 10_000

Walk = Iterator[tuple[list[Item], Place]]


class Lists:
    """The lists of one account."""

    def __init__(self, client: AmazonClient, config: AmazonConfig) -> None:
        self._client = client
        self._config = config
        self._asked = {
            "marketplaceIds": ",".join(each.id for each in config.stores),
            "fulfilledBy": ",".join(config.fulfilled_by),
        }

    def orders(self, cursor: Cursor, now: datetime) -> Walk:
        """The orders that changed, each with its parcels."""
        place = self._place(cursor, now, self._config.history_days)
        source = Source(self._orders, _order, partial(self._client.horizon, now))
        return walk(source, place, place.since - OVERLAP)

    def returns(self, cursor: Cursor, now: datetime) -> Walk:
        """The returns that changed.

        Amazon lists returns by their change for one warehouse and state only, so all that were
        created in the last days are listed, and those that changed are taken.
        """
        days = timedelta(days=self._config.returns_days)
        place = self._place(cursor, now, self._config.returns_days)
        earliest = place.since - RETURNS_OVERLAP

        def page(start: datetime, token: str | None) -> Page:
            return self._returns(start, token, earliest)

        horizon = partial(self._client.horizon, now)
        return walk(Source(page, _return, horizon, RETURNS_OVERLAP), place, now - days)

    def _place(self, cursor: Cursor, now: datetime, days: int) -> Place:
        if not cursor:
            return Place(now - timedelta(days=days))
        place = Place.load(cursor)
        return replace(place, since=min(place.since, now))

    def _orders(self, start: datetime, token: str | None) -> Page:
        asked = self._asked | {"lastUpdatedAfter": utc_text(start)}
        found = self._client.search(asked | ({"paginationToken": token} if token else {}))
        entries = _entries(found.orders, start, parse.order_entry)
        following = found.pagination.next_token if found.pagination else None
        return Page(entries, following or None, found.last_updated_before)

    def _returns(self, start: datetime, token: str | None, earliest: datetime) -> Page:
        asked = {"createdSince": utc_text(start)} | ({"nextToken": token} if token else {})
        found = self._client.returns(asked)
        entries = _entries(found.returns, start, parse.return_entry)
        recent = [each for each in entries if each.stamp >= earliest or not each.known]
        older = tuple(each.id for each in entries if each not in recent)
        return Page(recent, found.next_token or None, left_out=older)


class Known:
    """Single orders, and the store each was placed in, which messages have to name."""

    def __init__(self, client: AmazonClient, config: AmazonConfig) -> None:
        self._client = client
        self._only = config.stores[0].id if len(config.stores) == 1 else None
        self._stores: dict[str, str] = {}

    def order(self, order_id: str) -> wire.SoldOrder:
        """An order as it is now; raises Rejected where Amazon does not know it."""
        try:
            return parse.sold(self._client.order(order_id))
        except NOT_JSON as error:
            raise Unavailable(f"Amazon's order {order_id} cannot be read: {error}") from None

    def store(self, order_id: str) -> str:
        """The one marketplace id of an order; raises Rejected where Amazon does not tell it."""
        known = self._only or self._stores.get(order_id)
        return known or self.store_of(self.order(order_id))

    def store_of(self, found: wire.SoldOrder) -> str:
        """The marketplace id of an order at hand."""
        store = found.sales_channel.marketplace_id or self._only
        if store is None:
            raise Unavailable(f"Amazon does not say in which store {found.order_id} was placed")
        if len(self._stores) >= _REMEMBERED:
            self._stores.clear()
        self._stores[found.order_id] = store
        return store


def _entries(
    raws: list[msgspec.Raw], start: datetime, read: Callable[[bytes], Entry]
) -> list[Entry]:
    return [entry_of(bytes(raw), start, read, parse.describe) for raw in raws]


def _order(entry: Entry) -> list[Item]:
    return list(parse_each([entry.raw], parse.order_items, parse.describe))


def _return(entry: Entry) -> list[Item]:
    return list(parse_each([entry.raw], parse.case, parse.describe))
