"""Walking pages of tokens, on made-up lists."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.connector import Rejected, Unavailable
from syncd.connector.sweep import Entry
from syncd_amazon.pages import OVERLAP, Page, Place, Source
from syncd_amazon.pages import walk as walk_source

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def at(minutes):
    return NOON + timedelta(minutes=minutes)


def entry(name, minutes, *, known=True):
    return Entry(name, at(minutes), f"{name}@{minutes}", name.encode(), known=known)


def walk(fetch, read, place, start):
    return walk_source(Source(fetch, read, lambda: at(60)), place, start)


def run(pages, place=None, start=NOON):
    """The ids of each batch, and the last place; `pages` are by their tokens."""
    batches = []
    for items, reached in walk(
        lambda _, token: pages[token], lambda one: [one.id], place or Place(NOON), start
    ):
        batches.append(items)
        place = reached
    return batches, place


def test_the_first_page_says_how_far_the_walk_goes():
    """What changes while the pages are read may be missing on them."""
    first = Page([entry("a", 1)], "2", until=at(10))
    _, place = run({None: first, "2": Page([entry("b", 2)], None, until=at(13))})
    assert place.since == at(10)


def test_without_such_a_time_it_goes_to_the_youngest_entry_of_all_pages():
    batches, place = run({None: Page([entry("a", 9)], "2"), "2": Page([entry("b", 2)])})
    assert batches == [["a"], ["b"]]
    assert place.since == at(9)


@pytest.mark.parametrize("until", [None, at(500_000)])
def test_nothing_dated_ahead_hides_what_comes_until_then(until):
    """Neither an odd entry nor Amazon's word for how far it looked."""
    _, place = run({None: Page([entry("a", 9), entry("odd", 500_000)], None, until)})
    assert place.since == (at(60) if until else at(9))


def test_it_never_goes_back():
    _, place = run({None: Page([entry("a", -30)], None, until=at(-20))})
    assert place.since == NOON


def test_marks_are_kept_as_long_as_the_overlap():
    old, young = entry("a", 4), entry("b", 6)
    _, place = run({None: Page([old, young], None, until=at(10))})
    assert set(place.seen) == {young.mark}
    assert at(10) - OVERLAP == at(5)


def test_an_entry_that_cannot_be_read_is_remembered_as_if_it_were_young():
    odd = entry("odd", -10_000, known=False)
    _, place = run({None: Page([odd], None, until=at(10))})
    assert set(place.seen) == {odd.mark}


def test_a_mark_that_was_handled_is_not_read_again():
    place = Place(NOON, {"a@1": at(1)})
    batches, _ = run({None: Page([entry("a", 1), entry("a", 2)])}, place)
    assert batches == [["a"]]


def test_entries_of_a_page_are_read_oldest_first():
    batches, _ = run({None: Page([entry("b", 2), entry("c", 3), entry("a", 1)])})
    assert batches == [["a", "b", "c"]]


@pytest.mark.parametrize("last", ["2", "1"])
def test_pages_that_lead_to_one_another_end_the_poll(last):
    pages = {None: Page([], "1"), "1": Page([], "2"), "2": Page([], last)}
    with pytest.raises(Unavailable, match="again and again"):
        run(pages)


def test_a_page_that_comes_again_under_other_tokens_does_so_over_many_polls():
    """Amazon's quota of searches lets a poll read one page or two."""
    place, tokens = Place(NOON), iter(range(100))

    def fetch(start, token):
        return Page([entry("a", 1)], str(next(tokens)))

    for _ in range(4):
        _, place = next(walk(fetch, lambda one: [one.id], place, NOON))
    with pytest.raises(Unavailable, match="again and again"):
        next(walk(fetch, lambda one: [one.id], place, NOON))
    assert place.since == NOON


def test_a_cursor_in_the_middle_holds_the_walk():
    pages = {None: Page([entry("a", 1)], "2", until=at(10)), "2": Page([entry("b", 2)])}
    _, place = next(walk(lambda _, t: pages[t], lambda one: [one.id], Place(NOON), at(-5)))
    cursor = dict(place.dump())
    assert (cursor["since"], cursor["token"]) == ("2026-03-02T12:00:00Z", "2")
    asked = []

    def fetch(start, token):
        asked.append((start, token))
        return pages[token]

    [(items, end)] = walk(fetch, lambda one: [one.id], Place.load(cursor), at(500))
    assert asked == [(at(-5), "2")]
    assert items == ["b"]
    assert (end.since, end.token, end.start) == (at(10), None, None)


def test_a_refusal_of_the_first_page_is_told():
    def refuse(start, token):
        raise Rejected("InvalidInput")

    with pytest.raises(Unavailable, match="InvalidInput"):
        next(walk(refuse, lambda one: [one.id], Place(NOON), NOON))
