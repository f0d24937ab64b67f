"""The HTTP client of all connectors: kept connections, time-outs, size limits, errors by recovery.

A client belongs to one account: httpx scans its
pool at every request, so one shared pool costs more the more accounts share it.
"""

import ssl
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Protocol, TypeVar

import httpx
import msgspec
import tenacity

from syncd import clock
from syncd.connector import AuthFailed, ConnectorError, OutcomeUnknown, Rejected, Unavailable

T = TypeVar("T")
Params = Mapping[str, str | int | Sequence[str]]
_Primitive = str | int | float | bool | None

MAX_BYTES = 32 * 1024 * 1024
TIMEOUT_SECONDS = 30.0
# Above any sensible poll interval: the default of 5 s would reconnect at every poll.
KEEPALIVE_SECONDS = 900.0


class Auth(Protocol):
    """What signs in to a platform, such as `OAuth2`."""

    def headers(self) -> Mapping[str, str]:
        """The headers that carry the login."""
        ...

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Replace the login whose headers got a 401; False where there is nothing to renew."""
        ...


class Reply(msgspec.Struct, frozen=True):
    """An answer, read wholly."""

    status: int
    headers: httpx.Headers
    content: bytes
    to_change: bool = False
    """Whether the request was to change something, so that a bad answer leaves its outcome open."""

    def json(self, type_: type[T]) -> T:
        """The body as `type_`.

        Raises Unavailable where it is not that (garbage, cut off, an error page), or
        OutcomeUnknown where the request was to change something.
        """
        try:
            return msgspec.json.decode(self.content, type=type_)
        except (msgspec.MsgspecError, RecursionError) as error:  # the latter by endless nesting
            start = self.content[:80].decode("utf-8", "replace")
            text = f"the answer is not what the API describes ({error}): {start!r}"
            raise (OutcomeUnknown(text) if self.to_change else Unavailable(text)) from None

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
"""A platform's own reading of an error answer; None leaves it to `verdict`."""


class _TooLong(httpx.HTTPError):
    """The answer is larger than anybody wants to read."""


class _Throttled(Unavailable):
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
    said = reply.content[:300].decode("utf-8", "replace")
    text = f"HTTP {reply.status}: {said}"
    if reply.status in {401, 403}:
        return AuthFailed(text)
    if reply.status in _THROTTLED:
        return _Throttled(text, retry_after=reply.retry_after)
    if reply.status in _NOT_BEGUN or (reply.status >= 500 and not reply.to_change):
        return Unavailable(text, retry_after=reply.retry_after)
    return OutcomeUnknown(text) if reply.status >= 500 else Rejected(text)


class HttpClient:
    """HTTP for one account. Thread-safe.

    `judge` reads a platform's error answers before the common rules do. Redirects, and links to
    another host than `base_url`, are not followed: that is a changed API, or somebody else's host.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: Auth | None = None,
        headers: Mapping[str, str] | None = None,
        judge: Judge | None = None,
        timeout: float = TIMEOUT_SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._auth = auth
        self._judge = judge
        self._max_bytes = max_bytes
        self._client = httpx.Client(
            base_url=base_url,
            headers={"user-agent": "syncd", "accept": "application/json", **(headers or {})},
            timeout=timeout,
            verify=tls(),
            limits=httpx.Limits(max_connections=4, keepalive_expiry=KEEPALIVE_SECONDS),
            trust_env=False,
        )

    def get(self, path: str, params: Params | None = None) -> Reply:
        """Read; a dropped connection or a 5xx is tried once more at once, since reading is harmless.

        Raises AuthFailed, Unavailable or Rejected.
        """
        return _AGAIN_ONCE(self._exchange, "GET", path, params=params)

    def query(self, path: str, body: Any, params: Params | None = None) -> Reply:
        """A POST that only reads, as some APIs have it; tried again like `get`."""
        return _AGAIN_ONCE(self._exchange, "POST", path, params=params, body=body)

    def post(self, path: str, body: Any, params: Params | None = None) -> Reply:
        """Change something at the platform; never repeated.

        Raises what `get` raises, and OutcomeUnknown where the request went out and no answer came,
        or one that does not tell whether it was carried out.
        """
        return self._exchange("POST", path, params=params, body=body, changes=True)

    def close(self) -> None:
        """Close the kept connections."""
        self._client.close()

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        changes: bool = False,
    ) -> Reply:
        def once(login: Mapping[str, str]) -> Reply:
            return self._once(method, path, params=params, body=body, login=login, changes=changes)

        login = self._auth.headers() if self._auth else {}
        reply = once(login)
        if reply.status == 401 and self._auth is not None and self._auth.renew(login):
            reply = once(self._auth.headers())
        reply = _masked(reply, login)
        error = (self._judge and self._judge(reply)) or verdict(reply)
        if error is not None:
            raise error
        return reply

    def _once(
        self,
        method: str,
        path: str,
        *,
        params: Params | None,
        body: Any,
        login: Mapping[str, str],
        changes: bool,
    ) -> Reply:
        headers, content = dict(login), None
        if body is not None:
            content = msgspec.json.encode(body)
            headers["content-type"] = "application/json"
        request = self._client.build_request(
            method, path, params=_flat(params), content=content, headers=headers
        )
        base = self._client.base_url
        if (request.url.scheme, request.url.netloc) != (base.scheme, base.netloc):
            # A link out of an answer: following it would hand the login to whoever wrote it.
            raise Unavailable(
                f"the answer points to another host, {request.url.host}: not followed"
            )
        try:
            return self._read(request, to_change=changes)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unavailable(f"cannot connect to {request.url.host}: {error}") from None
        except httpx.HTTPError as error:
            text = f"{type(error).__name__} from {request.url.host}: {error}"
            raise (OutcomeUnknown(text) if changes else Unavailable(text)) from None

    def _read(self, request: httpx.Request, *, to_change: bool) -> Reply:
        response = self._client.send(request, stream=True)
        try:
            content = self._body(response)
            return Reply(response.status_code, response.headers, content, to_change)
        finally:
            response.close()

    def _body(self, response: httpx.Response) -> bytes:
        length = response.headers.get("content-length", "")
        if length.isdigit() and "content-encoding" not in response.headers:
            if int(length) > self._max_bytes:
                raise _TooLong(f"the answer has {length} bytes, over the limit {self._max_bytes}")
            return response.read()
        parts, size = [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._max_bytes:
                raise _TooLong(f"the answer is over {self._max_bytes} bytes and was not read")
            parts.append(part)
        return b"".join(parts)


def _masked(reply: Reply, login: Mapping[str, str]) -> Reply:
    """An error answer without the login that it may repeat, since it ends up in logs."""
    if reply.status < 400:
        return reply
    content = reply.content
    for value in login.values():
        content = content.replace(value.rpartition(" ")[2].encode() or b"\0", b"***")
    return msgspec.structs.replace(reply, content=content)


def _flat(params: Params | None) -> list[tuple[str, _Primitive]] | None:
    if params is None:
        return None
    flat: list[tuple[str, _Primitive]] = []
    for name, value in params.items():
        several = [value] if isinstance(value, str | int) else value
        flat += [(name, str(one)) for one in several]
    return flat


def _worth_repeating(error: BaseException) -> bool:
    """A dropped connection or a hiccup, as opposed to a source that says when to come back."""
    if not isinstance(error, Unavailable) or isinstance(error, _Throttled):
        return False
    return error.retry_after is None


_AGAIN_ONCE = tenacity.Retrying(
    stop=tenacity.stop_after_attempt(2),
    wait=tenacity.wait_random(0.05, 0.5),
    retry=tenacity.retry_if_exception(_worth_repeating),
    sleep=lambda seconds: clock.sleep(seconds),  # noqa: PLW0108  looked up late: tests replace it
    reraise=True,
)


@cache
def tls() -> ssl.SSLContext:
    """One for all clients: loading the CA bundle costs about 30 ms of CPU each time."""
    return httpx.create_ssl_context()
