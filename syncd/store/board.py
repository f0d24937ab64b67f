"""What is at risk: parcels, and orders that have none yet, with an open finding."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Select, func, select

from syncd.model import (
    REQUESTS,
    AtRisk,
    KnownFinding,
    Milestone,
    OutboxState,
    ParcelFacts,
    Subject,
)
from syncd.store import bulk, waiting, watch
from syncd.store.database import Database
from syncd.store.dossier import FINDING, known_finding
from syncd.store.orders import WAITS
from syncd.store.tables import accounts, deliveries, findings, orders, outbox, shipments
from syncd.store.times import from_us

_UNDER_WAY = shipments.c.milestone.not_in(
    [milestone.value for milestone in Milestone if milestone.terminal]
)
_PARCELS = (
    watch.FACTS.add_columns(
        accounts.c.name, func.coalesce(orders.c.country, shipments.c.destination_country)
    )
    .join(accounts, accounts.c.id == shipments.c.account_id)
    .outerjoin(orders, watch.ITS_ORDER)
)
_ORDERS = waiting.FACTS.add_columns(accounts.c.name, orders.c.country).join(
    accounts, accounts.c.id == orders.c.account_id
)

_PARCELS_IN_TROUBLE, _ORDERS_IN_TROUBLE = (
    select(about).where(findings.c.closed_at.is_(None), about.is_not(None))
    for about in (findings.c.shipment_id, findings.c.order_id)
)

_Found = dict[int, list[KnownFinding]]


class BoardStore:
    """The use case of looking at all that is at risk at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def at_risk(self, account: str | None = None) -> list[AtRisk]:
        """Every parcel and order with an open finding, in no order; `account` of the shop only."""
        parcels = _of(account, _PARCELS).where(shipments.c.id.in_(_PARCELS_IN_TROUBLE))
        waits = _of(account, _ORDERS).where(orders.c.id.in_(_ORDERS_IN_TROUBLE))
        with self._database.read() as connection:
            of_parcels = _open_findings(connection, findings.c.shipment_id)
            of_orders = _open_findings(connection, findings.c.order_id)
            return [
                *_parcels(connection, parcels, of_parcels),
                *_orders(connection, waits, of_orders),
            ]

    def in_time(self, limit: int, account: str | None = None) -> list[AtRisk]:
        """Parcels under way and orders without one, if nothing is wrong, nearest promise first."""
        under_way = (
            _of(account, _PARCELS)
            .where(_UNDER_WAY, shipments.c.id.not_in(_PARCELS_IN_TROUBLE))
            .order_by(shipments.c.deliver_by.nulls_last(), shipments.c.id)
            .limit(limit)
        )
        unsent = (
            _of(account, _ORDERS)
            .where(WAITS, ~waiting.HAS_PARCEL, orders.c.id.not_in(_ORDERS_IN_TROUBLE))
            .order_by(orders.c.deliver_by.nulls_last(), orders.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            both = [*_parcels(connection, under_way, {}), *_orders(connection, unsent, {})]
        return sorted(both, key=_promise)[:limit]

    def told(self, subjects: Collection[Subject]) -> dict[str, datetime]:
        """When the buyers of these last got a message about them, by the subjects' names."""
        found: dict[str, datetime] = {}
        with self._database.read() as connection:
            for column, alike in (
                (outbox.c.shipment_id, [one for one in subjects if isinstance(one, ParcelFacts)]),
                (outbox.c.order_id, [one for one in subjects if not isinstance(one, ParcelFacts)]),
            ):
                told = _told(connection, column, [one.number for one in alike])
                found |= {one.name: told[one.number] for one in alike if one.number in told}
        return found


def _of(account: str | None, wanted: Select[Any]) -> Select[Any]:
    return wanted if account is None else wanted.where(accounts.c.name == account)


def _told(
    connection: Connection, about: Column[Any], numbers: Collection[int]
) -> dict[int, datetime]:
    wanted = (
        select(about, func.max(deliveries.c.at))
        .join(deliveries, deliveries.c.outbox_id == outbox.c.id)
        .where(
            deliveries.c.outcome == OutboxState.SENT.value,
            outbox.c.purpose.not_in(("task", *REQUESTS)),
            bulk.among(about, numbers),
        )
        .group_by(about)
    )
    return {number: from_us(at) for number, at in connection.execute(wanted)}


def _open_findings(connection: Connection, about: Column[Any]) -> _Found:
    wanted = FINDING.add_columns(about).where(findings.c.closed_at.is_(None), about.is_not(None))
    found: _Found = {}
    for row in connection.execute(wanted.order_by(findings.c.since, findings.c.id)):
        found.setdefault(row[-1], []).append(known_finding(row))
    return found


def _parcels(connection: Connection, wanted: Select[Any], found: _Found) -> list[AtRisk]:
    return [_at_risk(watch.facts(row), row, found) for row in connection.execute(wanted)]


def _orders(connection: Connection, wanted: Select[Any], found: _Found) -> list[AtRisk]:
    return [_at_risk(waiting.facts(row), row, found) for row in connection.execute(wanted)]


def _at_risk(subject: Subject, row: Any, found: _Found) -> AtRisk:
    """Both selects end with the account's name and the country."""
    troubles = tuple(found.get(subject.number, ()))
    return AtRisk(subject=subject, account=row[-2], country=row[-1], findings=troubles)


def _promise(risk: AtRisk) -> tuple[bool, float]:
    promised = risk.subject.deliver_by
    return promised is None, promised.timestamp() if promised else 0.0
