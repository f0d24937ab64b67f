"""What fake marketplaces' logins share: codes and access tokens that end on the fake's clock."""

from collections.abc import Callable
from datetime import datetime, timedelta

from syncd.testing.server import FakeServer


class FakeLogin(FakeServer):
    """Gives out codes and access tokens for one seller; `now` is its clock.

    A platform's own login has the routes, and says what a code or a token is asked for with.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.tokens_given = 0
        self._now = now
        self._tokens: dict[str, datetime] = {}
        self._codes: dict[str, datetime] = {}

    def date(self) -> datetime:
        """The time by the fake's clock."""
        return self._now()

    def expire_tokens(self) -> None:
        """Let every access token given so far end now."""
        with self.lock:
            self._tokens = dict.fromkeys(self._tokens, self._now())

    def is_good(self, access_token: str) -> bool:
        """Whether it lets anybody in now."""
        return self._tokens.get(access_token, self._now()) > self._now()

    def new_token(self, name: str, lasts: timedelta) -> str:
        """Another access token, called `name` and its number."""
        self.tokens_given += 1
        token = f"{name}{self.tokens_given}"
        self._tokens[token] = self._now() + lasts
        return token

    def new_code(self, name: str, lasts: timedelta) -> str:
        """The code of a consent, called `name` and its number."""
        code = f"{name}{len(self._codes)}"
        self._codes[code] = self._now() + lasts
        return code

    def take_code(self, code: str) -> bool:
        """Whether a code is good, which it is once."""
        return self._codes.pop(code, self._now()) > self._now()
