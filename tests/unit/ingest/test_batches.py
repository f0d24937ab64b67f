"""Which batches are written together: many small ones, and no more than memory has room for."""

import threading
from datetime import timedelta

import pytest

from syncd import clock
from syncd.connector import Batch
from syncd.ingest.batches import (
    ENOUGH_BYTES,
    ENOUGH_ITEMS,
    LARGEST_BYTES,
    LARGEST_ITEMS,
    LONGEST_SECONDS,
    Held,
    transactions,
)
from syncd.testing.scripted import batch

PAGE = 100


@pytest.fixture
def held():
    return Held(1)


@pytest.fixture
def page(make):
    """A page of messages of so many bytes each."""

    def made(number, size=0):
        items = [make.message(f"{number}-{n}", raw=b"x" * size) for n in range(PAGE)]
        return batch(*items, page=number)

    return made


def written(pages, held=None, stopping=None):
    several = transactions(iter(pages), stopping or threading.Event(), held or Held(1 << 40))
    return [(len(one.items), one.cursor["page"]) for one, _ in several]


def test_small_ones_are_written_together_up_to_a_number(page):
    full = LARGEST_ITEMS // PAGE
    pages = [page(number) for number in range(full + 1)]

    assert written(pages) == [(LARGEST_ITEMS, full - 1), (PAGE, full)]


def test_those_that_were_only_looked_at_count_as_well():
    numbers = tuple(str(n) for n in range(LARGEST_ITEMS // 2))
    looks = [
        Batch([], {"page": 1}, looked=numbers),
        Batch([], {"page": 2}, unanswered=numbers),
        Batch([], {"page": 3}),
    ]

    assert written(looks) == [(0, 2), (0, 3)]


def test_large_ones_are_written_sooner(page):
    each = LARGEST_BYTES // (PAGE * 2)

    assert written([page(n, each) for n in range(5)]) == [(2 * PAGE, 1), (2 * PAGE, 3), (PAGE, 4)]


def test_slow_ones_are_written_sooner(page, monkeypatch):
    seconds = iter([0.0, 1.0, LONGEST_SECONDS + 0.1, 10.0, 10.1])
    monkeypatch.setattr(clock, "monotonic", lambda: next(seconds))

    assert written([page(n) for n in range(3)]) == [(2 * PAGE, 1), (PAGE, 2)]


def test_where_all_polls_together_hold_too_much_each_writes_what_is_worth_it(page, held):
    enough = ENOUGH_ITEMS // PAGE
    pages = [page(number) for number in range(enough + 1)]

    assert written(pages, held) == [(ENOUGH_ITEMS, enough - 1), (PAGE, enough)]


def test_large_ones_are_worth_it_sooner(page, held):
    assert written([page(n, ENOUGH_BYTES // PAGE) for n in range(2)], held) == [
        (PAGE, 0), (PAGE, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("end", ["whole", "failed", "left"])
def test_what_is_written_is_held_no_more(page, held, end):
    def pages():
        yield page(1, LARGEST_BYTES // PAGE)
        yield page(2)
        if end == "failed":
            raise OSError

    several = transactions(pages(), threading.Event(), held)
    next(several)
    assert held.too_much
    if end == "whole":
        list(several)
    elif end == "failed":
        assert next(several)[0].cursor == {"page": 2}
        with pytest.raises(OSError):  # noqa: PT011  whatever the connector raises
            next(several)
    several.close()
    assert not held.too_much


def test_what_came_before_a_stop_is_written(page):
    stopping = threading.Event()

    def pages():
        yield page(1)
        stopping.set()
        yield page(2)
        yield page(3)

    assert written(pages(), stopping=stopping) == [(2 * PAGE, 2)]


def test_each_comes_with_the_time_before_the_connector_began(page, monkeypatch):
    times = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: times[-1])

    def pages():
        for number in (1, 2):
            times.append(clock.now() + timedelta(minutes=1))
            yield page(number, LARGEST_BYTES // PAGE)

    begun = [at for _, at in transactions(pages(), threading.Event(), Held(1))]
    assert begun == times[:2]
