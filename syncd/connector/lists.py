"""Streams that are made of lists as `syncd.connector.sweep` walks them."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from syncd.connector.contract import Batch, Cursor
from syncd.connector.sweep import Place, Source, walk


def walk_lists(
    lists: Mapping[str, Source], cursor: Cursor, now: datetime, *, history: timedelta
) -> Iterator[Batch]:
    """Walk one list after the other; the place in each stands in the cursor by the list's name.

    `history` is how far back the first walk of a list begins, but not before its `Source.oldest`.
    What a cursor holds beside these names stays in it. Raises what the lists raise.
    """
    for name, source in lists.items():
        place = place_in(cursor, name, now - history)
        if source.oldest is not None:
            # The walk asks from the overlap before its place on.
            reach = now - source.oldest + source.overlap
            place = place.moved(reach, overlap=source.overlap)
        for items, reached in walk(source, place, now):
            cursor = {**cursor, name: reached.dump()}
            yield Batch(items, cursor)


def place_in(cursor: Cursor, name: str, begin: datetime) -> Place:
    """The place that a cursor has for a list's name; that of `begin` where there is none yet."""
    return Place.load(cursor[name]) if name in cursor else Place(begin)
