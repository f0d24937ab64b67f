"""Looking things up: for status, lists and timelines. Reads only."""

from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from syncd.store.database import Database
from syncd.store.tables import (
    accounts,
    conversation_orders,
    conversations,
    customers,
    deliveries,
    findings,
    messages,
    orders,
    outbox,
    quarantine,
    shipments,
    tracking_events,
)
from syncd.store.times import from_us

_COUNTED = {
    "messages": select(func.count()).select_from(messages),
    "conversations": select(func.count()).select_from(conversations),
    "customers": select(func.count())
    .select_from(customers)
    .where(customers.c.merged_into.is_(None)),
    "orders": select(func.count()).select_from(orders),
    "shipments": select(func.count()).select_from(shipments),
    "tracking_events": select(func.count()).select_from(tracking_events),
    "findings": select(func.count()).select_from(findings),
    "quarantined": select(func.count())
    .select_from(quarantine)
    .where(quarantine.c.resolved_at.is_(None)),
}


class LookStore:
    """Use cases of people who look."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> dict[str, int]:
        """How much of everything there is."""
        with self._database.read() as connection:
            return {name: connection.execute(q).scalar_one() for name, q in _COUNTED.items()}

    def open_findings(self) -> dict[str, int]:
        """How many findings are open, by kind."""
        wanted = (
            select(findings.c.kind, func.count())
            .where(findings.c.closed_at.is_(None))
            .group_by(findings.c.kind)
        )
        with self._database.read() as connection:
            return dict(connection.execute(wanted).all())

    def findings_by_kind(self) -> dict[str, int]:
        """How many findings there ever were, by kind."""
        wanted = select(findings.c.kind, func.count()).group_by(findings.c.kind)
        with self._database.read() as connection:
            return dict(connection.execute(wanted).all())

    def parcels_found_late(self) -> int:
        """How many parcels ever had a finding."""
        wanted = select(func.count(findings.c.shipment_id.distinct()))
        with self._database.read() as connection:
            return int(connection.execute(wanted).scalar_one())

    def conversations(
        self, *, account: str | None = None, text: str | None = None, limit: int = 50
    ) -> list[dict[str, Any]]:
        """Conversations, the one spoken in last first; `text` searches what was written."""
        table = conversations.c
        wanted = (
            select(
                table.id, accounts.c.name, customers.c.name, table.subject, table.last_at,
                table.last_inbound_at, table.last_outbound_at,
                select(func.count())
                .where(messages.c.conversation_id == table.id)
                .scalar_subquery(),
            )
            .join(accounts, accounts.c.id == table.account_id)
            .outerjoin(customers, customers.c.id == table.customer_id)
            .order_by(table.last_at.desc())
            .limit(limit)
        )  # fmt: skip
        if account is not None:
            wanted = wanted.where(accounts.c.name == account)
        if text is not None:
            said = messages.c.text.icontains(text, autoescape=True)
            wanted = wanted.where(table.id.in_(select(messages.c.conversation_id).where(said)))
        with self._database.read() as connection:
            return [_conversation(row) for row in connection.execute(wanted)]

    def timeline(self, subject: str) -> list[dict[str, Any]]:
        """All that is known about a conversation, order or tracking number, oldest first.

        `subject` is a conversation's number, an order's id or a tracking number; empty where it
        is none of them. Each entry has ``at``, ``kind``, ``who`` and ``text``.
        """
        with self._database.read() as connection:
            scope = _Scope(connection, subject)
            entries = [entry for query in scope.queries() for entry in query]
        return sorted(entries, key=lambda entry: str(entry["at"]))

    def messages_per_account(self) -> dict[str, int]:
        """How many messages each account has brought."""
        wanted = (
            select(accounts.c.name, func.count())
            .join(messages, messages.c.account_id == accounts.c.id)
            .group_by(accounts.c.name)
        )
        with self._database.read() as connection:
            return dict(connection.execute(wanted).all())


class _Scope:
    """What belongs to one subject: its conversations, orders and parcels."""

    def __init__(self, connection: Connection, subject: str) -> None:
        self._connection = connection
        self.numbers = self._ids(
            select(shipments.c.tracking_number).where(
                or_(
                    shipments.c.tracking_number == subject,
                    shipments.c.order_source_id == subject,
                    shipments.c.order_source_id.in_(self._orders_of_conversation(subject)),
                ),
                shipments.c.tracking_number.is_not(None),
            )
        )
        self.orders = self._ids(
            select(orders.c.source_id).where(
                or_(
                    orders.c.source_id == subject,
                    orders.c.source_id.in_(self._orders_of_conversation(subject)),
                    orders.c.source_id.in_(
                        select(shipments.c.order_source_id).where(
                            shipments.c.tracking_number == subject
                        )
                    ),
                )
            )
        )
        talks = select(conversation_orders.c.conversation_id).where(
            conversation_orders.c.order_source_id.in_([*self.orders, subject])
        )
        self.conversations = [int(subject)] if self._is_conversation(subject) else self._ids(talks)

    def _is_conversation(self, subject: str) -> bool:
        if not (subject.isascii() and subject.isdigit()) or len(subject) > 18:
            return False
        wanted = select(conversations.c.id).where(conversations.c.id == int(subject))
        return self._connection.execute(wanted).scalar() is not None

    def _orders_of_conversation(self, subject: str) -> list[str]:
        if not self._is_conversation(subject):
            return []
        wanted = select(conversation_orders.c.order_source_id).where(
            conversation_orders.c.conversation_id == int(subject)
        )
        return self._ids(wanted)

    def _ids(self, wanted: Select[Any]) -> list[Any]:
        return list(self._connection.execute(wanted.distinct()).scalars())

    def queries(self) -> list[list[dict[str, Any]]]:
        return [
            self._messages(),
            self._orders(),
            self._shipments(),
            self._events(),
            self._findings(),
            self._deliveries(),
        ]

    def _messages(self) -> list[dict[str, Any]]:
        table = messages.c
        wanted = select(
            table.sent_at, table.direction, table.author, table.subject, table.text, table.version
        ).where(table.conversation_id.in_(self.conversations))
        return [
            _entry(at, "message", f"{direction} {author or ''}".strip(), text,
                   subject=subject, version=version)
            for at, direction, author, subject, text, version in self._connection.execute(wanted)
        ]  # fmt: skip

    def _orders(self) -> list[dict[str, Any]]:
        table = orders.c
        wanted = select(
            table.placed_at, table.source_id, table.status, table.country, table.deliver_by
        ).where(table.source_id.in_(self.orders))
        return [
            _entry(at, "order", source_id,
                   f"placed, to {country or '?'}, now {status}, promised by {_day(promise)}")
            for at, source_id, status, country, promise in self._connection.execute(wanted)
        ]  # fmt: skip

    def _shipments(self) -> list[dict[str, Any]]:
        table = shipments.c
        wanted = select(
            table.shipped_at, table.seen_at, table.tracking_number, table.carrier, table.milestone
        ).where(
            or_(table.tracking_number.in_(self.numbers), table.order_source_id.in_(self.orders))
        )
        return [
            _entry(shipped or seen, "shipment", number or "no number",
                   f"shipped with {carrier or 'an unnamed carrier'}, now {milestone}")
            for shipped, seen, number, carrier, milestone in self._connection.execute(wanted)
        ]  # fmt: skip

    def _events(self) -> list[dict[str, Any]]:
        table = tracking_events.c
        wanted = select(
            table.occurred_at, table.tracking_number, table.milestone, table.text, table.location,
            table.occurred_local,
        ).where(table.tracking_number.in_(self.numbers))  # fmt: skip
        return [
            _entry(at, "tracking", number, f"{milestone}: {text}", place=place, local=local)
            for at, number, milestone, text, place, local in self._connection.execute(wanted)
        ]

    def _findings(self) -> list[dict[str, Any]]:
        wanted = (
            select(findings.c.opened_at, findings.c.kind, findings.c.evidence, findings.c.closed_at)
            .join(shipments, shipments.c.id == findings.c.shipment_id)
            .where(shipments.c.tracking_number.in_(self.numbers))
        )
        return [
            _entry(at, "finding", kind, evidence, closed_at=_iso(closed))
            for at, kind, evidence, closed in self._connection.execute(wanted)
        ]

    def _deliveries(self) -> list[dict[str, Any]]:
        wanted = (
            select(deliveries.c.at, deliveries.c.outcome, deliveries.c.text, deliveries.c.detail,
                   deliveries.c.subject, accounts.c.name)
            .join(outbox, outbox.c.id == deliveries.c.outbox_id)
            .join(accounts, accounts.c.id == outbox.c.account_id)
            .where(
                or_(
                    outbox.c.order_source_id.in_(self.orders),
                    outbox.c.conversation_id.in_(self.conversations),
                )
            )
        )  # fmt: skip
        return [
            _entry(at, outcome, f"syncd by {account}", text or detail or "", subject=subject)
            for at, outcome, text, detail, subject, account in self._connection.execute(wanted)
        ]


def _conversation(row: Any) -> dict[str, Any]:
    return {
        "id": row[0],
        "account": row[1],
        "customer": row[2],
        "subject": row[3],
        "last_at": _iso(row[4]),
        "waiting": (row[5] or 0) > (row[6] or 0),
        "messages": row[7],
    }


def _entry(at: int, kind: str, who: str, text: str, **more: Any) -> dict[str, Any]:
    extra = {name: value for name, value in more.items() if value is not None}
    return {"at": _iso(at), "kind": kind, "who": who, "text": text, **extra}


def _iso(value: int | None) -> str | None:
    return None if value is None else from_us(value).isoformat(timespec="seconds")


def _day(value: int | None) -> str:
    return "no date" if value is None else f"{from_us(value):%Y-%m-%d}"
