"""Which account's order is meant, where several accounts may have one of the same id.

Each platform counts its orders by itself, so an id is one order within one account only, and a
conversation names no account, just the id. It means its own account's order, where that has one; in
a mailbox, which has none, the order of the same customer; else whichever there is.
"""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    exists,
    false,
    or_,
    select,
    true,
    union,
)

from syncd.store.tables import accounts, cases, conversations, orders, reviews, shipments


class OrderKey(NamedTuple):
    """One order."""

    account: int | None
    """None where only messages name it: no account has told of it yet."""
    order: str


def means(account: Any, order: Any) -> ColumnElement[bool]:
    """That a row of `conversations` which names the id `order` means the one of `account`.

    Both are columns or values.
    """
    talk, same = conversations.c, orders.alias()
    has = exists().where(same.c.source_id == order).correlate_except(same)
    own = has.where(same.c.account_id == talk.account_id)
    of_customer = has.where(same.c.customer_id == talk.customer_id)
    return or_(
        talk.account_id == account,
        and_(
            ~own,
            or_(
                of_customer.where(same.c.account_id == account),
                ~of_customer.where(same.c.account_id != account),
            ),
        ),
    )


def among(keys: Iterable[OrderKey], account: Any, order: Any) -> ColumnElement[bool]:
    """That the columns `account` and `order` name one of these orders.

    An order that no account has told of is named by any.
    """
    each = (
        and_(order == key.order, true() if key.account is None else account == key.account)
        for key in keys
    )
    return or_(false(), *each)


def holders(connection: Connection, ids: Collection[str]) -> list[OrderKey]:
    """The orders of these ids, by what accounts have told of them, their parcels or their cases."""
    wanted = union(
        select(orders.c.account_id, orders.c.source_id).where(orders.c.source_id.in_(ids)),
        *(
            select(table.c.account_id, table.c.order_source_id).where(
                # The index of the parcels begins with the account.
                table.c.account_id.in_(select(accounts.c.id)),
                table.c.order_source_id.in_(ids),
            )
            for table in (shipments, cases, reviews)
        ),
    )
    return [
        OrderKey(*row) for row in connection.execute(wanted.order_by("source_id", "account_id"))
    ]
