"""Orders that wait to be sent and are due to be judged."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, select, tuple_

from syncd.model import Addressee, Demand, OrderFacts, OrderStatus, Stock
from syncd.store import bulk, dues
from syncd.store.addressees import addressees
from syncd.store.database import Database
from syncd.store.orders import WAITS
from syncd.store.rounds import Round
from syncd.store.tables import (
    findings,
    order_dues,
    order_lines,
    orders,
    shipments,
    stock_levels,
)
from syncd.store.times import from_us, to_us

HAS_PARCEL = exists().where(
    shipments.c.account_id == orders.c.account_id,
    shipments.c.order_source_id == orders.c.source_id,
)
"""That an order has a parcel."""
FACTS = select(
    orders.c.id, orders.c.account_id, orders.c.source_id, orders.c.status, orders.c.seen_at,
    orders.c.placed_at, orders.c.ship_by, orders.c.deliver_by, orders.c.protection_ends_at,
    HAS_PARCEL.label("has_parcel"),
)  # fmt: skip
"""What `facts` takes a row of."""


class WaitingStore:
    """The use case of a round over orders that have no parcel yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def any_due(self, now: datetime) -> bool:
        """Whether an order is due; a round that finds none need not begin a transaction."""
        with self._database.read() as connection:
            return dues.any_due(connection, order_dues, to_us(now))

    @contextmanager
    def batch(
        self, now: datetime, limit: int, since: datetime | None = None
    ) -> Iterator["WaitingTransaction"]:
        """Up to `limit` due orders, judged and re-planned in one transaction.

        As with parcels, two processes never get the same order.
        """
        with self._database.write() as connection:
            yield WaitingTransaction(connection, now, limit, since)


class WaitingTransaction(Round):
    """One round over due orders."""

    def __init__(
        self, connection: Connection, now: datetime, limit: int, since: datetime | None
    ) -> None:
        about = findings.c.order_id
        super().__init__(connection, now, limit, when_due=order_dues, about=about, since=since)
        self.orders = [facts(row) for row in self._read(FACTS, orders.c.id)]

    def stock(self) -> dict[int, dict[str, Stock]]:
        """The stock of what the due orders want, by account and SKU; where the shop tells of it."""
        waiting = [order.order_number for order in self.orders if order.waits]
        wanted = (
            select(
                stock_levels.c.account_id, stock_levels.c.sku, func.sum(stock_levels.c.quantity),
                func.max(stock_levels.c.seen_at),
            )
            .where(
                tuple_(stock_levels.c.account_id, stock_levels.c.sku).in_(
                    select(orders.c.account_id, order_lines.c.sku)
                    .join(order_lines, order_lines.c.order_id == orders.c.id)
                    .where(bulk.among(orders.c.id, waiting))
                )
            )
            .group_by(stock_levels.c.account_id, stock_levels.c.sku)
        )  # fmt: skip
        found: dict[int, dict[str, Stock]] = {}
        for account, sku, quantity, at in self._connection.execute(wanted) if waiting else ():
            found.setdefault(account, {})[sku] = Stock(int(quantity), from_us(at))
        return found

    def demands(self, account_id: int, skus: Collection[str]) -> list[Demand]:
        """Which waiting orders of an account want these, due or not."""
        wanted = (
            select(
                orders.c.id, orders.c.placed_at, order_lines.c.sku, order_lines.c.title,
                order_lines.c.quantity,
            )
            .join(order_lines, order_lines.c.order_id == orders.c.id)
            .where(
                orders.c.account_id == account_id,
                WAITS,
                ~HAS_PARCEL,
                bulk.among(order_lines.c.sku, skus),
            )
        )  # fmt: skip
        return [
            Demand(order_number=row[0], placed_at=from_us(row[1]), sku=row[2], title=row[3],
                   quantity=row[4])
            for row in self._connection.execute(wanted)
        ]  # fmt: skip

    def addressees(self, waiting: Collection[OrderFacts]) -> dict[int, Addressee]:
        """The buyers of these orders, by the store's number of each."""
        if not waiting:
            return {}
        numbers = [order.order_number for order in waiting]
        among = bulk.among(orders.c.id, numbers)
        return addressees(self._connection, select(orders.c.id).where(among).order_by(orders.c.id))


def facts(row: Any) -> OrderFacts:
    """An order as the watches see it, from a row of `FACTS`."""
    return OrderFacts(
        order_number=row[0],
        account_id=row[1],
        order_id=row[2],
        status=OrderStatus(row[3]),
        seen_at=from_us(row[4]),
        placed_at=from_us(row[5]),
        ship_by=from_us(row[6]),
        deliver_by=from_us(row[7]),
        protection_ends_at=from_us(row[8]),
        has_parcel=bool(row[9]),
    )
