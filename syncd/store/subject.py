"""What a name that somebody typed stands for, and what belongs to it."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, or_, select, true

from syncd.model.numbers import normalise
from syncd.store.about import OrderKey, among, holders, means
from syncd.store.tables import (
    conversation_numbers,
    conversation_orders,
    conversations,
    findings,
    messages,
    orders,
    outbox,
    shipments,
    tracking_events,
)

# A platform's own names go before our numbers: people type them from a letter or a web page.
KINDS = ("order", "parcel", "conversation")

_LONGEST_NUMBER = 18  # digits that fit a BIGINT whatever they are

# Shorter words stand in many texts that name no parcel.
_SHORTEST_TOLD = 8
_MOST_TOLD = 20


class Subject:
    """One order, parcel or conversation with all that belongs to it.

    `account` leaves out what others have.
    """

    def __init__(
        self, connection: Connection, name: str, kind: str, account: int | None = None
    ) -> None:
        self.name = name
        self.kind = kind
        self._connection = connection
        self._account = account
        self.orders: list[OrderKey] = getattr(self, f"_orders_of_{kind}")()
        self.shipments: list[int] = self._shipments()
        self.numbers: list[str] = self._numbers()
        self.conversations: list[int] = self._conversations()

    def _orders_of_order(self) -> list[OrderKey]:
        told = self._chosen(holders(self._connection, [self.name]))
        return told or [OrderKey(None, self.name)]

    def _orders_of_parcel(self) -> list[OrderKey]:
        table = shipments.c
        wanted = select(table.account_id, table.order_source_id).distinct()
        rows = self._connection.execute(wanted.where(table.tracking_number == self.name))
        return self._chosen(sorted(OrderKey(*row) for row in rows))

    def _orders_of_conversation(self) -> list[OrderKey]:
        links = conversation_orders.c
        ids = self._ids(
            select(links.order_source_id).where(links.conversation_id == int(self.name))
        )
        told = holders(self._connection, ids)
        unknown = [OrderKey(None, order) for order in ids if order not in {k.order for k in told}]
        return [*filter(self._is_meant, told), *unknown]

    def _is_meant(self, key: OrderKey) -> bool:
        talk = select(conversations.c.id).where(conversations.c.id == int(self.name))
        return _any(self._connection, talk.where(means(*key)))

    def _chosen(self, keys: Sequence[OrderKey]) -> list[OrderKey]:
        return [key for key in keys if self._account in {None, key.account}]

    def _shipments(self) -> list[int]:
        table = shipments.c
        its_own = self.owns(table.account_id, table.order_source_id)
        if self.kind == "parcel":
            its_own = and_(
                table.tracking_number == self.name,
                true() if self._account is None else table.account_id == self._account,
            )
        return self._ids(select(table.id).where(its_own))

    def _numbers(self) -> list[str]:
        if self.kind == "parcel":
            return [self.name]
        return self._ids(
            select(shipments.c.tracking_number).where(
                shipments.c.id.in_(self.shipments), shipments.c.tracking_number.is_not(None)
            )
        )

    def _conversations(self) -> list[int]:
        if self.kind == "conversation":
            return [int(self.name)]
        if self.kind == "parcel" and not self.shipments:
            return self._ids(_naming(self.name, self._account))
        links = conversation_orders.c
        meant = [
            and_(links.order_source_id == key.order, true() if key.account is None else means(*key))
            for key in self.orders
        ]
        wanted = select(links.conversation_id).join(
            conversations, conversations.c.id == links.conversation_id
        )
        return self._ids(wanted.where(or_(*meant))) if meant else []

    def _ids(self, wanted: Select[Any]) -> list[Any]:
        return sorted(self._connection.execute(wanted.distinct()).scalars())

    @property
    def ambiguous(self) -> bool:
        """Whether one order was asked for, and several accounts have one of this id."""
        return self.kind == "order" and len(self.orders) > 1

    def owns(self, account: Any, order: Any) -> ColumnElement[bool]:
        """The condition that a row is of its orders, by its columns of account and order id."""
        return among(self.orders, account, order)

    @property
    def _order_numbers(self) -> Select[tuple[int]]:
        return select(orders.c.id).where(self.owns(orders.c.account_id, orders.c.source_id))

    @property
    def its_findings(self) -> ColumnElement[bool]:
        """The condition for findings about it: its parcels', and its orders' without any."""
        table = findings.c
        return or_(table.shipment_id.in_(self.shipments), table.order_id.in_(self._order_numbers))

    @property
    def its_outbox_rows(self) -> ColumnElement[bool]:
        """The condition for rows of the outbox that are about it."""
        table = outbox.c
        loose = and_(table.shipment_id.is_(None), table.order_id.is_(None))
        return or_(
            table.shipment_id.in_(self.shipments),
            table.order_id.in_(self._order_numbers),
            loose & self.owns(table.account_id, table.order_source_id),
            table.conversation_id.in_(self.conversations if self.kind == "conversation" else []),
        )


def find(
    connection: Connection, typed: str, kind: str | None, account: int | None = None
) -> tuple[Subject | None, list[str]]:
    """What `typed` stands for, and the other kinds of thing that have this name too.

    `kind` is one of `KINDS`, or None for the first of them that there is; `account` leaves out what
    others have.
    """
    names = {one: _named(connection, typed, one, account) for one in KINDS}
    meant = {one: name for one, name in names.items() if name is not None}
    chosen = kind or next(iter(meant), None)
    if chosen not in meant:
        return None, list(meant)
    subject = Subject(connection, meant[chosen], chosen, account)
    return subject, [one for one in meant if one != chosen]


def mentioned(connection: Connection, typed: str, account: int | None = None) -> Subject | None:
    """`typed` as the number of a parcel of which nobody has told but who wrote of it, if anybody.

    That is who asked about it, else whose messages have it in their text.
    """
    plain = normalise(typed)
    subject = Subject(connection, plain, "parcel", account)
    if not subject.conversations and _could_be_number(plain):
        told = connection.execute(_telling({typed.strip(), plain}, account))
        subject.conversations = sorted(told.scalars())
    return subject if subject.conversations else None


def _could_be_number(plain: str) -> bool:
    return len(plain) >= _SHORTEST_TOLD and any(each.isdigit() for each in plain)


def _naming(number: str, account: int | None) -> Select[Any]:
    """The conversations that wait for a parcel with this number."""
    named, talk = conversation_numbers.c, conversations.c
    wanted = select(talk.id).join(conversation_numbers, named.conversation_id == talk.id)
    return wanted.where(named.tracking_number == number, _of(talk.account_id, account))


def _telling(words: Collection[str], account: int | None) -> Select[Any]:
    """The latest conversations in which one of these was written."""
    said = or_(*(messages.c.text.icontains(word, autoescape=True) for word in sorted(words)))
    there = select(messages.c.conversation_id).where(said, _of(messages.c.account_id, account))
    talk = conversations.c
    latest = select(talk.id).where(talk.id.in_(there))
    return latest.order_by(talk.last_at.desc()).limit(_MOST_TOLD)


def _named(connection: Connection, typed: str, kind: str, account: int | None) -> str | None:
    """The name under which the store has the thing of this kind that `typed` means."""
    names = [typed.strip()]
    if kind == "parcel":  # people and web pages write numbers in groups and small letters
        names += _spellings(connection, normalise(typed))
    known = {"order": _is_order, "parcel": _is_parcel, "conversation": _is_conversation}[kind]
    return next((name for name in names if known(connection, name, account)), None)


def _spellings(connection: Connection, plain: str) -> list[str]:
    """A number as it is compared, and as shops have written it."""
    table = shipments.c
    wanted = select(table.tracking_number).where(table.plain_number == plain).distinct()
    return [plain, *connection.execute(wanted.order_by(table.tracking_number)).scalars()]


def _is_order(connection: Connection, name: str, account: int | None) -> bool:
    told = holders(connection, [name])
    if told:
        return any(account in {None, key.account} for key in told)
    links, talk = conversation_orders.c, conversations.c
    named = select(links.conversation_id).where(links.order_source_id == name)
    return _any(
        connection,
        named.join(conversations, talk.id == links.conversation_id).where(
            _of(talk.account_id, account)
        ),
    )


def _is_parcel(connection: Connection, name: str, account: int | None) -> bool:
    parcel, scan = shipments.c, tracking_events.c
    return _any(
        connection,
        select(parcel.id).where(parcel.tracking_number == name, _of(parcel.account_id, account)),
        select(scan.id).where(scan.tracking_number == name, _of(scan.account_id, account)),
    )


def _is_conversation(connection: Connection, name: str, account: int | None) -> bool:
    if not (name.isascii() and name.isdigit()) or len(name) > _LONGEST_NUMBER:
        return False
    talk = conversations.c
    return _any(
        connection, select(talk.id).where(talk.id == int(name), _of(talk.account_id, account))
    )


def _of(column: Any, account: int | None) -> ColumnElement[bool]:
    return true() if account is None else column == account


def _any(connection: Connection, *queries: Select[Any]) -> bool:
    return any(connection.execute(select(exists(query))).scalar() for query in queries)
