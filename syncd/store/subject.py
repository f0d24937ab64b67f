"""What a name that somebody typed stands for, and what belongs to it."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, or_, select

from syncd.store.tables import (
    conversation_orders,
    conversations,
    findings,
    orders,
    outbox,
    shipments,
    tracking_events,
)

# A platform's own names go before our numbers: people type them from a letter or a web page.
KINDS = ("order", "parcel", "conversation")

_LONGEST_NUMBER = 18  # digits that fit a BIGINT whatever they are


class Subject:
    """One order, parcel or conversation with all that belongs to it."""

    def __init__(self, connection: Connection, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        self._connection = connection
        self.orders: list[str] = getattr(self, f"_orders_of_{kind}")()
        self.shipments: list[int] = self._shipments()
        self.numbers: list[str] = self._numbers()
        self.conversations: list[int] = self._conversations()

    def _orders_of_order(self) -> list[str]:
        return [self.name]

    def _orders_of_parcel(self) -> list[str]:
        return self._ids(
            select(shipments.c.order_source_id).where(shipments.c.tracking_number == self.name)
        )

    def _orders_of_conversation(self) -> list[str]:
        links = conversation_orders.c
        return self._ids(
            select(links.order_source_id).where(links.conversation_id == int(self.name))
        )

    def _shipments(self) -> list[int]:
        if self.kind == "parcel":
            return self._ids(select(shipments.c.id).where(shipments.c.tracking_number == self.name))
        return self._ids(select(shipments.c.id).where(shipments.c.order_source_id.in_(self.orders)))

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
        links = conversation_orders.c
        return self._ids(
            select(links.conversation_id).where(links.order_source_id.in_(self.orders))
        )

    def _ids(self, wanted: Select[Any]) -> list[Any]:
        return sorted(self._connection.execute(wanted.distinct()).scalars())

    @property
    def its_findings(self) -> ColumnElement[bool]:
        """The condition for findings that are about it: its parcels', and its orders' without any."""
        numbers = select(orders.c.id).where(orders.c.source_id.in_(self.orders))
        return or_(findings.c.shipment_id.in_(self.shipments), findings.c.order_id.in_(numbers))

    @property
    def its_outbox_rows(self) -> ColumnElement[bool]:
        """The condition for rows of the outbox that are about it."""
        table = outbox.c
        return or_(
            table.shipment_id.in_(self.shipments),
            table.shipment_id.is_(None) & table.order_source_id.in_(self.orders),
            table.conversation_id.in_(self.conversations if self.kind == "conversation" else []),
        )


def find(connection: Connection, typed: str, kind: str | None) -> tuple[Subject | None, list[str]]:
    """What `typed` stands for, and the other kinds of thing that have this name too.

    `kind` is one of `KINDS`, or None for the first of them that there is.
    """
    meant = {one: name for one in KINDS if (name := _named(connection, typed, one)) is not None}
    chosen = kind or next(iter(meant), None)
    if chosen not in meant:
        return None, list(meant)
    return Subject(connection, meant[chosen], chosen), [one for one in meant if one != chosen]


def _named(connection: Connection, typed: str, kind: str) -> str | None:
    """The name under which the store has the thing of this kind that `typed` means."""
    names = [typed.strip()]
    if kind == "parcel":  # people and web pages write numbers in groups and small letters
        names.append("".join(typed.split()).upper())
    known = {"order": _is_order, "parcel": _is_parcel, "conversation": _is_conversation}[kind]
    return next((name for name in names if known(connection, name)), None)


def _is_order(connection: Connection, name: str) -> bool:
    return _any(
        connection,
        select(orders.c.id).where(orders.c.source_id == name),
        select(conversation_orders.c.conversation_id).where(
            conversation_orders.c.order_source_id == name
        ),
        select(shipments.c.id).where(shipments.c.order_source_id == name),
    )


def _is_parcel(connection: Connection, name: str) -> bool:
    return _any(
        connection,
        select(shipments.c.id).where(shipments.c.tracking_number == name),
        select(tracking_events.c.id).where(tracking_events.c.tracking_number == name),
    )


def _is_conversation(connection: Connection, name: str) -> bool:
    if not (name.isascii() and name.isdigit()) or len(name) > _LONGEST_NUMBER:
        return False
    return _any(connection, select(conversations.c.id).where(conversations.c.id == int(name)))


def _any(connection: Connection, *queries: Select[Any]) -> bool:
    return any(connection.execute(select(exists(query))).scalar() for query in queries)
