"""Parsing payloads one by one, so that a bad one stops no other."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from syncd.model import BadItem, Item

T = TypeVar("T")

# Whole escapes first, so that only a half that has no other is left; an escaped backslash is none.
_ESCAPES = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)

NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for what is no JSON of the type that is wanted: the second where a text in it
is not UTF-8, such as an emoji cut in half, the last by nesting without end."""


def parse_each(
    raws: Iterable[T],
    parse: Callable[[T], Item | Iterable[Item]],
    describe: Callable[[T], tuple[str, bytes]],
) -> Iterator[Item]:
    """Parse one payload after the other; one that fails becomes a `BadItem`, the rest goes on.

    `describe` gives a payload's source id and bytes, and must not fail; `describe_by` makes one.
    A payload in bytes that is no JSON for half a character in it is read without that (`mended`).
    """
    for raw in raws:
        try:
            yield from _parsed(raw, parse)
        except Exception as error:  # noqa: BLE001  the plug-in boundary: any parser bug is this item's
            source_id, payload = describe(raw)
            yield BadItem(
                source_id=source_id, reason=f"{type(error).__name__}: {error}", raw=payload
            )


def _parsed(raw: T, parse: Callable[[T], Item | Iterable[Item]]) -> tuple[Item, ...]:
    try:
        return _several(parse(raw))
    except (msgspec.DecodeError, UnicodeDecodeError):
        whole: Any = mended(raw) if isinstance(raw, bytes) else raw
        if whole == raw:
            raise
        return tuple(
            msgspec.structs.replace(item, raw=raw) if item.raw == whole else item
            for item in _several(parse(whole))
        )


def _several(parsed: Item | Iterable[Item]) -> tuple[Item, ...]:
    return (parsed,) if isinstance(parsed, Item) else tuple(parsed)


def mended(raw: bytes) -> bytes:
    """JSON with U+FFFD in place of what is no character: wrong UTF-8, half of a surrogate pair.

    Platforms that cut texts to a length cut emojis in two, and msgspec refuses all of such an
    answer, even where the text is only passed over.
    """
    text = raw.decode(errors="replace")
    return _ESCAPES.sub(lambda it: "\\ufffd" if it["half"] else it[0], text).encode()


def describe_by(*names: str) -> Callable[[bytes], tuple[str, bytes]]:
    """Make a `describe` for payloads in JSON: by the first of the fields `names` that holds an id.

    An id is a text that is not empty, or a whole number. What has none goes by a digest of itself,
    so that the same payload is the same `BadItem` at each poll.
    """

    def describe(raw: bytes) -> tuple[str, bytes]:
        told = _fields(raw)
        ids = (told.get(name) for name in names)
        known = next((str(one) for one in ids if _is_id(one)), None)
        return known or hashlib.blake2b(raw, digest_size=12).hexdigest(), raw

    return describe


def _fields(raw: bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(raw.decode(errors="replace"), type=dict[str, object])
    except NOT_JSON:
        return {}


def _is_id(value: object) -> bool:
    return bool(value) if isinstance(value, str) else type(value) is int
