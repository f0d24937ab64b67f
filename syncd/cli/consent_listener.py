"""The page on loopback at which a consent ends: it takes one code, and is gone (RFC 8252, 7.3)."""

import hmac
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from syncd.connector import AuthFailed

_WELCOME = "The code has arrived. You can close this window; the terminal tells how it ended."
_REFUSED = "The platform says that the consent was not given. The terminal tells more."
_STRANGE = "This is not the answer that syncd waits for."


class Code(NamedTuple):
    """What came back from a consent page."""

    code: str = ""
    error: str = ""

    def taken(self) -> str:
        """The code itself; raises AuthFailed where the seller or the platform refused."""
        if not self.code:
            raise AuthFailed(f"the consent was not given: {self.error or 'no code came back'}")
        return self.code


def answer_in(address: str, state: str, code: str = "code") -> Code | None:
    """What the address that a browser ended at says; None where it is not the answer to `state`.

    `code` is the parameter that holds it.
    """
    try:
        query = urlsplit(address).query
    except ValueError:  # brackets that hold no address
        return None
    given = {name: values[0] for name, values in parse_qs(query).items()}
    if not hmac.compare_digest(given.get("state", "").encode(), state.encode()):
        return None
    if not given.keys() & {code, "error"}:
        return None
    why = " ".join(given[name] for name in ("error", "error_description") if name in given)
    return Code(given.get(code, ""), why[:300])


class Listener:
    """Listens on 127.0.0.1 for the answer to `state`, from its making until the end of the block.

    What is not that answer (a wrong state, another path's noise) gets an error and changes nothing.
    Raises OSError where the port is taken.
    """

    def __init__(self, port: int, state: str, code: str = "code") -> None:
        self._state = state
        self._parameter = code
        self._code: Code | None = None
        self._arrived = threading.Event()
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="consent", daemon=True
        )

    @property
    def url(self) -> str:
        """The address for the platform to send the browser to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self, seconds: float) -> Code | None:
        """The answer, once it is there; None where none came in time."""
        self._arrived.wait(seconds)
        return self._code

    def take(self, path: str) -> tuple[int, str]:
        """Status and text for a request to `path`; only the first answer counts."""
        code = answer_in(path, self._state, self._parameter)
        if code is None or self._arrived.is_set():
            return 400, _STRANGE
        self._code = code
        self._arrived.set()
        return 200, _WELCOME if code.code else _REFUSED


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits until the browser has its page
    block_on_close = True
    allow_reuse_port = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of browsers that hang up."""


def _handler(listener: Listener) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        timeout = 5  # a connection that says nothing must not keep the end waiting

        def do_GET(self) -> None:
            status, text = listener.take(self.path)
            body = f"<!doctype html><title>syncd</title><p>{text}</p>".encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name there
            """Nothing: the address holds the code."""

    return Page
