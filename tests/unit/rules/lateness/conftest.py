"""A made-up shop: lanes of different speed, promises that know them roughly, seasons, strikes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from syncd.rules.lateness import NEVER, History, Lane

BEGIN = 736_330  # Monday, 2017-01-02
PLACES = 10
SHARES = np.array([0.38, 0.14, 0.11, 0.09, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02])


@dataclass(frozen=True)
class Shop:
    """The knobs of a simulated history."""

    orders: int = 12_000
    days: int = 600
    slack: float = 2.2
    """How many times the usual time is promised."""
    known_lanes: float = 0.9
    """How much of a lane's own speed the promise knows."""
    spread: float = 0.45
    stuck: float = 0.14
    """Share of parcels that stick somewhere."""
    strikes: float = 1.0
    august: float = 0.75
    """Promises in the last five weeks are shortened to this."""
    never: float = 0.01
    hand_over: bool = True

    def history(self, seed: int) -> History:
        rng = np.random.default_rng(seed)
        n, days = self.orders, self.days
        placed = np.sort((days * np.sqrt(rng.random(n))).astype(np.int64))
        origin, destination = (rng.choice(PLACES, n, p=SHARES) for _ in range(2))
        fixed = np.random.default_rng(7)
        places = fixed.normal(size=(PLACES, 2)) * np.linspace(0.3, 1.6, PLACES)[:, None]
        usual = 1.2 + 5.2 * np.hypot(*(places[origin] - places[destination]).T)
        lanes_own = np.exp(fixed.normal(0, 0.2, (PLACES, PLACES)))[origin, destination]
        handling = 1 + rng.gamma(1.6, 0.9, n) * np.where(rng.random(n) < 0.05, 4, 1)
        transit = usual * lanes_own * self._season(rng)[placed] * rng.lognormal(0, self.spread, n)
        sticks = rng.random(n) < self.stuck
        transit = np.maximum(transit, 0.8) + np.where(sticks, rng.exponential(12, n), 0)
        promise = (2 + usual * lanes_own**self.known_lanes) * self.slack * rng.lognormal(0, 0.35, n)
        window = np.clip((promise + 3) * np.where(placed > days - 35, self.august, 1), 4, 60)
        handed = _weekday(placed + np.floor(handling).astype(np.int64), saturday=False)
        delivered = np.floor(placed + handling + transit).astype(np.int64)
        delivered = _weekday(np.maximum(delivered, handed), saturday=True)
        delivered = np.where(rng.random(n) < self.never, NEVER - BEGIN, delivered)
        promised = _weekday(placed + np.round(window).astype(np.int64), saturday=False)
        unknown = np.full(n, NEVER)
        return History(
            placed + BEGIN,
            handed + BEGIN if self.hand_over else unknown,
            delivered + BEGIN,
            promised + BEGIN,
            (origin * PLACES + destination).astype(np.int64),
            tuple(Lane("", "", f"o{a}", f"d{b}") for a in range(PLACES) for b in range(PLACES)),
        )

    def _season(self, rng: np.random.Generator) -> np.ndarray:
        """How many times slower than usual, by day: a slow walk, and two strikes."""
        days = np.arange(self.days + 1)
        walk, steps = np.zeros(len(days)), rng.normal(0, 0.025, len(days))
        for day in days[1:]:
            walk[day] = 0.97 * walk[day - 1] + steps[day]
        strikes = 0.4 * np.exp(-(((days - 320) / 16) ** 2)) + 0.5 * np.exp(
            -(((days - 430) / 22) ** 2)
        )
        return np.exp(walk + self.strikes * strikes)


def _weekday(days: np.ndarray, *, saturday: bool) -> np.ndarray:
    """Nothing moves on Sundays, and some things not on Saturdays."""
    weekday = (days + BEGIN - 1) % 7  # 0 is Monday
    rest = np.where(weekday == 6, 1, np.where((weekday == 5) & (not saturday), 2, 0))
    return days + rest


@pytest.fixture(scope="session")
def simulate() -> Callable[..., History]:
    """simulate(seed, **knobs): a history of the shop with these knobs."""

    def history(seed: int = 0, **knobs) -> History:
        return Shop(**knobs).history(seed)

    return history
