"""What a row asks its platform for: to take a message, or to do something else for an order."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from syncd.connector import Connector
from syncd.model import (
    CONFIRMATION,
    EXTENSION,
    REVIEW_REQUEST,
    Draft,
    OutboxRow,
    Receipt,
    Shipment,
    Verdict,
)


class Call(msgspec.Struct, frozen=True):
    """One thing that a platform can be asked to do."""

    may: Callable[[Connector, OutboxRow, Draft], Verdict]
    """Whether it would do it now; raises what the connector raises."""
    perform: Callable[[Connector, OutboxRow, Draft], Receipt]
    """Do it; raises what the connector raises."""
    find: Callable[[Connector, OutboxRow, Draft], Receipt | None]
    """Ask whether it was done by an earlier try; None: it was not."""
    refused: str | None
    """What a refusal means, for a person who has to go on; None where nobody has to."""


def call_for(row: OutboxRow) -> Call:
    """What `row` is about; any purpose that is no request is a message."""
    return _REQUESTS.get(row.purpose, _MESSAGE)


def _order(row: OutboxRow) -> str:
    assert row.order_id is not None, "a request names its order"
    return row.order_id


def _until(row: OutboxRow) -> datetime:
    assert row.until is not None, "an extension names its day"
    return row.until


def _shipment(row: OutboxRow) -> Shipment:
    assert row.shipment is not None, "a confirmation names what left"
    return row.shipment


_MESSAGE = Call(
    may=lambda connector, _, draft: connector.may_send(draft),
    perform=lambda connector, row, draft: connector.send(draft, row.key),
    find=lambda connector, row, draft: connector.find_sent(draft, row.key),
    refused=None,
)
_REQUESTS = {
    EXTENSION: Call(
        may=lambda *_: Verdict.yes(),
        perform=lambda connector, row, _: connector.extend_promise(
            _order(row), _until(row), row.key
        ),
        find=lambda connector, row, _: connector.find_extension(_order(row), _until(row), row.key),
        refused="the platform gives no more time",
    ),
    REVIEW_REQUEST: Call(
        may=lambda connector, row, _: connector.may_request_review(_order(row)),
        perform=lambda connector, row, _: connector.request_review(_order(row), row.key),
        find=lambda connector, row, _: connector.find_review_request(_order(row), row.key),
        refused=None,
    ),
    CONFIRMATION: Call(
        may=lambda *_: Verdict.yes(),
        perform=lambda connector, row, _: connector.confirm_shipment(_shipment(row), row.key),
        find=lambda connector, row, _: connector.find_confirmation(_shipment(row), row.key),
        refused="the platform does not take the tracking number",
    ),
}
