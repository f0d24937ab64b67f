"""The HTTP client of all connectors: kept connections, time-outs, size limits, errors by recovery.

A client belongs to one account: httpx scans its
pool at every request, so one shared pool costs more the more accounts share it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx
import msgspec
import tenacity

from syncd import clock, metrics
from syncd.connector import ConnectorError, OutcomeUnknown, Unavailable
from syncd.http.budget import Budget, BudgetSpent
from syncd.http.observing import show
from syncd.http.outgoing import Outgoing, Pairs, Params, Sign, encoded, flat
from syncd.http.reply import Blocked, Judge, Reply, Throttled, blocked, dated, verdict
from syncd.http.wire import Wire

MAX_BYTES = 32 * 1024 * 1024
TIMEOUT_SECONDS = 30.0
_MOST_BEHIND = timedelta(days=1)


class Auth(Protocol):
    """What signs in to a platform, such as `OAuth2`."""

    def headers(self) -> Mapping[str, str]:
        """The headers that carry the login."""
        ...

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Replace the login whose headers were refused; False where there is nothing to renew."""
        ...


def _is_401(reply: Reply) -> bool:
    return reply.status == 401


class _NotRead(httpx.HTTPError):
    """The answer is larger than anybody wants to read, or may be; the text says why."""


class HttpClient:
    """HTTP for one account. Thread-safe.

    `judge` reads a platform's answers before the common rules do, also good ones: some platforms
    tell their errors in a 200. It is not shown a web page with 403, which is not the platform's
    (`blocked`). `expired` says which answers mean that the login has ended and is worth renewing.
    `media_type` is what JSON bodies are called, `sign` is the last to touch a request. `budget`
    holds for all requests; each call may name another in its place. What a `private` one asks is
    shown to nobody (`observed`), and no error repeats what it is answered: for token endpoints of
    a platform's own kind.

    Redirects, and links to another host than `base_url`, are not followed: that is a changed API,
    or somebody else's host.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: Auth | None = None,
        headers: Mapping[str, str] | None = None,
        judge: Judge | None = None,
        expired: Callable[[Reply], bool] = _is_401,
        media_type: str = "application/json",
        sign: Sign | None = None,
        budget: Budget | None = None,
        timeout: float = TIMEOUT_SECONDS,
        max_bytes: int = MAX_BYTES,
        private: bool = False,
    ) -> None:
        self._auth = auth
        self._private = private
        self._judge = judge
        self._expired = expired
        self._media_type = media_type
        self._sign = sign
        self._budget = budget
        self._max_bytes = max_bytes
        self._base = base = httpx.URL(base_url)
        self._wire = Wire(base, headers or {}, timeout)
        self._origin = f"{base.scheme}://{base.netloc.decode()}"
        self._base_path = base.raw_path.decode().rstrip("/")
        self._calls = metrics.Calls(base.host)
        self._told: str | None = None

    @property
    def base_url(self) -> str:
        """The address that all paths are under, with a ``/`` at its end."""
        return f"{self._origin}{self._base_path}/"

    def get(
        self, path: str, params: Params | None = None, *, budget: Budget | None = None
    ) -> Reply:
        """Read; a dropped connection or 5xx is tried once more at once, since reading is harmless.

        Raises AuthFailed, Unavailable (BudgetSpent where a budget is) or Rejected.
        """
        return _AGAIN_ONCE(self._exchange, _Call("GET", path, params, budget=budget))

    def query(
        self, path: str, body: Any, params: Params | None = None, *, budget: Budget | None = None
    ) -> Reply:
        """A POST that only reads, as some APIs have it; tried again like `get`.

        `body` is `Encoded`, or what becomes JSON.
        """
        return _AGAIN_ONCE(self._exchange, _Call("POST", path, params, body, budget))

    def post(
        self, path: str, body: Any, params: Params | None = None, *, budget: Budget | None = None
    ) -> Reply:
        """Change something at the platform; never repeated.

        Raises what `get` raises, and OutcomeUnknown where the request went out and no answer came,
        or one that does not tell whether it was carried out.
        """
        return self._exchange(_Call("POST", path, params, body, budget, changes=True))

    def put(
        self, path: str, body: Any, params: Params | None = None, *, budget: Budget | None = None
    ) -> Reply:
        """Change something at the platform by PUT; like `post`."""
        return self._exchange(_Call("PUT", path, params, body, budget, changes=True))

    def patch(
        self, path: str, body: Any, params: Params | None = None, *, budget: Budget | None = None
    ) -> Reply:
        """Change something at the platform by PATCH; like `post`."""
        return self._exchange(_Call("PATCH", path, params, body, budget, changes=True))

    def delete(
        self, path: str, params: Params | None = None, *, budget: Budget | None = None
    ) -> Reply:
        """Change something at the platform by DELETE; like `post`."""
        return self._exchange(_Call("DELETE", path, params, budget=budget, changes=True))

    def horizon(self, now: datetime) -> datetime:
        """Until when the platform can have answered, for cursors by time: `now`, by our clock.

        It is earlier where the platform's clock was behind that when it answered last (Date, RFC
        9110, 6.6.1). One that is more than a day behind is wrong, and not heeded.
        """
        told = dated(self._told)
        return told if told is not None and now - _MOST_BEHIND < told < now else now

    def sign_in(self) -> None:
        """Have the login ready, and ask for nothing else; raises AuthFailed or Unavailable."""
        if self._auth is not None:
            self._auth.headers()

    def close(self) -> None:
        """Close the kept connections."""
        self._wire.close()

    def _exchange(self, call: "_Call") -> Reply:
        login = self._auth.headers() if self._auth else {}
        reply = self._once(call, login)
        if self._auth is not None and self._expired(reply) and self._auth.renew(login):
            login = self._auth.headers()
            reply = self._once(call, login)
        error = self._verdict(reply)
        if error is not None:
            error = self._verdict(_masked(reply, login)) or error
            if isinstance(error, Throttled) or reply.status == 429:
                self._pause(call, error)
            raise error
        return reply

    def _verdict(self, reply: Reply) -> ConnectorError | None:
        return blocked(reply) or (self._judge and self._judge(reply)) or verdict(reply)

    def _pause(self, call: "_Call", error: ConnectorError) -> None:
        budget = call.budget or self._budget
        if budget is not None:
            budget.pause(error.retry_after if isinstance(error, Unavailable) else None)

    def _once(self, call: "_Call", login: Mapping[str, str]) -> Reply:
        outgoing = self._outgoing(call, login)
        request = self._wire.request(outgoing)
        budget = call.budget or self._budget
        if budget is not None:
            budget.take()
        try:
            reply = self._read(request, to_change=call.changes)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unavailable(f"cannot connect to {request.url.host}: {error}") from None
        except httpx.HTTPError as error:
            kind = "" if isinstance(error, _NotRead) else f"{type(error).__name__} from "
            text = f"{kind}{request.url.host}: {error}"
            raise (OutcomeUnknown(text) if call.changes else Unavailable(text)) from None
        if not self._private:
            show(self.base_url, outgoing, reply)
        return reply

    def _outgoing(self, call: "_Call", login: Mapping[str, str]) -> Outgoing:
        path, params = self._place(call.path)
        body = encoded(call.body, self._media_type)
        outgoing = Outgoing(
            method=call.method,
            origin=self._origin,
            path=path,
            params=params + flat(call.params),
            headers=login if body is None else {**login, "content-type": body.media_type},
            content=b"" if body is None else body.content,
            media_type=None if body is None else body.media_type,
        )
        return self._sign(outgoing) if self._sign else outgoing

    def _place(self, path: str) -> tuple[str, Pairs]:
        """The whole path of an address under the base address, and the parameters in it."""
        if path.startswith("/") and "?" not in path:
            return self._base_path + path, ()
        base = self._base
        whole = path if "://" in path else f"{self._origin}{self._base_path}{path}"
        try:
            link = httpx.URL(whole)
        except httpx.InvalidURL as error:
            raise Unavailable(f"the answer holds a link that is none: {error}") from None
        if (link.scheme, link.netloc) != (base.scheme, base.netloc):
            # A link out of an answer: following it would hand the login to whoever wrote it.
            raise Unavailable(f"the answer points to another host, {link.host}: not followed")
        return link.raw_path.partition(b"?")[0].decode(), tuple(link.params.multi_items())

    def _read(self, request: httpx.Request, *, to_change: bool) -> Reply:
        with self._calls.timed() as call:
            response = self._wire.send(request)
            try:
                content = self._body(response)
                call.status = response.status_code
                self._told = response.headers.get("date")
                return Reply(
                    response.status_code, response.headers, content, to_change, self._private
                )
            finally:
                response.close()

    def _body(self, response: httpx.Response) -> bytes:
        length = response.headers.get("content-length", "")
        if length.isdigit() and "content-encoding" not in response.headers:
            if int(length) > self._max_bytes:
                raise _NotRead(f"the answer has {length} bytes, over the limit {self._max_bytes}")
            return response.read()
        # Nobody asked for that: a kilobyte can hold a gigabyte by it, before any of it is counted.
        if "," in response.headers.get("content-encoding", ""):
            raise _NotRead("the answer is packed more than once, and was not read")
        parts, size = [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._max_bytes:
                raise _NotRead(f"the answer is over {self._max_bytes} bytes and was not read")
            parts.append(part)
        return b"".join(parts)


class _Call(msgspec.Struct, frozen=True):
    """What a connector asks for."""

    method: str
    path: str
    params: Params | None = None
    body: Any = None
    budget: Budget | None = None
    changes: bool = False


def _masked(reply: Reply, login: Mapping[str, str]) -> Reply:
    """An error answer without the login that it may repeat, since it ends up in logs."""
    content = reply.content
    for value in login.values():
        content = content.replace(value.rpartition(" ")[2].encode() or b"\0", b"***")
    return msgspec.structs.replace(reply, content=content)


def _worth_repeating(error: BaseException) -> bool:
    """A dropped connection or a hiccup, as opposed to a source that says when to come back."""
    if not isinstance(error, Unavailable) or isinstance(error, Throttled | Blocked | BudgetSpent):
        return False
    return error.retry_after is None


_AGAIN_ONCE = tenacity.Retrying(
    stop=tenacity.stop_after_attempt(2),
    wait=tenacity.wait_random(0.05, 0.5),
    retry=tenacity.retry_if_exception(_worth_repeating),
    sleep=lambda seconds: clock.sleep(seconds),  # noqa: PLW0108  looked up late: tests replace it
    reraise=True,
)
