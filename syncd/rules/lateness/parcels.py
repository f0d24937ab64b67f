"""The model and the store's parcels: learning from them all, judging those under way.

A parcel's days are counted back from the end of its promise, 24 hours each, so that nobody's
midnight matters; the day number is that of the date in which most of the last one lies.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
import numpy as np

from syncd.model.lateness import NOT_YET, Chance, KeptModel, ParcelTimes
from syncd.rules.lateness import thresholds
from syncd.rules.lateness.hazards import LONGEST
from syncd.rules.lateness.history import NEVER, Bools, Floats, History, Ints, Lane
from syncd.rules.lateness.kept import to_json
from syncd.rules.lateness.model import Model, Settings, base_rate, fit
from syncd.rules.lateness.replay import operational

_DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_MOMENT = timedelta(seconds=1)
_MOST = 0.95
_FEWEST = 50
"""Promises due before the recent ones that are needed to speak of a jump."""


def history_of(times: ParcelTimes) -> History:
    """The columns of days that the model works on, in the same order."""
    promised = np.array(times.promised, dtype=np.int64)
    number = _EPOCH_DAY + (promised - _DAY // 2) // _DAY
    placed, scanned, delivered = (
        _days(each, promised, number) for each in (times.placed, times.scanned, times.delivered)
    )
    delivered = np.maximum(delivered, placed)  # a carrier's clock may be off
    handed = np.where(scanned == NEVER, NEVER, np.clip(scanned, placed, delivered))
    lanes: dict[Lane, int] = {}
    columns = (times.carrier, times.service, times.origin, times.destination)
    index = [lanes.setdefault(Lane(*each), len(lanes)) for each in zip(*columns, strict=True)]
    lane = np.array(index, dtype=np.int64)
    return History(placed, handed, delivered, number, lane, tuple(lanes))


def _days(moments: Sequence[int], promised: Ints, number: Ints) -> Ints:
    times = np.array(moments, dtype=np.int64)
    days: Ints = np.where(times == NOT_YET, NEVER, number - (promised - times) // _DAY)
    return days


def learn(times: ParcelTimes, now: datetime, settings: Settings) -> tuple[KeptModel, Model]:
    """Fit a model on what is known of these parcels, and say how much lateness has jumped."""
    history = history_of(times)
    as_of = now.astimezone(UTC).toordinal() - 1  # before it every parcel's days are wholly over
    model = fit(history, as_of, settings)
    kept = KeptModel(
        fitted_at=now,
        since=_EPOCH + timedelta(days=model.since - _EPOCH_DAY),
        n=model.n,
        base_rate=model.base_rate,
        drift=round(drift(history, as_of, settings), 3),
        board=operational(history, as_of, settings),
        settings=msgspec.json.encode(settings),
        tables=to_json(model),
    )
    return kept, model


def drift(history: History, as_of: int, settings: Settings) -> float:
    """The odds of lateness among the promises of the last four weeks over those before them.

    1 where too little is known of the time before; see `thresholds.drift_ratio`.
    """
    before = as_of - thresholds.RECENT_DAYS
    earlier = history.known_at(before)
    if int((earlier.promised < before).sum()) < _FEWEST:
        return 1.0
    known = history.known_at(as_of)
    recent = (known.promised >= before) & (known.promised < as_of)
    learnt = np.array(base_rate(earlier, before, settings))
    late = np.array(float(known.late[recent].sum()))
    return float(thresholds.drift_ratio(late, np.array(float(recent.sum())), learnt))


def chances(
    model: Model, times: ParcelTimes, now: datetime, bars: "Bars", *, drift: float
) -> dict[int, Chance]:
    """What `model` says of these parcels, of which none is delivered, by shipment id.

    `bars` are the thresholds of calm times; in a time of `drift` they are tightened. Those whose
    promise is over are left out.
    """
    under_way = np.flatnonzero(np.array(times.promised, dtype=np.int64) > _us(now))
    if not len(under_way):
        return {}
    bars = bars.tightened(drift)
    batch = _Batch(model, times, now, under_way)
    low, told = bars.by_day(batch.left)
    p, n = batch.at(batch.left)
    within = batch.most_delivered(p >= low * _NEARLY)
    lowest = float(bars.by_day(np.arange(LONGEST + 1))[0].min())
    names = [str(group) for group in model.order.groups]
    columns = zip(
        under_way.tolist(), p.round(4).tolist(), n.round(1).tolist(), batch.rows.tolist(),
        within.tolist(), batch.next_looks(p, lowest * _NEARLY, told), low.round(4).tolist(),
        told.round(4).tolist(), strict=True,
    )  # fmt: skip
    return {
        times.shipment_id[place]: Chance(
            p=chance,
            n=worth,
            basis=names[row],
            within_days=days if days >= 0 else None,
            board=bar,
            lowest=round(lowest, 4),
            buyer=sure,
            next_at=at,
        )
        for place, chance, worth, row, days, at, bar, sure in columns
    }


class Bars(NamedTuple):
    """From which chance on a parcel belongs on the board, and its buyer should hear of it."""

    board: float
    buyer: float
    calibrated: bool = False
    """Whether `board` is the model's own: a threshold of chances weighed by an alarm's worth."""

    def tightened(self, drift: float) -> "Bars":
        """These in a time of `drift`."""
        board, buyer = thresholds.tightened(np.array([self.board, self.buyer]), np.array(drift))
        return self._replace(board=float(board), buyer=float(buyer))

    def by_day(self, left: Ints) -> tuple[Floats, Floats]:
        """The board's bar and the buyer's with so many days left; the buyer's is never lower."""
        told = thresholds.worth_telling(self.buyer, left)
        board = np.full(len(left), self.board)
        if self.calibrated:
            board = thresholds.worth_alarming(self.board, left)
        return np.minimum(board, told), told


_NEARLY = 0.5
"""From this share of the board's threshold on a parcel is looked at every day."""


class _Batch:
    """Parcels that are scored together, each at its present day or at any later one."""

    def __init__(self, model: Model, times: ParcelTimes, now: datetime, rows: Ints) -> None:
        parcels = ParcelTimes(*([column[row] for row in rows.tolist()] for column in times))
        self._model = model
        self._promised = np.array(parcels.promised, dtype=np.int64)
        self.left: Ints = (self._promised - _us(now)) // _DAY
        history = history_of(parcels)
        today = history.promised - self.left
        # What is known has happened before the present day's check.
        handed = np.where(history.handed == NEVER, NEVER, np.minimum(history.handed, today - 1))
        self._history = msgspec.structs.replace(history, handed=handed)
        self._place = model.places(self._history)
        self.rows = self._place.order

    def at(self, left: Ints, rows: Ints | None = None) -> tuple[Floats, Floats]:
        """The chances, and their n, with so many whole days left; without news until then."""
        index = np.arange(len(self.left)) if rows is None else rows
        day = self._history.promised[index] - left
        scores = self._model.scored(self._history, self._place, index, day)
        return scores.p, scores.n_eff

    def most_delivered(self, wanted: Bools) -> Ints:
        """Days from placing by which most like them have arrived; -1 for not before the promise."""
        days = np.full(len(self.rows), -1, dtype=np.int64)
        which = np.flatnonzero(wanted & (self._history.window <= LONGEST))
        window = self._history.window[which]
        missing = self._model.order.missing[self.rows[which], self._history.promised[which] % 7]
        later = np.concatenate([np.ones((len(which), 1)), missing[:, :-1]], axis=1)
        whole = missing[np.arange(len(which)), window][:, None]
        arrived = whole <= (1 - _MOST) * later
        arrived &= np.arange(LONGEST + 1) <= window[:, None]
        left = LONGEST - np.argmax(arrived[:, ::-1], axis=1)
        days[which] = np.where(arrived.any(axis=1), np.maximum(window - left, 1), -1)
        return days

    def next_looks(self, p: Floats, nearly: float, buyer: Floats) -> list[datetime | None]:
        """The next day on which each could matter more than now, if nothing is heard until then.

        The longer nothing is heard, the likelier it is late: the day is found by halving.
        """
        low, high = np.zeros_like(self.left), np.maximum(self.left - 1, 0)
        far = np.flatnonzero((p < nearly) & (self.left > 0))
        first, last = low[far], high[far]
        while bool((first < last).any()):
            middle = (first + last + 1) // 2
            near = self.at(middle, far)[0] >= nearly
            first, last = np.where(near, middle, first), np.where(near, last, middle - 1)
        day = high.copy()
        day[far] = first
        over = (p >= buyer) | (self.left == 0)
        starts = (self._promised - (day + 1) * _DAY).tolist()
        return [
            None if done else _EPOCH + timedelta(microseconds=start) + _MOMENT
            for start, done in zip(starts, over.tolist(), strict=True)
        ]


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
