"""How TikTok Shop signs: requests by their address and body, pushes by their body.

Source: partner.tiktokshop.com, "Sign your API request" and "Webhooks, Overview"; both publish an
example with its result, which the tests check.
"""

import hashlib
import hmac
from collections.abc import Iterable

UNSIGNED = frozenset({"sign", "access_token"})
"""The parameters that a signature leaves out."""


def request_signature(
    secret: str, path: str, params: Iterable[tuple[str, str]], body: bytes = b""
) -> str:
    """The parameter ``sign`` of a request, with `body` exactly as it is sent.

    A multipart body is not signed: leave it empty. Of a parameter given twice the first counts.
    """
    told: dict[str, str] = {}
    for name, value in params:
        told.setdefault(name, value)
    listed = "".join(f"{name}{told[name]}" for name in sorted(told) if name not in UNSIGNED)
    return _digest(secret, f"{secret}{path}{listed}".encode() + body + secret.encode())


def push_signature(secret: str, app_key: str, body: bytes) -> str:
    """The header ``Authorization`` of a push, with `body` as it came."""
    return _digest(secret, app_key.encode() + body)


def _digest(secret: str, text: bytes) -> str:
    return hmac.digest(secret.encode(), text, hashlib.sha256).hex()
