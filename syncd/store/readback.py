"""What syncd sent and then read back, as the platform shows it among its messages."""

from collections.abc import Collection

from sqlalchemy import Connection, and_, select

from syncd.model import REQUESTS, OutboxState
from syncd.store import bulk
from syncd.store.tables import conversation_orders, deliveries, messages, outbox

# Beside the numbers that stand for parcels and for listings among the database's advisory locks.
_LOCK = "SELECT pg_advisory_xact_lock(7379636, %s)"

BOUNCED = "bounced"
"""The outcome of a delivery that a mail system took back; its message is in Sent all the same."""

IS_READ_BACK = and_(
    deliveries.c.outcome.in_([OutboxState.SENT.value, BOUNCED]),
    outbox.c.purpose.not_in(REQUESTS),
    messages.c.account_id == outbox.c.account_id,
    messages.c.source_id == deliveries.c.source_id,
)
"""Joins a delivery, and the outbox's row that it is of, with the message that its receipt names."""

READ_BACK = (
    select(outbox.c.order_source_id, messages.c.conversation_id)
    .select_from(deliveries)
    .join(outbox, outbox.c.id == deliveries.c.outbox_id)
    .join(messages, IS_READ_BACK)
)
"""The order that each message was about which has come back, and the conversation it stands in."""

_RECEIPTS = select(deliveries.c.source_id).where(bulk.given(deliveries.c.source_id, "source_ids"))


def link_orders(connection: Connection, account_id: int, told: Collection[str]) -> None:
    """Link with their orders the conversations of messages that syncd sent and has read back.

    `told` are their ids at the platform. Called last of all in the transaction that read them, and
    in the one that settled them: whichever is the later one knows both.
    """
    if not told:
        return
    if connection.dialect.name == "postgresql":  # of two at once, the later one sees the other
        connection.exec_driver_sql(_LOCK, (account_id,))
    sent = connection.execute(_RECEIPTS, {"source_ids": told}).scalars().all()
    if not sent:  # nearly always: people write most of what is read
        return
    wanted = READ_BACK.where(
        outbox.c.order_source_id.is_not(None),
        messages.c.account_id == account_id,
        bulk.among(deliveries.c.source_id, sent),
    )
    links = sorted({(row[0], row[1]) for row in connection.execute(wanted)})
    columns = ("order_source_id", "conversation_id")
    bulk.insert_missing(connection, conversation_orders, columns, links)
