"""Everything that happened around one subject, as entries of one list."""

from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from syncd.store.facts import WHOSE
from syncd.store.parcels import SINCE
from syncd.store.readback import IS_READ_BACK, READ_BACK
from syncd.store.scans import OLDEST_FIRST
from syncd.store.subject import Subject
from syncd.store.tables import (
    accounts,
    cases,
    deliveries,
    findings,
    messages,
    orders,
    outbox,
    reviews,
    shipments,
    tracking_events,
)
from syncd.store.times import from_us

# Without a zone a scan may read as so much earlier, in microseconds.
_ZONES = timedelta(hours=12) // timedelta(microseconds=1)

Entry = dict[str, Any]
"""``at`` (aware UTC), ``kind``, ``who`` and ``text``; some kinds have more."""


def timeline(connection: Connection, subject: Subject) -> list[Entry]:
    """Messages, order facts, scans, findings and what became of syncd's own messages, oldest first.

    A message of syncd's that the platform has shown since is there once, as what syncd sent, with
    the platform's id, its conversation and ``read_back_at``.
    """
    parts = (
        _messages, _orders, _shipments, _scans, _cases, _reviews, _findings, _deliveries,
    )  # fmt: skip
    entries = [entry for part in parts for entry in part(connection, subject)]
    return sorted(entries, key=itemgetter("at"))


def _entry(at: int, kind: str, who: str, text: str, **more: Any) -> Entry:
    extra = {name: value for name, value in more.items() if value is not None}
    return {"at": from_us(at), "kind": kind, "who": who, "text": text, **extra}


def _messages(connection: Connection, subject: Subject) -> list[Entry]:
    table = messages.c
    wanted = (
        select(
            table.sent_at, table.direction, table.kind, table.author, table.subject, table.text,
            table.version, table.conversation_id, accounts.c.name,
        )
        .join(accounts, accounts.c.id == table.account_id)
        .where(
            table.conversation_id.in_(subject.conversations),
            # Told below as what syncd sent.
            table.id.not_in(READ_BACK.with_only_columns(table.id).where(subject.its_outbox_rows)),
        )
    )  # fmt: skip
    return [
        _entry(row[0], "message", _who(*row[1:4], row[8]), row[5] or "",
               writer=row[2] if row[2] not in {"human", "own"} else None, subject=row[4],
               conversation=row[7], version=row[6] if row[6] > 1 else None)
        for row in connection.execute(wanted)
    ]  # fmt: skip


def _who(direction: str, kind: str, author: str | None, account: str) -> str:
    """`author` is the buyer's name, whoever wrote."""
    if direction == "outbound":
        return f"{account} to {author or 'the buyer'}"
    if (direction, kind) == ("inbound", "bounce"):
        return f"the mail system to {account}"
    sender = author or "the buyer" if direction == "inbound" else "the platform"
    return f"{sender} to {account}"


def _orders(connection: Connection, subject: Subject) -> list[Entry]:
    table = orders.c
    wanted = (
        select(table.placed_at, table.paid_at, table.source_id, table.country, accounts.c.name)
        .join(accounts, accounts.c.id == table.account_id)
        .where(subject.owns(table.account_id, table.source_id))
    )
    entries = []
    for placed, paid, source_id, country, account in connection.execute(wanted):
        where = f"placed, to {country or 'an unknown country'}"
        entries.append(_entry(placed, "order", source_id, where, account=account))
        if paid is not None:
            entries.append(_entry(paid, "order", source_id, "paid", account=account))
    return entries


def _shipments(connection: Connection, subject: Subject) -> list[Entry]:
    table = shipments.c
    wanted = (
        select(table.shipped_at, table.seen_at, table.tracking_number, table.carrier,
               accounts.c.name)
        .join(accounts, accounts.c.id == table.account_id)
        .where(table.id.in_(subject.shipments))
    )  # fmt: skip
    return [
        _entry(shipped or seen, "shipment", number or "no number",
               f"shipped with {carrier or 'an unnamed carrier'}", account=account)
        for shipped, seen, number, carrier, account in connection.execute(wanted)
    ]  # fmt: skip


def _scans(connection: Connection, subject: Subject) -> list[Entry]:
    table = tracking_events.c
    wanted = select(
        table.occurred_at, table.tracking_number, table.milestone, table.text, table.location,
        table.occurred_local,
    ).where(table.tracking_number.in_(subject.numbers)).order_by(*OLDEST_FIRST)  # fmt: skip
    if subject.kind != "parcel":  # whose number may have had other orders' parcels
        wanted = wanted.where(_of_its_parcels(subject))
    return [
        _entry(at, "tracking", number, f"{milestone}: {text or ''}", place=place,
               local=datetime.fromisoformat(local))
        for at, number, milestone, text, place, local in connection.execute(wanted)
    ]  # fmt: skip


def _of_its_parcels(subject: Subject) -> ColumnElement[bool]:
    event, parcel = tracking_events.c, shipments.c
    return exists().where(
        parcel.id.in_(subject.shipments),
        parcel.tracking_number == event.tracking_number,
        event.occurred_at <= parcel.last_event_at,
        event.occurred_at >= func.coalesce(SINCE - _ZONES, 0),
    )


def _cases(connection: Connection, subject: Subject) -> list[Entry]:
    table = cases.c
    wanted = (
        select(table.opened_at, table.source_id, table.kind, table.status, table.reason, table.text,
               table.respond_by, table.outcome, table.version, accounts.c.name)
        .join(accounts, accounts.c.id == table.account_id)
        .where(subject.owns(table.account_id, table.order_source_id))
    )  # fmt: skip
    return [
        _entry(at, "case", source_id,
               f"{kind}, {status}: {' - '.join(word for word in (reason, text) if word)}",
               respond_by=from_us(due), outcome=outcome, version=version if version > 1 else None,
               account=account)
        for at, source_id, kind, status, reason, text, due, outcome, version, account
        in connection.execute(wanted)
    ]  # fmt: skip


def _reviews(connection: Connection, subject: Subject) -> list[Entry]:
    table = reviews.c
    wanted = (
        select(table.written_at, table.source_id, table.rating, table.text, table.reply,
               table.version, accounts.c.name)
        .join(accounts, accounts.c.id == table.account_id)
        .where(subject.owns(table.account_id, table.order_source_id))
    )  # fmt: skip
    return [
        _entry(at, "review", source_id, f"{'?' if rating is None else f'{rating:g}'} of 5: {text}",
               reply=reply, version=version if version > 1 else None, account=account)
        for at, source_id, rating, text, reply, version, account in connection.execute(wanted)
    ]  # fmt: skip


def _findings(connection: Connection, subject: Subject) -> list[Entry]:
    table = findings.c
    wanted = (
        select(table.opened_at, table.kind, table.evidence, table.closed_at,
               shipments.c.tracking_number, accounts.c.name)
        .outerjoin(shipments, shipments.c.id == table.shipment_id)
        .outerjoin(orders, orders.c.id == table.order_id)
        .outerjoin(accounts, WHOSE)
        .where(subject.its_findings)
    )  # fmt: skip
    return [
        _entry(at, "finding", kind, evidence, closed_at=from_us(closed), parcel=number,
               account=account)
        for at, kind, evidence, closed, number, account in connection.execute(wanted)
    ]  # fmt: skip


def _deliveries(connection: Connection, subject: Subject) -> list[Entry]:
    table = deliveries.c
    wanted = (
        select(table.at, table.outcome, table.text, table.detail, table.subject, accounts.c.name,
               outbox.c.id, table.source_id, messages.c.conversation_id, messages.c.seen_at)
        .join(outbox, outbox.c.id == table.outbox_id)
        .join(accounts, accounts.c.id == outbox.c.account_id)
        .outerjoin(messages, IS_READ_BACK)
        .where(subject.its_outbox_rows)
    )  # fmt: skip
    return [
        _entry(at, outcome, f"syncd by {account}", text or detail or "", subject=title,
               outbox=row_id, source_id=source_id or None, conversation=talk,
               read_back_at=from_us(seen))
        for at, outcome, text, detail, title, account, row_id, source_id, talk, seen
        in connection.execute(wanted)
    ]  # fmt: skip
