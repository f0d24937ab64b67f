"""Parsing payloads one by one, so that a bad one stops no other."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import msgspec

from syncd.model import BadItem, Item

T = TypeVar("T")

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
    """
    for raw in raws:
        try:
            parsed = parse(raw)
            yield from (parsed,) if isinstance(parsed, Item) else tuple(parsed)
        except Exception as error:  # noqa: BLE001  the plug-in boundary: any parser bug is this item's
            source_id, payload = describe(raw)
            yield BadItem(
                source_id=source_id, reason=f"{type(error).__name__}: {error}", raw=payload
            )


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
