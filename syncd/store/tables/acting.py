"""What syncd found, what it intends, and what it did."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from syncd.store.tables.base import Id, account, id_, metadata, partial_index, texts, time

findings = Table(
    "findings",
    metadata,
    id_(),
    Column("fingerprint", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("shipment_id", Id, index=True),
    # Of the order that it is about, where that has no parcel.
    Column("order_id", Id),
    time("since", nullable=False),
    Column("evidence", Text, nullable=False),
    Column("figures", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False, index=True),
    time("closed_at"),
)
partial_index("ix_findings_order_id", findings.c.order_id, where=findings.c.order_id.is_not(None))
# The open ones are few and asked for in each round; the closed ones are kept for ever.
partial_index("ix_findings_open", findings.c.kind, where=findings.c.closed_at.is_(None))

outbox = Table(
    "outbox",
    metadata,
    id_(),
    Column("key", Text, nullable=False, unique=True),
    account(),
    Column("state", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    *texts("template", "language", "cause"),
    Column("shipment_id", Id, index=True),
    Column("order_id", Id),
    Column("finding_id", Id),
    Column("conversation_id", Id),
    *texts("order_source_id", "recipient", "subject", "text"),
    time("created_at", nullable=False),
    time("not_before", nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("owner", Text),
    time("lease_until"),
    Column("reason", Text),
    time("until"),
    Column("details", Text),
    Index("ix_outbox_state_not_before", "state", "not_before"),
)

deliveries = Table(
    "deliveries",
    metadata,
    id_(),
    Column("outbox_id", Id, nullable=False, index=True),
    time("at", nullable=False),
    Column("outcome", Text, nullable=False),
    Column("source_id", Text, index=True),
    *texts("detail", "subject", "text"),
)

notes = Table(
    "notes",
    metadata,
    id_(),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    time("at", nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_notes_subject_kind_subject_id", "subject_kind", "subject_id"),
)

audit = Table(
    "audit",
    metadata,
    id_(),
    time("at", nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text),
)

quarantine = Table(
    "quarantine",
    metadata,
    id_(),
    account(),
    Column("stream", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    time("seen_at", nullable=False),
    time("resolved_at"),
    Column("raw", LargeBinary),
    UniqueConstraint("account_id", "stream", "source_id"),
)
