"""How one subject stands now: its orders, parcels, open troubles, notices and conversations."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from syncd.store.scans import LATEST_FIRST
from syncd.store.subject import Subject
from syncd.store.tables import (
    accounts,
    customers,
    deliveries,
    findings,
    order_lines,
    orders,
    outbox,
    shipments,
    tracking_events,
)
from syncd.store.times import from_us

Facts = dict[str, Any]

WHOSE = accounts.c.id == func.coalesce(shipments.c.account_id, orders.c.account_id)
"""Joins a finding, with its shipment or its order, to the account of either."""


def standing(connection: Connection, subject: Subject) -> dict[str, list[Facts]]:
    """The facts to know first; times aware UTC, a scan's ``local`` as the carrier said it."""
    return {
        "orders": _orders(connection, subject),
        "parcels": _parcels(connection, subject),
        "open_findings": _open_findings(connection, subject),
        "notices": _notices(connection, subject),
    }


def candidates(connection: Connection, subject: Subject) -> list[Facts]:
    """Each account that has an order of this name, with what tells these orders apart."""
    table, named = orders.c, {key.account for key in subject.orders}
    wanted = (
        select(accounts.c.name, table.placed_at, table.country, table.buyer)
        .outerjoin(orders, (table.account_id == accounts.c.id) & (table.source_id == subject.name))
        .where(accounts.c.id.in_(named))
        .order_by(accounts.c.name)
    )
    return [
        {"account": row[0], "placed_at": from_us(row[1]), "country": row[2],
         "buyer": _buyer(row[3])}
        for row in connection.execute(wanted)
    ]  # fmt: skip


def _orders(connection: Connection, subject: Subject) -> list[Facts]:
    table = orders.c
    wanted = (
        select(
            table.id, table.source_id, accounts.c.name, table.status, table.placed_at,
            table.deliver_by, table.protection_ends_at, table.country, table.buyer, customers.c.name,
            table.total, table.currency, table.note,
        )
        .join(accounts, accounts.c.id == table.account_id)
        .outerjoin(customers, customers.c.id == table.customer_id)
        .where(subject.owns(table.account_id, table.source_id))
        .order_by(table.placed_at)
    )  # fmt: skip
    return [
        {
            "id": row[1],
            "account": row[2],
            "status": row[3],
            "placed_at": from_us(row[4]),
            "promised_by": from_us(row[5]),
            "protection_ends_at": from_us(row[6]),
            "country": row[7],
            "buyer": _buyer(row[8]) or row[9],
            "total": f"{row[10]} {row[11] or ''}".strip() if row[10] else None,
            "note": row[12],
            "lines": _lines(connection, row[0]),
        }
        for row in connection.execute(wanted).all()
    ]


def _buyer(kept: str | None) -> str | None:
    party = msgspec.json.decode(kept) if kept else {}
    return party.get("name") or party.get("email") or party.get("id")


def _lines(connection: Connection, order_id: int) -> list[Facts]:
    table = order_lines.c
    wanted = select(table.quantity, table.title, table.variant, table.sku)
    rows = connection.execute(wanted.where(table.order_id == order_id).order_by(table.source_id))
    return [dict(row._mapping) for row in rows]  # noqa: SLF001  sqlalchemy's documented way


def _parcels(connection: Connection, subject: Subject) -> list[Facts]:
    table = shipments.c
    wanted = (
        select(
            table.tracking_number, table.order_source_id, accounts.c.name, table.carrier,
            table.milestone, table.milestone_at, table.shipped_at, table.deliver_by, table.id,
            table.last_event_at,
        )
        .join(accounts, accounts.c.id == table.account_id)
        .where(table.id.in_(subject.shipments))
        .order_by(table.shipped_at, table.id)
    )  # fmt: skip
    parcels = [
        {
            "tracking_number": row[0],
            "order": row[1],
            "account": row[2],
            "carrier": row[3],
            "milestone": row[4],
            "milestone_at": from_us(row[5]),
            "shipped_at": from_us(row[6]),
            "promised_by": from_us(row[7]),
            "shipment": row[8],
            # Later ones are the next parcel's with this number.
            "latest": _latest(connection, row[0], tracking_events.c.occurred_at <= (row[9] or 0)),
        }
        for row in connection.execute(wanted).all()
    ]
    return parcels or [
        {"tracking_number": number, "milestone": latest["milestone"], "latest": latest}
        for number in subject.numbers  # followed, and no channel has told of a shipment
        if (latest := _latest(connection, number)) is not None
    ]


def _latest(
    connection: Connection, number: str | None, *its_own: ColumnElement[bool]
) -> Facts | None:
    event = tracking_events.c
    row = connection.execute(
        select(event.text, event.occurred_local, event.location, event.milestone)
        .where(event.tracking_number == number, *its_own)
        .order_by(*LATEST_FIRST)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    local = datetime.fromisoformat(row[1])
    return {"text": row[0], "local": local, "place": row[2], "milestone": row[3]}


def _open_findings(connection: Connection, subject: Subject) -> list[Facts]:
    table = findings.c
    wanted = (
        select(
            table.kind, table.severity, table.since, table.evidence, shipments.c.tracking_number,
            orders.c.source_id, accounts.c.name,
        )
        .outerjoin(shipments, shipments.c.id == table.shipment_id)
        .outerjoin(orders, orders.c.id == table.order_id)
        .outerjoin(accounts, WHOSE)
        .where(subject.its_findings, table.closed_at.is_(None))
        .order_by(table.since)
    )  # fmt: skip
    return [
        {"kind": row[0], "severity": row[1], "since": from_us(row[2]), "evidence": row[3],
         "tracking_number": row[4], "order": row[5], "account": row[6]}
        for row in connection.execute(wanted)
    ]  # fmt: skip


def _notices(connection: Connection, subject: Subject) -> list[Facts]:
    """What the buyer was told, and what is meant to be told still."""
    table = outbox.c
    wanted = (
        select(
            table.id, table.state, accounts.c.name, table.purpose, table.template, table.language,
            table.subject, table.not_before, table.reason, deliveries.c.at,
        )
        .join(accounts, accounts.c.id == table.account_id)
        .outerjoin(deliveries, (deliveries.c.outbox_id == table.id) & (deliveries.c.outcome == "sent"))
        .where(subject.its_outbox_rows)
        .order_by(table.id)
    )  # fmt: skip
    return [
        {"id": row[0], "state": row[1], "account": row[2], "purpose": row[3], "template": row[4],
         "language": row[5], "subject": row[6], "not_before": from_us(row[7]), "reason": row[8],
         "sent_at": from_us(row[9])}
        for row in connection.execute(wanted)
    ]  # fmt: skip
