"""Addresses of APIs as settings take them."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _safe(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("it must begin with https:// (http:// only for 127.0.0.1)")
    return url.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_safe)]
"""Where an API is: https, since logins go there, or plain http on this machine for tests.

It has no slash at its end.
"""
