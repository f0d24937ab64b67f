"""Walking a list that changes while it is read, so that an interruption anywhere loses nothing.

For lists whose entries tell when they last changed, and that put an entry elsewhere when it
changes, in an order that need not be known. Such a list is read wholly before it is acted upon, its
entries are handled by their last change, oldest first, and the cursor says: everything that last
changed before `since` has been handled. An entry that changes meanwhile only gets younger, and is
met again behind `since`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from syncd.connector.contract import Cursor
from syncd.connector.paging import Paging, endless
from syncd.connector.times import reached
from syncd.model import Item

# Lists are asked for again from this far before the cursor: equal times, and entries that are
# shown late. What was handled there is known by its mark and not read again.
OVERLAP = timedelta(minutes=5)
MAX_SEEN = 500
# A longer list is asked for in shorter spans of time, so that memory and offsets stay small.
MAX_LISTED = 1000
SHORTEST = timedelta(minutes=1)
PASSES = 4
# Pages in a row that bring only what is known, of a list that changes at every request.
MAX_REPEATS = 100
_EDGE = timedelta(seconds=1)


class Entry(msgspec.Struct, frozen=True):
    """One entry of a list.

    `id` is its id, the same after each change. `stamp` is when it last changed. `mark` is another
    one after each change, and no other entry's: what has a mark that was handled is not read again,
    so it begins with the id. `raw` is the entry as it came. `known` is False where it could not be
    read and the other fields stand in for it; it comes to `Source.read` all the same, which makes a
    BadItem of it (`parse_each` does so by itself).
    """

    id: str
    stamp: datetime
    mark: str
    raw: bytes
    known: bool = True


class Page(msgspec.Struct, frozen=True):
    """A page of a list.

    `entries` may be in any order, twice on it, and none at all. `total` is how many the whole list
    has, by the platform; None where it does not tell, and then a list of several pages is read
    twice, since only that shows whether it stood still. `more` says that a page follows; behind one
    that is said to be the last, but is not by the total, the walk looks all the same. `step` is how
    far the next page lies behind this one. None: as far as the page has entries, so it is only
    needed where some of those that came are left out of `entries`, or, as `Source.limit`, where
    pages have numbers or offsets have to be multiples of it.
    """

    entries: list[Entry]
    total: int | None
    more: bool
    step: int | None = None
    left_out: frozenset[str] = frozenset()
    """Ids of those that came and are not in `entries`, so that a page of nothing else is told from
    the same page again."""


class Source(msgspec.Struct, frozen=True):
    """A list to walk, and how to read the items behind its entries.

    `fetch` gives the page at an offset of what changed from the first time to the second (None: to
    now). Where the list takes no times, or others, it leaves out what changed before the first one,
    which would be read anew at each poll, and may leave in what changed after the second. `read`
    makes items of at most `batch` entries, those that are not `known` among them. `limit` is how
    many entries the platform gives on a page, at the most. `batch` is how many are read between two
    cursors: 1 where each takes a request of its own. `overlap` is how late an entry may be shown
    whose time is before that of one already shown. `oldest` is how far back the list can be asked
    for; None: wholly.
    """

    fetch: Callable[[datetime, datetime | None, int], Page]
    read: Callable[[list[Entry]], list[Item]]
    limit: int
    batch: int
    overlap: timedelta = OVERLAP
    oldest: timedelta | None = None
    horizon: Callable[[datetime], datetime] = lambda now: now
    """Until when the platform can have answered, by its clock and ours: `HttpClient.horizon`."""


class Place(msgspec.Struct, frozen=True):
    """Where a walk stands."""

    since: datetime
    seen: dict[str, datetime] = {}
    """Marks handled within the overlap before `since` or behind it, with their times."""

    @classmethod
    def load(cls, cursor: Cursor) -> "Place":
        """The place a cursor stands for."""
        return msgspec.convert(cursor, cls)

    def dump(self) -> Mapping[str, Any]:
        """The place as a cursor."""
        cursor: Mapping[str, Any] = msgspec.to_builtins(self)
        return cursor

    def moved(
        self, since: datetime, done: Iterable[Entry] = (), overlap: timedelta = OVERLAP
    ) -> "Place":
        """The place after `done`, with everything before `since` handled."""
        since = max(self.since, since)
        marks = self.seen | {one.mark: one.stamp if one.known else since for one in done}
        near = sorted((stamp, mark) for mark, stamp in marks.items() if stamp >= since - overlap)
        return Place(since, {mark: stamp for stamp, mark in near[-MAX_SEEN:]})


def entry_of(
    raw: bytes,
    start: datetime,
    read: Callable[[bytes], Entry],
    describe: Callable[[bytes], tuple[str, bytes]],
) -> Entry:
    """The entry that `read` makes of a payload; one that it cannot read stands at `start`, unknown.

    `read` raises ValueError for it, as msgspec's decoding does; `describe` is that of `parse_each`.
    """
    try:
        return read(raw)
    except ValueError:
        source_id, payload = describe(raw)
        return Entry(source_id, start, f"unreadable {source_id}", payload, known=False)


def latest_first(
    entries: list[Entry], start: datetime, *, more: bool, step: int | None = None
) -> Page:
    """A page of a list that takes no times and is thought to have the latest change first.

    It is the last one once it goes back to before `start`, but only as long as that order is seen
    to be so. `entries` are all that came: those before `start` are left out here. `step` is needed
    where others were left out before, as in `Page`.
    """
    stamps = [entry.stamp for entry in entries]
    past = bool(stamps) and stamps == sorted(stamps, reverse=True) and stamps[-1] < start
    recent = [entry for entry in entries if entry.stamp >= start]
    older = frozenset(entry.id for entry in entries if entry.stamp < start)
    step = step or len({entry.id for entry in entries})
    return Page(recent, None, more and not past, step, older)


def walk(source: Source, place: Place, now: datetime) -> Iterator[tuple[list[Item], Place]]:
    """Yield the items behind all entries that changed since `place`, and the place behind them.

    No place is behind `now` and `Source.horizon`: one entry that is said to have changed in 9999
    would hide all others. Raises what `fetch` and `read` raise, and Unavailable for a list whose
    pages repeat themselves without end.
    """
    held = False
    place = Place(min(place.since, now), place.seen)
    for start, end, first in _spans(source, place.since - source.overlap, now):
        entries, whole = whole_list(source, start, end, first)
        held, limit = held or not whole, source.horizon(now)
        for chunk in _chunks(entries, place, source.batch):
            place = place.moved(
                place.since if held else _come(place, chunk, end, limit), chunk, source.overlap
            )
            yield source.read(chunk), place
        if end is not None and not held:
            place = place.moved(min(end, limit), overlap=source.overlap)
            yield [], place


Span = tuple[datetime, datetime | None]


def _spans(
    source: Source, start: datetime, now: datetime
) -> Iterator[tuple[datetime, datetime | None, Page]]:
    """Time from `start` on in parts that list little, oldest first, each with its first page."""
    spans: list[Span] = [(start, None)]
    while spans:
        begin, end = spans.pop()
        first, length = source.fetch(begin, end, 0), (end or now) - begin
        middle = begin + length / 2
        halves: list[Span] = [(middle - _EDGE, end), (begin, middle)]
        long = (first.total or 0) > MAX_LISTED and length > SHORTEST
        if long and _splits(source, halves, first):
            spans += halves
        else:
            yield begin, end, first


def _splits(source: Source, halves: list[Span], whole: Page) -> bool:
    """Whether a list can be had in two halves.

    One that does not heed the end of a span has in the first half all that it has in both.
    """
    (middle, end), (begin, _) = halves
    if source.fetch(begin, middle, 0).total != whole.total:
        return True
    return not source.fetch(middle, end, 0).total


def _come(place: Place, chunk: list[Entry], end: datetime | None, limit: datetime) -> datetime:
    """An entry listed in a span may have changed after it, and later spans are still to come."""
    far = reached(place.since, (entry.stamp for entry in chunk), limit)
    return far if end is None else min(far, end)


def _chunks(entries: list[Entry], place: Place, size: int) -> list[list[Entry]]:
    fresh = sorted((e for e in entries if e.mark not in place.seen), key=lambda e: (e.stamp, e.id))
    return [fresh[at : at + size] for at in range(0, len(fresh), size)]


def whole_list(
    source: Source, start: datetime, end: datetime | None, first: Page | None = None
) -> tuple[list[Entry], bool]:
    """All entries, and whether none can have slipped from a later page to an earlier one unseen.

    `first` is the first page, where it is already at hand.
    """
    found: dict[str, Entry] = {}
    for number in range(PASSES):
        before = len(found)
        page = first if first and number == 0 else source.fetch(start, end, 0)
        once = _pass(source, start, end, page, found)
        if once.steady:
            return list(found.values()), True
        if number > 0 and len(found) == before:
            once.raise_if_repeated()
            return list(found.values()), True
    return list(found.values()), False


class _Pass(msgspec.Struct, frozen=True):
    """One reading of all pages."""

    steady: bool
    """Whether the list can be trusted to have stood still."""
    repeated: bool
    """Whether one page came twice."""

    def raise_if_repeated(self) -> None:
        """Where as much was missing as before, it is no list that moves on while it is read."""
        if self.repeated:
            raise endless("a list")


def _pass(
    source: Source, start: datetime, end: datetime | None, page: Page, found: dict[str, Entry]
) -> _Pass:
    """Read every page once into `found`."""
    paging, offset, totals = Paging("a list", patience=MAX_REPEATS), 0, {page.total}
    seen = {entry.id: entry for entry in page.entries}
    fresh = paging.turned(_came(page), more=page.more)
    while page.more or (fresh and _ends_early(page, len(seen))):
        offset += _step(page, source.limit)
        page = source.fetch(start, end, offset)
        totals.add(page.total)
        seen.update((entry.id, entry) for entry in page.entries)
        fresh = paging.turned(_came(page), more=page.more)
    found.update(seen)
    whole = len(totals) == 1 and len(seen) >= (page.total or len(seen) + 1)
    return _Pass(offset == 0 or whole, paging.came_twice)


def _came(page: Page) -> Iterator[str]:
    yield from page.left_out
    yield from (entry.id for entry in page.entries)


def _ends_early(page: Page, seen: int) -> bool:
    """Whether a page said to be the last is to be looked behind: the list has more by its total."""
    return bool(page.entries) and page.step is None and seen < (page.total or 0)


def _step(page: Page, limit: int) -> int:
    """What came counts, not what was asked for: platforms give shorter pages than they take."""
    came = len({entry.id for entry in page.entries}) if page.step is None else page.step
    return min(came, limit) or limit
