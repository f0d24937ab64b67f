"""Cases, reviews and stock levels into the store; what changed is kept as it was."""

from collections.abc import Callable
from typing import Any, TypeVar

from syncd.ingest.buyers import Buyers
from syncd.ingest.known import Counts, rounds, split
from syncd.model import Case, Review, StockLevel
from syncd.store import IngestTransaction, content_hash

_Told = TypeVar("_Told", Case, Review)


def write_cases(tx: IngestTransaction, platform: str, items: list[Case], counts: Counts) -> None:
    """Store cases under their buyers, and under the order where only a listing is named."""
    _write(tx, platform, items, counts, tx.aftersales.put_cases)
    tx.listings.complained(
        case.source_id for case in items if case.listing_id is not None and case.order_id is None
    )


def write_reviews(
    tx: IngestTransaction, platform: str, items: list[Review], counts: Counts
) -> None:
    """Store reviews under their buyers."""
    _write(tx, platform, items, counts, tx.aftersales.put_reviews)


def write_stock(tx: IngestTransaction, _: str, items: list[StockLevel], counts: Counts) -> None:
    """Store stock levels as they are now."""
    for levels in rounds(items):
        known = tx.aftersales.known(StockLevel, levels)
        new, edited = split("stock_level", levels, known, _digest, counts)
        tx.aftersales.put_stock(new + [(level, digest) for _, level, digest in edited])


def _write(
    tx: IngestTransaction,
    platform: str,
    items: list[_Told],
    counts: Counts,
    put: Callable[[list[tuple[_Told, int | None, bytes, int]]], None],
) -> None:
    kind = type(items[0])
    for told in rounds(items):
        known = tx.aftersales.known(kind, told)
        new, edited = split(str(kind.__struct_config__.tag), told, known, _digest, counts)
        changed = [(item, digest, 1) for item, digest in new]
        changed += [(item, digest, stored.version + 1) for stored, item, digest in edited]
        if not changed:
            continue
        buyers = Buyers(tx, platform, [item.buyer for item, _, _ in changed])
        buyers.store()
        tx.aftersales.keep_versions(kind, [stored for stored, _, _ in edited])
        put(
            [
                (item, buyers.stored(buyers.number(item.buyer)), digest, version)
                for item, digest, version in changed
            ]
        )


def _digest(item: Any) -> bytes:
    names = (name for name in item.__struct_fields__ if name != "raw")
    return content_hash(*(getattr(item, name) for name in names))
