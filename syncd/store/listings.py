"""Which conversations are about which orders, where a platform only names the listing.

Whichever comes first, message or order, or the proof that two customers are one: what the other one
brought is in the store by then, and a link that is there already stays as it is.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, select

from syncd.store import bulk
from syncd.store.tables import (
    conversation_listings,
    conversation_orders,
    conversations,
    order_lines,
    orders,
)
from syncd.store.writer import Writer

# Beside the number that stands for parcels among the database's advisory locks.
_LOCK = "SELECT pg_advisory_xact_lock(7379635, %s)"

# A conversation with the customer who ordered from the listing, in the same account.
_PAIRS = (
    select(orders.c.source_id, conversations.c.id)
    .join(
        conversations,
        (conversations.c.customer_id == orders.c.customer_id)
        & (conversations.c.account_id == orders.c.account_id),
    )
    .join(conversation_listings, conversation_listings.c.conversation_id == conversations.c.id)
    .join(
        order_lines,
        (order_lines.c.order_id == orders.c.id)
        & (order_lines.c.listing_id == conversation_listings.c.listing_id),
    )
    .distinct()
)


class ListingWriter(Writer):
    """Listings that conversations are about, within an ingest transaction."""

    def __init__(self, connection: Connection, account_id: int, now: datetime) -> None:
        super().__init__(connection, account_id, now)
        self._conversations: set[int] = set()
        self._orders: set[str] = set()
        self._customers: set[int] = set()

    def named(self, pairs: Collection[tuple[int, str]]) -> None:
        """Store that conversations, by their ids, are about listings."""
        columns = ("conversation_id", "listing_id")
        rows = sorted(set(pairs))
        bulk.insert_missing(self._connection, conversation_listings, columns, rows)
        self._conversations.update(conversation for conversation, _ in rows)

    def ordered(self, source_ids: Iterable[str]) -> None:
        """Note orders of this account whose lines name listings."""
        self._orders.update(source_ids)

    def merged(self, customers: Iterable[int]) -> None:
        """Note customers that others turned out to be."""
        self._customers.update(customers)

    def link(self) -> None:
        """Link the conversations and orders that were told of; to be called when all is written."""
        found: set[tuple[str, int]] = set()
        for column, wanted in (
            (conversations.c.id, self._conversations),
            (orders.c.source_id, self._orders),
            (orders.c.customer_id, self._customers),
        ):
            if wanted:
                self._alone()
                found |= self._pairs_of(column, wanted)
        columns = ("order_source_id", "conversation_id")
        bulk.insert_missing(self._connection, conversation_orders, columns, sorted(found))

    def _pairs_of(self, column: Column[Any], wanted: Collection[Any]) -> set[tuple[str, int]]:
        mine = _PAIRS.where(bulk.among(self._connection, column, wanted))
        if column is orders.c.source_id:
            mine = mine.where(orders.c.account_id == self._account_id)
        return {(row[0], row[1]) for row in self._connection.execute(mine)}

    def _alone(self) -> None:
        """Of a message and an order that come at once, the later one sees the other this way."""
        if self._connection.dialect.name == "postgresql":
            self._connection.exec_driver_sql(_LOCK, (self._account_id,))
