"""When Amazon would ask a buyer for a review; pure.

Source: "Set up the Solicitations API" and Amazon's answer in selling-partner-api-models issue 4927:
from 5 days after the earliest delivery date until 30 days after the latest, once for each order
that has been shipped. The list of what may be done is at times empty for days within it (models
issues 187 and 4927), which is no refusal.
"""

from datetime import datetime, timedelta

from syncd.model import Verdict
from syncd_amazon import wire

OPENS = timedelta(days=5)
CLOSES = timedelta(days=30)
ASK_AGAIN = timedelta(days=1)
_NEVER = frozenset({"CANCELLED", "UNFULFILLABLE"})


def window(found: wire.SoldOrder, now: datetime) -> Verdict | None:
    """What the order's dates say; None: nothing speaks against asking Amazon."""
    fulfillment = found.fulfillment
    status = fulfillment.fulfillment_status if fulfillment else ""
    if status in _NEVER:
        return Verdict.never(f"the order is {status.lower()}")
    due = fulfillment.deliver_by_window if fulfillment else None
    opens = due and due.earliest_date_time and due.earliest_date_time + OPENS
    if opens and now < opens:
        return Verdict.later(opens, "Amazon asks from 5 days after the earliest delivery date on")
    closes = _closes(found)
    if closes and now > closes:
        return Verdict.never("Amazon asks until 30 days after the latest delivery date")
    if status != "SHIPPED":
        return _later(found, now, "the order has not been shipped wholly")
    return None


def offered(found: wire.SoldOrder, now: datetime, *, is_offered: bool) -> Verdict:
    """What Amazon's list of what may be done says, within the window."""
    if is_offered:
        return Verdict.yes()
    return _later(found, now, "Amazon does not offer it now; the buyer may have been asked already")


def _later(found: wire.SoldOrder, now: datetime, reason: str) -> Verdict:
    closes = _closes(found)
    if closes is None or now + ASK_AGAIN > closes:
        return Verdict.never(reason)
    return Verdict.later(now + ASK_AGAIN, reason)


def _closes(found: wire.SoldOrder) -> datetime | None:
    due = found.fulfillment.deliver_by_window if found.fulfillment else None
    return due.latest_date_time + CLOSES if due and due.latest_date_time else None
