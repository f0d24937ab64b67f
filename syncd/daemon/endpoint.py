"""``/metrics`` and ``/healthz`` on a loopback address, off the pool that works."""

import json
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from syncd import metrics
from syncd.daemon.listening import Listening

AT_ONCE = 16
"""Requests; Prometheus and a probe ask one at a time."""

Health = Callable[[], dict[str, str]]
"""What is wrong with which part of the service; empty where nothing is."""


def serve_endpoint(address: tuple[str, int], health: Health) -> Listening:
    """Answer ``/metrics`` and ``/healthz`` until closed; raises AddressTaken."""

    def handler(request: Any, client_address: Any, server: Any) -> _Handler:
        return _Handler(request, client_address, server, health)

    return Listening(
        address, handler, purpose="metrics and health", section="metrics", at_once=AT_ONCE
    )


class _Handler(BaseHTTPRequestHandler):
    timeout = 5  # a client that connects and says nothing gives its thread back
    server_version = "syncd"
    sys_version = ""

    def __init__(self, request: Any, client_address: Any, server: Any, health: Health) -> None:
        self._health = health
        super().__init__(request, client_address, server)

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
        problems = self._health()
        status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
        body = json.dumps({"ok": not problems, "problems": problems}).encode() + b"\n"
        self._answer(status, "application/json", body)

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
