"""Parcels that are due to be judged, and what was found."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
)

from syncd.model import Addressee, Cause, Milestone, NewNotice, OutboxState, ParcelFacts
from syncd.model.lateness import ParcelTimes
from syncd.store import bulk
from syncd.store.addressees import addressees
from syncd.store.database import Database
from syncd.store.lanes import Lanes
from syncd.store.lateness import JUDGED_FOR_LATENESS, TIMES, parcel_times
from syncd.store.parcels import STATE, state
from syncd.store.rounds import Round
from syncd.store.tables import (
    deliveries,
    findings,
    orders,
    outbox,
    shipment_dues,
    shipments,
    tracking_events,
)
from syncd.store.times import from_us

_OTHER = shipments.alias("other")
_CANCELLED: ColumnElement[str] = literal_column(f"'{Milestone.CANCELLED.value}'")
_OF_ITS_ORDER = (
    _OTHER.c.account_id == shipments.c.account_id,
    _OTHER.c.order_source_id == shipments.c.order_source_id,
)
# Some platforms do not tell when a parcel left.
_LEFT = func.coalesce(_OTHER.c.shipped_at, _OTHER.c.number_since)
_IN_ITS_PLACE = or_(shipments.c.first_scan_at.is_(None), shipments.c.milestone_at < _LEFT)
# Asked of the few that were cancelled only: a round reads one row of each parcel else.
_UNREPLACED_SINCE = case(
    (
        and_(
            shipments.c.milestone == _CANCELLED,
            ~exists().where(*_OF_ITS_ORDER, _OTHER.c.milestone != _CANCELLED, _IN_ITS_PLACE),
        ),
        select(func.max(_OTHER.c.milestone_at))
        .where(*_OF_ITS_ORDER, _OTHER.c.milestone == _CANCELLED)
        .scalar_subquery(),
    ),
)
FACTS = select(
    shipments.c.id, shipments.c.account_id, shipments.c.source_id, shipments.c.order_source_id,
    shipments.c.tracking_number, shipments.c.carrier, shipments.c.seen_at, shipments.c.shipped_at,
    shipments.c.deliver_by, shipments.c.protection_ends_at, shipments.c.origin_country,
    shipments.c.destination_country, shipments.c.ship_by, shipments.c.number_before,
    shipments.c.number_since, shipments.c.order_status,
    _UNREPLACED_SINCE.label("unreplaced_since"), *STATE,
)  # fmt: skip
"""What `facts` takes a row of."""
_FACTS_AND_TIMES = FACTS.add_columns(JUDGED_FOR_LATENESS, *TIMES)
_LATENESS_FROM = len(FACTS.selected_columns)
ITS_ORDER = (orders.c.account_id == shipments.c.account_id) & (
    orders.c.source_id == shipments.c.order_source_id
)
"""Joins a shipment with its order."""


class WatchStore:
    """The use case of a watch round."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def batch(
        self, now: datetime, limit: int, since: datetime | None = None
    ) -> Iterator["WatchTransaction"]:
        """Up to `limit` due parcels, judged and re-planned in one transaction.

        Two processes never get the same parcel: rows are locked (PostgreSQL) or the whole
        transaction is alone (SQLite).
        """
        with self._database.write() as connection:
            yield WatchTransaction(connection, now, limit, since)

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


class WatchTransaction(Round):
    """One round over due parcels."""

    def __init__(
        self, connection: Connection, now: datetime, limit: int, since: datetime | None
    ) -> None:
        about = findings.c.shipment_id
        super().__init__(connection, now, limit, when_due=shipment_dues, about=about, since=since)
        self.lanes = Lanes(connection)
        self._rows = self._read(_FACTS_AND_TIMES, shipments.c.id)
        self.parcels = [facts(row) for row in self._rows]

    def times(self) -> ParcelTimes:
        """What the lateness of those due parcels is judged by that are under way with a promise."""
        return parcel_times(
            [
                (row[0], *row[_LATENESS_FROM + 1 :])
                for row, parcel in zip(self._rows, self.parcels, strict=True)
                if row[_LATENESS_FROM] and not parcel.state.milestone.terminal
            ]
        )

    def addressees(self, parcels: Collection[ParcelFacts]) -> dict[int, Addressee]:
        """The buyers of these parcels, by shipment id; a parcel without a known order has none."""
        numbers = [parcel.shipment_id for parcel in parcels]
        found = _addressees(self._connection, numbers)
        for number, name in _known_before(self._connection, numbers).items():
            if number in found:
                found[number] = replace(found[number], parcel=name)
        return found

    def told(self, parcels: Collection[ParcelFacts]) -> dict[tuple[int, str], tuple[str, datetime]]:
        """Of which kind of trouble buyers were told first, and when, by shipment id and cause."""
        table = outbox.c
        wanted = (
            select(table.shipment_id, table.cause, findings.c.kind, deliveries.c.at)
            .join(findings, findings.c.id == table.finding_id)
            .join(deliveries, deliveries.c.outbox_id == table.id)
            .where(
                bulk.among(table.shipment_id, [p.shipment_id for p in parcels]),
                table.purpose == "notice",
                deliveries.c.outcome == OutboxState.SENT.value,
            )
            .order_by(deliveries.c.at.desc())
        )
        rows = self._connection.execute(wanted)
        return {(row[0], row[1]): (row[2], from_us(row[3])) for row in rows}

    def delivered(self, notices: Collection[NewNotice]) -> dict[int, datetime]:
        """The parcels of these that were delivered and are no longer, with when they were last.

        By shipment id. What was before its first scan is another parcel's.
        """
        numbers = {one.shipment_id for one in notices if one.shipment_id is not None}
        event, ended = tracking_events.c, Milestone.DELIVERED.value
        wanted = (
            select(shipments.c.id, func.max(event.occurred_at))
            .join(tracking_events, event.tracking_number == shipments.c.tracking_number)
            .where(
                bulk.among(shipments.c.id, numbers),
                shipments.c.milestone != ended,
                event.milestone == ended,
                event.occurred_at.between(shipments.c.first_scan_at, shipments.c.last_event_at),
            )
            .group_by(shipments.c.id)
        )
        return {number: from_us(at) for number, at in self._connection.execute(wanted)}

    def warned(self, parcels: Collection[ParcelFacts]) -> set[int]:
        """Those of these parcels, by shipment id, whose buyers were told of a trouble."""
        table = outbox.c
        wanted = select(table.shipment_id).where(
            bulk.among(table.shipment_id, [p.shipment_id for p in parcels]),
            table.purpose == "notice",
            table.state.in_([OutboxState.SENT.value, OutboxState.IN_FLIGHT.value]),
            table.cause.not_in([Cause.SHIPPED.value, Cause.ARRIVED.value]),
        )
        return set(self._connection.execute(wanted).scalars()) if parcels else set()


def _addressees(connection: Connection, shipment_ids: Collection[int]) -> dict[int, Addressee]:
    if not shipment_ids:
        return {}
    return addressees(
        connection,
        select(shipments.c.id)
        .join(orders, ITS_ORDER)
        .where(bulk.among(shipments.c.id, shipment_ids))
        .order_by(shipments.c.id),
    )


def _known_before(connection: Connection, shipment_ids: Collection[int]) -> dict[int, str]:
    """What the first shipment is called that is the same parcel as a later one of these.

    Shops tell of one parcel several times: for each line of an order, or each order, that is in it.
    It is the same where it goes to the same buyer, and its number has the same way behind it.
    """
    if not shipment_ids:
        return {}
    first, its = shipments.alias("first"), orders.alias("its")
    wanted = (
        select(shipments.c.id, first.c.account_id, first.c.source_id)
        .join(first, first.c.tracking_number == shipments.c.tracking_number)
        .join(orders, ITS_ORDER)
        .join(
            its,
            (its.c.account_id == first.c.account_id) & (its.c.source_id == first.c.order_source_id),
        )
        .where(
            bulk.among(shipments.c.id, shipment_ids),
            first.c.id < shipments.c.id,
            first.c.last_event_at.is_not_distinct_from(shipments.c.last_event_at),
            or_(its.c.id == orders.c.id, its.c.customer_id == orders.c.customer_id),
        )
        .order_by(first.c.id.desc())
    )
    return {row[0]: f"{row[1]}:{row[2]}" for row in connection.execute(wanted)}


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
        number_since=from_us(row[14]) if row[13] else None,
        order_status=row[15],
        unreplaced_since=from_us(row[16]),
        state=state(row[17:]),
    )
