"""Who talks about what: customers, conversations, messages and their files."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from syncd.store.tables.base import Id, account, id_, metadata, on_postgresql, texts, time

customers = Table(
    "customers",
    metadata,
    id_(),
    *texts("name", "language", "country"),
    time("created_at", nullable=False),
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
    id_(),
    account(),
    Column("customer_id", Id),
    *texts("thread_id", "subject", "language"),
    time("first_at", nullable=False),
    time("last_at", nullable=False),
    time("last_inbound_at"),
    time("last_outbound_at"),
    Index("ix_conversations_customer_id", "customer_id"),
)
# Their times change with every message: no index on them, and room in the page, so that
# PostgreSQL can change a row in place.
on_postgresql(conversations, **{"with": {"fillfactor": "80"}})

thread_keys = Table(
    "thread_keys",
    metadata,
    account(primary_key=True),
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

conversation_listings = Table(
    "conversation_listings",
    metadata,
    Column("conversation_id", Id, primary_key=True),
    Column("listing_id", Text, primary_key=True),
    sqlite_with_rowid=False,
)

conversation_numbers = Table(
    "conversation_numbers",
    metadata,
    Column("tracking_number", Text, primary_key=True),
    Column("conversation_id", Id, primary_key=True),
    sqlite_with_rowid=False,
)

messages = Table(
    "messages",
    metadata,
    id_(),
    account(),
    Column("source_id", Text, nullable=False),
    Column("conversation_id", Id, nullable=False),
    Column("direction", Text, nullable=False),
    Column("kind", Text, nullable=False),
    time("sent_at", nullable=False),
    *texts("subject", "text", "message_id", "refs", "language", "author"),
    Column("content_hash", LargeBinary, nullable=False),
    Column("version", SmallInteger, nullable=False),
    time("seen_at", nullable=False),
    Column("raw", LargeBinary),
    UniqueConstraint("account_id", "source_id"),
    Index("ix_messages_conversation_id_sent_at", "conversation_id", "sent_at"),
)

message_versions = Table(
    "message_versions",
    metadata,
    Column("message_id", Id, primary_key=True),
    Column("version", SmallInteger, primary_key=True),
    *texts("subject", "text"),
    Column("content_hash", LargeBinary, nullable=False),
    time("seen_at", nullable=False),
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
