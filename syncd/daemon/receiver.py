"""The push listener: takes what platforms send, small and in time, and hands it on to be judged."""

import io
import re
import socket
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from syncd import clock
from syncd.connector import Push
from syncd.daemon.listening import Listening

if TYPE_CHECKING:
    from syncd.scheduler import Received

MAX_BODY = 1024 * 1024
"""Bytes; the largest pushes hold one order or one parcel's whole way, some tens of kilobytes."""
READ_SECONDS = 10.0
"""For a whole request, so that a client that sends a byte now and then holds no place for long."""
AT_ONCE = 32

Receive = Callable[[str, Push], "Received"]

_PATH = re.compile(r"/push/([a-z0-9-]{1,64})")
_STATUS = {
    "woke": HTTPStatus.OK,
    "repeated": HTTPStatus.OK,
    "stale": HTTPStatus.UNAUTHORIZED,
    "forged": HTTPStatus.UNAUTHORIZED,
    "unknown": HTTPStatus.NOT_FOUND,
    "failed": HTTPStatus.INTERNAL_SERVER_ERROR,
}


def receive_pushes(
    address: tuple[str, int], receive: Receive, *, read_seconds: float = READ_SECONDS
) -> Listening:
    """Listen for ``POST /push/ACCOUNT`` (and GET); raises AddressTaken."""

    def handler(request: Any, client_address: Any, server: Any) -> _Handler:
        return _Handler(request, client_address, server, receive, read_seconds)

    return Listening(address, handler, purpose="pushes", section="push", at_once=AT_ONCE)


class _InTime(io.RawIOBase):
    """A socket to read from until a moment, whatever pieces it comes in."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection = connection
        self._until = clock.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._until - clock.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    server_version = "syncd"
    sys_version = ""

    def __init__(
        self, request: Any, client_address: Any, server: Any, receive: Receive, seconds: float
    ) -> None:
        self._receive = receive
        self._seconds = seconds
        super().__init__(request, client_address, server)

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(_InTime(self.connection, self._seconds))

    def do_GET(self) -> None:
        self._hand_on(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,15}", length) or "Transfer-Encoding" in self.headers:
            self._answer(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > MAX_BODY:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif len(body := self.rfile.read(int(length))) < int(length):
            self._answer(HTTPStatus.BAD_REQUEST)
        else:
            self._hand_on(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: what came is counted, and its address may hold a secret."""

    def _hand_on(self, body: bytes) -> None:
        address = urlsplit(self.path)
        account = _PATH.fullmatch(address.path)
        if account is None:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        push = Push(
            headers={name.lower(): value for name, value in reversed(self.headers.items())},
            body=body,
            query=dict(parse_qsl(address.query)),
            method=self.command,
        )
        received = self._receive(account[1], push)
        self._answer(_STATUS[received.result], received.wake.answer, received.wake.answer_type)

    def _answer(
        self, status: HTTPStatus, body: bytes = b"", content_type: str = "text/plain"
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
