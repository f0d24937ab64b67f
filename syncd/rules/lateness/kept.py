"""A fitted model as JSON, with its training window and n, and back."""

from datetime import date

import msgspec
import numpy as np

from syncd.rules.lateness.clock import WINDOWS, Clock, Group
from syncd.rules.lateness.model import Model, Settings, waiting_table


def to_json(model: Model) -> bytes:
    """The model as JSON; days in it are dates."""
    return msgspec.json.encode(_Kept.of(model))


def from_json(kept: bytes) -> Model | None:
    """The model that `to_json` gave; raises `msgspec.DecodeError` for anything else.

    None for one of an older syncd that told other promise windows apart.
    """
    found = msgspec.json.decode(kept, type=_Kept)
    return found.model() if found.windows == WINDOWS else None


class _KeptClock(msgspec.Struct):
    groups: list[Group]
    effective: list[float]
    hazards: list[list[float]]
    weekdays: list[float]

    @classmethod
    def of(cls, clock: Clock | None) -> "_KeptClock | None":
        if clock is None:
            return None
        return cls(
            list(clock.groups),
            clock.effective.tolist(),
            clock.hazards.tolist(),
            clock.weekdays.tolist(),
        )

    def clock(self) -> Clock:
        effective, weekdays = np.array(self.effective), np.array(self.weekdays)
        return Clock.made(tuple(self.groups), effective, np.array(self.hazards), weekdays)


class _Kept(msgspec.Struct, kw_only=True):
    since: date
    until: date
    n: int
    base_rate: float
    settings: Settings
    windows: tuple[int, ...] = ()
    order: _KeptClock
    transit: _KeptClock | None
    dispatch: _KeptClock | None
    unseen: _KeptClock | None = None

    @classmethod
    def of(cls, model: Model) -> "_Kept":
        order = _KeptClock.of(model.order)
        assert order is not None
        return cls(
            since=date.fromordinal(model.since),
            until=date.fromordinal(model.until),
            n=model.n,
            base_rate=model.base_rate,
            settings=model.settings,
            windows=WINDOWS,
            order=order,
            transit=_KeptClock.of(model.transit),
            dispatch=_KeptClock.of(model.dispatch),
            unseen=_KeptClock.of(model.unseen),
        )

    def model(self) -> Model:
        transit, dispatch, unseen = (
            each.clock() if each else None for each in (self.transit, self.dispatch, self.unseen)
        )
        return Model(
            since=self.since.toordinal(),
            until=self.until.toordinal(),
            n=self.n,
            base_rate=self.base_rate,
            settings=self.settings,
            order=self.order.clock(),
            transit=transit,
            dispatch=dispatch,
            unseen=unseen,
            waiting=waiting_table(dispatch, unseen, transit) if dispatch and transit else None,
        )
