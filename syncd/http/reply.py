"""An answer, and what it means for recovery."""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import msgspec

from syncd import clock
from syncd.connector import AuthFailed, ConnectorError, OutcomeUnknown, Rejected, Unavailable

T = TypeVar("T")


class Reply(msgspec.Struct, frozen=True):
    """An answer, read wholly."""

    status: int
    headers: httpx.Headers
    content: bytes
    to_change: bool = False
    """Whether the request was to change something, so that a bad answer leaves its outcome open."""
    private: bool = False
    """Whether the answer may hold a login, so that no error repeats any of it."""

    def json(self, type_: type[T]) -> T:
        """The body as `type_`.

        Raises Unavailable where it is not that (garbage, cut off, an error page), or
        OutcomeUnknown where the request was to change something.
        """
        try:
            return msgspec.json.decode(self.content, type=type_)
        except (msgspec.MsgspecError, RecursionError) as error:  # the latter by endless nesting
            text = f"the answer is not what the API describes ({error}){self._start()}"
            raise (OutcomeUnknown(text) if self.to_change else Unavailable(text)) from None

    def _start(self) -> str:
        return "" if self.private else f": {self.content[:80].decode('utf-8', 'replace')!r}"

    def checked(self, type_: Any = dict[str, msgspec.Raw]) -> bytes:
        """The body as it came, once it is sure to be `type_`; raises what `json` raises."""
        self.json(type_)
        return self.content

    @property
    def retry_after(self) -> float | None:
        """Seconds the source asks to wait, from either form of Retry-After (RFC 9110, 10.2.3)."""
        value = self.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return float(value)
        try:
            return max(0.0, (parsedate_to_datetime(value) - clock.now()).total_seconds())
        except (ValueError, TypeError):
            return None


Judge = Callable[[Reply], ConnectorError | None]
"""A platform's own reading of an answer; None leaves it to `verdict`."""


class Throttled(Unavailable):
    """Too many requests: never a reason to ask again at once."""


# The server says that it did not begin (RFC 9110, 15.6.4; Yandex Market says 420 for 429).
_NOT_BEGUN = frozenset({408, 425, 503})
_THROTTLED = frozenset({420, 429})


def verdict(reply: Reply) -> ConnectorError | None:
    """What an answer's status means for recovery, by the rules all platforms share.

    A 5xx to a request that was to change something leaves open whether it did.
    """
    if reply.status < 400:
        return None
    said = "" if reply.private else f": {reply.content[:300].decode('utf-8', 'replace')}"
    text = f"HTTP {reply.status}{said}"
    if reply.status in {401, 403}:
        return AuthFailed(text)
    if reply.status in _THROTTLED:
        return Throttled(text, retry_after=reply.retry_after)
    if reply.status in _NOT_BEGUN or (reply.status >= 500 and not reply.to_change):
        return Unavailable(text, retry_after=reply.retry_after)
    return OutcomeUnknown(text) if reply.status >= 500 else Rejected(text)
