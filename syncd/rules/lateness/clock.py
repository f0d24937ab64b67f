"""One way of reading a parcel's time against its promise: hazard tables by group.

The groups are nested: all > window class > carrier's window class > lane's window class. A group's
chances are drawn to its parent's, and a group is used where it is worth enough orders.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np

from syncd.model.lateness import FEWEST
from syncd.rules.lateness import hazards
from syncd.rules.lateness.hazards import Counts, Spells
from syncd.rules.lateness.history import Floats, Ints, Lane

WINDOWS = (3, 5, 7, 10, 14, 18, 23, 29, 36)
"""Where the classes of promise windows begin, in days: up to 2, 3 and 4, ... 36 and more."""
ENOUGH = float(FEWEST)
"""Effective orders from which a group's own chances are used (tracking practice: n >= 30)."""


class Group(NamedTuple):
    """A promise-window class; None stands for any carrier, lane or window."""

    window: int | None = None
    carrier: tuple[str, str] | None = None
    """Carrier and service."""
    lane: tuple[str, str] | None = None
    """Origin and destination."""

    def __str__(self) -> str:
        carrier = "/".join(filter(None, self.carrier or ()))
        lane = ">".join(self.lane) if self.lane and any(self.lane) else ""
        window = "all orders" if self.window is None else f"promised {_range(self.window)}"
        return ", ".join(filter(None, (carrier, lane, window)))


def _range(window: int) -> str:
    if window == len(WINDOWS):
        return f"{WINDOWS[-1]} days or more"
    return f"{WINDOWS[window - 1] if window else 0} to {WINDOWS[window] - 1} days"


def window_class(days: Ints) -> Ints:
    """The class of each promise window."""
    return np.searchsorted(np.array(WINDOWS), days, side="right").astype(np.int64)


class Clock(msgspec.Struct, frozen=True):
    """Fitted tables; row 0 is all orders, then the window classes."""

    groups: tuple[Group, ...]
    effective: Floats
    hazards: Floats
    """Daily chance of the event at [row, days left]."""
    weekdays: Floats
    missing: Floats
    """P(no event by the promised day's end), at [row, weekday of the promise, days left]."""

    @classmethod
    def made(
        cls, groups: tuple[Group, ...], effective: Floats, chances: Floats, weekdays: Floats
    ) -> "Clock":
        """A clock with what follows from its chances."""
        return cls(groups, effective, chances, weekdays, hazards.missing(chances, weekdays))

    def rows(self, window: Ints, lane: Ints, lanes: tuple[Lane, ...]) -> Ints:
        """The row of the finest group worth enough orders, for each order."""
        index = {group: row for row, group in enumerate(self.groups)}
        classes = len(WINDOWS) + 1
        kinds, inverse = np.unique(lane * classes + window, return_inverse=True)
        found = [self._row(index, lanes[kind // classes], int(kind % classes)) for kind in kinds]
        return np.array(found, dtype=np.int64)[inverse]

    def _row(self, index: dict[Group, int], lane: Lane, window: int) -> int:
        for group in reversed(_lineage(lane, window)):
            row = index.get(group)
            if row is not None and self.effective[row] >= ENOUGH:
                return row
        return 0


def _lineage(lane: Lane, window: int) -> tuple[Group, Group, Group]:
    carrier = (lane.carrier, lane.service)
    place = (lane.origin, lane.destination)
    return Group(window), Group(window, carrier), Group(window, carrier, place)


class Sample(NamedTuple):
    """What a clock is fitted on, a row per order."""

    spells: Spells
    window: Ints
    """The window class."""
    lane: Ints
    lanes: tuple[Lane, ...]
    worth: Floats
    """The weight of those whose promise has come due; others tell nothing of the last days."""


class _Tables(NamedTuple):
    groups: tuple[Group, ...]
    effective: Floats
    hazards: Floats


def fit(sample: Sample, *, shrinkage: float, by_weekday: bool = True, nested: bool = True) -> Clock:
    """Estimate the tables of all orders, of the window classes and of the groups worth a table.

    With `nested` false there are no carriers' and lanes' tables.
    """
    classes = len(WINDOWS) + 1
    counts = hazards.count(sample.spells, sample.window, classes)
    weekdays = hazards.weekday_factors(counts) if by_weekday else np.ones(7)
    tables = [_broadest(sample, counts, weekdays, shrinkage)]
    if nested:
        tables += _nested(sample, weekdays, tables[0], shrinkage)
    return Clock.made(
        sum((each.groups for each in tables), ()),
        np.concatenate([each.effective for each in tables]),
        np.concatenate([each.hazards for each in tables]).round(6),
        weekdays.round(6),
    )


def _broadest(sample: Sample, counts: Counts, weekdays: Floats, shrinkage: float) -> _Tables:
    top = hazards.root(counts, weekdays, shrinkage)
    own = hazards.shrunk(counts, weekdays, top, shrinkage)
    weight, classes = sample.worth, len(WINDOWS) + 1
    worth = hazards.effective(np.zeros_like(sample.window), weight, 1)
    worths = hazards.effective(sample.window, weight, classes)
    groups = (Group(), *map(Group, range(classes)))
    return _Tables(groups, np.concatenate([worth, worths]), np.concatenate([top, own]))


def _nested(
    sample: Sample, weekdays: Floats, broadest: _Tables, shrinkage: float
) -> Iterator[_Tables]:
    """The carriers' tables, then the lanes'."""
    known = dict(zip(broadest.groups, broadest.hazards, strict=True))
    for depth in (1, 2):
        level = _level(sample, depth)
        if not level.groups:
            continue
        spells = sample.spells.take(level.members)
        counts = hazards.count(spells, level.member_of, len(level.groups))
        parents = np.array([_parent(known, each) for each in level.groups])
        table = hazards.shrunk(counts, weekdays, parents, shrinkage)
        known.update(zip(level.groups, table, strict=True))
        yield _Tables(level.groups, level.effective, table)


class _Level(NamedTuple):
    groups: tuple[Group, ...]
    effective: Floats
    members: Ints
    """Rows of the orders that are in one of the groups."""
    member_of: Ints


def _level(sample: Sample, depth: int) -> _Level:
    """The groups at a depth that are worth enough orders; only they get tables."""
    classes = len(WINDOWS) + 1
    kinds, inverse = np.unique(sample.lane * classes + sample.window, return_inverse=True)
    index: dict[Group, int] = {}
    named = [_lineage(sample.lanes[kind // classes], int(kind % classes))[depth] for kind in kinds]
    numbers = np.array([index.setdefault(each, len(index)) for each in named], dtype=np.int64)
    group = numbers[inverse]
    worth = hazards.effective(group, sample.worth, len(index))
    kept = worth >= ENOUGH
    members = np.flatnonzero(kept[group])
    groups = tuple(each for each, keep in zip(index, kept, strict=True) if keep)
    return _Level(groups, worth[kept], members, (np.cumsum(kept) - 1)[group[members]])


def _parent(tables: dict[Group, Floats], group: Group) -> Floats:
    """The nearest ancestor's chances; a carrier's may be too stale where a lane's are not."""
    window = tables[Group(group.window)]
    return window if group.lane is None else tables.get(group._replace(lane=None), window)
