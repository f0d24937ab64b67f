"""A small stateful HTTP server on loopback to build fake platforms on, with faults to order.

A fake subclasses `FakeServer`, keeps its state in plain attributes and answers with methods
marked by `route`::

    class Shop(FakeServer):
        @route("GET", "/orders")
        def orders(self, request: Request) -> Answer:
            return Answer.json({"orders": self.page(self.state)})

    with Shop() as shop:
        shop.fail(Fault.RATE_LIMITED, path="/orders")
        ...  # point a connector at shop.url
"""

import contextlib
import re
import sys
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from syncd import clock
from syncd.testing.dates import a_year_on
from syncd.testing.stopping import StopsAtOnce

T = TypeVar("T")

ENDLESS_BYTES = 128 * 1024 * 1024
REPEATED_AT_MOST = 400
"""How often a page is repeated before the fake has had enough and fails."""
_BLANKS = b" " * (1024 * 1024)
_BLOCKED = (
    b"<!DOCTYPE html><html><head><title>Access denied</title></head><body>Ray 7</body></html>"
)


class Fault(StrEnum):
    """What can go wrong between a client and a platform."""

    RATE_LIMITED = "rate_limited"
    """429 with Retry-After."""
    RATE_LIMITED_SILENT = "rate_limited_silent"
    """429 without it."""
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    """No answer within the client's patience; the request is not carried out."""
    LOST_ANSWER = "lost_answer"
    """The request is carried out, and the connection closed before the answer."""
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    HTML = "html"
    """An error page with status 200, as proxies give it."""
    EMPTY = "empty"
    NESTED = "nested"
    """500 with JSON that is nested deeper than any parser of it goes."""
    FORBIDDEN_PAGE = "forbidden_page"
    """403 with a web page, as firewalls in front of a platform give it: no word about the login."""
    UNAUTHORIZED = "unauthorized"
    DUPLICATE_PAGE = "duplicate_page"
    """Every item of the page twice."""
    REORDERED_PAGE = "reordered_page"
    """The page's items backwards."""
    DATED_AHEAD = "dated_ahead"
    """The first item of each page with all its times a year later."""
    REPEATED_PAGE = "repeated_page"
    """The list's first page again, whichever is asked for, and all that it says of a next one."""
    ENDLESS = "endless"
    """200 with a body that goes on until the client has had enough, or `ENDLESS_BYTES`."""


class Request(msgspec.Struct, frozen=True):
    """A request as a fake's handler sees it."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    groups: tuple[str, ...] = ()
    """What the route's pattern captured."""
    target: str = ""
    """Path and query to the byte as they came, for signatures over the whole address."""

    def one(self, name: str, default: str = "") -> str:
        """A query parameter's first value."""
        return self.query.get(name, [default])[0]

    def json(self) -> Any:
        """The body decoded."""
        return msgspec.json.decode(self.body)

    def form(self) -> dict[str, str]:
        """The first value of each field of a form in the body."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


class Answer(msgspec.Struct, frozen=True):
    """What a handler gives back."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = {}
    endless: bool = False
    """Whether blanks follow the body, without a length, until `ENDLESS_BYTES`."""

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> "Answer":
        """An answer with `value` as its JSON body."""
        return cls(status, msgspec.json.encode(value), headers=headers or {})


Handler = Callable[[Any, Request], Answer]


def route(method: str, pattern: str) -> Callable[[Handler], Handler]:
    """Mark a method of a fake as the handler of `method` and a regular expression of the path."""

    def mark(handler: Handler) -> Handler:
        handler.__route__ = (method, re.compile(pattern))  # type: ignore[attr-defined]
        return handler

    return mark


BREAKDOWNS = (
    Fault.SERVER_ERROR,
    Fault.TIMEOUT,
    Fault.LOST_ANSWER,
    Fault.TRUNCATED,
    Fault.GARBAGE,
    Fault.HTML,
    Fault.EMPTY,
    Fault.NESTED,
    Fault.FORBIDDEN_PAGE,
)
"""What a source shows that is down, or answers nonsense."""
PAGE_FAULTS = (
    Fault.DUPLICATE_PAGE,
    Fault.REORDERED_PAGE,
    Fault.DATED_AHEAD,
    Fault.REPEATED_PAGE,
)
"""What is wrong with a page of a list."""


class _Order(msgspec.Struct):
    fault: Fault
    path: re.Pattern[str]
    method: str | None
    times: int
    retry_after: int
    seconds: float
    passing: int
    after: re.Pattern[str] | None

    def fits(self, request: Request) -> bool:
        """Whether it is in force, and about this request."""
        if self.after is not None or self.times < 1:
            return False
        return self.method in {None, request.method} and _named(self.path, request)


def _named(path: re.Pattern[str], request: Request) -> bool:
    return any(map(path.search, (request.path, f"{request.method} {request.path}")))


class FakeServer:
    """A platform on loopback. Use it as a context manager; `url` is where it listens."""

    routes: ClassVar[list[tuple[str, re.Pattern[str], str]]] = []

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.routes = [
            (*handler.__route__, name)
            for name in dir(cls)
            if hasattr(handler := getattr(cls, name), "__route__")
        ]

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.requests: list[Request] = []
        """Every request received, oldest first."""
        self.poured = 0
        """How many bytes of endless answers were taken at the most."""
        self.repeated = 0
        """How often a page was given again that had been asked for already."""
        self._orders: list[_Order] = []
        self._page_fault: Fault | None = None
        self._first_pages: dict[Hashable, Answer] = {}
        self._server = _Server(("127.0.0.1", 0), _bind(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fail(
        self,
        fault: Fault,
        *,
        times: int = 1,
        path: str = ".*",
        method: str | None = None,
        retry_after: int = 1,
        seconds: float = 2.0,
        passing: int = 0,
        after: str | None = None,
    ) -> None:
        """Let the next `times` requests whose path matches `path` go wrong in the way of `fault`.

        `path` is a regular expression of the path, or of method and path: ``POST /messages``.
        `seconds` is how long a TIMEOUT keeps the client waiting before the connection is closed.
        `passing` requests go well first; with `after`, nothing goes wrong before a request that
        matches it, as `path` does, has been carried out.
        """
        late = re.compile(after) if after is not None else None
        order = _Order(fault, re.compile(path), method, times, retry_after, seconds, passing, late)
        with self.lock:
            self._orders.append(order)

    def heal(self) -> None:
        """Forget the faults that are ordered and have not happened yet."""
        with self.lock:
            self._orders.clear()
            self._first_pages.clear()

    def date(self) -> datetime:
        """The time by the platform's clock, which each answer tells."""
        return clock.now()

    def page_key(self, request: Request) -> Hashable:
        """Which list a request asks for a page of: its path, and what else tells lists apart."""
        return request.path

    def page(self, items: list[T]) -> list[T]:
        """The items of an answer's page; a fake passes each list through here for page faults."""
        fault, self._page_fault = self._page_fault, None
        if fault is Fault.DUPLICATE_PAGE:
            return [*items, *items]
        if fault is Fault.REORDERED_PAGE:
            return items[::-1]
        if fault is Fault.DATED_AHEAD:
            return [*map(a_year_on, items[:1]), *items[1:]]
        return items

    def answer(self, request: Request) -> Answer:
        """Find the handler and call it; the fake's state is locked meanwhile."""
        for method, pattern, name in self.routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                handler = getattr(self, name)
                matched: Answer = handler(msgspec.structs.replace(request, groups=match.groups()))
                return matched
        return Answer.json({"error": f"no route for {request.method} {request.path}"}, 404)

    def serve(self, request: Request) -> Answer | None:
        """Answer with a fault where one is ordered; None means close without an answer."""
        with self.lock:
            self.requests.append(request)
            order = self._take(request)
        if order is None:
            with self.lock:
                return self._carried_out(request)
        return self._faulty(request, order)

    def _take(self, request: Request) -> _Order | None:
        for order in self._orders:
            if not order.fits(request):
                continue
            if order.passing == 0:
                order.times -= 1
                return order
            order.passing -= 1
        return None

    def _carried_out(self, request: Request) -> Answer:
        answer = self.answer(request)
        for order in self._orders:
            if order.after is not None and answer.status < 400 and _named(order.after, request):
                order.after = None
        return answer

    def _faulty(self, request: Request, order: _Order) -> Answer | None:
        if order.fault is Fault.TIMEOUT:
            time.sleep(order.seconds)
            return None
        if order.fault in _PLAIN:
            return _PLAIN[order.fault](order)
        with self.lock:
            self._page_fault = order.fault
            answer = self._carried_out(request)
            is_page, self._page_fault = self._page_fault is None, None
            if order.fault is Fault.REPEATED_PAGE and is_page:
                return self._again(request, answer)
        if order.fault is Fault.LOST_ANSWER:
            return None
        if order.fault is Fault.TRUNCATED:
            return msgspec.structs.replace(answer, body=answer.body[: len(answer.body) // 2])
        return answer

    def _again(self, request: Request, answer: Answer) -> Answer:
        key = request.method, self.page_key(request)
        if key not in self._first_pages:
            self._first_pages[key] = answer
            return answer
        self.repeated += 1
        return self._first_pages[key] if self.repeated < REPEATED_AT_MOST else Answer(500)


_PLAIN: dict[Fault, Callable[[_Order], Answer]] = {
    Fault.RATE_LIMITED: lambda order: Answer.json(
        {"error": "slow down"}, 429, {"Retry-After": str(order.retry_after)}
    ),
    Fault.RATE_LIMITED_SILENT: lambda _: Answer.json({"error": "slow down"}, 429),
    Fault.SERVER_ERROR: lambda _: Answer.json({"error": "internal"}, 500),
    Fault.GARBAGE: lambda _: Answer(200, b"\x00\xff{]garbage"),
    Fault.HTML: lambda _: Answer(200, b"<html><h1>Maintenance</h1></html>", "text/html"),
    Fault.FORBIDDEN_PAGE: lambda _: Answer(403, _BLOCKED, "text/html; charset=utf-8"),
    Fault.ENDLESS: lambda _: Answer(200, b"[", endless=True),
    Fault.EMPTY: lambda _: Answer(200, b""),
    Fault.NESTED: lambda _: Answer(500, b'{"detail": ' + b"[" * 100_000),
    Fault.UNAUTHORIZED: lambda _: Answer.json({"error": "invalid_token"}, 401),
}


class _Server(StopsAtOnce, ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that has gone, as one does that is killed by a test."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _pour(fake: FakeServer, write: Callable[[bytes], object]) -> None:
    """Write blanks, which JSON may have anywhere, until the client hangs up."""
    poured = 0
    with contextlib.suppress(ConnectionError):
        while poured < ENDLESS_BYTES:
            write(_BLANKS)
            poured += len(_BLANKS)
            fake.poured = max(fake.poured, poured)


def _bind(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Endpoint(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Without it each answer waits for the client's delayed ACK, about 40 ms.
        disable_nagle_algorithm = True

        def date_time_string(self, timestamp: float | None = None) -> str:
            """The time by the fake's clock."""
            return super().date_time_string(timestamp or fake.date().timestamp())

        def _serve(self) -> None:
            answer = fake.serve(self._request())
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            if not answer.endless:
                self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
            if answer.endless:
                self.close_connection = True
                _pour(fake, self.wfile.write)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve  # noqa: N815

        def _request(self) -> Request:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                raise ConnectionResetError("the client has gone in the middle of its request")
            return Request(
                self.command,
                url.path,
                parse_qs(url.query, keep_blank_values=True),
                {name.lower(): value for name, value in self.headers.items()},
                body,
                target=self.path,
            )

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name in http.server
            """Requests are kept in `FakeServer.requests`; nothing is printed."""

    return Endpoint
