"""Streams that are made of lists as `syncd.connector.sweep` walks them."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from syncd.connector.contract import Batch, Cursor
from syncd.connector.sweep import Place, Source, walk


def walk_lists(
    lists: Mapping[str, Source], cursor: Cursor, now: datetime, *, history: timedelta
) -> Iterator[Batch]:
    """Walk one list after the other; the place in each stands in the cursor by the list's name.

    `history` is how far back the first walk of a list begins. What a cursor holds beside these
    names stays in it. Raises what the lists raise.
    """
    for name, source in lists.items():
        for items, reached in walk(source, place_in(cursor, name, source, now, history), now):
            cursor = {**cursor, name: reached.dump()}
            yield Batch(items, cursor)


def place_in(cursor: Cursor, name: str, source: Source, now: datetime, history: timedelta) -> Place:
    """Where a walk of the list `name` goes on, or begins, as far back as the platform can be asked."""
    place = Place.load(cursor[name]) if name in cursor else Place(now - history)
    if source.oldest is None:
        return place
    # The walk asks from the overlap before its place on.
    return place.moved(now - source.oldest + source.overlap, overlap=source.overlap)
