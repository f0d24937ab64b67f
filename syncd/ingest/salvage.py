"""Storing a batch in which some item cannot be stored: that one is quarantined, the rest goes on.

Mail holds NUL bytes and halves of characters, connectors have bugs, and one such item must not
stop its stream for ever. The usual batch pays nothing for it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import tenacity

from syncd import clock
from syncd.connector import Cursor
from syncd.ingest.known import Counts
from syncd.ingest.looks import Looks, note_looks
from syncd.ingest.write import write
from syncd.model import BadItem, Item
from syncd.model.base import Value
from syncd.store import Claim, Clash, Store, TryAgain, Unstorable

# Two polls that meet the same buyers at the same time: the later one finds them stored.
_AGAIN = tenacity.Retrying(
    stop=tenacity.stop_after_attempt(5),
    retry=tenacity.retry_if_exception_type(TryAgain),
    reraise=True,
)

# So many items of which not one can be stored are not all bad: something else is wrong.
_SUSPICIOUS = 10

# Characters: PostgreSQL's indexes take 2,700 bytes.
_LONGEST_ID = 500

_NONE = Looks()


def salvage(
    store: Store,
    claim: Claim,
    platform: str,
    items: Sequence[Item],
    cursor: Cursor,
    *,
    looks: Looks = _NONE,
) -> Counts:
    """Write `items` and the cursor in one transaction; where that fails, all that can be stored.

    `looks` are the tracking numbers that were asked about. In the second case the cursor is stored
    last, so that nothing is lost by a crash in between. Raises StaleClaim, what the database itself
    raises, and Unstorable where not one of many items can be stored.
    """
    try:
        return _write(store, claim, platform, items, cursor, looks=looks)
    except Unstorable:
        counts: Counts = Counter()
        clean = [storable(item) for item in items]
        bad = [*_halved(store, claim, platform, clean, counts)]
        if len(bad) == len(items) >= _SUSPICIOUS:  # a bug, and no item's fault
            raise
        had, unanswered = (storable(tuple(each)) for each in (looks.had, looks.unanswered))
        clean_looks = looks._replace(had=had, unanswered=unanswered)
        counts.update(_write(store, claim, platform, bad, cursor, looks=clean_looks))
        return counts


def _write(
    store: Store,
    claim: Claim,
    platform: str,
    items: Sequence[Item],
    cursor: Cursor | None,
    *,
    looks: Looks = _NONE,
) -> Counts:
    try:
        for attempt in _AGAIN:
            with attempt, store.ingest.batch(claim, clock.now()) as tx:
                ahead = attempt.retry_state.attempt_number == 1
                counts = write(tx, platform, items, ahead=ahead)
                note_looks(tx, looks, items)
                if cursor is not None:
                    tx.save_cursor(cursor)
    except Clash as error:  # with itself, then
        raise Unstorable(str(error)) from error
    return counts


def _halved(
    store: Store, claim: Claim, platform: str, items: Sequence[Item], counts: Counts
) -> Iterator[BadItem]:
    """Write what can be written; yields the rest."""
    try:
        counts.update(_write(store, claim, platform, items, None))
    except Unstorable as error:
        if len(items) == 1:
            yield _bad(items[0], error)
            return
        middle = len(items) // 2
        for half in (items[:middle], items[middle:]):
            yield from _halved(store, claim, platform, half, counts)


def _bad(item: Item, error: Unstorable) -> BadItem:
    raw = item.raw if isinstance(item.raw, bytes) else b""
    reason = f"cannot be stored: {error}"
    # An id may be what fits no index, of which the quarantine has one, too.
    source_id = str(item.source_id)[:_LONGEST_ID]
    bad: BadItem = storable(BadItem(source_id=source_id, reason=reason, raw=raw))
    return bad


def storable(value: Any) -> Any:
    """`value` without characters that no database takes: NUL, and halves of a surrogate pair."""
    if type(value) is str:
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, tuple):
        return tuple(storable(each) for each in value)
    if isinstance(value, Value):
        fields = {name: storable(getattr(value, name)) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    return value
