"""The kept connections of one client, and nothing between them and the request.

`httpx.Client` would also follow redirects, keep cookies and sign in by its own rules. None of that
is wanted here, and it costs as much processor time again as the exchange itself.
"""

import ssl
from collections.abc import Mapping
from functools import cache

import httpcore
import httpx

from syncd.http.network import Network
from syncd.http.outgoing import Outgoing

# Above any sensible poll interval: the default of 5 s would reconnect at every poll.
KEEPALIVE_SECONDS = 900.0
_CONNECTIONS = 4
_HEADERS = {
    "user-agent": "syncd",
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
}


class Wire:
    """Sends requests as they are. Thread-safe; takes no proxy or login from the environment."""

    def __init__(self, base: httpx.URL, headers: Mapping[str, str], timeout: float) -> None:
        """For requests to the host of `base`.

        `headers` go with every request that does not name its own; `timeout` in seconds.
        """
        self._headers = httpx.Headers({**_HEADERS, **headers})
        self._extensions = {"timeout": httpx.Timeout(timeout).as_dict()}
        self._transport = _Transport(tls() if base.scheme == "https" else _no_tls())
        self._closed = False

    def request(self, outgoing: Outgoing) -> httpx.Request:
        """`outgoing` with our headers."""
        headers = self._headers.copy()
        headers.update(outgoing.headers)
        return httpx.Request(
            outgoing.method,
            outgoing.url,
            headers=headers,
            content=outgoing.content if outgoing.media_type else None,
            extensions=self._extensions,
        )

    def send(self, request: httpx.Request) -> httpx.Response:
        """The answer, its body not read yet: the caller closes it. Raises httpx.HTTPError."""
        if self._closed:  # the transport would open connections that nobody closes any more
            raise RuntimeError("the client has been closed")
        return self._transport.handle_request(request)

    def close(self) -> None:
        """Close the kept connections."""
        self._closed = True
        self._transport.close()


class _Transport(httpx.HTTPTransport):
    """httpx's, with connections of ours: it offers no way to name their network."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=_CONNECTIONS,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=Network(),
        )


@cache
def tls() -> ssl.SSLContext:
    """One for all clients: loading the CA bundle costs about 30 ms of CPU each time."""
    return httpx.create_ssl_context()


@cache
def _no_tls() -> ssl.SSLContext:
    """What trusts nobody, for clients that need none."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
