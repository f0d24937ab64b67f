"""Conversations that wait for a parcel: a buyer wrote its tracking number before it was known.

Whichever is written last, message or parcel, finds the other, and a link that is there already
stays as it is.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from syncd.model.numbers import normalise
from syncd.store import bulk
from syncd.store.parcels import ParcelWriter
from syncd.store.tables import conversation_numbers, conversation_orders
from syncd.store.writer import Writer

_NAMED = select(
    conversation_numbers.c.tracking_number, conversation_numbers.c.conversation_id
).where(bulk.given(conversation_numbers.c.tracking_number, "numbers"))


class MentionWriter(Writer):
    """Tracking numbers without a parcel in what buyers wrote, within an ingest transaction."""

    def __init__(
        self, connection: Connection, account_id: int, now: datetime, *, parcels: ParcelWriter
    ) -> None:
        super().__init__(connection, account_id, now)
        self._parcels = parcels
        self._named: set[str] = set()
        self._arrived: set[str] = set()

    def named(self, pairs: Collection[tuple[str, int]]) -> None:
        """Store that numbers, as `normalise` writes them, stand in conversations with these ids."""
        columns = ("tracking_number", "conversation_id")
        rows = sorted(set(pairs))
        bulk.insert_missing(self._connection, conversation_numbers, columns, rows)
        self._named.update(number for number, _ in rows)

    def arrived(self, numbers: Collection[str]) -> None:
        """Note the numbers of parcels that were written, however they are spelt."""
        self._arrived.update(map(normalise, numbers))

    def link(self) -> None:
        """Link the conversations with the orders of parcels; to be called when all is written."""
        numbers = self._named | self._arrived
        if not numbers:
            return
        self._parcels.alone_with(self._named)
        named = self._connection.execute(_NAMED, {"numbers": numbers}).all()
        if not named:  # nearly always: people ask about what the shop has told them
            return
        orders = self._parcels.orders_of({number for number, _ in named})
        links = {(order, talk) for number, talk in named for order in orders.get(number, ())}
        columns = ("order_source_id", "conversation_id")
        bulk.insert_missing(self._connection, conversation_orders, columns, sorted(links))
