"""How likely an order that is not delivered yet is to miss its promise.

Two clocks are read, each against the promise: the days since the order was placed, among orders
with as long a window from placing; and once the parcel is handed over, the days since then, among
parcels with as long a window from hand-over. Before hand-over the second is the hand-over's own
chances convolved with what follows it. The answer is the mean of the two in log-odds: on simulated
histories of very different kinds it was nearer the truth than either alone.
"""

from datetime import date, datetime

import msgspec
import numpy as np

from syncd.rules.lateness import clock as clocks
from syncd.rules.lateness import hazards
from syncd.rules.lateness.clock import WINDOWS, Clock, Sample
from syncd.rules.lateness.hazards import LONGEST, Spells
from syncd.rules.lateness.history import NEVER, Floats, History, Ints, Order, day_of

_CERTAIN = 1e-9
_RECORDED = 0.5
"""The share of delivered orders with a hand-over time from which its absence means something."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is fitted."""

    half_life: float = 90.0
    """Days after which an order counts half."""
    shrinkage: float = 20.0
    """Days at risk that a group needs to be believed as much as its parent."""
    by_weekday: bool = True
    """Whether weekdays have their own chances (most carriers rest on Sundays)."""
    hand_over: bool = True
    """Whether the hand-over is looked at, where it is recorded."""


class Estimate(msgspec.Struct, frozen=True):
    """The chance that an order misses its promise."""

    p: float
    n_eff: float
    """What the group's orders are worth, old ones less; `p` means little below `ENOUGH`."""
    group: str
    """The orders it was learnt from, in words."""


class Scores(msgspec.Struct, frozen=True):
    """Estimates of many checks at once."""

    p: Floats
    n_eff: Floats


class Model(msgspec.Struct, frozen=True):
    """A fitted model; `lateness.to_json` and `from_json` keep it."""

    since: int
    """Day number of the first order learnt from; with `until` the training window."""
    until: int
    """The model knows what was known at 00:00 of this day."""
    n: int
    """Orders learnt from, those still under way included."""
    base_rate: float
    """Share of late orders among those whose promise has passed, recent ones counting more."""
    settings: Settings
    order: Clock
    """The clock that runs from placing."""
    transit: Clock | None
    """The clock that runs from hand-over; None where that is not recorded."""
    dispatch: Clock | None
    """Chances of being handed over, by window class."""
    unseen: Clock | None
    """Chances of being delivered without a hand-over on record, by window class."""
    waiting: Floats | None
    """P(late | not handed over), at [window class, weekday of the promise, days left]."""

    def p_late(self, order: Order, now: date | datetime) -> Estimate:
        """The chance that `order`, not delivered at `now`, is not by the promised day's end.

        `order` is as known now: what it says of the hand-over has happened. `now` is read in the
        promise's day terms. Once the promised day is over p is 1.
        """
        day = day_of(now, order.promised_at)
        history = History.of([msgspec.structs.replace(order, delivered_at=None)])
        if order.handed_over_at is not None:  # checks are at 00:00: what is of today is before it
            history = msgspec.structs.replace(history, handed=np.minimum(history.handed, day - 1))
        place, first = self.places(history), np.zeros(1, dtype=np.int64)
        scores = self.scored(history, place, first, np.array([day], dtype=np.int64))
        handed = place.transit is not None and int(history.handed[0]) < day
        group = place.transit_group(self) if handed else self.order.groups[int(place.order[0])]
        return Estimate(float(scores.p[0]), float(scores.n_eff[0]), str(group))

    def score(self, history: History, index: Ints, day: Ints) -> Scores:
        """Estimates for the orders at `index`, each at 00:00 of its `day`, not delivered then."""
        return self.scored(history, self.places(history), index, day)

    def places(self, history: History) -> "Places":
        """Where each order stands in the tables; it takes as long as the scores."""
        order = clocks.window_class(history.window)
        rows = self.order.rows(order, history.lane, history.lanes)
        if self.transit is None:
            return Places(order, rows, None)
        left = np.maximum(history.promised - np.minimum(history.handed, history.promised), 0)
        transit = self.transit.rows(clocks.window_class(left), history.lane, history.lanes)
        return Places(order, rows, transit)

    def scored(self, history: History, place: "Places", index: Ints, day: Ints) -> Scores:
        """`score`, where the places are known."""
        left, weekday = history.promised[index] - day, history.promised[index] % 7
        column = np.clip(left, 0, LONGEST)
        rows = place.order[index]
        p, n_eff = self.order.missing[rows, weekday, column], self.order.effective[rows]
        if self.transit is not None and place.transit is not None and self.waiting is not None:
            handed = history.handed[index] < day
            rows = place.transit[index]
            moving = self.transit.missing[rows, weekday, column]
            waiting = self.waiting[place.window[index], weekday, column]
            p = _between(p, np.where(handed, moving, waiting))
            behind = np.where(handed, self.transit.effective[rows], n_eff)
            n_eff = np.minimum(n_eff, behind)
        return Scores(np.where(left < 0, 1.0, p), n_eff)


class Places(msgspec.Struct, frozen=True):
    """Where each order of a history stands in the tables."""

    window: Ints
    order: Ints
    transit: Ints | None

    def transit_group(self, model: Model) -> clocks.Group:
        """The first order's group in the tables that begin at the hand-over."""
        assert model.transit is not None
        assert self.transit is not None
        return model.transit.groups[int(self.transit[0])]


def _between(one: Floats, other: Floats) -> Floats:
    """The mean in log-odds."""
    odds = [np.clip(each, _CERTAIN, 1 - _CERTAIN) for each in (one, other)]
    logit = sum(np.log(each / (1 - each)) for each in odds) / 2
    mean: Floats = 1 / (1 + np.exp(-logit))
    return mean


def fit(history: History, as_of: int, settings: Settings | None = None) -> Model:
    """Learn from what was known of `history` at 00:00 of the day number `as_of`.

    Orders not delivered by then count as waiting until then. Nothing later is looked at, so that
    the same history with another future gives the same model.
    """
    settings = settings or Settings()
    known = history.known_at(as_of)
    weight = 0.5 ** ((as_of - known.placed) / settings.half_life)
    transit = dispatch = unseen = waiting = None
    if settings.hand_over and _hand_over_recorded(known):
        transit = _transit(known, as_of, weight, settings)
        dispatch, unseen = _dispatch(known, as_of, weight, settings)
        waiting = waiting_table(dispatch, unseen, transit)
    return Model(
        since=int(known.placed.min()) if known.size else as_of,
        until=as_of,
        n=known.size,
        base_rate=base_rate(known, as_of, settings),
        settings=settings,
        order=_order(known, as_of, weight, settings),
        transit=transit,
        dispatch=dispatch,
        unseen=unseen,
        waiting=waiting,
    )


def _hand_over_recorded(known: History) -> bool:
    delivered = known.delivered != NEVER
    return bool(delivered.any() and np.mean(known.handed[delivered] != NEVER) >= _RECORDED)


def base_rate(known: History, as_of: int, settings: Settings) -> float:
    """The share of late orders among those due before `as_of`, recent ones counting more."""
    due = known.promised < as_of
    weight = 0.5 ** ((as_of - known.promised[due]) / settings.half_life)
    return float((weight * known.late[due]).sum() / weight.sum()) if due.any() else 0.0


def _spells(known: History, begun: Ints, event: Ints, as_of: int, weight: Floats) -> Spells:
    """Waiting from the day `begun` for `event`, or for delivery, which ends any waiting."""
    last = np.minimum(np.minimum(event, known.delivered), as_of - 1)
    return Spells(
        first=known.promised - begun,
        last=known.promised - last,
        ended=(event == last).astype(np.int64),
        weekday=known.promised % 7,
        weight=weight,
    )


def _order(known: History, as_of: int, weight: Floats, settings: Settings) -> Clock:
    spells = _spells(known, known.placed, known.delivered, as_of, weight)
    return _fitted(spells, known, known.window, settings, as_of=as_of, nested=True)


def _transit(known: History, as_of: int, weight: Floats, settings: Settings) -> Clock:
    rows = np.flatnonzero(known.handed <= known.promised)
    moving = known.take(rows)
    spells = _spells(moving, moving.handed, moving.delivered, as_of, weight[rows])
    window = moving.promised - moving.handed
    return _fitted(spells, moving, window, settings, as_of=as_of, nested=True)


def _dispatch(
    known: History, as_of: int, weight: Floats, settings: Settings
) -> tuple[Clock, Clock]:
    """How those without a hand-over get one, and how they are delivered without one on record."""
    handed = _spells(known, known.placed, known.handed, as_of, weight)
    arrived = (known.handed == NEVER) & (known.promised - handed.last == known.delivered)
    unseen = msgspec.structs.replace(handed, ended=arrived.astype(np.int64))
    dispatch, direct = (
        _fitted(each, known, known.window, settings, as_of=as_of, nested=False)
        for each in (handed, unseen)
    )
    return dispatch, direct


def _fitted(
    spells: Spells,
    known: History,
    window: Ints,
    settings: Settings,
    *,
    as_of: int,
    nested: bool,
) -> Clock:
    worth = np.where(known.promised < as_of, spells.weight, 0.0)
    sample = Sample(spells, clocks.window_class(window), known.lane, known.lanes, worth)
    return clocks.fit(
        sample, shrinkage=settings.shrinkage, by_weekday=settings.by_weekday, nested=nested
    )


def waiting_table(dispatch: Clock, unseen: Clock | None, transit: Clock) -> Floats:
    """P(late | no hand-over known): each later day's hand-over, times what is left of time then.

    From the promise backwards; a parcel handed over on the promised day itself counts as late.
    Where some hand-overs are not recorded, silence may also be that of a parcel on its way: it may
    be delivered `unseen`. Models that were kept before that was looked at have None.
    """
    handing, arriving = _daily(dispatch), 0.0 * _daily(dispatch)
    if unseen is not None:
        arriving = np.minimum(_daily(unseen), 1 - handing)
    fresh = transit.missing[1 + clocks.window_class(np.arange(LONGEST + 1))]
    waiting = 1 - arriving
    waiting_on = waiting[:, :, 0]
    for left in range(1, LONGEST + 1):
        handed, arrived = handing[:, :, left], arriving[:, :, left]
        handed_today = np.minimum(fresh[left, :, left - 1], waiting_on)  # the sooner the better
        waiting_on = handed * handed_today + (1 - handed - arrived) * waiting_on
        waiting[:, :, left] = waiting_on
    return waiting


def _daily(clock: Clock) -> Floats:
    return hazards.daily(clock.hazards[1 : len(WINDOWS) + 2], clock.weekdays)
