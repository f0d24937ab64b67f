"""What a row asks its platform for: to take a message, or to give an order more time."""

from datetime import datetime

from syncd.connector import Connector
from syncd.model import EXTENSION, Draft, OutboxRow, Receipt


def perform(connector: Connector, row: OutboxRow, draft: Draft) -> Receipt:
    """Do it; raises what the connector raises."""
    if row.purpose == EXTENSION:
        order_id, until = _extended(row)
        return connector.extend_promise(order_id, until, row.key)
    return connector.send(draft, row.key)


def find(connector: Connector, row: OutboxRow, draft: Draft) -> Receipt | None:
    """Ask whether it was done by an earlier try; None: it was not."""
    if row.purpose == EXTENSION:
        order_id, until = _extended(row)
        return connector.find_extension(order_id, until, row.key)
    return connector.find_sent(draft, row.key)


def _extended(row: OutboxRow) -> tuple[str, datetime]:
    assert row.order_id is not None, "an extension names its order"
    assert row.until is not None, "an extension names its day"
    return row.order_id, row.until
