"""Orders as columns of days: what the lateness model learns from and what it scores.

Days are calendar days in the promise's own terms: a time with a zone is read at the promise's
offset where that has one, anything else as it is written.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Moment = date | datetime

NEVER = 10**7
"""The day number of what has not happened; beyond any date."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel's promise and what has become of it; None is "not yet, or not known"."""

    placed_at: Moment
    promised_at: Moment
    handed_over_at: Moment | None = None
    delivered_at: Moment | None = None
    origin: str = ""
    destination: str = ""
    carrier: str = ""
    service: str = ""


class Lane(NamedTuple):
    """Who carries a parcel from where to where."""

    carrier: str
    service: str
    origin: str
    destination: str


class History(msgspec.Struct, frozen=True):
    """Orders as columns; a day is `date.toordinal`, or `NEVER`."""

    placed: Ints
    handed: Ints
    delivered: Ints
    promised: Ints
    lane: Ints
    """Each order's row in `lanes`."""
    lanes: tuple[Lane, ...]

    @classmethod
    def of(cls, orders: Iterable[Order]) -> "History":
        """The columns of `orders`, in their order.

        A hand-over outside of placing and delivery (a scan missed, a clock off) is moved to the
        nearer of the two.
        """
        lanes: dict[Lane, int] = {}
        rows = [(*_days(order), lanes.setdefault(_lane(order), len(lanes))) for order in orders]
        columns = np.array(rows, dtype=np.int64).reshape(len(rows), 5).T
        placed, handed, delivered, promised, lane = columns
        known = handed != NEVER
        inside = np.minimum(np.maximum(handed, placed), delivered)
        return cls(placed, np.where(known, inside, NEVER), delivered, promised, lane, tuple(lanes))

    @property
    def size(self) -> int:
        """How many orders."""
        return len(self.placed)

    @property
    def window(self) -> Ints:
        """Days from placing to the promised day."""
        return self.promised - self.placed

    @property
    def late(self) -> Bools:
        """Not delivered by the end of the promised day, as far as these columns know."""
        return self.delivered > self.promised

    def take(self, rows: Ints | Bools) -> "History":
        """The orders at `rows`."""
        return History(
            self.placed[rows],
            self.handed[rows],
            self.delivered[rows],
            self.promised[rows],
            self.lane[rows],
            self.lanes,
        )

    def known_at(self, day: int) -> "History":
        """What was known at 00:00 of `day`: nothing of that day or later."""
        before = self.take(self.placed < day)
        return msgspec.structs.replace(
            before,
            handed=np.where(before.handed < day, before.handed, NEVER),
            delivered=np.where(before.delivered < day, before.delivered, NEVER),
        )


def day_of(moment: Moment, promise: Moment) -> int:
    """The day number of `moment` in the promise's day terms."""
    if not isinstance(moment, datetime):
        return moment.toordinal()
    zone = promise.tzinfo if isinstance(promise, datetime) else None
    if zone is not None and moment.tzinfo is not None:
        moment = moment.astimezone(zone)
    return moment.toordinal()


def _days(order: Order) -> Sequence[int]:
    moments = (order.placed_at, order.handed_over_at, order.delivered_at, order.promised_at)
    promise = order.promised_at
    return [NEVER if each is None else day_of(each, promise) for each in moments]


def _lane(order: Order) -> Lane:
    return Lane(order.carrier, order.service, order.origin, order.destination)
