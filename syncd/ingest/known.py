"""What of a batch is new, what changed, and what is there already."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from syncd.model import Case, Message, Order, Review, Shipment, StockLevel, TrackingEvent
from syncd.store import Stored

Counts = Counter[tuple[str, str]]
"""How many items, by kind (``message`` …) and result (``new``, ``edited``, ``repeated`` …)."""

_Item = TypeVar("_Item", Message, Order, Shipment, TrackingEvent, Case, Review, StockLevel)


def rounds(items: Iterable[_Item]) -> Iterator[dict[str, _Item]]:
    """Items by source id; one that comes twice in a batch, edited meanwhile, gets a later round."""
    waiting = list(items)
    while waiting:
        now: dict[str, _Item] = {}
        later = []
        for item in waiting:
            if item.source_id in now:
                later.append(item)
            else:
                now[item.source_id] = item
        yield now
        waiting = later


def split(
    kind: str,
    items: dict[str, _Item],
    known: dict[str, Stored],
    digest: Callable[[_Item], bytes],
    counts: Counts,
) -> tuple[list[tuple[_Item, bytes]], list[tuple[Stored, _Item, bytes]]]:
    """What is new, and what changed; the rest is counted as repeated."""
    new: list[tuple[_Item, bytes]] = []
    edited: list[tuple[Stored, _Item, bytes]] = []
    for source_id, item in items.items():
        stored, found = known.get(source_id), digest(item)
        if stored is None:
            new.append((item, found))
        elif stored.content_hash != found:
            edited.append((stored, item, found))
    counts[kind, "new"] += len(new)
    counts[kind, "edited"] += len(edited)
    counts[kind, "repeated"] += len(items) - len(new) - len(edited)
    return new, edited
