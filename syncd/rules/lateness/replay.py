"""A seller's own history played again day by day, as it was known then, to judge detectors.

For each month a model is fitted on what was known on its first day and judges the orders placed in
it, at 00:00 of each day from the one after placing to the one before the promise. Thresholds that
are set rather than fixed come from promises that fell due in the three months before.
"""

from collections.abc import Callable, Mapping
from datetime import date
from itertools import pairwise

import msgspec
import numpy as np

from syncd.model.lateness import BOARD, BOARD_USED, BUYER, BUYER_USED
from syncd.rules.lateness import thresholds
from syncd.rules.lateness.clock import ENOUGH
from syncd.rules.lateness.history import NEVER, Bools, Floats, History, Ints
from syncd.rules.lateness.model import Settings, fit

HAND_OVER_DAYS = 15
"""Days since hand-over that alarm while too little is known to set them."""
_FEWEST = 50


class Replayed(msgspec.Struct, frozen=True):
    """What each detector would have said."""

    history: History
    """The orders judged: those whose outcome is known at the end of the data."""
    alarms: dict[str, Ints]
    """For each detector the day it first alarmed each order, or `NEVER`."""
    months: dict[str, "Month"]


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters in force for the orders placed in a month, all set on earlier ones."""

    orders: int
    learnt_from: int
    """Orders the model was fitted on, those then under way included."""
    by_rule: int
    """Checks decided by the share of the window, for want of history."""
    operational: float
    """The operational threshold before the drift guard."""
    hand_over_days: int
    base_rate: float
    """The share of late orders that the model had learnt."""
    drift: float = 0.0
    """The highest odds ratio of lateness that the guard met; from 2 it tightened."""


class Checks(msgspec.Struct, frozen=True):
    """Every check of every order of a month."""

    order: Ints
    day: Ints


def judgeable(history: History, end: int) -> Bools:
    """Whether an order's outcome is known: delivered, or its promise passed before day `end`."""
    known: Bools = (history.delivered != NEVER) | (history.promised < end)
    return known


def data_end(history: History) -> int:
    """The last day of which anything is told."""
    days = np.concatenate([history.placed, history.handed, history.delivered])
    days = days[days != NEVER]
    return int(days.max()) if len(days) else 0


def replay(
    history: History,
    settings: Settings | None = None,
    progress: Callable[[float], object] = lambda _share: None,
) -> Replayed:
    """Play `history` month by month, telling `progress` the share done.

    Orders whose outcome the data does not tell are learnt from until then, and not judged.
    """
    settings = settings or Settings()
    state = _State(history, judgeable(history, data_end(history)))
    starts = _month_starts(history.placed[state.judged])
    for done, (first, after) in enumerate(pairwise(starts), 1):
        state.play(first, after, settings)
        progress(done / (len(starts) - 1))
    return state.found()


def operational(history: History, as_of: int, settings: Settings) -> float:
    """The operational threshold of a month that begins on day `as_of`, by what was known then.

    It is set as `replay` sets it: on the chances that the models of the months before would have
    given to orders which came in time.
    """
    known = history.known_at(as_of)
    due = (known.promised >= _three_months_before(as_of)) & (known.promised < as_of)
    state = _State(known, due)
    for first, after in pairwise(_month_starts(known.placed[due])):
        state.play(first, min(after, as_of), settings)
    return round(thresholds.operational(_told(state.highest[due & ~known.late])), 4)


def checks(history: History, rows: Ints) -> Checks:
    """The days on which each order of `rows` was under way and looked at."""
    last = np.minimum(history.delivered, history.promised - 1)[rows]
    days = np.maximum(last - history.placed[rows], 0)
    begins = np.cumsum(days) - days
    nth = np.arange(int(days.sum())) - np.repeat(begins, days)
    order = np.repeat(rows, days)
    return Checks(order, history.placed[order] + 1 + nth)


def _month_starts(days: Ints) -> list[int]:
    """The first day of each month from the first of `days` to the one after the last."""
    if not len(days):
        return []
    month = date.fromordinal(int(days.min())).replace(day=1)
    starts = [month.toordinal()]
    while starts[-1] <= days.max():
        month = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
        starts.append(month.toordinal())
    return starts


def _three_months_before(first: int) -> int:
    month = date.fromordinal(first)
    earlier = month.year * 12 + month.month - 1 - 3
    return date(max(earlier // 12, 1), earlier % 12 + 1, 1).toordinal()


class _State:
    """What has been said so far; a month adds to it and looks only at what is before it."""

    def __init__(self, history: History, judged: Bools) -> None:
        self.history = history
        self.judged = judged
        self.highest = np.full(history.size, np.nan)
        self.alarms = {name: np.full(history.size, NEVER, np.int64) for name in DETECTORS}
        self.months: dict[str, Month] = {}
        self.due, self.missed = _promises(history, judged)

    def found(self) -> Replayed:
        rows = np.flatnonzero(self.judged)
        alarms = {name: days[rows] for name, days in self.alarms.items()}
        return Replayed(self.history.take(rows), alarms, dict(self.months))

    def play(self, first: int, after: int, settings: Settings) -> None:
        """Judge the orders placed from day `first` to before day `after`."""
        history = self.history
        placed = (history.placed >= first) & (history.placed < after) & self.judged
        rows = np.flatnonzero(placed)
        if not len(rows):
            return
        model = fit(history, first, settings)
        seen = checks(history, rows)
        scores = model.score(history, seen.order, seen.day)
        usable = scores.n_eff >= ENOUGH
        before = self._settled(first)
        month = Month(
            orders=len(rows),
            learnt_from=model.n,
            by_rule=int((~usable).sum()),
            operational=round(thresholds.operational(_told(self.highest[before])), 4),
            hand_over_days=_hand_over_days(history.take(before)),
            base_rate=round(model.base_rate, 4),
        )
        drift = self._drift(seen.day, model.base_rate)
        timely = thresholds.timely(scores.p, history.promised[seen.order] - seen.day)
        chances = _Chances(scores.p, timely, usable)
        self._alarm(rows, seen, _hits(history, seen, chances, month=month, drift=drift))
        np.fmax.at(self.highest, seen.order[usable], timely[usable])
        highest = round(float(drift.max(initial=0.0)), 3)
        name = f"{date.fromordinal(first):%Y-%m}"
        self.months[name] = msgspec.structs.replace(month, drift=highest)

    def _alarm(self, rows: Ints, seen: Checks, hits: Mapping[str, Bools]) -> None:
        for name, hit in hits.items():
            np.minimum.at(self.alarms[name], seen.order[hit], seen.day[hit])
        late = rows[self.history.late[rows]]
        self.alarms["promise_passed"][late] = self.history.promised[late] + 1

    def _settled(self, first: int) -> Bools:
        """On-time orders whose promise fell due in the three months before, all told by then."""
        due = self.history.promised
        recent = (due >= _three_months_before(first)) & (due < first) & self.judged
        return recent & ~self.history.late

    def _drift(self, day: Ints, base_rate: float) -> Floats:
        begin, end = self.due.begin, len(self.due.counts) - 1
        until = np.clip(day - begin, 0, end)
        since = np.clip(day - thresholds.RECENT_DAYS - begin, 0, end)
        due = (self.due.counts[until] - self.due.counts[since]).astype(np.float64)
        late = (self.missed[until] - self.missed[since]).astype(np.float64)
        return thresholds.drift_ratio(late, due, np.array(base_rate))


class _Due(msgspec.Struct, frozen=True):
    begin: int
    counts: Ints
    """Promises due before each day from `begin` on."""


def _promises(history: History, judged: Bools) -> tuple[_Due, Ints]:
    """Running counts, by day, of promises that fell due and of those missed."""
    due, late = history.promised[judged], history.late[judged]
    begin = int(due.min()) if len(due) else 0
    counts, missed = (np.bincount(days - begin) for days in (due, due[late]))
    missed = np.pad(missed, (0, len(counts) - len(missed)))
    return _Due(begin, _running(counts)), _running(missed)


def _running(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _told(chances: Floats) -> Floats:
    return chances[~np.isnan(chances)]


class _Chances(msgspec.Struct, frozen=True):
    p: Floats
    timely: Floats
    """`p` weighed by what an alarm is worth then."""
    usable: Bools


def _hits(
    history: History, seen: Checks, chances: _Chances, *, month: Month, drift: Floats
) -> dict[str, Bools]:
    """Which checks each detector alarms at."""
    p, usable = chances.p, chances.usable
    used = (seen.day - history.placed[seen.order]) / history.window[seen.order]
    board_rule, buyer_rule = used >= BOARD_USED, used >= BUYER_USED
    operational = thresholds.tightened(np.array(month.operational), drift)
    buyer = thresholds.tightened(np.array(BUYER), drift)
    told = thresholds.worth_telling(buyer, history.promised[seen.order] - seen.day)
    silent = seen.day - history.handed[seen.order]  # negative before the hand-over
    return {
        "days_since_hand_over": silent >= month.hand_over_days,
        "window_75": board_rule,
        "window_90": buyer_rule,
        "board": np.where(usable, p >= BOARD, board_rule),
        "buyer": np.where(usable, p >= told, buyer_rule),
        "operational": np.where(usable, chances.timely >= operational, board_rule),
    }


def _hand_over_days(on_time: History) -> int:
    """The fewest days since hand-over that would have alarmed few enough of `on_time`."""
    last = np.minimum(on_time.delivered, on_time.promised - 1)
    waited = (last - on_time.handed)[on_time.handed != NEVER]
    if len(waited) < _FEWEST:
        return HAND_OVER_DAYS
    return max(1, int(np.floor(np.quantile(waited, 1 - thresholds.FALSE_ALARMS))) + 1)


DETECTORS = (
    "promise_passed",
    "days_since_hand_over",
    "window_75",
    "window_90",
    "board",
    "buyer",
    "operational",
)
"""Every detector that is judged, simplest first."""
