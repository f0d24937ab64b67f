"""The walk alone, over lists in any order that change at any request and are left at any batch."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from syncd.connector import Unavailable, sweep
from syncd.connector.sweep import Entry, Page, Place, Source, latest_first, walk
from syncd.model import BadItem

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ORDERS = {
    "newest first": lambda entry: -entry.stamp.timestamp(),
    "oldest first": lambda entry: entry.stamp.timestamp(),
    "by id": lambda entry: entry.id,
}


class World:
    """A list of entries, one of which is changed or added before each request that says so."""

    def __init__(self, count, order, happenings, *, by_any_change=False):
        self.now = BEGAN
        self.by_any_change = by_any_change
        self.history = {}
        self.order = ORDERS[order]
        self.happenings = happenings
        self.entries = {}
        self.read = set()
        for number in range(count):
            self.touch(number)

    def touch(self, number):
        self.now += timedelta(minutes=10)
        name = f"{number:03d}"
        self.history.setdefault(name, []).append(self.now)
        self.entries[name] = Entry(name, self.now, f"{name}@{self.now:%H%M %j}", b"")

    def fetch(self, start, end, offset):
        happening = self.happenings.pop() if self.happenings else None
        if happening is not None:
            self.touch(happening)
        fits = [e for e in self.entries.values() if self.within(e, start, end)]
        fits.sort(key=self.order)
        return Page(fits[offset : offset + 5], len(fits), more=offset + 5 < len(fits))

    def within(self, entry, start, end):
        """EBay does not say whether an older message also puts a conversation into a span."""
        stamps = self.history[entry.id] if self.by_any_change else [entry.stamp]
        return any(start < stamp and (end is None or stamp < end) for stamp in stamps)

    def take(self, entries):
        """Reads what the entries are now, as reading a whole conversation does."""
        self.read |= {self.entries[entry.id].mark for entry in entries}
        return [BadItem(source_id=entry.id, reason="") for entry in entries]

    def poll(self, place, batches=None):
        source = Source(self.fetch, self.take, limit=5, batch=3)
        for _, reached in islice(walk(source, place, self.now), batches):
            place = reached
        return place


@pytest.fixture(autouse=True, scope="module")
def _short_lists():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep, "MAX_LISTED", 12)
        yield


@settings(deadline=None, max_examples=200)
@given(
    order=st.sampled_from(sorted(ORDERS)),
    count=st.integers(0, 40),
    happenings=st.lists(st.none() | st.integers(0, 45), max_size=60),
    interruptions=st.lists(st.integers(0, 6), max_size=8),
    by_any_change=st.booleans(),
)
def test_everything_is_read_in_the_end(order, count, happenings, interruptions, by_any_change):
    world = World(count, order, happenings, by_any_change=by_any_change)
    place = Place(BEGAN)
    for batches in interruptions:
        place = Place.load(world.poll(place, batches).dump())
    world.happenings.clear()
    place = world.poll(place)
    assert {entry.mark for entry in world.entries.values()} <= world.read
    world.read.clear()
    world.poll(place)
    assert world.read == set()


def test_the_cursor_never_goes_back():
    world = World(40, "newest first", [])
    source = Source(world.fetch, world.take, limit=5, batch=3)
    reached = [place.since for _, place in walk(source, Place(BEGAN), world.now)]
    assert reached == sorted(reached)
    assert len(set(reached)) > 10


@pytest.mark.parametrize("order", sorted(ORDERS))
def test_an_entry_from_the_far_future_hides_none(order):
    world = World(3, order, [])
    never = datetime(9999, 12, 31, tzinfo=UTC)
    world.entries["bad"] = Entry("bad", never, "bad@never", b"")
    world.history["bad"] = [never]
    place = Place.load(world.poll(Place(BEGAN)).dump())
    world.read.clear()
    for number in (3, 4):
        world.touch(number)
        place = world.poll(place)
    assert world.read == {world.entries["003"].mark, world.entries["004"].mark}


def test_an_entry_ahead_of_the_platforms_clock_hides_none():
    """Ours is half an hour fast."""
    world = World(1, "by id", [])
    odd = world.now + timedelta(minutes=20)
    world.entries["odd"], world.history["odd"] = Entry("odd", odd, "odd", b""), [odd]
    source = Source(
        world.fetch, world.take, limit=5, batch=3, horizon=lambda _, told=world.now: told
    )
    *_, (_, place) = walk(source, Place(BEGAN), world.now + timedelta(minutes=30))
    world.touch(1)
    list(walk(source, place, world.now + timedelta(minutes=30)))
    assert world.entries["001"].mark in world.read


def test_a_cursor_in_the_far_future_is_taken_back():
    world = World(0, "by id", [])
    place = world.poll(Place(datetime(9999, 12, 31, tzinfo=UTC)))
    world.touch(1)
    world.poll(place)
    assert len(world.read) == 1


class Listed:
    """A platform giving `size` entries a page whatever is asked for, of which it has `count`."""

    def __init__(self, count, size):
        self.entries = [
            Entry(f"{n:04d}", BEGAN + timedelta(minutes=n + 1), f"{n:04d}", b"")
            for n in range(count)
        ]
        self.now = BEGAN + timedelta(minutes=count + 1)
        self.size = size
        self.asked = []

    def fetch(self, start, end, offset):
        """Heeds both times."""
        self.asked.append(offset)
        fits = [e for e in self.entries if start < e.stamp and (end is None or e.stamp < end)]
        found = fits[offset : offset + self.size]
        return Page(found, len(fits), offset + self.size < len(fits))

    def ids(self, fetch, limit):
        def read(entries):
            return [BadItem(source_id=entry.id, reason="") for entry in entries]

        source = Source(fetch, read, limit=limit, batch=50)
        return [one.source_id for items, _ in walk(source, Place(BEGAN), self.now) for one in items]

    @property
    def all(self):
        return [entry.id for entry in self.entries]


def test_pages_shorter_than_what_was_asked_for_lose_nothing():
    shop = Listed(7, size=2)
    assert shop.ids(shop.fetch, limit=100) == shop.all
    assert shop.asked == [0, 2, 4, 6]


def test_an_entry_left_out_of_a_page_is_stepped_over():
    shop = Listed(9, size=3)

    def fetch(start, end, offset):
        page = shop.fetch(start, end, offset)
        spoken = [entry for entry in page.entries if entry.id != "0001"]
        return latest_first(spoken, start, more=page.more, step=len(page.entries))

    assert shop.ids(fetch, limit=3) == [one for one in shop.all if one != "0001"]
    assert shop.asked == [0, 3, 6] * 2  # twice: there is no total


def test_pages_by_number_step_by_their_length():
    shop = Listed(9, size=3)

    def fetch(start, end, offset):
        page = shop.fetch(start, end, offset // 3 * 3)
        gone = [entry for entry in page.entries if entry.id != "0001"]
        return Page(gone, page.total, page.more, step=3)

    assert set(shop.ids(fetch, limit=3)) == set(shop.all) - {"0001"}
    assert shop.asked == [0, 3, 6] * 2  # twice: one of nine was missing


def test_an_empty_page_is_not_the_end_where_more_follows():
    shop = Listed(6, size=2)

    def fetch(start, end, offset):
        page = shop.fetch(start, end, offset)
        return page if offset else Page([], page.total, more=True)

    assert shop.ids(fetch, limit=2) == shop.all[2:]


@pytest.mark.parametrize("limit", [2, 50])
def test_a_page_said_to_be_the_last_is_looked_behind_until_the_total(limit):
    shop = Listed(9, size=2)

    def fetch(start, end, offset):
        page = shop.fetch(start, end, offset)
        return Page([*page.entries, *page.entries], 9, more=False)

    assert shop.ids(fetch, limit=limit) == shop.all


def test_a_total_that_counts_too_much_is_no_reason_to_go_on_for_ever():
    shop = Listed(5, size=2)

    def fetch(start, end, offset):
        page = shop.fetch(start, end, offset)
        return Page(page.entries, 7, page.more)

    assert shop.ids(fetch, limit=2) == shop.all
    assert shop.asked == [0, 2, 4, 5] * 2


def test_a_list_of_old_entries_that_comes_again_and_again_is_refused():
    """They are in no order, so that nothing tells that the rest is older still."""
    old = [Entry(str(n), BEGAN - timedelta(days=n), str(n), b"") for n in (2, 1, 3)]
    page = latest_first(old, BEGAN, more=True)
    source = Source(lambda *_: page, lambda _: [], limit=3, batch=3)
    with pytest.raises(Unavailable, match="again and again"):
        list(walk(source, Place(BEGAN + sweep.OVERLAP), BEGAN + timedelta(days=1)))


@pytest.mark.parametrize("more", [True, False])
def test_a_list_that_does_not_heed_the_offset_is_refused(more):
    """Also where no page says that more follow, but the total does."""
    shop = Listed(9, size=2)

    def fetch(start, end, offset):
        del offset
        return replace(shop.fetch(start, end, 0), more=more)

    with pytest.raises(Unavailable, match="again and again"):
        shop.ids(fetch, limit=2)


@pytest.mark.parametrize("backwards", [False, True])
def test_a_list_without_an_upper_end_is_read_once(backwards):
    shop = Listed(60, size=10)
    if backwards:
        shop.entries.reverse()

    def fetch(start, end, offset):
        del end
        return shop.fetch(start, None, offset)

    assert sorted(shop.ids(fetch, limit=10)) == sorted(shop.all)
    assert len(shop.asked) == 6 + 2


def test_a_list_with_an_upper_end_is_read_in_spans():
    shop = Listed(60, size=10)
    assert list(dict.fromkeys(shop.ids(shop.fetch, limit=10))) == shop.all
    assert max(shop.asked) < sweep.MAX_LISTED
