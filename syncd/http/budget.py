"""How often a platform may be asked: token buckets, shared by all that it counts as one."""

import threading

from syncd import clock
from syncd.connector import MAX_RETRY_AFTER, Unavailable

PATIENCE_SECONDS = 5.0
"""A request waits this long for its turn at the most; what takes longer is the scheduler's."""


class BudgetSpent(Unavailable):
    """Asking now would be over the platform's limit: nothing was sent."""


class Budget:
    """A token bucket: `rate` requests a second in the long run, `burst` at once. Thread-safe.

    `rate` and `burst` are what the platform publishes; where its answers tell the rate, `learn` it.
    """

    def __init__(
        self, rate: float, burst: float = 1, *, patience: float = PATIENCE_SECONDS
    ) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError(
                f"a budget needs a rate over 0 and a burst of 1 or more, not {rate}, {burst}"
            )
        self._rate = rate
        self._burst = burst
        self._patience = patience
        self._tokens = burst
        # Up to when it is filled; what lies ahead of now is a pause, in which nothing comes in.
        self._filled_at = clock.monotonic()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for one's turn, and take it.

        Raises BudgetSpent, with the time until then, where that is longer than `patience`.
        """
        with self._lock:
            wait = self._wait()
            if wait > self._patience:
                text = (
                    f"the platform's limit of requests is reached; the next is due in {wait:.0f} s"
                )
                raise BudgetSpent(text, retry_after=min(wait, MAX_RETRY_AFTER))
            self._tokens -= 1
        if wait > 0:
            clock.sleep(wait)

    def learn(self, rate: float) -> None:
        """Go on at `rate` requests a second, as the platform tells it now; 0 or less is not heeded.

        A pause stays as long as it was asked for.
        """
        with self._lock:
            self._wait()
            if rate > 0:
                self._rate = rate

    def pause(self, seconds: float | None) -> None:
        """Let nobody ask for `seconds`, a day at the most; None: until one more would be due.

        For "too many requests".
        """
        with self._lock:
            self._wait()
            now = clock.monotonic()
            if seconds is None:
                self._tokens = min(self._tokens, (self._filled_at - now) * self._rate)
                return
            end = max(self._filled_at, now + min(seconds, MAX_RETRY_AFTER))
            self._fill(end)
            self._tokens = min(1.0, self._tokens)

    def _wait(self) -> float:
        """Fill up, and tell how long it is until the next token."""
        now = clock.monotonic()
        self._fill(max(now, self._filled_at))
        return max(0.0, self._filled_at - now + (1 - self._tokens) / self._rate)

    def _fill(self, until: float) -> None:
        more = (until - self._filled_at) * self._rate
        self._tokens, self._filled_at = min(self._burst, self._tokens + more), until


_shared: dict[str, Budget] = {}
_sharing = threading.Lock()


def shared_budget(name: str, rate: float, burst: float = 1) -> Budget:
    """The process's one budget of this name, made at the first call.

    `name` says what the platform counts by: ``"allegro:CLIENT_ID"`` where it is the app, with the
    seller's id where it is the app and the seller. Never put a secret into it.
    """
    with _sharing:
        if name not in _shared:
            _shared[name] = Budget(rate, burst)
        return _shared[name]
