"""Cases, reviews and stock, with what cases and reviews said before they were changed."""

from sqlalchemy import (
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from syncd.store.tables.base import Id, account, id_, metadata, texts, time

cases = Table(
    "cases",
    metadata,
    id_(),
    account(),
    Column("source_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("order_source_id", Text, index=True),
    Column("customer_id", Id, index=True),
    *texts(
        "reason",
        "text",
        "outcome",
        "amount",
        "currency",
        "thread_id",
        "tracking_number",
        "listing_id",
    ),
    time("opened_at", nullable=False),
    time("updated_at"),
    time("respond_by"),
    Column("content_hash", LargeBinary, nullable=False),
    Column("version", SmallInteger, nullable=False),
    time("seen_at", nullable=False),
    Column("raw", LargeBinary),
    UniqueConstraint("account_id", "source_id"),
)

reviews = Table(
    "reviews",
    metadata,
    id_(),
    account(),
    Column("source_id", Text, nullable=False),
    Column("order_source_id", Text, index=True),
    Column("customer_id", Id, index=True),
    Column("rating", Float),
    *texts("text", "sku", "reply"),
    time("written_at", nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("version", SmallInteger, nullable=False),
    time("seen_at", nullable=False),
    Column("raw", LargeBinary),
    UniqueConstraint("account_id", "source_id"),
)

item_versions = Table(
    "item_versions",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("item_id", Id, primary_key=True),
    Column("version", SmallInteger, primary_key=True),
    time("seen_at", nullable=False),
    Column("raw", LargeBinary),
)

stock_levels = Table(
    "stock_levels",
    metadata,
    id_(),
    account(),
    Column("source_id", Text, nullable=False),
    *texts("sku", "title", "listing_id"),
    Column("quantity", Integer, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    time("seen_at", nullable=False),
    Column("raw", LargeBinary),
    UniqueConstraint("account_id", "source_id"),
    Index("ix_stock_levels_account_id_sku", "account_id", "sku"),
)
