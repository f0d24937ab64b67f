"""Which conversations and cases are about which orders, where a platform only names the listing.

Whichever comes first, message or order, or the proof that two customers are one: what the other one
brought is in the store by then, and a link that is there already stays as it is.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, func, select

from syncd.store import bulk
from syncd.store.tables import (
    cases,
    conversation_listings,
    conversation_orders,
    conversations,
    order_lines,
    orders,
)
from syncd.store.writer import Writer

# Beside the number that stands for parcels among the database's advisory locks.
_LOCK = "SELECT pg_advisory_xact_lock(7379635, %s)"

# Customers are few among an account's rows: no index but theirs is of use, and SQLite takes the
# account's where it can (measured: 11 s instead of 5 ms for 1,000 conversations and 50,000 orders).
_ACCOUNT = orders.c.account_id + 0

# A conversation with the customer who ordered from the listing, in the same account.
_PAIRS = (
    select(orders.c.source_id, conversations.c.id)
    .join(
        conversations,
        (conversations.c.customer_id == orders.c.customer_id)
        & (conversations.c.account_id == _ACCOUNT),
    )
    .join(conversation_listings, conversation_listings.c.conversation_id == conversations.c.id)
    .join(
        order_lines,
        (order_lines.c.order_id == orders.c.id)
        & (order_lines.c.listing_id == conversation_listings.c.listing_id),
    )
    .distinct()
)

# The one order that a case can be about: of the same customer, and placed before it was opened.
_ORDERS_OF_CASES = (
    select(func.min(orders.c.source_id), cases.c.id)
    .join(
        cases,
        (cases.c.customer_id == orders.c.customer_id)
        & (cases.c.account_id == _ACCOUNT)
        & (cases.c.opened_at >= orders.c.placed_at),
    )
    .join(
        order_lines,
        (order_lines.c.order_id == orders.c.id) & (order_lines.c.listing_id == cases.c.listing_id),
    )
    .where(func.coalesce(cases.c.order_source_id, "") == "")
    .group_by(cases.c.id)
    .having(func.count(orders.c.source_id.distinct()) == 1)
)


class ListingWriter(Writer):
    """Listings that conversations and cases are about, within an ingest transaction."""

    def __init__(self, connection: Connection, account_id: int, now: datetime) -> None:
        super().__init__(connection, account_id, now)
        self._conversations: set[int] = set()
        self._orders: set[str] = set()
        self._customers: set[int] = set()
        self._cases: set[str] = set()

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

    def complained(self, source_ids: Iterable[str]) -> None:
        """Note cases of this account that name a listing and no order."""
        self._cases.update(source_ids)

    def link(self) -> None:
        """Link with their orders what was told of; to be called when all is written."""
        noted = (self._conversations, self._orders, self._customers, self._cases)
        if not any(noted):
            return
        self._alone()
        mine, merged = self._own(orders, self._orders), (orders.c.customer_id, self._customers)
        talks = self._found(_PAIRS, (conversations.c.id, self._conversations), mine, merged)
        columns = ("order_source_id", "conversation_id")
        bulk.insert_missing(self._connection, conversation_orders, columns, sorted(talks))
        told = self._found(_ORDERS_OF_CASES, self._own(cases, self._cases), mine, merged)
        bulk.update(self._connection, cases, ("order_source_id",), sorted(told))

    def _own(
        self, table: Table, source_ids: Collection[str]
    ) -> tuple[Column[Any], Collection[Any]]:
        """The rows of this account with these ids, by the column that tells them from others."""
        wanted = select(table.c.id).where(
            table.c.account_id == self._account_id,
            bulk.among(table.c.source_id, source_ids),
        )
        found = self._connection.execute(wanted).scalars().all() if source_ids else ()
        return table.c.id, found

    def _found(
        self, pairs: Select[Any], *noted: tuple[Column[Any], Collection[Any]]
    ) -> set[tuple[str, int]]:
        return {
            (row[0], row[1])
            for column, wanted in noted
            if wanted
            for row in self._connection.execute(pairs.where(bulk.among(column, wanted)))
        }

    def _alone(self) -> None:
        """Of a message and an order that come at once, the later one sees the other this way."""
        if self._connection.dialect.name == "postgresql":
            self._connection.exec_driver_sql(_LOCK, (self._account_id,))
