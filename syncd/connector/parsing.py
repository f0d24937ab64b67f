"""Parsing payloads one by one, so that a bad one stops no other."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from syncd.model import BadItem, Item

T = TypeVar("T")


def parse_each(
    raws: Iterable[T],
    parse: Callable[[T], Item | Iterable[Item]],
    describe: Callable[[T], tuple[str, bytes]],
) -> Iterator[Item]:
    """Parse one payload after the other; one that fails becomes a `BadItem`, the rest goes on.

    `describe` gives a payload's source id and bytes, and must not fail.
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
