"""Orders of the sandbox world that the seller asked more time for: a later end of protection."""

from datetime import datetime, timedelta

import msgspec

from syncd.model.base import Value
from syncd.testing.world_feeds import Record, iso

LONGEST = timedelta(days=30)
"""How much later than it is the end of protection can be made in one go."""


class MoreTime(msgspec.Struct, frozen=True):
    """What is posted to get it."""

    key: str
    until: datetime


class Extension(Value, frozen=True, kw_only=True):
    """More time that was given."""

    id: str
    key: str
    order_id: str
    until: datetime
    at: datetime


class Extensions:
    """What was given, and what it makes of the orders' records."""

    def __init__(self) -> None:
        self.given: list[Extension] = []
        """The oldest first."""
        self._ends: dict[str, str] = {}

    def refusal(self, order: Record, asked: MoreTime) -> str | None:
        """Why the marketplace does not give what is asked; None where it does."""
        ends = datetime.fromisoformat(self.applied(order)["protection_ends_at"])
        if asked.until <= ends:
            return f"this order is protected until {iso(ends)} already"
        if asked.until > ends + LONGEST:
            return f"no more than {LONGEST.days} days can be added"
        return "the order has arrived" if order["status"] == "received" else None

    def give(self, order: Record, asked: MoreTime, at: datetime) -> Extension:
        """Move the end of an order's protection."""
        self._ends[order["id"]] = iso(asked.until)
        self.given.append(
            Extension(
                id=f"x_{len(self.given) + 1}",
                key=asked.key,
                order_id=order["id"],
                until=asked.until,
                at=at,
            )
        )
        return self.given[-1]

    def applied(self, order: Record) -> Record:
        """An order's record with the time that it was given."""
        ends = self._ends.get(order.get("id", ""))
        return {**order, "protection_ends_at": ends} if ends else order
