"""Pages that never end, and cursors that would go further than the platform can have told."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.connector import Paging, Unavailable, reached

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def turn(*pages, patience=3):
    """Shows pages, each with what leads on from it; an empty word is the end."""
    paging = Paging("the list", patience=patience)
    return [paging.turned(came, more=to != "", to=to or None) for came, to in pages]


def test_what_is_new_on_a_page_is_told():
    assert turn(("ab", "1"), ("bc", "2"), ("", "3"), ("ca", "")) == [True, True, False, False]


@pytest.mark.parametrize("way", ["11", "1231"])
def test_what_leads_on_is_there_once(way):
    pages = [(str(number), to) for number, to in enumerate(way)]
    with pytest.raises(Unavailable, match="the list: the platform gives the same page again"):
        turn(*pages)


@pytest.mark.parametrize("came", ["ab", "a", ""])
def test_pages_with_nothing_new_end(came):
    pages = [("ab", "0"), *((came, str(number)) for number in range(1, 5))]
    assert turn(*pages[:-1]) == [True, False, False, False]
    with pytest.raises(Unavailable):
        turn(*pages)
    assert len(turn(*pages, patience=4)) == 5


def test_the_last_page_may_bring_anything():
    assert turn(("a", "1"), *[("a", str(n)) for n in range(2, 5)], ("a", ""))[-1] is False


def test_a_cursor_goes_to_the_latest_that_is_believed():
    early, late, ahead = (NOON + timedelta(minutes=n) for n in (-9, -3, 1))
    assert reached(early, [late, ahead, NOON, early], NOON) == NOON
    assert reached(late, [early, ahead], NOON) == late
