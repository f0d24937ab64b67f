"""A small HTTP server in threads of its own: where it listens, and for how long."""

import socket
from collections.abc import Callable
from socketserver import BaseRequestHandler, TCPServer, ThreadingMixIn
from threading import BoundedSemaphore, Thread
from typing import Any, Self

from syncd import log

_log = log.get("daemon")

Handler = Callable[[Any, Any, Any], BaseRequestHandler]


class AddressTaken(Exception):
    """An address cannot be listened on; the text names it and what to change."""


class Listening:
    """Answers by `handler` from construction until `close`, `at_once` requests at a time.

    What comes beyond those is hung up on. `purpose` and `section` (of the config) are for errors.
    """

    def __init__(
        self,
        address: tuple[str, int],
        handler: Handler,
        *,
        purpose: str,
        section: str,
        at_once: int,
    ) -> None:
        """Listen on `address`; port 0 lets the system choose. Raises AddressTaken."""
        host, port = address
        try:
            self._server = _Server(address, handler, at_once)
        except OSError as error:
            raise AddressTaken(
                f"cannot listen on {host}:{port} for {purpose}: {error.strerror}; "
                f"stop the other service or change listen in [{section}]"
            ) from error
        self._thread = Thread(target=self._server.serve_forever, name=section, daemon=True)
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
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: Handler, at_once: int) -> None:
        self._places = BoundedSemaphore(at_once)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up in the middle are not news."""
        del request, client_address
        _log.debug("request broken off", exc_info=True)
