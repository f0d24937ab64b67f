"""What syncd sent by mail and a mail system sent back."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select, update

from syncd.model import OutboxState
from syncd.store.readback import BOUNCED
from syncd.store.tables import deliveries, outbox
from syncd.store.times import to_us
from syncd.store.writer import Writer

# Mail systems try for days, five mostly, before they give a mail up.
_GIVEN_UP_WITHIN = timedelta(days=14)


class Sent(NamedTuple):
    """A message that counts as sent."""

    row: int
    """Of the outbox."""
    delivery: int


class BounceWriter(Writer):
    """Messages that came back, within an ingest transaction."""

    def sent_as(self, message_ids: Collection[str], first_at: datetime) -> dict[str, Sent]:
        """What counts as sent by mails with these Message-IDs, if anything.

        The first of them came back at `first_at`.
        """
        table = deliveries.c
        wanted = (
            select(table.source_id, table.outbox_id, table.id)
            .join(outbox, outbox.c.id == table.outbox_id)
            .where(
                outbox.c.account_id == self._account_id,
                table.outcome == OutboxState.SENT.value,
                table.source_id.is_not(None),
                table.at >= to_us(first_at - _GIVEN_UP_WITHIN),
            )
            .order_by(table.id)
        )
        found: dict[str, Sent] = {}
        for source_id, *numbers in self._connection.execute(wanted):
            message_id = source_id.rpartition("#")[0]  # a mail's id: that, and a hash
            if message_id in message_ids:
                found[message_id] = Sent(*numbers)
        return found

    def came_back(self, sent: Sent, reason: str) -> None:
        """Leave to a person what did not arrive."""
        its = update(deliveries).where(deliveries.c.id == sent.delivery)
        self._connection.execute(its.values(outcome=BOUNCED))
        mine = (outbox.c.id == sent.row, outbox.c.state == OutboxState.SENT.value)
        person = {"state": OutboxState.PERSON.value, "reason": reason}
        self._connection.execute(update(outbox).where(*mine).values(person))
