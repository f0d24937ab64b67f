"""What a message is made from: a parcel's story as known now, and the thread to go on with."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, select

from syncd.model import (
    CaseKind,
    Milestone,
    OrderStory,
    OutboxRow,
    OutboxState,
    ParcelStory,
    Thread,
)
from syncd.model.parcels import CALLED_OFF, FURTHEST_AHEAD
from syncd.store.about import means
from syncd.store.database import Database
from syncd.store.scans import LATEST_FIRST
from syncd.store.tables import (
    accounts,
    cases,
    conversation_orders,
    conversations,
    findings,
    messages,
    order_lines,
    orders,
    outbox,
    shipments,
    tracking_events,
)
from syncd.store.times import from_us
from syncd.store.watch import ITS_ORDER

_TOLD_SOON = [
    state.value
    for state in (
        OutboxState.PENDING,
        OutboxState.CLAIMED,
        OutboxState.IN_FLIGHT,
        OutboxState.SENT,
    )
]


class StoryStore:
    """Use cases of writing a message."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def parcel(self, shipment_id: int) -> ParcelStory:
        """What a notice about this parcel is made from, with the latest event known now."""
        table, event = shipments.c, tracking_events.c
        wanted = (
            select(shipments, accounts.c.name, orders.c.country, orders.c.state, orders.c.site)
            .join(accounts, accounts.c.id == table.account_id)
            .outerjoin(
                orders,
                (orders.c.account_id == table.account_id)
                & (orders.c.source_id == table.order_source_id),
            )
        )
        with self._database.read() as connection:
            row = connection.execute(wanted.where(table.id == shipment_id)).one()
            latest = connection.execute(
                select(
                    event.text,
                    event.occurred_local,
                    event.location,
                    event.milestone,
                    event.occurred_at,
                )
                .where(
                    event.tracking_number == row.tracking_number,
                    # Later ones belong to the next parcel with this number.
                    event.occurred_at <= (row.last_event_at or 0),
                )
                .order_by(*LATEST_FIRST)
                .limit(1)
            ).one_or_none()
        return _story(row, latest)

    def accounts_of(self, order_id: str) -> list[str]:
        """The names of the accounts that have an order of this id."""
        wanted = (
            select(accounts.c.name)
            .join(orders, orders.c.account_id == accounts.c.id)
            .where(orders.c.source_id == order_id)
            .order_by(accounts.c.name)
        )
        with self._database.read() as connection:
            return list(connection.execute(wanted).scalars())

    def order(self, row: OutboxRow) -> OrderStory:
        """What a notice on the order of `row` is made from, whether it has a parcel yet or not."""
        table = orders.c
        wanted = select(orders, accounts.c.name).join(accounts, accounts.c.id == table.account_id)
        if row.order_number is not None:
            wanted = wanted.where(table.id == row.order_number)
        else:
            wanted = wanted.join(
                shipments,
                (shipments.c.account_id == table.account_id)
                & (shipments.c.order_source_id == table.source_id),
            ).where(shipments.c.id == row.shipment_id)
        with self._database.read() as connection:
            found = connection.execute(wanted).one()
            titles = select(order_lines.c.title).where(order_lines.c.order_id == found.id)
            items = tuple(connection.execute(titles.order_by(order_lines.c.source_id)).scalars())
            missing = _missing(connection, row)
        return OrderStory(
            order_id=found.source_id,
            account=found.name,
            account_id=found.account_id,
            country=found.country,
            state=found.state,
            site=found.site,
            ship_by=from_us(found.ship_by),
            deliver_by=from_us(found.deliver_by),
            items=(missing,) if missing else items,
        )

    def since(self, row: OutboxRow) -> tuple[Milestone, frozenset[str], bool]:
        """Where `row`'s parcel is by now, and the causes of later notices that went out or will.

        With whether its order was called off, or paid back.
        """
        table = outbox.c
        now = select(shipments.c.milestone, shipments.c.order_status)
        later = select(table.cause).where(
            table.shipment_id == row.shipment_id,
            table.id > row.id,
            table.purpose == "notice",
            table.state.in_(_TOLD_SOON),
        )
        with self._database.read() as connection:
            milestone, order = connection.execute(
                now.where(shipments.c.id == row.shipment_id)
            ).one()
            causes = frozenset(connection.execute(later).scalars())
        return Milestone(milestone), causes, order in CALLED_OFF

    def case(self, row: OutboxRow, kinds: Collection[CaseKind]) -> tuple[CaseKind, str] | None:
        """The latest case of these kinds about the order of `row`, with its id at the platform."""
        wanted = (
            select(cases.c.kind, cases.c.source_id)
            .join(
                orders,
                (orders.c.account_id == cases.c.account_id)
                & (orders.c.source_id == cases.c.order_source_id),
            )
            .where(orders.c.id.in_(_orders_of(row)), cases.c.kind.in_(kinds))
            .order_by(cases.c.opened_at.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            found = connection.execute(wanted).one_or_none()
        return found and (CaseKind(found[0]), found[1])

    def thread(self, account_id: int, row: OutboxRow) -> Thread:
        """The conversation to go on with in this account: that of `row`, else its order's latest.

        Empty where the account has none: the message then opens one.
        """
        table = messages.c
        with self._database.read() as connection:
            talk = _conversation(connection, account_id, row)
            if talk is None:
                return Thread()
            mail = connection.execute(
                select(table.message_id, table.refs, table.subject)
                .where(table.conversation_id == talk.id, table.message_id.is_not(None))
                .order_by(table.sent_at.desc())
                .limit(1)
            ).one_or_none()
        if mail is None:
            return Thread(thread_id=talk.thread_id, subject=talk.subject)
        return Thread(
            thread_id=talk.thread_id,
            subject=mail.subject,
            last_message_id=mail.message_id,
            references=(*(mail.refs or "").split(), mail.message_id),
        )


def _missing(connection: Connection, row: OutboxRow) -> str | None:
    """What the open finding behind a notice about an order says is missing of it."""
    if row.order_number is None:
        return None
    table = findings.c
    figures = connection.execute(
        select(table.figures).where(
            table.order_id == row.order_number,
            table.cause == row.cause,
            table.closed_at.is_(None),
        )
    ).scalar()
    told = msgspec.json.decode(figures, type=dict[str, Any]) if figures else {}
    return told.get("items")


def _conversation(connection: Connection, account_id: int, row: OutboxRow) -> Any:
    table, links = conversations.c, conversation_orders.c
    mine = select(table.id, table.thread_id, table.subject).where(table.account_id == account_id)
    given = connection.execute(mine.where(table.id == row.conversation_id)).one_or_none()
    with_buyer = (
        mine.join(conversation_orders, links.conversation_id == table.id)
        .join(orders, links.order_source_id == orders.c.source_id)
        .where(
            orders.c.id.in_(_orders_of(row)),
            orders.c.customer_id == table.customer_id,
            means(orders.c.account_id, orders.c.source_id),
        )
        .order_by(table.last_at.desc())
        .limit(1)
    )
    return given or connection.execute(with_buyer).one_or_none()


def _orders_of(row: OutboxRow) -> Select[tuple[int]]:
    """The order that `row` is about; all of its id where the row does not tell whose it is."""
    table = orders.c
    if row.order_number is not None:
        return select(table.id).where(table.id == row.order_number)
    if row.shipment_id is None:
        return select(table.id).where(table.source_id == row.order_id)
    return (
        select(table.id)
        .join(shipments, ITS_ORDER)
        .where(shipments.c.id == row.shipment_id, table.source_id == row.order_id)
    )


def _local(told: str, occurred_at: datetime) -> datetime:
    """The carrier's own time of a scan; where that is a slip of theirs, the time that counts."""
    local, in_utc = datetime.fromisoformat(told), occurred_at.replace(tzinfo=None)
    return local if abs(local - in_utc) <= FURTHEST_AHEAD else in_utc


def _story(row: Any, latest: Any) -> ParcelStory:
    return ParcelStory(
        order_id=row.order_source_id,
        account=row.name,
        tracking_number=row.tracking_number,
        carrier=row.carrier,
        tracking_url=row.tracking_url,
        destination_country=row.country or row.destination_country,
        destination_state=row.state,
        site=row.site,
        deliver_by=from_us(row.deliver_by),
        last_movement_at=from_us(row.last_movement_at),
        pickup_by=from_us(row.pickup_by),
        stands=row.milestone,
        reason=row.reason,
        milestone=latest[3] if latest else row.milestone,
        event_text=latest[0] if latest else None,
        event_local=_local(latest[1], from_us(latest[4])) if latest else None,
        event_place=latest[2] if latest else None,
    )
