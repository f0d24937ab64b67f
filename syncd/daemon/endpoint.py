"""``/metrics`` and ``/healthz`` on a loopback address, off the pool that works."""

import json
import socket
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import Self

from syncd import metrics

Health = Callable[[], dict[str, str]]
"""What is wrong with which part of the service; empty where nothing is."""


class AddressTaken(Exception):
    """The endpoint's address cannot be listened on; the text names it and what to change."""


class Endpoint:
    """Answers from construction until `close`."""

    def __init__(self, host: str, port: int, health: Health) -> None:
        """Listen on `host`:`port`; 0 lets the system choose. Raises AddressTaken."""
        try:
            self._server = _Server((host, port), health)
        except OSError as error:
            raise AddressTaken(
                f"cannot listen on {host}:{port} for metrics and health: {error.strerror}; "
                "stop the other service or change listen in [metrics]"
            ) from error
        self._thread = Thread(target=self._server.serve_forever, name="endpoint", daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """Where it really listens."""
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


# Not http.server's: that one asks the DNS for its own name before it listens.
class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], health: Health) -> None:
        self.health = health
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5  # a client that connects and says nothing gives its thread back
    server_version = "syncd"
    sys_version = ""

    def do_GET(self) -> None:
        page = {"/metrics": self._metrics, "/healthz": self._healthz}.get(self.path.split("?")[0])
        if page is None:
            self.send_error(HTTPStatus.NOT_FOUND, "there are /metrics and /healthz")
        else:
            page()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: a probe every few seconds is not news."""

    def _metrics(self) -> None:
        self._answer(HTTPStatus.OK, metrics.CONTENT_TYPE, metrics.exposition())

    def _healthz(self) -> None:
        problems = self.server.health()
        status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
        body = json.dumps({"ok": not problems, "problems": problems}).encode() + b"\n"
        self._answer(status, "application/json", body)

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
