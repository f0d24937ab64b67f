"""A server's loop that ends when it is told to: each test starts a fake and stops it."""

import selectors
import socket
import socketserver
import threading
from typing import Any


class StopsAtOnce(socketserver.TCPServer):
    """Waits for connections without looking up in between whether it has been shut down.

    The loop of `socketserver` does that every half second, or as often as it is told; ending it
    takes as long.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._stop, self._stopping = socket.socketpair()
        self._ended = threading.Event()
        super().__init__(*args, **kwargs)

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serve until `shutdown`; it does not poll, whatever the interval."""
        del poll_interval
        try:
            with selectors.DefaultSelector() as ready:
                ready.register(self.socket, selectors.EVENT_READ)
                ready.register(self._stopping, selectors.EVENT_READ)
                while self._stopping not in (key.fileobj for key, _ in ready.select()):
                    self._handle_request_noblock()  # type: ignore[attr-defined]
        finally:
            self._ended.set()

    def shutdown(self) -> None:
        """End the loop, and wait until it has ended."""
        self._stop.close()
        self._ended.wait()

    def server_close(self) -> None:
        """Give all sockets back."""
        super().server_close()
        self._stop.close()
        self._stopping.close()
