"""What stands within texts: JSON, base64 of it, and secrets in other spellings."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")


def spellings(secret: str) -> set[str]:
    """A secret as it is and as it may be written elsewhere."""
    raw = secret.encode("utf-8", "surrogatepass")
    coded = base64.b64encode(raw).decode().rstrip("=")
    return {
        secret, quote(secret, safe="", errors="replace"), json.dumps(secret)[1:-1], coded,
        coded.translate(str.maketrans("+/", "-_")), raw.hex(),
    }  # fmt: skip


def unwrapped_of(text: str) -> tuple[Any, Callable[[str], str]] | None:
    """The object or list that a text is JSON or base64 of, and what writes it back."""
    found = _json(text)
    if found is not None:
        return found, str
    inside = from_base64(text)
    found = None if inside is None else _json(inside)
    return None if found is None else (found, _to_base64)


def _to_base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode()


def from_base64(text: str) -> str | None:
    """The text that a text is the base64 of, in either alphabet, with padding or without."""
    if not _BASE64.fullmatch(text):
        return None
    padded = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None


def _json(text: str) -> Any:
    if text.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def dump(value: Any) -> str:
    """JSON of a value, as a text."""
    return json.dumps(value, ensure_ascii=False)
