"""Conversations as people who look want them: with whom, about what, and whether somebody waits."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from syncd.model import Direction, MessageKind
from syncd.store import bulk
from syncd.store.tables import (
    accounts,
    conversation_orders,
    conversations,
    customers,
    identities,
    messages,
)
from syncd.store.times import from_us

WAITING = func.coalesce(conversations.c.last_inbound_at, 0) > func.coalesce(
    conversations.c.last_outbound_at, 0
)
"""That a person wrote last and nobody has answered."""
_MESSAGES = (
    select(func.count())
    .where(messages.c.conversation_id == conversations.c.id)
    .correlate(conversations)
    .scalar_subquery()
)
_LAST_TEXT = (
    select(messages.c.text)
    .where(
        messages.c.conversation_id == conversations.c.id,
        messages.c.direction != Direction.PLATFORM.value,
    )
    .order_by(messages.c.sent_at.desc(), messages.c.id.desc())
    .limit(1)
    .correlate(conversations)
    .scalar_subquery()
)
# A buyer may never have given a name: then as the last message calls them, else by an identity.
_CUSTOMER = func.coalesce(
    customers.c.name,
    select(func.max(messages.c.author))
    .where(messages.c.conversation_id == conversations.c.id)
    .correlate(conversations)
    .scalar_subquery(),
    select(func.min(identities.c.key))
    .where(identities.c.customer_id == conversations.c.customer_id)
    .correlate(conversations)
    .scalar_subquery(),
)
# As `syncd.rules.identity` makes them.
_IDENTITY = re.compile(r"(?:(?:id|thread):[a-z][a-z0-9-]*|email|phone):(?P<shown>.+)", re.DOTALL)


_EMAIL = "email:"  # as `syncd.rules.identity` begins the key of an address


def holding(text: str) -> ColumnElement[bool]:
    """The condition that a conversation has `text` in what was said, or in whom it is with."""
    table = conversations.c
    said = or_(
        _has(messages.c.text, text), _has(messages.c.subject, text), _has(messages.c.author, text)
    )
    named = select(customers.c.id).where(_has(customers.c.name, text))
    written_from = func.substr(identities.c.key, len(_EMAIL) + 1)
    reached = select(identities.c.customer_id).where(
        identities.c.key.startswith(_EMAIL), _has(written_from, text)
    )
    return or_(
        table.id.in_(select(messages.c.conversation_id).where(said)),
        table.customer_id.in_(named),
        table.customer_id.in_(reached),
    )


def _has(column: Any, text: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.icontains(text, autoescape=True)
    return found


def described(connection: Connection, numbers: Collection[int]) -> list[dict[str, Any]]:
    """These conversations, the last spoken in first, as `LookStore.conversations` gives them."""
    table = conversations.c
    wanted = (
        select(
            table.id,
            accounts.c.name,
            _CUSTOMER,
            table.subject,
            table.last_at,
            WAITING,
            _MESSAGES,
            _LAST_TEXT,
        )
        .join(accounts, accounts.c.id == table.account_id)
        .outerjoin(customers, customers.c.id == table.customer_id)
        .where(bulk.among(table.id, numbers))
        .order_by(table.last_at.desc(), table.id.desc())
    )
    about, since = _orders_of(connection, numbers), _waits_since(connection, numbers)
    return [
        {
            "id": row[0],
            "account": row[1],
            "customer": _plain_identity(row[2]),
            "orders": about.get(row[0], []),
            "subject": row[3],
            "last_text": row[7],
            "messages": row[6],
            "waiting": bool(row[5]),
            "waits_since": since.get(row[0]),
            "last_at": from_us(row[4]),
        }
        for row in connection.execute(wanted).all()
    ]


def _plain_identity(name: str | None) -> str | None:
    """A customer's name; of the key of an identity that stands in for it, what a platform shows."""
    found = _IDENTITY.match(name or "")
    return name if found is None else found["shown"]


def _orders_of(connection: Connection, numbers: Collection[int]) -> dict[int, list[str]]:
    links = conversation_orders.c
    wanted = (
        select(links.conversation_id, links.order_source_id)
        .where(bulk.among(links.conversation_id, numbers))
        .order_by(links.order_source_id)
    )
    found: dict[int, list[str]] = {}
    for number, order in connection.execute(wanted):
        found.setdefault(number, []).append(order)
    return found


def _waits_since(connection: Connection, numbers: Collection[int]) -> dict[int, datetime]:
    """When the first message came that nobody has answered; machines' messages wait for nothing."""
    table = conversations.c
    wanted = (
        select(table.id, func.min(messages.c.sent_at))
        .join(messages, messages.c.conversation_id == table.id)
        .where(
            bulk.among(table.id, numbers),
            WAITING,
            messages.c.direction == Direction.INBOUND.value,
            messages.c.kind == MessageKind.HUMAN.value,
            messages.c.sent_at > func.coalesce(table.last_outbound_at, 0),
        )
        .group_by(table.id)
    )
    return {number: from_us(at) for number, at in connection.execute(wanted)}
