"""What the replay's alarms were worth."""

from datetime import date

import msgspec
import numpy as np

from syncd.rules.lateness.history import NEVER, Bools, Ints
from syncd.rules.lateness.replay import Replayed

EARLY_DAYS = 3
"""The lead that leaves time to act."""
LANES = 20
"""How many lanes are told apart, the largest first."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One detector's worth; a share is None where there is nothing to take it of."""

    far: float | None
    """Share of on-time orders ever alarmed before their promise."""
    recall: float | None
    """Share of late orders alarmed at least a day before their promised day."""
    precision: float | None
    """Share of alarmed orders that were late."""
    median_lead_days: float | None
    """Median days from the alarm to the promised day, of late orders that were alarmed."""
    recall_3d: float | None
    """Share of late orders alarmed at least three days before their promised day."""
    alarmed: int
    late: int
    on_time: int


Table = dict[str, Figures]
"""Figures by detector."""


def overall(replayed: Replayed) -> Table:
    """The figures of all orders."""
    return _table(replayed, np.ones(replayed.history.size, dtype=np.bool_))


def by_month(replayed: Replayed) -> dict[str, Table]:
    """The figures by month of placing, oldest first."""
    months = np.array([_month(day) for day in replayed.history.placed.tolist()])
    return {str(month): _table(replayed, months == month) for month in np.unique(months)}


def by_lane(replayed: Replayed) -> dict[str, Table]:
    """The figures by "origin>destination" of the largest lanes, largest first."""
    history = replayed.history
    names = [f"{lane.origin}>{lane.destination}" for lane in history.lanes]
    index = {name: number for number, name in enumerate(dict.fromkeys(names))}
    lane = np.array([index[name] for name in names], dtype=np.int64)[history.lane]
    sizes = np.bincount(lane, minlength=len(index))
    largest = sorted(index, key=lambda name: (-sizes[index[name]], name))[:LANES]
    return {name: _table(replayed, lane == index[name]) for name in largest if sizes[index[name]]}


def _month(day: int) -> str:
    return f"{date.fromordinal(day):%Y-%m}"


def _table(replayed: Replayed, chosen: Bools) -> Table:
    late = replayed.history.late[chosen]
    promised = replayed.history.promised[chosen]
    return {name: _figures(days[chosen], promised, late) for name, days in replayed.alarms.items()}


def _figures(alarm: Ints, promised: Ints, late: Bools) -> Figures:
    alarmed, lead = alarm != NEVER, promised - alarm
    caught = alarmed & late
    total, on_time = int(late.sum()), int((~late).sum())
    return Figures(
        far=_share(int((alarmed & ~late).sum()), on_time),
        recall=_share(int((caught & (lead >= 1)).sum()), total),
        precision=_share(int(caught.sum()), int(alarmed.sum())),
        median_lead_days=float(np.median(lead[caught])) if caught.any() else None,
        recall_3d=_share(int((caught & (lead >= EARLY_DAYS)).sum()), total),
        alarmed=int(alarmed.sum()),
        late=total,
        on_time=on_time,
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
