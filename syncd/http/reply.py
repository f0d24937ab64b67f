"""An answer, and what it means for recovery."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import msgspec

from syncd import clock
from syncd.connector import (
    NOT_JSON,
    AuthFailed,
    ConnectorError,
    OutcomeUnknown,
    Rejected,
    Unavailable,
    mended,
)

T = TypeVar("T")

_SECOND = timedelta(seconds=1)


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
        """The body as `type_`; half an emoji in a text of it is read as U+FFFD.

        Raises Unavailable where it is not that (garbage, cut off, an error page), or
        OutcomeUnknown where the request was to change something.
        """
        try:
            return self._decoded(type_)
        except NOT_JSON as error:
            text = f"the answer is not what the API describes ({error}){self._start()}"
            raise (OutcomeUnknown(text) if self.to_change else Unavailable(text)) from None

    def _decoded(self, type_: type[T]) -> T:
        try:
            return msgspec.json.decode(self.content, type=type_)
        except (msgspec.DecodeError, UnicodeDecodeError):
            whole = mended(self.content)
            if whole == self.content:
                raise
            return msgspec.json.decode(whole, type=type_)

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
        except (ValueError, TypeError, OverflowError):
            return None


def dated(said: str | None) -> datetime | None:
    """The end of the second that a Date header names; None where it names none."""
    try:
        told = parsedate_to_datetime(said or "") + _SECOND
    except (ValueError, TypeError, OverflowError):
        return None
    return told if told.tzinfo else None


Judge = Callable[[Reply], ConnectorError | None]
"""A platform's own reading of an answer; None leaves it to `verdict`."""


class Throttled(Unavailable):
    """Too many requests: never a reason to ask again at once."""


class Blocked(Unavailable):
    """Somebody in front of the platform refuses; asking again at once would be refused again."""


# The server says that it did not begin (RFC 9110, 15.6.4; Yandex Market says 420 for 429).
_NOT_BEGUN = frozenset({408, 425, 503})
_THROTTLED = frozenset({420, 429})


_TITLE = re.compile(rb"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
# A block page has its title at the beginning; what comes behind may be any size.
_HEAD_BYTES = 8192


def blocked(reply: Reply) -> Blocked | None:
    """What a 403 means that is a web page: that it is from a proxy or firewall, and of no login.

    Platforms' APIs say in their own form why they refuse. Whoever stands in front of them, such as
    Cloudflare or a company's proxy, answers programs with the page it has for people.
    """
    if reply.status != 403 or not _is_page(reply):
        return None
    title = None if reply.private else _TITLE.search(reply.content[:_HEAD_BYTES])
    said = f" ({' '.join(title[1].decode('utf-8', 'replace').split())!r})" if title else ""
    return Blocked(
        f"HTTP 403 with a web page{said} in place of the API's answer: a proxy or firewall refuses "
        "this machine, or base_url is not the API's; it is tried again, and if it stays, ask who "
        "runs it to let this machine's address through",
        retry_after=reply.retry_after,
    )


def _is_page(reply: Reply) -> bool:
    start = reply.content[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"{", b"[")):  # some APIs call their JSON text/html
        return False
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    page = kind in {"text/html", "application/xhtml+xml"}
    return page or start.startswith((b"<!doctype html", b"<html"))


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
