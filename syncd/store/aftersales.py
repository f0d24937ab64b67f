"""Cases, reviews and stock levels, as the platform describes them now."""

from collections.abc import Collection, Sequence

from sqlalchemy import Table, exists, select

from syncd.model import Case, Review, StockLevel
from syncd.store import bulk, dues
from syncd.store.orders import WAITS
from syncd.store.tables import cases, order_dues, order_lines, orders, reviews, stock_levels
from syncd.store.times import to_us
from syncd.store.writer import Stored, Writer

_CASE_COLUMNS = (
    "account_id", "source_id", "version", "customer_id", "content_hash", "seen_at", "kind", "status",
    "order_source_id", "reason", "text", "outcome", "amount", "currency", "thread_id",
    "tracking_number", "listing_id", "opened_at", "updated_at", "respond_by", "raw",
)  # fmt: skip
_REVIEW_COLUMNS = (
    "account_id", "source_id", "version", "customer_id", "content_hash", "seen_at",
    "order_source_id", "rating", "text", "sku", "reply", "written_at", "raw",
)  # fmt: skip
_STOCK_COLUMNS = (
    "account_id", "source_id", "content_hash", "seen_at", "sku", "title", "listing_id", "quantity",
    "raw",
)  # fmt: skip
_KEY = ("account_id", "source_id")
# Some platforms write their largest number for what never runs out, two of which make no sum.
_ENDLESS = 10**12
_KEEP = (
    "INSERT INTO item_versions (kind, item_id, version, seen_at, raw)"
    " SELECT ?, id, version, seen_at, raw FROM {} WHERE id=?"
)


class AftersalesWriter(Writer):
    """Cases, reviews and stock levels within an ingest transaction."""

    def known(self, kind: type, source_ids: Collection[str]) -> dict[str, Stored]:
        """What this account has under these ids already; `kind` is the items' class."""
        table = _TABLES[kind]
        return self._stored(table, source_ids, *([] if kind is StockLevel else [table.c.version]))

    def keep_versions(self, kind: type, edited: Collection[Stored]) -> None:
        """Keep the payloads that are about to be overwritten: they may be evidence."""
        table = _TABLES[kind].name
        rows = [(table, stored.id) for stored in edited]
        bulk.execute(self._connection, _KEEP.format(table), rows)

    def put_cases(self, changed: Sequence[tuple[Case, int | None, bytes, int]]) -> None:
        """Store cases, each with its customer, content hash and version."""
        rows = [
            (self._account_id, case.source_id, version, customer, digest, self._now_us,
             case.kind.value, case.status.value, case.order_id, case.reason, case.text,
             case.outcome, case.amount, case.currency, case.thread_id, case.tracking_number,
             case.listing_id,
             to_us(case.opened_at), to_us(case.updated_at), to_us(case.respond_by), case.raw)
            for case, customer, digest, version in changed
        ]  # fmt: skip
        bulk.upsert(self._connection, cases, _CASE_COLUMNS, rows, key=_KEY)

    def put_reviews(self, changed: Sequence[tuple[Review, int | None, bytes, int]]) -> None:
        """Store reviews, each with its customer, content hash and version."""
        rows = [
            (self._account_id, review.source_id, version, customer, digest, self._now_us,
             review.order_id, review.rating, review.text, review.sku, review.reply,
             to_us(review.written_at), review.raw)
            for review, customer, digest, version in changed
        ]  # fmt: skip
        bulk.upsert(self._connection, reviews, _REVIEW_COLUMNS, rows, key=_KEY)

    def put_stock(self, changed: Sequence[tuple[StockLevel, bytes]]) -> None:
        """Store stock levels, each with its content hash."""
        rows = [
            (self._account_id, stock.source_id, digest, self._now_us, stock.sku, stock.title,
             stock.listing_id, max(-_ENDLESS, min(stock.quantity, _ENDLESS)), stock.raw)
            for stock, digest in changed
        ]  # fmt: skip
        bulk.upsert(self._connection, stock_levels, _STOCK_COLUMNS, rows, key=_KEY)
        self._judge_orders({stock.sku for stock, _ in changed if stock.sku})

    def _judge_orders(self, skus: Collection[str]) -> None:
        """Have the orders judged again that wait for any of these."""
        lines = select(order_lines.c.order_id).where(
            order_lines.c.order_id == orders.c.id,
            bulk.among(order_lines.c.sku, skus),
        )
        mine = select(orders.c.id).where(
            orders.c.account_id == self._account_id, WAITS, exists(lines)
        )
        dues.at_once(self._connection, order_dues, self._now_us, mine)


_TABLES: dict[type, Table] = {Case: cases, Review: reviews, StockLevel: stock_levels}
