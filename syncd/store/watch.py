"""Parcels that are due to be judged, and what was found."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from syncd.model import (
    Addressee,
    Cause,
    Finding,
    NewNotice,
    OutboxState,
    ParcelFacts,
    Party,
)
from syncd.model.lateness import ParcelTimes
from syncd.store import bulk
from syncd.store.database import Database
from syncd.store.lanes import Lanes
from syncd.store.lateness import times_of
from syncd.store.notices import insert_notices
from syncd.store.parcels import STATE, state
from syncd.store.tables import (
    conversation_orders,
    conversations,
    findings,
    orders,
    outbox,
    shipments,
)
from syncd.store.times import from_us, to_us

_FINDING_COLUMNS = (
    "fingerprint", "kind", "cause", "severity", "shipment_id", "since", "evidence", "figures",
    "opened_at",
)  # fmt: skip
_OPEN = (
    f"INSERT INTO findings ({', '.join(_FINDING_COLUMNS)}) VALUES {{values}}"  # noqa: S608
    " ON CONFLICT (fingerprint) DO UPDATE SET closed_at=NULL, evidence=excluded.evidence"
)

FACTS = select(
    shipments.c.id, shipments.c.account_id, shipments.c.source_id, shipments.c.order_source_id,
    shipments.c.tracking_number, shipments.c.carrier, shipments.c.seen_at, shipments.c.shipped_at,
    shipments.c.deliver_by, shipments.c.protection_ends_at, shipments.c.origin_country,
    shipments.c.destination_country, shipments.c.ship_by, shipments.c.number_before,
    shipments.c.number_since, *STATE,
)  # fmt: skip
"""What `facts` takes a row of."""


class WatchStore:
    """The use case of a watch round."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def batch(self, now: datetime, limit: int) -> Iterator["WatchTransaction"]:
        """Up to `limit` due parcels, judged and re-planned in one transaction.

        Two processes never get the same parcel: rows are locked (PostgreSQL) or the whole
        transaction is alone (SQLite).
        """
        with self._database.write() as connection:
            yield WatchTransaction(connection, now, limit)

    def has_open(self, kind: str) -> bool:
        """Whether a finding of this kind is open that is of no one parcel."""
        wanted = select(findings.c.id).where(
            findings.c.kind == kind,
            findings.c.shipment_id.is_(None),
            findings.c.closed_at.is_(None),
        )
        with self._database.read() as connection:
            return connection.execute(wanted.limit(1)).scalar() is not None

    def addressee(self, shipment_id: int) -> Addressee | None:
        """Whose a parcel is; None where its order is not known."""
        with self._database.read() as connection:
            return _addressees(connection, [shipment_id]).get(shipment_id)


class WatchTransaction:
    """One round over due parcels."""

    def __init__(self, connection: Connection, now: datetime, limit: int) -> None:
        self._connection = connection
        self._now_us = to_us(now)
        self.lanes = Lanes(connection)
        self.parcels = self._due(limit)

    def _due(self, limit: int) -> list[ParcelFacts]:
        table = shipments.c
        wanted = (
            FACTS.where(table.due_at.is_not(None), table.due_at <= self._now_us)
            .order_by(table.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [facts(row) for row in self._connection.execute(wanted)]

    def open_findings(self) -> dict[int, dict[str, int]]:
        """The open findings of the due parcels: shipment id -> fingerprint -> id."""
        table = findings.c
        ids = [parcel.shipment_id for parcel in self.parcels]
        wanted = select(table.shipment_id, table.fingerprint, table.id).where(
            table.closed_at.is_(None), bulk.among(self._connection, table.shipment_id, ids)
        )
        found: dict[int, dict[str, int]] = {}
        for shipment_id, fingerprint, number in self._connection.execute(wanted):
            found.setdefault(shipment_id, {})[fingerprint] = number
        return found

    def times(self) -> ParcelTimes:
        """What the lateness of those due parcels is judged by that are under way with a promise."""
        wanted = [
            parcel.shipment_id
            for parcel in self.parcels
            if parcel.deliver_by is not None and not parcel.state.milestone.terminal
        ]
        return times_of(self._connection, wanted) if wanted else ParcelTimes()

    def closed_since(self, moment: datetime) -> dict[tuple[int, str], datetime]:
        """The latest end of each kind of finding of the due parcels, by shipment id and kind."""
        table = findings.c
        ids = [parcel.shipment_id for parcel in self.parcels]
        wanted = (
            select(table.shipment_id, table.kind, func.max(table.closed_at))
            .where(
                bulk.among(self._connection, table.shipment_id, ids),
                table.closed_at > to_us(moment),
            )
            .group_by(table.shipment_id, table.kind)
        )
        rows = self._connection.execute(wanted)
        return {(shipment_id, kind): from_us(at) for shipment_id, kind, at in rows}

    def open(self, found: Iterable[tuple[int | None, Finding]]) -> None:
        """Store findings of parcels, or of none; one that was closed before is open again."""
        rows = [
            (finding.fingerprint, finding.kind, finding.cause.value, finding.severity.value,
             shipment_id, to_us(finding.since), finding.evidence,
             msgspec.json.encode(finding.figures).decode(), self._now_us)
            for shipment_id, finding in found
        ]  # fmt: skip
        bulk.from_values(self._connection, _OPEN, rows)

    def close(self, finding_ids: Collection[int]) -> None:
        """The troubles behind these findings are over."""
        rows = [(self._now_us, number) for number in finding_ids]
        bulk.update(self._connection, findings, ("closed_at",), rows)

    def plan(self, due: Mapping[int, datetime | None]) -> None:
        """When each parcel is to be judged next; None: not before it has news."""
        rows = [(to_us(at), shipment_id) for shipment_id, at in due.items()]
        bulk.update(self._connection, shipments, ("due_at",), rows)

    def addressees(self, parcels: Collection[ParcelFacts]) -> dict[int, Addressee]:
        """The buyers of these parcels, by shipment id; a parcel without a known order has none."""
        return _addressees(self._connection, [parcel.shipment_id for parcel in parcels])

    def warned(self, parcels: Collection[ParcelFacts]) -> set[int]:
        """Those of these parcels, by shipment id, whose buyers were told of a trouble."""
        table = outbox.c
        wanted = select(table.shipment_id).where(
            bulk.among(self._connection, table.shipment_id, [p.shipment_id for p in parcels]),
            table.purpose == "notice",
            table.state.in_([OutboxState.SENT.value, OutboxState.IN_FLIGHT.value]),
            table.cause.not_in([Cause.SHIPPED.value, Cause.ARRIVED.value]),
        )
        return set(self._connection.execute(wanted).scalars()) if parcels else set()

    def queue(self, notices: Iterable[NewNotice]) -> int:
        """Queue messages in the same transaction as their findings; returns how many are new."""
        return insert_notices(self._connection, notices, self._now_us)


def _addressees(connection: Connection, shipment_ids: Collection[int]) -> dict[int, Addressee]:
    if not shipment_ids:
        return {}
    table, talk = orders.c, conversations.c
    wanted = (
        select(
            shipments.c.id, table.buyer, table.language, table.site, table.country,
            table.state, table.postcode, talk.id, talk.language, talk.account_id,
        )
        .join(
            orders,
            (table.account_id == shipments.c.account_id)
            & (table.source_id == shipments.c.order_source_id),
        )
        .outerjoin(
            conversation_orders,
            conversation_orders.c.order_source_id == shipments.c.order_source_id,
        )
        .outerjoin(
            conversations,
            (talk.id == conversation_orders.c.conversation_id)
            & (talk.customer_id == table.customer_id),
        )
        .where(bulk.among(connection, shipments.c.id, shipment_ids))
        .order_by(shipments.c.id, talk.last_at.nulls_first())
    )  # fmt: skip
    # A parcel with several conversations appears several times; the latest spoken in wins.
    # Somebody else who names the order is not the buyer.
    return {row[0]: _addressee(row[1:]) for row in connection.execute(wanted)}


def facts(row: Any) -> ParcelFacts:
    """A parcel as the watches see it, from a row of `FACTS`."""
    return ParcelFacts(
        shipment_id=row[0],
        account_id=row[1],
        source_id=row[2],
        order_id=row[3],
        tracking_number=row[4],
        carrier=row[5],
        seen_at=from_us(row[6]),
        shipped_at=from_us(row[7]),
        deliver_by=from_us(row[8]),
        protection_ends_at=from_us(row[9]),
        origin_country=row[10],
        destination_country=row[11],
        ship_by=from_us(row[12]),
        number_before=row[13],
        number_since=from_us(row[14]),
        state=state(row[15:]),
    )


def _addressee(row: Any) -> Addressee:
    return Addressee(
        buyer=msgspec.json.decode(row[0], type=Party),
        language=row[1],
        site=row[2],
        country=row[3],
        state=row[4],
        postcode=row[5],
        conversation_id=row[6],
        conversation_language=row[7],
        conversation_account_id=row[8],
    )
