"""Accounts: where each stream stands, and the logins they keep."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text

from syncd.store.tables.base import account, id_, metadata, texts, time

accounts = Table(
    "accounts",
    metadata,
    id_(),
    Column("name", Text, nullable=False, unique=True),
    Column("connector", Text, nullable=False),
    time("created_at", nullable=False),
    time("suspended_at"),
    Column("suspended_reason", Text),
    # As JSON, whose parcels it follows: the carriers' codes, or null for anybody's. NULL: none.
    Column("carriers", Text),
)

cursors = Table(
    "cursors",
    metadata,
    account(primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("cursor", Text, nullable=False, server_default="{}"),
    Column("fence", BigInteger, nullable=False, server_default="0"),
    Column("owner", Text),
    time("claimed_until"),
    time("polled_at"),
    time("succeeded_at"),
    time("failing_since"),
    time("retry_at"),
    Column("failures", Integer, nullable=False, server_default="0"),
    *texts("error_class", "error"),
)

tokens = Table(
    "tokens",
    metadata,
    account(primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False),
    time("updated_at", nullable=False),
)

renewals = Table(
    "renewals",
    metadata,
    account(primary_key=True, autoincrement=False),
    *(Column(name, Text, nullable=False) for name in ("ticket", "owner")),
    time("until", nullable=False),
)
