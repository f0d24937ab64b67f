"""Parcels: where they are, what they say, who looks at them and what is expected of them."""

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

from syncd.store.tables.base import account, due, id_, metadata, partial_index, texts, time

shipments = Table(
    "shipments",
    metadata,
    id_(),
    account(),
    Column("source_id", Text, nullable=False),
    Column("order_source_id", Text, nullable=False),
    *texts("tracking_number", "carrier", "tracking_url", "origin_country", "destination_country"),
    time("shipped_at"),
    Column("content_hash", LargeBinary, nullable=False),
    time("seen_at", nullable=False),
    Column("raw", LargeBinary),
    # What the watches need, kept here at ingest so that judging a parcel reads one row.
    Column("milestone", Text, nullable=False, server_default="unknown"),
    time("milestone_at"),
    Column("reason", Text),
    time("first_scan_at"),
    time("last_movement_at"),
    time("last_event_at"),
    time("eta"),
    time("eta_before"),
    time("eta_since"),
    time("pickup_by"),
    Column("number_before", Text),
    time("number_since"),
    Column("plain_number", Text),  # as it is compared, where the number is written otherwise
    time("ship_by"),
    time("deliver_by"),
    time("protection_ends_at"),
    Column("order_status", Text),
    time("placed_at"),
    Column("shipping_method", Text),
    Column("cancelled", SmallInteger),  # 1 where the shop says so, whatever its number does
    UniqueConstraint("account_id", "source_id"),
    Index("ix_shipments_tracking_number", "tracking_number"),
    Index("ix_shipments_account_id_order_source_id", "account_id", "order_source_id"),
)

partial_index(
    "ix_shipments_plain_number",
    shipments.c.plain_number,
    where=shipments.c.plain_number.is_not(None),
)

shipment_dues = Table("shipment_dues", metadata, *due("shipment_id"))

tracking_events = Table(
    "tracking_events",
    metadata,
    id_(),
    account(),
    Column("source_id", Text, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column("milestone", Text, nullable=False),
    *texts("reason", "leg"),
    Column("occurred_local", Text, nullable=False),
    Column("utc_offset_minutes", Integer),
    Column("offset_source", Text),
    time("occurred_at", nullable=False),
    *texts("text", "code", "carrier", "location", "country"),
    time("eta"),
    time("pickup_by"),
    Column("content_hash", LargeBinary, nullable=False),
    time("seen_at", nullable=False),
    Column("raw", LargeBinary),
    UniqueConstraint("account_id", "source_id"),
    Index("ix_tracking_events_tracking_number_occurred_at", "tracking_number", "occurred_at"),
)

follows = Table(
    "follows",
    metadata,
    Column("tracking_number", Text, primary_key=True),
    account(primary_key=True),  # 0: whose business it is has still to be found out
    time("look_at", nullable=False),
    time("looked_at"),
    Column("step", SmallInteger, nullable=False, server_default="0"),
    time("asked_at"),
    Index("ix_follows_account_id_look_at", "account_id", "look_at"),
)

partial_index("ix_follows_asked_at", follows.c.asked_at, where=follows.c.asked_at.is_not(None))

lateness_models = Table(
    "lateness_models",
    metadata,
    id_(),
    time("fitted_at", nullable=False),
    time("since", nullable=False),
    Column("n", Integer, nullable=False),
    Column("base_rate", Float, nullable=False),
    Column("drift", Float, nullable=False),
    Column("board", Float),
    Column("settings", Text, nullable=False),
    Column("tables", LargeBinary, nullable=False),
)
