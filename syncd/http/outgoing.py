"""A request as it is about to leave, and how bodies are put into it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

Params = Mapping[str, str | int | Sequence[str]]
Pairs = tuple[tuple[str, str], ...]


class Encoded(msgspec.Struct, frozen=True):
    """A body that is no JSON: a form, multipart, the bytes of a file."""

    content: bytes
    media_type: str


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it will be sent, but for what `HttpClient` says in every request's `headers`."""

    method: str
    origin: str = ""
    """Scheme and host of the address, such as ``https://api.example.com``."""
    path: str
    """The whole path of the address, with that of the client's `base_url`."""
    params: Pairs = ()
    """Not encoded yet; `url` is."""
    headers: Mapping[str, str] = {}
    """Those of the login and of the body."""
    content: bytes = b""
    media_type: str | None = None
    """None where it has no body."""

    @property
    def url(self) -> str:
        """The whole address, to the byte as it is sent: parameters are a form's (``a=b+c``)."""
        query = f"?{urlencode(self.params)}" if self.params else ""
        return f"{self.origin}{self.path}{query}"


Sign = Callable[[Outgoing], Outgoing]
"""Signs a request, as the last that is done to it: what it gives is sent as it is."""


def encoded(body: Any, media_type: str) -> Encoded | None:
    """A body as bytes: as it is where it is `Encoded`, else as JSON called `media_type`."""
    if body is None or isinstance(body, Encoded):
        return body
    return Encoded(msgspec.json.encode(body), media_type)


def segment(text: str) -> str:
    """A text, such as an id, as one segment of a path, whatever stands in it."""
    return quote(text, safe="")


def flat(params: Params | None) -> Pairs:
    """Parameters as pairs of texts; one with several values gives several pairs."""
    pairs: list[tuple[str, str]] = []
    for name, value in (params or {}).items():
        several = [value] if isinstance(value, str | int) else value
        pairs += [(name, str(one)) for one in several]
    return tuple(pairs)
