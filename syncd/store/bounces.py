"""What syncd sent by mail and a mail system sent back."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update

from syncd.model import OutboxState
from syncd.store.readback import BOUNCED
from syncd.store.tables import deliveries, outbox
from syncd.store.times import to_us
from syncd.store.writer import Writer

# Mail systems try for days, five mostly, before they give a mail up.
_GIVEN_UP_WITHIN = timedelta(days=14)


class BounceWriter(Writer):
    """Messages that came back, within an ingest transaction."""

    def came_back(self, returned: Mapping[str, str], first_at: datetime) -> list[int]:
        """Leave to a person what counts as sent and did not arrive; returns the rows' numbers.

        `returned` are Message-IDs, each with the reason to keep with its row; the first of them
        came back at `first_at`.
        """
        table = deliveries.c
        wanted = (
            select(table.id, table.outbox_id, table.source_id)
            .join(outbox, outbox.c.id == table.outbox_id)
            .where(
                outbox.c.account_id == self._account_id,
                table.outcome == OutboxState.SENT.value,
                table.source_id.is_not(None),
                table.at >= to_us(first_at - _GIVEN_UP_WITHIN),
            )
        )
        failed: dict[int, str] = {}
        for delivery, row, source_id in self._connection.execute(wanted).all():
            reason = returned.get(source_id.rpartition("#")[0])  # a mail's: Message-ID and hash
            if reason is not None:
                failed[row] = reason
                self._settle(delivery, row, reason)
        return list(failed)

    def _settle(self, delivery: int, row: int, reason: str) -> None:
        its = update(deliveries).where(deliveries.c.id == delivery)
        self._connection.execute(its.values(outcome=BOUNCED))
        sent = (outbox.c.id == row, outbox.c.state == OutboxState.SENT.value)
        person = {"state": OutboxState.PERSON.value, "reason": reason}
        self._connection.execute(update(outbox).where(*sent).values(person))
