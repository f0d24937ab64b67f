"""How late a parcel may become: what is learnt from, what is kept, what is said of one parcel."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from syncd.model.base import Value

NOT_YET = 1 << 62
"""The time, in microseconds, of what has not happened."""

BOARD = 0.5
"""From this chance to miss its promise a parcel belongs on the staff's board.

This and the next three are from a study of real marketplace orders: at 0.5 nine of a hundred
on-time orders were ever alarmed, at 0.7 three, and the chance was as good as its word.
"""
BUYER = 0.7
"""From this chance the buyer should hear of it; it is weighed by the days left."""
BOARD_USED = 0.75
"""Where too few parcels are known: the used share of promised time that puts it on the board."""
BUYER_USED = 0.9
"""Where too few are known: the used share from which the buyer should hear of it."""
FEWEST = 30
"""How many parcels a chance must have been learnt from, old ones counting less."""
JUMP = 2.0
"""The odds ratio of lateness, recent over learnt, from which the thresholds are tightened."""


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
    """With `fitted_at` the training window: the day the first order learnt from was placed."""
    n: int
    """Parcels learnt from."""
    base_rate: float
    """The share of parcels that came late, recent ones counting more."""
    drift: float
    """The odds of lateness in the last four weeks over those before; 1 is as before."""
    board: float | None = None
    """The board's threshold as calibrated on the months before; None in what older syncds kept."""
    settings: bytes
    """How it was fitted, as JSON."""
    tables: bytes
    """The model itself, as JSON."""

    @property
    def jumped(self) -> bool:
        """Whether parcels have begun to come late much more often than they used to."""
        return self.drift >= JUMP


class Chance(Value, frozen=True, kw_only=True):
    """What the model says of one parcel that is under way, by the promise's own days.

    Such a day has 24 hours, and the last one ends when the promise does.
    """

    p: float
    """The chance that it misses its promise."""
    n: float
    """How many parcels that was learnt from, old ones counting less."""
    basis: str = ""
    """Which parcels those were."""
    within_days: int | None = None
    """Days from placing by which 95 % of them are delivered; None where past the promise."""
    board: float
    """From this chance it belongs on the board, at present: three or four days before the promise
    sooner than at other times."""
    lowest: float
    """The least that `board` is on any day. What has come to the board is measured by this, as a
    bar that rises is no news of the parcel."""
    buyer: float
    """From this chance the buyer should hear of it, at present; less as the promise nears."""
    next_at: datetime | None = None
    """When the chance may have become another that matters; None: not before there is news."""


class Outlook(Value, frozen=True, kw_only=True):
    """What a parcel's lateness is judged by, beside its facts."""

    placed_at: datetime
    chance: Chance | None = None
    """None where no model has been fitted yet."""
    listed: bool = False
    """Whether it is known to be at risk already."""
    fewest: int = FEWEST
    """How many parcels a chance must have been learnt from; else the promised time used decides."""
    board_used: float = BOARD_USED
    """In place of the chance: the used share of the promised time that puts it on the board."""
    buyer_used: float = BUYER_USED
    """The used share from which the buyer should hear of it."""
