"""A server of a line protocol on loopback whose connections all end when it does."""

import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from syncd.testing.stopping import StopsAtOnce

_JOIN_SECONDS = 5.0


class Gone(Exception):
    """The connection has to end now, without another word."""


class Wire:
    """One connection. Writing is safe from several threads."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._in = sock.makefile("rb")
        self._lock = threading.Lock()

    def line(self) -> bytes:
        """The next line without its end; raises Gone where the client has gone."""
        line = self._in.readline()
        if not line.endswith(b"\n"):
            raise Gone
        return line.rstrip(b"\r\n")

    def exactly(self, size: int) -> bytes:
        """The next `size` bytes."""
        data = self._in.read(size)
        if len(data) < size:
            raise Gone
        return data

    def say(self, *lines: str | bytes) -> None:
        """Write lines, in one piece."""
        text = b"".join((one.encode() if isinstance(one, str) else one) + b"\r\n" for one in lines)
        with self._lock:
            self._sock.sendall(text)

    def hang_up(self) -> None:
        """End the connection, also under a thread that reads from it."""
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket's reader back."""
        self._in.close()


class LineServer:
    """Calls `serve` with each connection, in a thread of its own."""

    def __init__(self, serve: Callable[[Wire], None]) -> None:
        self._serve = serve
        self._wires: dict[Wire, threading.Thread] = {}
        self._lock = threading.Lock()
        self._stopped = False
        self._server = _Server(("127.0.0.1", 0), _bind(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to accept."""
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting, end all connections and wait for their threads."""
        with self._lock:
            self._stopped = True
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_JOIN_SECONDS)
        for thread in self.hang_up():
            thread.join(_JOIN_SECONDS)

    def hang_up(self) -> list[threading.Thread]:
        """End all connections; their threads are still at it for a moment."""
        with self._lock:
            wires = dict(self._wires)
        for wire in wires:
            wire.hang_up()
        return list(wires.values())

    def handle(self, sock: socket.socket) -> None:
        """Serve one connection to its end."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = Wire(sock)
        try:
            with self._lock:
                if self._stopped:
                    return
                self._wires[wire] = threading.current_thread()
            # A client may vanish at any line; that is its business.
            with suppress(Gone, OSError):
                self._serve(wire)
        finally:
            wire.close()
            with self._lock:
                self._wires.pop(wire, None)


class _Server(StopsAtOnce, socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def _bind(server: LineServer) -> Any:
    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            server.handle(self.request)

    return Connection
