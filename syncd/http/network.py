"""Sockets as httpcore opens them; a thread that has to wait for one ends its turn (`turns`)."""

import select
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from syncd import clock, turns

# A server on this machine answers in this time. It is waited for in one's turn: to hand that over
# and get it back takes longer.
_NEAR_SECONDS = 0.001


class Network(httpcore.NetworkBackend):
    """httpcore's own, in turns."""

    def __init__(self) -> None:
        self._own = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve the host and connect."""
        turns.end()
        return _Stream(self._own.connect_tcp(host, port, timeout, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, own: httpcore.NetworkStream) -> None:
        self._own = own
        self._incoming = select.poll()
        self._incoming.register(own.get_extra_info("socket"), select.POLLIN)
        self._is_near = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if not self._incoming.poll(_NEAR_SECONDS * 1000 if self._is_near else 0):
            turns.end()
        began = clock.monotonic()
        try:
            return self._own.read(max_bytes, timeout)
        finally:
            self._is_near = clock.monotonic() - began < _NEAR_SECONDS
            turns.take()

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._own.write(buffer, timeout)

    def close(self) -> None:
        self._own.close()

    def get_extra_info(self, info: str) -> Any:
        return self._own.get_extra_info(info)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._own.start_tls(ssl_context, server_hostname, timeout))
