"""The tables. Names are the words of docs/architecture.md; times are microseconds (see `times`).

``source_id`` is always the platform's own id as text. JSON columns hold text, so that both
databases store and copy the same bytes. There are no foreign keys: every reference is written in
the transaction that wrote what it refers to, nothing is ever deleted, and checking each row again
would cost PostgreSQL more than storing it (docs/decisions/004-no-foreign-keys.md).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives row ids only to INTEGER keys; PostgreSQL's INTEGER is too small for them.
Id = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[Any]:
    return Column("id", Id, primary_key=True)


def _time(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, BigInteger, nullable=nullable)


def _account(**options: Any) -> Column[Any]:
    return Column("account_id", Id, nullable=False, **options)


def _text(*names: str) -> list[Column[Any]]:
    return [Column(name, Text) for name in names]


accounts = Table(
    "accounts",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("connector", Text, nullable=False),
    _time("created_at", nullable=False),
    _time("suspended_at"),
    Column("suspended_reason", Text),
    # As JSON, whose parcels it follows: the carriers' codes, or null for anybody's. NULL: none.
    Column("carriers", Text),
)

cursors = Table(
    "cursors",
    metadata,
    _account(primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("cursor", Text, nullable=False, server_default="{}"),
    Column("fence", BigInteger, nullable=False, server_default="0"),
    Column("owner", Text),
    _time("claimed_until"),
    _time("polled_at"),
    _time("succeeded_at"),
    _time("failing_since"),
    _time("retry_at"),
    Column("failures", Integer, nullable=False, server_default="0"),
    *_text("error_class", "error"),
)

customers = Table(
    "customers",
    metadata,
    _id(),
    *_text("name", "language", "country"),
    _time("created_at", nullable=False),
    Column("merged_into", Id),
)

identities = Table(
    "identities",
    metadata,
    Column("key", Text, primary_key=True),
    Column("customer_id", Id, nullable=False, index=True),
)

conversations = Table(
    "conversations",
    metadata,
    _id(),
    _account(),
    Column("customer_id", Id),
    *_text("thread_id", "subject", "language"),
    _time("first_at", nullable=False),
    _time("last_at", nullable=False),
    _time("last_inbound_at"),
    _time("last_outbound_at"),
    Index("ix_conversations_customer_id", "customer_id"),
    # Its times change with every message: no index on them, and room in the page, so that
    # PostgreSQL can change a row in place.
    postgresql_with={"fillfactor": "80"},
)

thread_keys = Table(
    "thread_keys",
    metadata,
    _account(primary_key=True),
    Column("key", Text, primary_key=True),
    Column("conversation_id", Id, nullable=False),
    sqlite_with_rowid=False,
)

conversation_orders = Table(
    "conversation_orders",
    metadata,
    Column("order_source_id", Text, primary_key=True),
    Column("conversation_id", Id, primary_key=True, index=True),
    sqlite_with_rowid=False,
)

messages = Table(
    "messages",
    metadata,
    _id(),
    _account(),
    Column("source_id", Text, nullable=False),
    Column("conversation_id", Id, nullable=False),
    Column("direction", Text, nullable=False),
    Column("kind", Text, nullable=False),
    _time("sent_at", nullable=False),
    *_text("subject", "text", "message_id", "refs", "language", "author"),
    Column("content_hash", LargeBinary, nullable=False),
    Column("version", SmallInteger, nullable=False),
    _time("seen_at", nullable=False),
    Column("raw", LargeBinary),
    UniqueConstraint("account_id", "source_id"),
    Index("ix_messages_conversation_id_sent_at", "conversation_id", "sent_at"),
)

message_versions = Table(
    "message_versions",
    metadata,
    Column("message_id", Id, primary_key=True),
    Column("version", SmallInteger, primary_key=True),
    *_text("subject", "text"),
    Column("content_hash", LargeBinary, nullable=False),
    _time("seen_at", nullable=False),
    Column("raw", LargeBinary),
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

attachments = Table(
    "attachments",
    metadata,
    Column("message_id", Id, primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger),
    Column("sha256", LargeBinary),
    Column("url", Text),
)

orders = Table(
    "orders",
    metadata,
    _id(),
    _account(),
    Column("source_id", Text, nullable=False, index=True),
    Column("customer_id", Id, index=True),
    Column("status", Text, nullable=False),
    _time("placed_at", nullable=False),
    _time("paid_at"),
    _time("ship_by_earliest"),
    _time("ship_by"),
    _time("deliver_by_earliest"),
    _time("deliver_by"),
    _time("protection_ends_at"),
    *_text("currency", "total", "country", "postcode", "state", "address", "language", "site"),
    *_text("shipping_method", "note", "buyer"),
    Column("content_hash", LargeBinary, nullable=False),
    _time("seen_at", nullable=False),
    Column("raw", LargeBinary),
    UniqueConstraint("account_id", "source_id"),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", Id, primary_key=True),
    Column("source_id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    *_text("sku", "variant", "price"),
)

shipments = Table(
    "shipments",
    metadata,
    _id(),
    _account(),
    Column("source_id", Text, nullable=False),
    Column("order_source_id", Text, nullable=False),
    *_text("tracking_number", "carrier", "tracking_url", "origin_country", "destination_country"),
    _time("shipped_at"),
    Column("content_hash", LargeBinary, nullable=False),
    _time("seen_at", nullable=False),
    Column("raw", LargeBinary),
    # What the watches need, kept here at ingest so that judging a parcel reads one row.
    Column("milestone", Text, nullable=False, server_default="unknown"),
    _time("milestone_at"),
    Column("reason", Text),
    _time("first_scan_at"),
    _time("last_movement_at"),
    _time("last_event_at"),
    _time("eta"),
    _time("eta_before"),
    _time("eta_since"),
    _time("pickup_by"),
    Column("number_before", Text),
    _time("number_since"),
    _time("ship_by"),
    _time("deliver_by"),
    _time("protection_ends_at"),
    _time("due_at"),
    UniqueConstraint("account_id", "source_id"),
    Index("ix_shipments_tracking_number", "tracking_number"),
    Index("ix_shipments_account_id_order_source_id", "account_id", "order_source_id"),
)
Index(
    "ix_shipments_due_at",
    shipments.c.due_at,
    sqlite_where=shipments.c.due_at.is_not(None),
    postgresql_where=shipments.c.due_at.is_not(None),
)

lateness_models = Table(
    "lateness_models",
    metadata,
    _id(),
    _time("fitted_at", nullable=False),
    _time("since", nullable=False),
    Column("n", Integer, nullable=False),
    Column("base_rate", Float, nullable=False),
    Column("drift", Float, nullable=False),
    Column("settings", Text, nullable=False),
    Column("tables", LargeBinary, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    _account(primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False),
    _time("updated_at", nullable=False),
)

tracking_events = Table(
    "tracking_events",
    metadata,
    _id(),
    _account(),
    Column("source_id", Text, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column("milestone", Text, nullable=False),
    *_text("reason", "leg"),
    Column("occurred_local", Text, nullable=False),
    Column("utc_offset_minutes", Integer),
    Column("offset_source", Text),
    _time("occurred_at", nullable=False),
    *_text("text", "code", "carrier", "location", "country"),
    _time("eta"),
    _time("pickup_by"),
    Column("content_hash", LargeBinary, nullable=False),
    _time("seen_at", nullable=False),
    Column("raw", LargeBinary),
    UniqueConstraint("account_id", "source_id"),
    Index("ix_tracking_events_tracking_number_occurred_at", "tracking_number", "occurred_at"),
)

follows = Table(
    "follows",
    metadata,
    Column("tracking_number", Text, primary_key=True),
    _account(primary_key=True),  # 0: whose business it is has still to be found out
    _time("look_at", nullable=False),
    _time("looked_at"),
    Column("step", SmallInteger, nullable=False, server_default="0"),
    _time("asked_at"),
    Index("ix_follows_account_id_look_at", "account_id", "look_at"),
)
Index(
    "ix_follows_asked_at",
    follows.c.asked_at,
    sqlite_where=follows.c.asked_at.is_not(None),
    postgresql_where=follows.c.asked_at.is_not(None),
)

findings = Table(
    "findings",
    metadata,
    _id(),
    Column("fingerprint", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("shipment_id", Id, index=True),
    _time("since", nullable=False),
    Column("evidence", Text, nullable=False),
    Column("figures", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False, index=True),
    _time("closed_at"),
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    _account(),
    Column("state", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    *_text("template", "language", "cause"),
    Column("shipment_id", Id, index=True),
    Column("finding_id", Id),
    Column("conversation_id", Id),
    *_text("order_source_id", "recipient", "subject", "text"),
    _time("created_at", nullable=False),
    _time("not_before", nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("owner", Text),
    _time("lease_until"),
    Column("reason", Text),
    _time("until"),
    Index("ix_outbox_state_not_before", "state", "not_before"),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    Column("outbox_id", Id, nullable=False, index=True),
    _time("at", nullable=False),
    Column("outcome", Text, nullable=False),
    *_text("source_id", "detail", "subject", "text"),
)

notes = Table(
    "notes",
    metadata,
    _id(),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    _time("at", nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_notes_subject_kind_subject_id", "subject_kind", "subject_id"),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    _time("at", nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text),
)

quarantine = Table(
    "quarantine",
    metadata,
    _id(),
    _account(),
    Column("stream", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    _time("seen_at", nullable=False),
    _time("resolved_at"),
    Column("raw", LargeBinary),
    UniqueConstraint("account_id", "stream", "source_id"),
)
