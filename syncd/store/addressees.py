"""Whom orders belong to, and where their buyers were last spoken with."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Select

from syncd.model import Addressee, Party
from syncd.store.about import means
from syncd.store.tables import conversation_orders, conversations, orders


def addressees(connection: Connection, subjects: Select[tuple[int]]) -> dict[int, Addressee]:
    """The buyers of `subjects`, by the number each row gives, which says `orders` in its joins.

    Rows of one number have to follow each other; a subject without a known order has no buyer.
    """
    table, talk = orders.c, conversations.c
    wanted = (
        subjects.add_columns(
            table.buyer, table.language, table.site, table.country, table.state, table.postcode,
            talk.id, talk.language, talk.account_id,
        )
        .outerjoin(
            conversation_orders, conversation_orders.c.order_source_id == table.source_id
        )
        .outerjoin(
            conversations,
            (talk.id == conversation_orders.c.conversation_id)
            & (talk.customer_id == table.customer_id)
            & means(table.account_id, table.source_id),
        )
        .order_by(talk.last_at.nulls_first())
    )  # fmt: skip
    # One with several conversations appears several times; the latest spoken in wins.
    # Somebody else who names the order is not the buyer.
    return {row[0]: _addressee(row[1:]) for row in connection.execute(wanted)}


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
