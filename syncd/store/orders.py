"""Orders and their lines, as the platform describes them now."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import exists, literal_column, select

from syncd.model import Cause, Order, OrderStatus, Window
from syncd.store import bulk, dues
from syncd.store.tables import findings, order_dues, order_lines, orders, shipments
from syncd.store.times import to_us
from syncd.store.writer import Stored, Writer

_COLUMNS = (
    "account_id", "source_id", "customer_id", "status", "placed_at", "paid_at", "ship_by_earliest",
    "ship_by", "deliver_by_earliest", "deliver_by", "protection_ends_at", "currency", "total",
    "country", "postcode", "state", "address", "language", "site", "shipping_method", "note",
    "buyer", "content_hash", "seen_at", "raw",
)  # fmt: skip
_LINE_COLUMNS = (
    "order_id", "source_id", "title", "quantity", "sku", "variant", "price", "listing_id",
)  # fmt: skip

WAITS = orders.c.status == literal_column(f"'{OrderStatus.UNSHIPPED.value}'")
"""That an order waits to be sent; written out, so that the index of these is used."""


class OrderWriter(Writer):
    """Orders within an ingest transaction."""

    def known(self, source_ids: Collection[str]) -> dict[str, Stored]:
        """What this account has under these order ids already."""
        return self._stored(orders, source_ids)

    def put(self, changed: Sequence[tuple[Order, int | None, bytes]]) -> bool:
        """Store orders, each with its customer and content hash, as they are now.

        Returns whether a parcel of any of them is known already.
        """
        rows = [
            _row(self._account_id, customer, digest, self._now_us, order)
            for order, customer, digest in changed
        ]
        key = ("account_id", "source_id")
        bulk.upsert(self._connection, orders, _COLUMNS, rows, key=key)
        stored = self.known([order.source_id for order, _, _ in changed])
        self._put_lines([order for order, _, _ in changed], stored)
        has_parcels = self._promise_parcels(order for order, _, _ in changed)
        waits = {stored[o.source_id].id: o.status is OrderStatus.UNSHIPPED for o, _, _ in changed}
        due = {number: self._now_us if waiting else None for number, waiting in waits.items()}
        dues.plan(self._connection, order_dues, due)
        self._judge_ended([number for number, waiting in waits.items() if not waiting])
        return has_parcels

    def _judge_ended(self, ended: Collection[int]) -> None:
        """Have those judged again that wait no more and were in trouble while they did."""
        if not ended:
            return
        in_trouble = select(findings.c.order_id).where(
            bulk.among(findings.c.order_id, ended), findings.c.closed_at.is_(None)
        )
        dues.at_once(self._connection, order_dues, self._now_us, in_trouble.distinct())
        self._judge_short()

    def _judge_short(self) -> None:
        """Have the orders judged again that lack goods: what has ended may have left them some."""
        short = exists().where(
            findings.c.order_id == orders.c.id,
            findings.c.cause == Cause.STOCK.value,
            findings.c.closed_at.is_(None),
        )
        mine = select(orders.c.id).where(orders.c.account_id == self._account_id, WAITS, short)
        dues.at_once(self._connection, order_dues, self._now_us, mine)

    def _put_lines(self, changed: Sequence[Order], stored: dict[str, Stored]) -> None:
        rows = {
            (order.source_id, line.source_id): (
                stored[order.source_id].id, line.source_id, line.title, line.quantity, line.sku,
                line.variant, line.price, line.listing_id,
            )
            for order in changed
            for line in order.lines
        }  # fmt: skip
        gone = [(stored[order.source_id].id,) for order in changed]
        bulk.execute(self._connection, "DELETE FROM order_lines WHERE order_id=?", gone)
        bulk.insert(self._connection, order_lines, _LINE_COLUMNS, list(rows.values()))

    def _promise_parcels(self, changed: Iterable[Order]) -> bool:
        """Carry what is known of an order to its parcels, if any, and have them judged again."""
        rows = [
            (to_us((order.ship_by or Window()).latest), to_us((order.deliver_by or Window()).latest),
             to_us(order.protection_ends_at), order.status.value, to_us(order.placed_at),
             order.shipping_method, order.ship_to.country, self._account_id, order.source_id)
            for order in changed
        ]  # fmt: skip
        bulk.execute(
            self._connection,
            "UPDATE shipments SET ship_by=?, deliver_by=?, protection_ends_at=?, order_status=?,"
            " placed_at=?, shipping_method=?, destination_country=coalesce(destination_country, ?)"
            " WHERE account_id=? AND order_source_id=?",
            rows,
        )
        return self._judge_shipments(shipments.c.order_source_id, {row[-1] for row in rows}) > 0


def _row(
    account_id: int, customer: int | None, digest: bytes, now_us: int, order: Order
) -> tuple[Any, ...]:
    ship_by, deliver_by = order.ship_by or Window(), order.deliver_by or Window()
    return (
        account_id, order.source_id, customer, order.status.value, to_us(order.placed_at),
        to_us(order.paid_at), to_us(ship_by.earliest), to_us(ship_by.latest),
        to_us(deliver_by.earliest), to_us(deliver_by.latest), to_us(order.protection_ends_at),
        order.currency, order.total, order.ship_to.country, order.ship_to.postcode,
        order.ship_to.state, _json(order.ship_to), order.language, order.site,
        order.shipping_method, order.note, _json(order.buyer), digest, now_us, order.raw,
    )  # fmt: skip


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()
