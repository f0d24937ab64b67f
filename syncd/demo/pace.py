"""How fast the made-up world's time goes: as asked for, but no faster than the daemon can follow.

On a busy machine the world waits: what the demo shows is what syncd does, not what the machine
could not do in a minute.
"""

import threading
from datetime import datetime, timedelta

import msgspec

from syncd import clock
from syncd.store import Store

_SHORTEST_POLL = 0.1
_SHORTEST_TICK = 0.03
_PATIENCE = 5.0
# The hours that are daytime in all of Russia's zones are few, and news may overtake what is under
# way: the world waits for what is due.
_OVERDUE = timedelta(hours=1)
_UNSENT = frozenset({"pending", "claimed", "in_flight"})
# The world holds it against the daemon where a buyer has not heard of a trouble after 36 hours.
_OLDEST_NEWS = timedelta(hours=24)
_CRAWL = 20
_POLLS = 60
"""How often a short demo polls each stream; one of more than a minute does so each second."""


class Pace(msgspec.Struct, frozen=True):
    """The daemon's steps in a demo, in seconds of the machine's time and as time of the world."""

    poll_seconds: float
    tick_seconds: float
    poll: timedelta
    tick: timedelta

    @classmethod
    def of(cls, seconds: float, whole: timedelta) -> "Pace":
        """For a demo in which `whole` of the world's time passes in `seconds`."""
        poll = max(_SHORTEST_POLL, min(1.0, seconds / _POLLS))
        tick = max(_SHORTEST_TICK, poll / 10)
        second = whole / seconds
        return cls(poll_seconds=poll, tick_seconds=tick, poll=second * poll, tick=second * tick)

    @property
    def oldest_news(self) -> timedelta:
        """How far the daemon's knowledge may lie behind before the world waits."""
        return min(3 * self.poll, _OLDEST_NEWS)

    @property
    def oldest_facts(self) -> timedelta:
        """How old the newest event known may be when a notice arrives."""
        return self.oldest_news + _OVERDUE

    @property
    def longest_way(self) -> timedelta:
        """How long a notice may be under way from when it is due."""
        return 3 * self.tick


class WorldClock:
    """A source of time from `start` to `end`, `speed` times as fast as the machine's.

    `wait_at` sets a time that it does not pass until the next call. What the daemon waits for may
    itself need time to pass, so after a while it goes on all the same, slowly.
    """

    def __init__(self, start: datetime, end: datetime, speed: float) -> None:
        self._now = self._wait = start
        self._end = end
        self._speed = speed
        self._read = self._free = clock.monotonic()
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """The world's time, aware UTC; it never goes back."""
        with self._lock:
            read = clock.monotonic()
            passed = timedelta(seconds=(read - self._read) * self._speed)
            self._read = read
            reached = min(self._now + passed, self._wait)
            if reached > self._now:
                self._now, self._free = reached, read
            elif read - self._free > _PATIENCE:
                self._now += passed / _CRAWL
            self._now = min(self._now, self._end)
            return self._now

    def wait_at(self, moment: datetime) -> None:
        """Let time pass until `moment`."""
        self()
        self._wait = moment


def followed_until(store: Store, pace: Pace, streams: int, start: datetime) -> datetime:
    """Until when the daemon could know everything, and have sent what is due.

    `streams` is how many there are; one that was never polled knows nothing since `start`. One that
    backs off is not asked before its time.
    """
    polled = [
        max(health.succeeded_at or start, health.retry_at or start)
        for health in store.accounts.health()
    ]
    news = min(polled) if len(polled) == streams else start
    due = [since for state, (_, since) in store.outbox.depth().items() if state in _UNSENT]
    return min([news + pace.oldest_news, *(since + _OVERDUE for since in due)])
