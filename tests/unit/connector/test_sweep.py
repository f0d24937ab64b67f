"""The walk alone, over lists in any order that change at any request and are left at any batch."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.connector import sweep
from syncd.connector.sweep import Entry, Page, Place, Source, walk
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
