"""The guards: when silence counts, and when a notice has to wait for a look."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.config import FreshLook, StaleSource
from syncd.rules.guards import Source, ask_again, look_first, stale_since

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STALE = StaleSource(after=24 * HOUR)
FRESH = FreshLook(within=HOUR / 2)


def heard(hours, *, failing=False):
    """A source that last answered so many hours ago."""
    return Source("shop", NOW - hours * HOUR, NOW - HOUR if failing else None)


class TestStale:
    def test_a_source_is_stale_when_it_has_been_silent_for_so_long(self):
        assert stale_since([heard(23)], STALE, NOW) is None
        assert stale_since([heard(24)], STALE, NOW) == NOW
        assert stale_since([heard(25)], STALE, NOW) == NOW - HOUR

    def test_one_that_was_heard_of_is_enough(self):
        assert stale_since([heard(100), heard(1)], STALE, NOW) is None

    def test_several_are_stale_since_the_last_of_them_is(self):
        assert stale_since([heard(100), heard(30)], STALE, NOW) == NOW - 6 * HOUR

    def test_one_that_never_answered_says_nothing_by_its_silence(self):
        assert stale_since([Source("new")], STALE, NOW) == NOW
        failing = Source("new", failing_since=NOW - HOUR)
        assert stale_since([failing], STALE, NOW) == NOW - HOUR

    def test_a_parcel_that_nobody_tells_of_is_not_waited_for(self):
        assert stale_since([], STALE, NOW) is None

    def test_it_can_be_switched_off(self):
        assert stale_since([heard(100)], StaleSource(enabled=False), NOW) is None

    @pytest.mark.parametrize(
        ("stale_for", "wait"),
        [
            (timedelta(0), timedelta(seconds=15)),
            (8 * timedelta(minutes=1), timedelta(minutes=2)),
            (100 * HOUR, timedelta(minutes=15)),
        ],
    )
    def test_the_longer_it_lasts_the_less_often_it_is_asked(self, stale_for, wait):
        assert ask_again(NOW - stale_for, NOW) == NOW + wait


class TestLook:
    def test_a_fresh_look_is_enough(self):
        assert look_first([heard(0)], NOW - HOUR / 2, FRESH, NOW) is None

    @pytest.mark.parametrize("looked_at", [None, NOW - HOUR])
    def test_an_old_one_or_none_is_waited_for(self, looked_at):
        assert look_first([heard(0)], looked_at, FRESH, NOW) == NOW + timedelta(minutes=1)

    def test_where_every_source_fails_none_is_waited_for(self):
        assert look_first([heard(2, failing=True)], NOW - 2 * HOUR, FRESH, NOW) is None
        both = [heard(2, failing=True), heard(2)]
        assert look_first(both, NOW - 2 * HOUR, FRESH, NOW) is not None

    def test_without_a_source_none_is_waited_for(self):
        assert look_first([], None, FRESH, NOW) is None

    def test_it_can_be_switched_off(self):
        assert look_first([heard(0)], None, FreshLook(enabled=False), NOW) is None
