"""Shipments and their tracking events."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from zlib import crc32

from sqlalchemy import func, select, union_all

from syncd.model import (
    Milestone,
    OrderStatus,
    ParcelState,
    Reason,
    Shipment,
    TrackingEvent,
    Window,
)
from syncd.model.numbers import normalise
from syncd.store import bulk, dues
from syncd.store.tables import order_dues, orders, shipment_dues, shipments, tracking_events
from syncd.store.times import from_us, to_us
from syncd.store.writer import Stored, Writer

_SHIPMENT_COLUMNS = (
    "account_id", "source_id", "order_source_id", "tracking_number", "carrier", "tracking_url",
    "origin_country", "destination_country", "shipped_at", "content_hash", "seen_at", "raw",
    "ship_by", "deliver_by", "protection_ends_at", "order_status", "placed_at",
    "shipping_method", "number_before", "number_since", "plain_number", "cancelled",
)  # fmt: skip
_EVENT_COLUMNS = (
    "account_id", "source_id", "tracking_number", "milestone", "reason", "leg", "occurred_local",
    "utc_offset_minutes", "offset_source", "occurred_at", "text", "code", "carrier", "location",
    "country", "eta", "pickup_by", "content_hash", "seen_at", "raw",
)  # fmt: skip
_STATE_COLUMNS = (
    "milestone", "milestone_at", "reason", "first_scan_at", "last_movement_at", "last_event_at",
    "eta", "eta_before", "eta_since", "pickup_by",
)  # fmt: skip

STATE = tuple(shipments.c[name] for name in _STATE_COLUMNS)
"""What `state` takes a row of."""

# A round asks this for every parcel; calling the enumeration takes ten times as long.
_MILESTONES = {milestone.value: milestone for milestone in Milestone}

_NO_ORDER = (None,) * 7

# Sellers note that a parcel was shipped days after the carrier took it, not months.
_SHIPPED_LATE_BY = timedelta(days=30) // timedelta(microseconds=1)
# Where neither they nor an order tell when that was: no carrier gives a number out again sooner
# (`syncd.rules.parcels`), and few parcels are on their way so long before their number is heard of.
_HEARD_LATE_BY = timedelta(days=60) // timedelta(microseconds=1)

SINCE = func.coalesce(
    shipments.c.placed_at,
    shipments.c.shipped_at - _SHIPPED_LATE_BY,
    shipments.c.number_since - _HEARD_LATE_BY,
)
"""Before when nobody can have had a parcel: a scan of its number is another's then."""

# PostgreSQL has room for some thousand locks, so that many numbers share one; always taken in the
# same order. The first number stands for syncd's parcels among all advisory locks of the database,
# the one after it for the orders of an account.
_LOCKS = 64
_LOCK = """
    SELECT pg_advisory_xact_lock(7379634, place)
    FROM (SELECT unnest(%s::int[]) AS place ORDER BY 1) AS places
"""
_LOCK_ORDERS = "SELECT pg_advisory_xact_lock(7379635, %s)"


# Made once; nearly all numbers stand as they are compared.
_ORDERS_OF = union_all(
    *(
        select(column, shipments.c.order_source_id, shipments.c.id).where(
            bulk.given(column, "numbers")
        )
        for column in (shipments.c.tracking_number, shipments.c.plain_number)
    )
)


class ParcelWriter(Writer):
    """Shipments and tracking events within an ingest transaction."""

    def alone_with(self, numbers: Collection[str]) -> None:
        """Keep other transactions from these tracking numbers until this one ends.

        To be called before the first look-up. Of two that begin together neither would see what the
        other brings, and the parcel's state would lack it. SQLite has one writer at a time anyway.
        """
        if numbers and self._connection.dialect.name == "postgresql":
            places = sorted({crc32(normalise(each).encode()) % _LOCKS for each in numbers})
            self._connection.exec_driver_sql(_LOCK, (places,))

    def alone_with_orders(self) -> None:
        """Keep other streams of this account from its orders and shipments until this one ends.

        To be called before `alone_with`. Else a shipment and its order that come at once would
        not learn of each other.
        """
        if self._connection.dialect.name == "postgresql":
            self._connection.exec_driver_sql(_LOCK_ORDERS, (self._account_id,))

    def known_shipments(self, source_ids: Collection[str]) -> dict[str, Stored]:
        """What this account has under these shipment ids already."""
        return self._stored(shipments, source_ids)

    def put_shipments(self, changed: Sequence[tuple[Shipment, bytes]]) -> None:
        """Store shipments as they are now, with their orders' promise, due to be judged at once.

        Where one gets another tracking number, the one before is kept with it. The other parcels of
        the orders are judged too: one that was cancelled may have been replaced.
        """
        promises = self._promises({shipment.order_id for shipment, _ in changed})
        numbers = self._numbers([shipment.source_id for shipment, _ in changed])
        rows = [
            _shipment_row(self._account_id, self._now_us, shipment, digest,
                          (*promises.get(shipment.order_id, _NO_ORDER),
                           *self._number_before(shipment, numbers.get(shipment.source_id))))
            for shipment, digest in changed
        ]  # fmt: skip
        key = ("account_id", "source_id")
        bulk.upsert(self._connection, shipments, _SHIPMENT_COLUMNS, rows, key=key)
        order_ids = {shipment.order_id for shipment, _ in changed}
        self._judge_shipments(shipments.c.order_source_id, order_ids)
        self._judge_orders(order_ids)

    def _judge_orders(self, order_ids: Collection[str]) -> None:
        """Have the orders judged again that wait to be sent: they have a parcel now."""
        waiting = select(orders.c.id).where(
            orders.c.account_id == self._account_id,
            bulk.among(orders.c.source_id, order_ids),
            orders.c.status == OrderStatus.UNSHIPPED.value,
        )
        dues.at_once(self._connection, order_dues, self._now_us, waiting)

    def _promises(self, order_ids: Collection[str]) -> dict[str, tuple[Any, ...]]:
        table = orders.c
        wanted = select(
            table.source_id,
            table.country,
            table.ship_by,
            table.deliver_by,
            table.protection_ends_at,
            table.status,
            table.placed_at,
            table.shipping_method,
        ).where(
            table.account_id == self._account_id,
            bulk.among(table.source_id, order_ids),
        )
        return {row[0]: tuple(row[1:]) for row in self._connection.execute(wanted)}

    def _numbers(self, source_ids: Collection[str]) -> dict[str, tuple[Any, ...]]:
        """The tracking number of these shipments, the one before it, and since when it is so."""
        table = shipments.c
        wanted = select(
            table.source_id, table.tracking_number, table.number_before, table.number_since
        ).where(
            table.account_id == self._account_id,
            bulk.among(table.source_id, source_ids),
        )
        return {row[0]: tuple(row[1:]) for row in self._connection.execute(wanted)}

    def _number_before(
        self, shipment: Shipment, stored: tuple[Any, ...] | None
    ) -> tuple[str | None, int | None]:
        """The number that another took the place of, and when the present one was heard first."""
        number, before, since = stored or (None, None, None)
        if shipment.tracking_number is None or shipment.tracking_number == number:
            return before, since
        if number is None:
            return before, since or self._now_us
        return number, self._now_us

    def numbers_of(self, order_ids: Collection[str]) -> set[str]:
        """The tracking numbers of this account's parcels of these orders."""
        table = shipments.c
        wanted = select(table.tracking_number).where(
            table.account_id == self._account_id,
            bulk.among(table.order_source_id, order_ids),
            table.tracking_number.is_not(None),
        )
        return set(self._connection.execute(wanted).scalars())

    def orders_of(self, numbers: Collection[str]) -> dict[str, list[str]]:
        """The orders, of any account, that have a parcel with one of these tracking numbers.

        The numbers are as `normalise` writes them, whatever the spelling of the parcels'.
        """
        rows = self._connection.execute(_ORDERS_OF, {"numbers": numbers}).all()
        found: dict[str, list[str]] = {}
        for number, order, _ in sorted(rows, key=itemgetter(2)):
            found.setdefault(number, []).append(order)
        return found

    def going_on(self, numbers: Collection[str]) -> set[str]:
        """Those of these numbers that a parcel has, of any account, which no shop has cancelled."""
        table = shipments.c
        wanted = select(table.tracking_number).where(
            bulk.among(table.tracking_number, numbers), table.cancelled.is_(None)
        )
        return set(self._connection.execute(wanted).scalars())

    def known_events(self, source_ids: Collection[str]) -> dict[str, Stored]:
        """Which of these tracking events this account has already brought."""
        return self._stored(tracking_events, source_ids)

    def put_events(self, changed: Iterable[tuple[TrackingEvent, datetime, bytes]]) -> None:
        """Store tracking events, each with its time in UTC and content hash, as they are now.

        The same scan may come again with another estimate, or corrected.
        """
        rows = [
            _event_row(self._account_id, self._now_us, event, at, digest)
            for event, at, digest in changed
        ]
        key = ("account_id", "source_id")
        bulk.upsert(self._connection, tracking_events, _EVENT_COLUMNS, rows, key=key)

    def states(
        self, numbers: Collection[str]
    ) -> dict[int, tuple[str, ParcelState, datetime | None]]:
        """Every shipment, of any account, with one of these numbers.

        By id: its number, its state, and the time before which nobody can have had it, where that
        is known.
        """
        if not numbers:
            return {}
        table = shipments.c
        wanted = select(
            table.id,
            table.tracking_number,
            SINCE,
            *STATE,
        ).where(bulk.among(table.tracking_number, numbers))
        return {
            row[0]: (row[1], state(row[3:]), from_us(row[2]))
            for row in self._connection.execute(wanted.order_by(table.id))
        }

    def events_of(self, numbers: Collection[str]) -> list[tuple[TrackingEvent, datetime]]:
        """All events of these numbers, as far as a parcel's state depends on them.

        Each with the time at which what it says now was first read.
        """
        if not numbers:
            return []
        table = tracking_events.c
        wanted = select(
            table.source_id, table.tracking_number, table.occurred_local,
            table.utc_offset_minutes, table.milestone, table.reason, table.eta, table.pickup_by,
            table.seen_at,
        ).where(bulk.among(table.tracking_number, numbers))  # fmt: skip
        return [(_event(row), from_us(row[8])) for row in self._connection.execute(wanted)]

    def save_states(
        self, states: Mapping[int, ParcelState], *, turned: Collection[int] = ()
    ) -> None:
        """Keep shipments' new states, and have the shipments judged at once.

        With those that were `turned`, into cancelled ones or back, all of their orders are: what
        became of one tells whether another has been replaced.
        """
        rows = [(*_state_row(state), number) for number, state in states.items()]
        bulk.update(self._connection, shipments, _STATE_COLUMNS, rows)
        due = {*states, *self._beside(turned)}
        dues.plan(self._connection, shipment_dues, dict.fromkeys(due, self._now_us))

    def _beside(self, shipment_ids: Collection[int]) -> Iterable[int]:
        if not shipment_ids:
            return ()
        table, given = shipments.c, shipments.alias("given").c
        wanted = select(table.id).where(
            table.account_id == given.account_id,
            table.order_source_id == given.order_source_id,
            bulk.among(given.id, shipment_ids),
        )
        return self._connection.execute(wanted).scalars()


def _event(row: Sequence[Any]) -> TrackingEvent:
    return TrackingEvent(
        source_id=row[0], tracking_number=row[1], occurred_local=datetime.fromisoformat(row[2]),
        utc_offset_minutes=row[3], milestone=Milestone(row[4]), reason=row[5] and Reason(row[5]),
        eta=None if row[6] is None else Window(latest=from_us(row[6])), pickup_by=from_us(row[7]),
    )  # fmt: skip


def state(row: Sequence[Any]) -> ParcelState:
    """A parcel's state from a row of `STATE`."""
    return ParcelState(
        milestone=_MILESTONES[row[0]],
        milestone_at=from_us(row[1]),
        reason=Reason(row[2]) if row[2] else None,
        first_scan_at=from_us(row[3]),
        last_movement_at=from_us(row[4]),
        last_event_at=from_us(row[5]),
        eta=from_us(row[6]),
        eta_before=from_us(row[7]),
        eta_since=from_us(row[8]),
        pickup_by=from_us(row[9]),
    )


def _state_row(state: ParcelState) -> tuple[Any, ...]:
    return (
        state.milestone.value, to_us(state.milestone_at), state.reason and state.reason.value,
        to_us(state.first_scan_at), to_us(state.last_movement_at), to_us(state.last_event_at),
        to_us(state.eta), to_us(state.eta_before), to_us(state.eta_since), to_us(state.pickup_by),
    )  # fmt: skip


def _shipment_row(
    account_id: int,
    now_us: int,
    shipment: Shipment,
    digest: bytes,
    known: tuple[Any, ...],
) -> tuple[Any, ...]:
    """`known` is what the store adds: what it knows of the order, and the number before."""
    country, *more = known
    return (
        account_id, shipment.source_id, shipment.order_id, shipment.tracking_number,
        shipment.carrier, shipment.tracking_url, shipment.origin_country,
        shipment.destination_country or country, to_us(shipment.shipped_at), digest, now_us,
        shipment.raw, *more, _plain(shipment.tracking_number), int(shipment.cancelled) or None,
    )  # fmt: skip


def _plain(number: str | None) -> str | None:
    """A number as it is compared; None where it is written so already, or nothing is left."""
    plain = number and normalise(number)
    return (plain or None) if plain != number else None


def _event_row(
    account_id: int, now_us: int, event: TrackingEvent, occurred_at: datetime, digest: bytes
) -> tuple[Any, ...]:
    eta = event.eta.latest or event.eta.earliest if event.eta else None
    return (
        account_id, event.source_id, event.tracking_number, event.milestone.value,
        event.reason and event.reason.value, event.leg and event.leg.value,
        event.occurred_local.isoformat(), event.utc_offset_minutes,
        event.offset_source and event.offset_source.value, to_us(occurred_at), event.text,
        event.code, event.carrier, event.location, event.country, to_us(eta),
        to_us(event.pickup_by), digest, now_us, event.raw,
    )  # fmt: skip
