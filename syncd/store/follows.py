"""Which parcels each tracking account follows, and when it is to look at each.

A row is a number and an account. A number whose account is still to be found out stands under
account 0, so that finding those costs nothing where there are none.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, exists, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from syncd.model import FollowFacts, Milestone, ParcelRef
from syncd.model.numbers import normalise
from syncd.store import bulk
from syncd.store.database import Database
from syncd.store.tables import accounts, follows, orders, shipments, tracking_events
from syncd.store.times import from_us, to_us

Carriers = frozenset[str] | None
Choose = Callable[[ParcelRef], Collection[int]]
Plan = Mapping[str, tuple[datetime, int]]

# Carriers keep a parcel's data for about 90 days (17TRACK and DHL both say so).
_FOLLOWED = timedelta(days=90)
_UNROUTED = 0
# So many are routed in one transaction: short enough for a poll not to wait on.
_ROUTED_AT_ONCE = 500
# More than any source lets through in one poll.
_DUE_AT_ONCE = 5000

_KEY = ("tracking_number", "account_id")
_COLUMNS = ("tracking_number", "account_id", "look_at")
_PLANNED = (*_COLUMNS, "step", "asked_at")

_ENDED = [milestone.value for milestone in Milestone if milestone.terminal]
# A carrier that has a parcel whose shipment was cancelled brings it on, or back.
_STILL_THERE = and_(
    shipments.c.milestone == Milestone.CANCELLED.value, shipments.c.first_scan_at.is_not(None)
)


def _under_way(now: datetime) -> ColumnElement[bool]:
    table = shipments.c
    heard_of = func.coalesce(table.last_event_at, table.shipped_at, table.seen_at)
    goes = or_(table.milestone.not_in(_ENDED), _STILL_THERE)
    return and_(goes, heard_of >= to_us(now - _FOLLOWED))


_REF = (
    follows.c.tracking_number, shipments.c.carrier, shipments.c.origin_country,
    shipments.c.destination_country, orders.c.postcode,
)  # fmt: skip
_SHIPMENT = shipments.c.tracking_number == follows.c.tracking_number
_ORDER = and_(
    orders.c.account_id == shipments.c.account_id,
    orders.c.source_id == shipments.c.order_source_id,
)


class FollowStore:
    """Use cases around following parcels."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def declare(self, routes: Mapping[int, Carriers], now: datetime) -> bool:
        """Tell which accounts follow whose parcels; True where that is not as it was.

        Then every parcel that is under way is up for routing again, and accounts that follow
        nothing any more look at nothing.
        """
        wanted = {account: _written(carriers) for account, carriers in routes.items()}
        with self._database.read() as connection:
            if _declared(connection) == wanted:
                return False
        with self._database.write() as connection:
            _declare(connection, wanted)
            known = select(shipments.c.tracking_number).where(
                shipments.c.tracking_number.is_not(None), _under_way(now)
            )
            numbers = connection.execute(known.distinct()).scalars().all() if routes else []
            _enlist(connection, numbers)
        return True

    def route(self, choose: Choose, now: datetime) -> int:
        """Give numbers that nobody looks at yet to the accounts that `choose` names for each.

        Returns how many were settled; call it until that is none. A number that keeps an account
        keeps its times there too.
        """
        waiting = select(follows.c.tracking_number).where(follows.c.account_id == _UNROUTED)
        with self._database.read() as connection:
            if connection.execute(waiting.limit(1)).scalar() is None:
                return 0
        with self._database.write() as connection:
            locked = waiting.limit(_ROUTED_AT_ONCE).with_for_update(skip_locked=True)
            numbers = connection.execute(locked).scalars().all()
            _settle(connection, numbers, choose, now)
        return len(numbers)

    def due(self, account_id: int, now: datetime) -> list[ParcelRef]:
        """The parcels that an account is to look at now, the most urgent first.

        First what somebody waits for, then by the promise. What has ended since the last look is
        followed no more.
        """
        due = follows.c.account_id == account_id, follows.c.look_at <= to_us(now)
        over = ~exists().where(_SHIPMENT, _under_way(now))
        wanted = (
            select(*_REF)
            .join(shipments, _SHIPMENT)
            .outerjoin(orders, _ORDER)
            .where(*due, _under_way(now))
            .order_by(
                follows.c.asked_at.nulls_last(), shipments.c.deliver_by.nulls_last(),
                follows.c.look_at, follows.c.tracking_number, shipments.c.id,
            )
            .limit(_DUE_AT_ONCE)
        )  # fmt: skip
        with self._database.read() as connection:
            rows = connection.execute(wanted).all()
            ended = connection.execute(select(follows.c.look_at).where(*due, over).limit(1)).first()
        if ended is not None:
            with self._database.write() as connection:
                connection.execute(delete(follows).where(*due, over))
        urgent: dict[str, ParcelRef] = {}
        for row in rows:  # one number may stand for parcels of several orders
            urgent.setdefault(row[0], _parcel_ref(row))
        return list(urgent.values())

    def look_now(
        self, tracking_numbers: Collection[str], now: datetime, *, account_id: int | None = None
    ) -> frozenset[str]:
        """Have these parcels looked at as soon as their accounts, or the one given, can.

        The numbers may be spelt as anybody spells them. Asking again is harmless.

        Returns those that some account follows, as shops have spelt them; of the others nothing
        newer can be had. Their accounts are polled within seconds. `looked_at` tells when a look
        has been had, which may be never: the source may be down or its quota spent.
        """
        anybodys = follows.c.account_id != _UNROUTED
        mine = anybodys if account_id is None else follows.c.account_id == account_id
        with self._database.write() as connection:
            spelt = _spellings(connection, tracking_numbers)
            named = bulk.among(follows.c.tracking_number, spelt)
            connection.execute(
                update(follows)
                .where(named, mine, follows.c.asked_at.is_(None))
                .values(look_at=to_us(now), asked_at=to_us(now))
            )
            followed = select(follows.c.tracking_number).where(named, mine)
            return frozenset(connection.execute(followed).scalars())

    def looked_at(self, tracking_numbers: Collection[str]) -> dict[str, datetime]:
        """When any account last looked at each of these parcels; those never looked at lack."""
        with self._database.read() as connection:
            wanted = (
                select(follows.c.tracking_number, func.max(follows.c.looked_at))
                .where(
                    bulk.among(follows.c.tracking_number, tracking_numbers),
                    follows.c.looked_at.is_not(None),
                )
                .group_by(follows.c.tracking_number)
            )
            return {number: from_us(at) for number, at in connection.execute(wanted)}

    def followers(self, tracking_numbers: Collection[str]) -> dict[str, dict[int, datetime | None]]:
        """Which accounts follow each of these parcels, and when each last looked at it.

        Account 0 stands for one that has still to be found out.
        """
        table = follows.c
        wanted = select(table.tracking_number, table.account_id, table.looked_at)
        found: dict[str, dict[int, datetime | None]] = {}
        with self._database.read() as connection:
            named = bulk.among(table.tracking_number, tracking_numbers)
            for number, account_id, looked_at in connection.execute(wanted.where(named)):
                found.setdefault(number, {})[account_id] = from_us(looked_at)
        return found

    def asked(self) -> dict[int, datetime]:
        """The accounts that are asked to look at something now, and when they last were."""
        wanted = (
            select(follows.c.account_id, func.max(follows.c.asked_at))
            .where(follows.c.asked_at.is_not(None))
            .group_by(follows.c.account_id)
        )
        with self._database.read() as connection:
            return {account: from_us(at) for account, at in connection.execute(wanted)}

    def waiting(self, now: datetime) -> dict[int, int]:
        """How many numbers are due for a look, by account."""
        followers = select(accounts.c.id).where(accounts.c.carriers.is_not(None))
        wanted = (
            select(follows.c.account_id, func.count())
            .where(follows.c.account_id.in_(followers), follows.c.look_at <= to_us(now))
            .group_by(follows.c.account_id)
        )
        with self._database.read() as connection:
            return dict(connection.execute(wanted).all())


class FollowWriter:
    """What a batch changes about following, inside its transaction."""

    def __init__(self, connection: Connection, account_id: int, now: datetime) -> None:
        self._connection = connection
        self._account_id = account_id
        self._now = now

    def enlist(self, tracking_numbers: Collection[str]) -> None:
        """Have it found out who follows these numbers, where there is anybody who follows any."""
        anybody = select(accounts.c.id).where(accounts.c.carriers.is_not(None)).limit(1)
        if tracking_numbers and self._connection.execute(anybody).scalar() is not None:
            _enlist(self._connection, tracking_numbers)

    def facts(self, tracking_numbers: Collection[str]) -> list[FollowFacts]:
        """What the next looks at these numbers rest on; those not followed by this account lack."""
        newest = (
            select(func.max(tracking_events.c.seen_at))
            .where(tracking_events.c.tracking_number == follows.c.tracking_number)
            .scalar_subquery()
        )
        wanted = (
            select(
                follows.c.tracking_number, follows.c.step,
                newest > func.coalesce(follows.c.looked_at, 0), shipments.c.milestone,
                shipments.c.deliver_by, _under_way(self._now), follows.c.asked_at,
            )
            .outerjoin(shipments, _SHIPMENT)
            .where(
                follows.c.account_id == self._account_id,
                bulk.among(follows.c.tracking_number, tracking_numbers),
            )
            .order_by(shipments.c.deliver_by.nulls_last(), shipments.c.id)
        )  # fmt: skip
        found: dict[str, FollowFacts] = {}
        for row in self._connection.execute(wanted):
            known = found.get(row[0])
            if known is None or known.ended:
                found[row[0]] = _facts(row)
        return list(found.values())

    def looked(self, plan: Plan) -> None:
        """Note looks had now: by number, when the next is due and its step then."""
        now_us = to_us(self._now)
        rows = [(*row, now_us) for row in self._rows(plan)]
        bulk.upsert(self._connection, follows, (*_PLANNED, "looked_at"), rows, key=_KEY)

    def put_off(self, plan: Plan) -> None:
        """Look at these later, without having had a look."""
        bulk.upsert(self._connection, follows, _PLANNED, self._rows(plan), key=_KEY)

    def _rows(self, plan: Plan) -> list[tuple[Any, ...]]:
        return [
            (number, self._account_id, to_us(look_at), step, None)
            for number, (look_at, step) in sorted(plan.items())
        ]

    def forget(self, tracking_numbers: Collection[str]) -> None:
        """Follow these numbers no more."""
        if tracking_numbers:
            _forget(self._connection, self._account_id, tracking_numbers)


def _spellings(connection: Connection, numbers: Iterable[str]) -> set[str]:
    """Numbers as they are, as they are compared, and as shops have written them."""
    asked = set(numbers)
    plain = set(map(normalise, asked))
    table = shipments.c
    wanted = select(table.tracking_number).where(bulk.among(table.plain_number, plain))
    return asked | plain | set(connection.execute(wanted).scalars())


def _written(carriers: Carriers) -> str:
    return msgspec.json.encode(None if carriers is None else sorted(carriers)).decode()


def _declared(connection: Connection) -> dict[int, str]:
    wanted = select(accounts.c.id, accounts.c.carriers).where(accounts.c.carriers.is_not(None))
    return dict(connection.execute(wanted).all())


def _declare(connection: Connection, wanted: Mapping[int, str]) -> None:
    gone = _declared(connection).keys() - wanted.keys()
    for account_id, carriers in [*wanted.items(), *((account, None) for account in gone)]:
        connection.execute(
            update(accounts).where(accounts.c.id == account_id).values(carriers=carriers)
        )
    connection.execute(delete(follows).where(follows.c.account_id.not_in(list(wanted))))


def _enlist(connection: Connection, numbers: Iterable[str]) -> None:
    rows = [(number, _UNROUTED, 0) for number in sorted(numbers)]
    bulk.insert_missing(connection, follows, _COLUMNS, rows)


def _settle(
    connection: Connection, numbers: Collection[str], choose: Choose, now: datetime
) -> None:
    """Add and take away rows, so that each number stands under the accounts chosen for it."""
    named = bulk.among(follows.c.tracking_number, numbers)
    wanted = {
        (number, account)
        for number, ref in _refs(connection, named, now)
        for account in choose(ref)
    }
    rows = connection.execute(select(follows.c.tracking_number, follows.c.account_id).where(named))
    before = {(number, account) for number, account in rows}
    for account in {account for _, account in before - wanted}:
        _forget(connection, account, [n for n, a in before - wanted if a == account])
    added = [(number, account, to_us(now)) for number, account in sorted(wanted - before)]
    bulk.insert_missing(connection, follows, _COLUMNS, added)


def _refs(
    connection: Connection, named: ColumnElement[bool], now: datetime
) -> list[tuple[str, ParcelRef]]:
    wanted = (
        select(*_REF)
        .join(shipments, _SHIPMENT)
        .outerjoin(orders, _ORDER)
        .where(named, follows.c.account_id == _UNROUTED, _under_way(now))
        .order_by(shipments.c.deliver_by.nulls_first(), shipments.c.id.desc())
    )
    # The most urgent of the parcels with one number comes last and stays.
    return list({row[0]: _parcel_ref(row) for row in connection.execute(wanted)}.items())


def _forget(connection: Connection, account_id: int, numbers: Iterable[str]) -> None:
    named = bulk.among(follows.c.tracking_number, numbers)
    connection.execute(delete(follows).where(follows.c.account_id == account_id, named))


def _parcel_ref(row: Sequence[Any]) -> ParcelRef:
    return ParcelRef(
        tracking_number=row[0],
        carrier=row[1],
        origin_country=row[2],
        destination_country=row[3],
        postcode=row[4],
    )


def _facts(row: Sequence[Any]) -> FollowFacts:
    return FollowFacts(
        tracking_number=row[0],
        step=row[1],
        news=bool(row[2]),
        milestone=Milestone(row[3] or Milestone.UNKNOWN),
        deliver_by=from_us(row[4]),
        ended=not row[5],
        asked_at=from_us(row[6]),
    )
