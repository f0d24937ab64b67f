"""Parcels that are at risk: those with an open finding."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from syncd.model import REQUESTS, AtRisk, KnownFinding, Milestone, OutboxState, ParcelFacts
from syncd.store import bulk
from syncd.store.database import Database
from syncd.store.dossier import FINDING, ITS_ORDER, known_finding
from syncd.store.tables import accounts, deliveries, findings, orders, outbox, shipments
from syncd.store.times import from_us
from syncd.store.watch import FACTS, facts

_UNDER_WAY = shipments.c.milestone.not_in(
    [milestone.value for milestone in Milestone if milestone.terminal]
)
_WIDTH = len(FACTS.selected_columns)


class BoardStore:
    """The use case of looking at all parcels at risk at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def at_risk(self, account: str | None = None) -> list[AtRisk]:
        """Every parcel with an open finding, in no order; `account` of the shop only."""
        open_ids = select(findings.c.shipment_id).where(findings.c.closed_at.is_(None))
        wanted = _parcels(account).where(shipments.c.id.in_(open_ids))
        with self._database.read() as connection:
            rows = connection.execute(wanted).all()
            found = _open_findings(connection)
            return [_at_risk(row, tuple(found.get(row[0], ()))) for row in rows]

    def in_time(self, limit: int, account: str | None = None) -> list[AtRisk]:
        """Parcels under way in which nothing is wrong, the nearest promise first."""
        wrong = exists().where(
            findings.c.shipment_id == shipments.c.id, findings.c.closed_at.is_(None)
        )
        wanted = (
            _parcels(account)
            .where(_UNDER_WAY, ~wrong)
            .order_by(shipments.c.deliver_by.nulls_last(), shipments.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_at_risk(row, ()) for row in connection.execute(wanted)]

    def told(self, parcels: Collection[ParcelFacts]) -> dict[int, datetime]:
        """When the buyers of these parcels last got a message about them, by shipment id."""
        table = outbox.c
        ids = [parcel.shipment_id for parcel in parcels]
        with self._database.read() as connection:
            wanted = (
                select(table.shipment_id, func.max(deliveries.c.at))
                .join(deliveries, deliveries.c.outbox_id == table.id)
                .where(
                    deliveries.c.outcome == OutboxState.SENT.value,
                    table.purpose.not_in(("task", *REQUESTS)),
                    _among(connection, ids),
                )
                .group_by(table.shipment_id)
            )
            return {number: from_us(at) for number, at in connection.execute(wanted)}


def _parcels(account: str | None) -> Select[Any]:
    wanted = (
        FACTS.add_columns(
            accounts.c.name, func.coalesce(orders.c.country, shipments.c.destination_country)
        )
        .join(accounts, accounts.c.id == shipments.c.account_id)
        .outerjoin(orders, ITS_ORDER)
    )
    return wanted if account is None else wanted.where(accounts.c.name == account)


def _among(connection: Connection, ids: Collection[int]) -> ColumnElement[bool]:
    return bulk.among(connection, outbox.c.shipment_id, ids)


def _open_findings(connection: Connection) -> dict[int, list[KnownFinding]]:
    wanted = FINDING.add_columns(findings.c.shipment_id).where(findings.c.closed_at.is_(None))
    found: dict[int, list[KnownFinding]] = {}
    for row in connection.execute(wanted.order_by(findings.c.since, findings.c.id)):
        found.setdefault(row[-1], []).append(known_finding(row))
    return found


def _at_risk(row: Any, found: tuple[KnownFinding, ...]) -> AtRisk:
    return AtRisk(parcel=facts(row), account=row[_WIDTH], country=row[_WIDTH + 1], findings=found)
