"""The lateness model at work: learnt anew every night, kept in the store, asked for each batch.

NumPy is imported when a model is fitted or read, which is after a daemon is ready, and never in a
shop that has too few parcels to learn from.
"""

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from syncd import clock, log, metrics
from syncd.config import Lateness
from syncd.model.lateness import BOARD, Chance, KeptModel, Outlook, ParcelTimes
from syncd.store import Store
from syncd.store.times import from_us

if TYPE_CHECKING:  # those who only look should not pay for connectors, nor for NumPy
    from syncd.accounts import Runtime
    from syncd.rules.lateness import Model

_log = log.get("forecast")

LEARNT_FROM = timedelta(days=365)
"""How old the orders learnt from may be; older ones would count less than a fifteenth."""
_TRY_AGAIN = timedelta(hours=1)
_DAY = timedelta(days=1)


class Learner:
    """Keeps the runtime's model the latest: another process's, or one fitted here when due."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self._tried_at: datetime | None = None

    def run(self) -> None:
        """Take over a newer model from the store; fit one where last night's is missing."""
        runtime, now = self._runtime, clock.now()
        if not runtime.settings.lateness.enabled:
            return
        fitted_at = runtime.store.lateness.fitted_at()
        if fitted_at is not None and (
            runtime.lateness is None or runtime.lateness[0].fitted_at < fitted_at
        ):
            _take(runtime, latest(runtime.store))
        if self._is_due(fitted_at, now):
            self._tried_at = now
            _learn(runtime, now)

    def _is_due(self, fitted_at: datetime | None, now: datetime) -> bool:
        if self._tried_at is not None and self._tried_at <= now < self._tried_at + _TRY_AGAIN:
            return False
        night = last_night(self._runtime.settings.lateness.refit_at, now)
        return fitted_at is None or fitted_at < night or self._runtime.lateness is None


def last_night(refit_at: time, now: datetime) -> datetime:
    """The last time of day `refit_at`, in UTC, that is not after `now`."""
    today = datetime.combine(now.astimezone(UTC), refit_at, tzinfo=UTC)
    return today if today <= now else today - _DAY


def latest(store: Store) -> "tuple[KeptModel, Model] | None":
    """The model fitted last, and what is kept of it; None where there is none that can be used."""
    kept = store.lateness.latest()
    if kept is None:
        return None
    from syncd.rules.lateness import from_json  # noqa: PLC0415  NumPy: see above

    model = from_json(kept.tables)
    return None if model is None else (kept, model)


def in_force(runtime: "Runtime") -> "tuple[KeptModel, Model] | None":
    """The model to judge by, read from the store at the first question.

    Parcels judged at a start before it was there would be judged by the promised time used alone.
    """
    if runtime.lateness is None and not runtime.lateness_sought:
        runtime.lateness_sought = True
        _take(runtime, latest(runtime.store))
    return runtime.lateness


def outlooks(
    model: "tuple[KeptModel, Model] | None",
    settings: Lateness,
    times: ParcelTimes,
    now: datetime,
    listed: Collection[int] = (),
) -> dict[int, Outlook]:
    """What each of these parcels is judged by; `listed` are those known to be at risk already."""
    if not settings.enabled:
        return {}
    found = _chances(model, settings, times, now)
    return {
        shipment_id: Outlook(
            placed_at=from_us(placed),
            chance=found.get(shipment_id),
            listed=shipment_id in listed,
            fewest=settings.fewest,
            board_used=settings.board_window,
            buyer_used=settings.buyer_window,
        )
        for shipment_id, placed in zip(times.shipment_id, times.placed, strict=True)
    }


def _chances(
    model: "tuple[KeptModel, Model] | None", settings: Lateness, times: ParcelTimes, now: datetime
) -> dict[int, Chance]:
    if model is None or not times.placed:
        return {}
    from syncd.rules.lateness import Bars, chances  # noqa: PLC0415  NumPy: see above

    kept, tables = model
    own = kept.board if settings.board is None else None
    board = own or settings.board or BOARD
    bars = Bars(board=board, buyer=settings.buyer, calibrated=own is not None)
    return chances(tables, times, now, bars, drift=kept.drift)


def _learn(runtime: "Runtime", now: datetime) -> None:
    settings, store = runtime.settings.lateness, runtime.store
    times = store.lateness.history(now - LEARNT_FROM)
    if len(times.placed) < settings.fewest:
        return
    from syncd.rules import lateness  # noqa: PLC0415  NumPy: see above

    began = clock.monotonic()
    how = lateness.Settings(half_life=settings.half_life / _DAY)
    model = lateness.learn(times, now, how)
    store.lateness.keep(model[0])
    _log.info(
        "lateness learnt",
        parcels=model[0].n,
        late_share=round(model[0].base_rate, 3),
        board=model[0].board,
        seconds=round(clock.monotonic() - began, 2),
    )
    _tell_of_jump(runtime.lateness[0] if runtime.lateness else None, model[0])
    _take(runtime, model)


def _tell_of_jump(before: KeptModel | None, after: KeptModel) -> None:
    """Say it once when lateness jumps, and once when that is over."""
    jumped_before = before is not None and before.jumped
    if after.jumped and not jumped_before:
        _log.warning(
            "lateness has jumped",
            odds_ratio=after.drift,
            late_share=round(after.base_rate, 3),
            effect="the thresholds of [lateness] are raised until it is over",
        )
    elif jumped_before and not after.jumped:
        _log.info("lateness is as before", odds_ratio=after.drift)


def _take(runtime: "Runtime", model: "tuple[KeptModel, Model] | None") -> None:
    runtime.lateness = model
    if model is not None:
        metrics.LATENESS_DRIFT.set(model[0].drift)
        metrics.LATENESS_FITTED.set(model[0].fitted_at.timestamp())
