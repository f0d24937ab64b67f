"""Rows of the outbox: queueing them, once for each key, and reading them."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from syncd.model import EXTENSION, NewNotice, OutboxRow, OutboxState, Party, Severity, Shipment
from syncd.store import bulk
from syncd.store.tables import accounts, findings, order_dues, outbox, shipment_dues
from syncd.store.times import from_us, to_us

# Several findings can have one cause: a message is about the cause, not about the first.
_TROUBLE = exists().where(
    or_(
        findings.c.shipment_id == outbox.c.shipment_id,
        findings.c.order_id == outbox.c.order_id,
    ),
    findings.c.cause == outbox.c.cause,
    findings.c.closed_at.is_(None),
    # What only staff have on their board is no trouble to tell, unless it is what was found.
    or_(findings.c.severity != Severity.NOTE.value, findings.c.id == outbox.c.finding_id),
)
STANDS = or_(outbox.c.finding_id.is_(None), _TROUBLE)
"""That the trouble behind a row of the outbox is open still, or there is none behind it."""
OVER = or_(outbox.c.finding_id.is_(None), ~_TROUBLE)
"""That it is over, or there is none behind it."""

FOUND = ("notice", EXTENSION)
"""What rows are for that answer a finding; others are somebody's own wish, whatever has become."""

_NOTICE_COLUMNS = (
    "key", "account_id", "state", "purpose", "template", "language", "cause", "shipment_id",
    "order_id", "conversation_id", "order_source_id", "recipient", "subject", "text", "created_at",
    "not_before", "reason", "until", "details", "finding_id",
)  # fmt: skip


def unjudged(now: datetime) -> ColumnElement[bool]:
    """That there is news of a notice's parcel or order which no watch has seen yet.

    What they say next may be that nobody need be told.
    """
    parcel = exists().where(
        shipment_dues.c.shipment_id == outbox.c.shipment_id, shipment_dues.c.due_at <= to_us(now)
    )
    order = exists().where(
        order_dues.c.order_id == outbox.c.order_id, order_dues.c.due_at <= to_us(now)
    )
    return and_(outbox.c.purpose.in_(FOUND), or_(parcel, order))


def insert_notices(connection: Connection, notices: Iterable[NewNotice], now_us: int) -> int:
    """Queue messages inside a transaction; returns how many were not queued before.

    A row whose trouble was over before it was told takes up the new trouble.
    """
    wanted = {notice.key: notice for notice in notices}
    if not wanted:
        return 0
    known = select(outbox.c.key, outbox.c.state).where(bulk.among(outbox.c.key, wanted))
    states = dict(connection.execute(known).all())
    again = _taken_up(connection, [k for k, was in states.items() if was == OutboxState.OBSOLETE])
    wanted = {key: one for key, one in wanted.items() if key not in states or key in again}
    ids = _finding_ids(connection, [n.finding for n in wanted.values() if n.finding])
    rows = {key: _notice_row(notice, now_us, ids) for key, notice in wanted.items()}
    fresh = [row for key, row in rows.items() if key not in again]
    bulk.insert_missing(connection, outbox, _NOTICE_COLUMNS, fresh)
    revived = [(*rows[key][1:], key) for key in again]
    bulk.update(connection, outbox, _NOTICE_COLUMNS[1:], revived, key="key")
    return len(rows)


def _taken_up(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of these rows that are obsolete still, locked: another round may take them up, too."""
    if not keys:
        return set()
    mine = select(outbox.c.key).where(
        bulk.among(outbox.c.key, keys), outbox.c.state == OutboxState.OBSOLETE.value
    )
    return set(connection.execute(mine.order_by(outbox.c.key).with_for_update()).scalars())


def _finding_ids(connection: Connection, fingerprints: Collection[str]) -> dict[str, int]:
    if not fingerprints:
        return {}
    wanted = select(findings.c.fingerprint, findings.c.id).where(
        bulk.among(findings.c.fingerprint, fingerprints)
    )
    return dict(connection.execute(wanted).all())


def _notice_row(notice: NewNotice, now_us: int, finding_ids: dict[str, int]) -> tuple[Any, ...]:
    return (
        notice.key, notice.account_id, notice.state.value, notice.purpose, notice.template,
        notice.language, notice.cause, notice.shipment_id, notice.order_number,
        notice.conversation_id, notice.order_id,
        msgspec.json.encode(notice.recipient).decode(), notice.subject, notice.text, now_us,
        to_us(notice.not_before), notice.reason, to_us(notice.until), _details(notice),
        finding_ids.get(notice.finding or ""),
    )  # fmt: skip


def _details(notice: NewNotice) -> str | None:
    return msgspec.json.encode(notice.shipment).decode() if notice.shipment else None


def select_rows(connection: Connection, *conditions: Any, limit: int = 1000) -> list[OutboxRow]:
    """The rows that meet these conditions, the newest first."""
    wanted = (
        select(outbox, accounts.c.name, STANDS.label("holds"))
        .join(accounts, accounts.c.id == outbox.c.account_id)
        .where(*conditions)
        .order_by(outbox.c.id.desc())
        .limit(limit)
    )
    return [_row(row) for row in connection.execute(wanted)]


def _row(row: Any) -> OutboxRow:
    return OutboxRow(
        id=row.id,
        key=row.key,
        account_id=row.account_id,
        account=row.name,
        state=OutboxState(row.state),
        purpose=row.purpose,
        recipient=msgspec.json.decode(row.recipient, type=Party),
        language=row.language,
        created_at=from_us(row.created_at),
        not_before=from_us(row.not_before),
        attempts=row.attempts,
        owner=row.owner,
        template=row.template,
        cause=row.cause,
        shipment_id=row.shipment_id,
        order_number=row.order_id,
        order_id=row.order_source_id,
        conversation_id=row.conversation_id,
        finding_open=bool(row.holds),
        subject=row.subject,
        text=row.text,
        reason=row.reason,
        until=from_us(row.until),
        shipment=msgspec.json.decode(row.details, type=Shipment) if row.details else None,
    )
