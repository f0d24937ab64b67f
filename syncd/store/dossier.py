"""Everything that is kept about one parcel, read for people who ask about it."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from syncd.model import (
    Dossier,
    Follower,
    KnownFinding,
    KnownNotice,
    Milestone,
    OutboxState,
    ParcelFacts,
    Reason,
    Scan,
)
from syncd.store.about import among, holders
from syncd.store.database import Database
from syncd.store.scans import OLDEST_FIRST
from syncd.store.subject import find
from syncd.store.tables import (
    accounts,
    deliveries,
    findings,
    follows,
    orders,
    outbox,
    shipment_dues,
    shipments,
)
from syncd.store.tables import tracking_events as events
from syncd.store.times import from_us
from syncd.store.watch import FACTS, ITS_ORDER, facts

FINDING = select(
    findings.c.kind, findings.c.cause, findings.c.severity, findings.c.since, findings.c.evidence,
    findings.c.opened_at, findings.c.closed_at,
)  # fmt: skip
"""What `known_finding` takes a row of."""


class DossierStore:
    """The use case of asking about one parcel."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, typed: str) -> list[Dossier]:
        """Each parcel with this tracking number, the last shipped first; empty where none is known.

        How `typed` is spelt does not matter. Carriers give a number out again, and several orders
        may travel in one parcel, so that there can be more than one.
        """
        with self._database.read() as connection:
            subject, _ = find(connection, typed, "parcel")
            if subject is None:
                return []
            dossier = Dossier(
                tracking_number=subject.name,
                parcel=None,
                scans=_scans(connection, subject.name),
                followers=_followers(connection, subject.name),
            )
            wanted = FACTS.where(shipments.c.id.in_(subject.shipments)).order_by(
                shipments.c.shipped_at.desc().nulls_last(), shipments.c.id.desc()
            )
            parcels = [facts(row) for row in connection.execute(wanted)]
            return [_with_parcel(connection, dossier, each) for each in parcels] or [dossier]

    def of_order(self, typed: str) -> list[str] | None:
        """The tracking numbers of an order of this id, in any account; None: there is no such."""
        with self._database.read() as connection:
            keys = holders(connection, [typed.strip()])
            if not keys:
                return None
            table = shipments.c
            wanted = select(table.tracking_number).where(
                among(keys, table.account_id, table.order_source_id),
                table.tracking_number.is_not(None),
            )
            return sorted(connection.execute(wanted.distinct()).scalars())

    def numbers(self, beginning: str, limit: int) -> list[tuple[str, str]]:
        """Up to `limit` tracking numbers that begin so, each with the order in it."""
        table = shipments.c
        wanted = (
            select(table.tracking_number, func.max(table.order_source_id))
            .where(table.tracking_number.startswith(beginning, autoescape=True))
            .group_by(table.tracking_number)
            .order_by(table.tracking_number)
        )
        with self._database.read() as connection:
            return [(row[0], row[1]) for row in connection.execute(wanted.limit(limit))]


def known_finding(row: Any) -> KnownFinding:
    """A finding from a row of `FINDING`."""
    return KnownFinding(
        kind=row[0],
        cause=row[1],
        severity=row[2],
        since=from_us(row[3]),
        evidence=row[4],
        opened_at=from_us(row[5]),
        closed_at=from_us(row[6]),
    )


def _with_parcel(connection: Connection, dossier: Dossier, parcel: ParcelFacts) -> Dossier:
    table = shipments.c
    wanted = (
        select(accounts.c.name, orders.c.id, orders.c.country, shipment_dues.c.due_at)
        .select_from(shipments)
        .join(accounts, accounts.c.id == table.account_id)
        .outerjoin(orders, ITS_ORDER)
        .outerjoin(shipment_dues, shipment_dues.c.shipment_id == table.id)
        .where(table.id == parcel.shipment_id)
    )
    account, order_id, country, due_at = connection.execute(wanted).one()
    return msgspec.structs.replace(
        dossier,
        parcel=parcel,
        account=account,
        country=country or parcel.destination_country,
        order_known=order_id is not None,
        due_at=from_us(due_at),
        findings=_findings(connection, parcel.shipment_id),
        notices=_notices(connection, parcel.shipment_id),
    )


def _scans(connection: Connection, number: str) -> tuple[Scan, ...]:
    table = events.c
    wanted = (
        select(
            table.occurred_local, table.utc_offset_minutes, table.milestone, table.reason,
            table.text, table.location, table.country, table.carrier, accounts.c.name,
        )
        .join(accounts, accounts.c.id == table.account_id)
        .where(table.tracking_number == number)
        .order_by(*OLDEST_FIRST)
    )  # fmt: skip
    return tuple(_scan(row) for row in connection.execute(wanted))


def _scan(row: Any) -> Scan:
    return Scan(
        local=datetime.fromisoformat(row[0]),
        utc_offset=None if row[1] is None else timedelta(minutes=row[1]),
        milestone=Milestone(row[2]),
        reason=Reason(row[3]) if row[3] else None,
        text=row[4] or "",
        place=", ".join(part for part in (row[5], row[6]) if part) or None,
        carrier=row[7],
        account=row[8],
    )


def _followers(connection: Connection, number: str) -> tuple[Follower, ...]:
    table = follows.c
    wanted = (
        select(accounts.c.name, table.looked_at, table.look_at, table.asked_at)
        .outerjoin(accounts, accounts.c.id == table.account_id)
        .where(table.tracking_number == number)
        .order_by(table.account_id)
    )
    return tuple(
        Follower(
            account=row[0],
            looked_at=from_us(row[1]),
            next_look_at=from_us(row[2]),
            asked_at=from_us(row[3]),
        )
        for row in connection.execute(wanted)
    )


def _findings(connection: Connection, shipment_id: int) -> tuple[KnownFinding, ...]:
    wanted = FINDING.where(findings.c.shipment_id == shipment_id)
    rows = connection.execute(wanted.order_by(findings.c.opened_at, findings.c.id))
    return tuple(known_finding(row) for row in rows)


def _notices(connection: Connection, shipment_id: int) -> tuple[KnownNotice, ...]:
    table = outbox.c
    told_at = (
        select(func.max(deliveries.c.at))
        .where(deliveries.c.outbox_id == table.id, deliveries.c.outcome == OutboxState.SENT.value)
        .correlate(outbox)
        .scalar_subquery()
    )
    wanted = (
        select(
            table.id, table.state, table.purpose, accounts.c.name, table.cause, table.language,
            func.coalesce(table.subject, table.template), table.created_at, table.not_before,
            told_at, table.reason,
        )
        .join(accounts, accounts.c.id == table.account_id)
        .where(table.shipment_id == shipment_id)
        .order_by(table.id)
    )  # fmt: skip
    return tuple(_notice(row) for row in connection.execute(wanted))


def _notice(row: Any) -> KnownNotice:
    return KnownNotice(
        id=row[0],
        state=OutboxState(row[1]),
        purpose=row[2],
        account=row[3],
        cause=row[4],
        language=row[5],
        title=row[6],
        created_at=from_us(row[7]),
        not_before=from_us(row[8]),
        told_at=from_us(row[9]),
        reason=row[10],
    )
