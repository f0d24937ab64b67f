"""What was bought, and what became of it afterwards."""

from sqlalchemy import Column, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from syncd.store.tables.base import Id, account, due, id_, metadata, partial_index, texts, time

orders = Table(
    "orders",
    metadata,
    id_(),
    account(),
    Column("source_id", Text, nullable=False, index=True),
    Column("customer_id", Id, index=True),
    Column("status", Text, nullable=False),
    time("placed_at", nullable=False),
    time("paid_at"),
    time("ship_by_earliest"),
    time("ship_by"),
    time("deliver_by_earliest"),
    time("deliver_by"),
    time("protection_ends_at"),
    *texts("currency", "total", "country", "postcode", "state", "address", "language", "site"),
    *texts("shipping_method", "note", "buyer"),
    Column("content_hash", LargeBinary, nullable=False),
    time("seen_at", nullable=False),
    Column("raw", LargeBinary),
    UniqueConstraint("account_id", "source_id"),
)
partial_index("ix_orders_waiting", orders.c.account_id, where=text("status = 'unshipped'"))

order_dues = Table("order_dues", metadata, *due("order_id"))

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", Id, primary_key=True),
    Column("source_id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    *texts("sku", "variant", "price", "listing_id"),
)
