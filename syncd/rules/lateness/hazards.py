"""Daily chances of an event, read against the promise: counting, weekdays, shrinkage.

Every table is aligned at the promise: column `k` is the day `k` days before the promised one. What
an order has waited is thereby read against what it was promised, which tells more than the waiting
alone. Kaplan and Meier's estimator: of those still waiting at the day's begin, how many had it.
"""

import msgspec
import numpy as np

from syncd.rules.lateness.history import Floats, Ints

LONGEST = 60
"""Days before the promise that are told apart; earlier ones count as this one."""
_DAYS = LONGEST + 1
_WEEK = 7
_STEADY = 50.0
"""Events that a weekday's own factor is worth before it is believed half."""
_SOME_DAILY = 0.05
"""The daily chance where nothing at all has been seen."""

_WEEKDAY: Ints = (np.arange(_WEEK)[:, None] - np.arange(_DAYS)[None, :]) % _WEEK
"""The weekday that is `k` days before a promise on weekday `w`, at [w, k]."""


class Spells(msgspec.Struct, frozen=True):
    """For each order the days it waited, counted down to its promise."""

    first: Ints
    """Days left when the waiting began."""
    last: Ints
    """Days left on the last day that was seen whole: the event's, where there was one."""
    ended: Ints
    """1 where it ended by the event, 0 where it was still waiting (right-censored)."""
    weekday: Ints
    """The weekday of the promised day."""
    weight: Floats

    def take(self, rows: Ints) -> "Spells":
        """Those at `rows`."""
        return Spells(
            self.first[rows],
            self.last[rows],
            self.ended[rows],
            self.weekday[rows],
            self.weight[rows],
        )


class Counts(msgspec.Struct, frozen=True):
    """Weighted order-days at risk and events, at [group, weekday of the promise, days left]."""

    risk: Floats
    events: Floats


def count(spells: Spells, group: Ints, groups: int) -> Counts:
    """Count each group's days at risk; days after the promise do not matter here."""
    rows = groups * _WEEK
    cell = group * _WEEK + spells.weekday
    begun = (spells.first >= 0) & (spells.last <= spells.first) & (spells.last <= LONGEST)
    cell, weight = cell[begun], spells.weight[begun]
    first, last = np.minimum(spells.first[begun], LONGEST), spells.last[begun]
    steps = _tally(cell, np.maximum(last, 0), weight, rows)
    steps -= _tally(cell, first + 1, weight, rows)
    hit = (spells.ended[begun] == 1) & (last >= 0)
    events = _tally(cell[hit], last[hit], weight[hit], rows)
    risk = np.maximum(np.cumsum(steps, axis=1), 0.0)
    shape = (groups, _WEEK, _DAYS)
    return Counts(risk[:, :_DAYS].reshape(shape), events[:, :_DAYS].reshape(shape))


def _tally(row: Ints, column: Ints, weight: Floats, rows: int) -> Floats:
    width = _DAYS + 1
    flat = np.bincount(row * width + column, weight, rows * width)
    return flat.astype(np.float64).reshape(rows, width)


def weekday_factors(counts: Counts) -> Floats:
    """How much likelier than on the average day the event is on each weekday; 7 numbers about 1.

    Observed over expected, by group and days left, so that a weekday is not held to account for
    the kind of order that is promised for it.
    """
    factors = np.ones(_WEEK)
    for _ in range(2):
        daily = _ratio(counts.events.sum(axis=1), exposure(counts, factors))
        expected = counts.risk * daily[:, None, :]
        seen, due = (_by_weekday(each) for each in (counts.events, expected))
        factors = (seen + _STEADY) / (due + _STEADY)
    return factors


def _by_weekday(values: Floats) -> Floats:
    weekdays = np.broadcast_to(_WEEKDAY, values.shape).ravel()
    return np.bincount(weekdays, values.ravel(), _WEEK).astype(np.float64)


def exposure(counts: Counts, factors: Floats) -> Floats:
    """Days at risk at [group, days left], a day counting as much as its weekday is worth."""
    weighed: Floats = (counts.risk * factors[_WEEKDAY]).sum(axis=1)
    return weighed


def shrunk(counts: Counts, factors: Floats, parent: Floats, strength: float) -> Floats:
    """Daily chances at [group, days left], drawn to `parent` as by `strength` more days at risk."""
    events = counts.events.sum(axis=1) + strength * parent
    return np.minimum(_ratio(events, exposure(counts, factors) + strength), 1.0)


def root(counts: Counts, factors: Floats, strength: float) -> Floats:
    """The daily chances of everything together, which the groups' own are drawn to; one row."""
    nothing_seen = np.full((1, _DAYS), _SOME_DAILY)
    everything = Counts(counts.risk.sum(axis=0)[None], counts.events.sum(axis=0)[None])
    return shrunk(everything, factors, nothing_seen, strength / 40)


def daily(hazards: Floats, factors: Floats) -> Floats:
    """Chances at [group, weekday of the promise, days left], the weekdays' factors in force."""
    staying = np.log1p(-np.minimum(hazards, 1 - 1e-12))
    chances: Floats = -np.expm1(staying[:, None, :] * factors[_WEEKDAY])
    return chances


def missing(hazards: Floats, factors: Floats) -> Floats:
    """P(no event up to the promised day's end | none before the day), at [group, weekday, k]."""
    staying = np.log1p(-np.minimum(hazards, 1 - 1e-12))
    kept: Floats = np.exp(np.cumsum(staying[:, None, :] * factors[_WEEKDAY], axis=2))
    return kept


def effective(group: Ints, weight: Floats, groups: int) -> Floats:
    """Kish's effective number of orders in each group: what they are worth, weighted by age."""
    total = np.bincount(group, weight, groups).astype(np.float64)
    squares = np.bincount(group, weight * weight, groups).astype(np.float64)
    return _ratio(total * total, squares).round(6)


def _ratio(above: Floats, below: Floats) -> Floats:
    ratio: Floats = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    return ratio
