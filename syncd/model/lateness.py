"""How late a parcel may become: what is learnt from, what is kept, what is said of one parcel."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from syncd.model.base import Value

NOT_YET = 1 << 62
"""The time, in microseconds, of what has not happened."""


class ParcelTimes(NamedTuple):
    """Parcels as columns, a place each; times are microseconds since 1970 UTC, or `NOT_YET`."""

    shipment_id: Sequence[int] = ()
    placed: Sequence[int] = ()
    scanned: Sequence[int] = ()
    """When a carrier first had it in hand."""
    delivered: Sequence[int] = ()
    promised: Sequence[int] = ()
    """The end of the promise."""
    carrier: Sequence[str] = ()
    service: Sequence[str] = ()
    origin: Sequence[str] = ()
    destination: Sequence[str] = ()


class KeptModel(Value, frozen=True, kw_only=True):
    """A fitted lateness model as the store keeps it."""

    fitted_at: datetime
    since: datetime
    """With `fitted_at` the training window: when the first order learnt from was placed."""
    n: int
    """Parcels learnt from."""
    base_rate: float
    """The share of parcels that came late, recent ones counting more."""
    drift: float
    """The odds of lateness in the last four weeks over those before; 1 is as before."""
    settings: bytes
    """How it was fitted, as JSON."""
    tables: bytes
    """The model itself, as JSON."""


class Outlook(Value, frozen=True, kw_only=True):
    """What is to be expected of one parcel that is under way, by the promise's own days.

    A day has 24 hours; the last one of the promise ends when the promise does.
    """

    placed_at: datetime
    promised_at: datetime
    days_left: int
    """Whole days until the promise ends."""
    p: float | None = None
    """The chance that it misses the promise; None where no model is there."""
    n: float = 0.0
    """How many parcels the chance was learnt from, old ones counting less."""
    basis: str = ""
    """Which parcels those were."""
    within_days: int | None = None
    """Days from placing by which 95 % of them are delivered; None where that is after the promise."""
    board: float = 0.5
    """From this chance it belongs on the board, at present."""
    buyer: float = 0.7
    """From this chance the buyer should hear of it, at present."""
    next_at: datetime | None = None
    """When the chance may be another that matters; None: not before there is news."""

    @property
    def window(self) -> int:
        """Days from placing to the promise's end, begun ones counted."""
        return max(1, -((self.placed_at - self.promised_at) // timedelta(days=1)))

    @property
    def day(self) -> int:
        """The present day of the window, the first being 1."""
        return max(1, self.window - self.days_left)
