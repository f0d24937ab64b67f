"""The tables. Names are the words of docs/architecture.md; times are microseconds (see `times`).

``source_id`` is always the platform's own id as text. JSON columns hold text, so that both
databases store and copy the same bytes. There are no foreign keys: every reference is written in
the transaction that wrote what it refers to, nothing is ever deleted, and checking each row again
would cost PostgreSQL more than storing it (docs/decisions/004-no-foreign-keys.md).
"""

from syncd.store.tables.accounts import accounts, cursors, renewals, tokens
from syncd.store.tables.acting import audit, deliveries, findings, notes, outbox, quarantine
from syncd.store.tables.aftersales import cases, item_versions, reviews, stock_levels
from syncd.store.tables.base import metadata
from syncd.store.tables.parcels import (
    follows,
    lateness_models,
    shipment_dues,
    shipments,
    tracking_events,
)
from syncd.store.tables.talk import (
    attachments,
    blobs,
    conversation_listings,
    conversation_numbers,
    conversation_orders,
    conversations,
    customers,
    identities,
    message_versions,
    messages,
    thread_keys,
)
from syncd.store.tables.trade import order_dues, order_lines, orders

__all__ = [
    "accounts",
    "attachments",
    "audit",
    "blobs",
    "cases",
    "conversation_listings",
    "conversation_numbers",
    "conversation_orders",
    "conversations",
    "cursors",
    "customers",
    "deliveries",
    "findings",
    "follows",
    "identities",
    "item_versions",
    "lateness_models",
    "message_versions",
    "messages",
    "metadata",
    "notes",
    "order_dues",
    "order_lines",
    "orders",
    "outbox",
    "quarantine",
    "renewals",
    "reviews",
    "shipment_dues",
    "shipments",
    "stock_levels",
    "thread_keys",
    "tokens",
    "tracking_events",
]
