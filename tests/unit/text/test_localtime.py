"""Nobody is written to at night, wherever they live and whatever their clocks do."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.text.localtime import CLOSES, OPENS, next_daytime, zones

COUNTRIES = (
    "AR", "AU", "BR", "CA", "CL", "CN", "DE", "EG", "ES", "FR", "GB", "GL", "HK", "ID", "IE", "IL",
    "IR", "JP", "KI", "KZ", "LY", "MA", "MX", "NP", "NZ", "PF", "PL", "PT", "RU", "TR", "UA", "US", "ZA",
)  # fmt: skip
MOMENTS = st.integers(0, 12 * 366 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "country", "state", "sent"),
    [
        ("2026-11-21T10:00", "DE", None, "2026-11-21T10:00"),
        ("2026-11-21T20:00", "DE", None, "2026-11-22T07:00"),
        ("2026-11-21T19:59:59", "DE", None, "2026-11-21T19:59:59"),
        ("2026-11-21T02:00", "JP", None, "2026-11-21T02:00"),
        ("2026-11-21T15:00", "JP", None, "2026-11-21T23:00"),
        # Honolulu has to be awake as well, unless the state is known.
        ("2026-11-21T14:00", "US", None, "2026-11-21T18:00"),
        ("2026-11-21T14:00", "US", "NY", "2026-11-21T14:00"),
        ("2026-11-21T14:00", "US", "new york", "2026-11-21T14:00"),
        ("2026-11-21T14:00", "US", "US-CA", "2026-11-21T16:00"),
        ("2026-11-21T14:00", "US", "no such state", "2026-11-21T18:00"),
        ("2026-11-21T10:30", "BR", "São Paulo", "2026-11-21T11:00"),
        ("2026-11-21T10:30", "BR", "Acre", "2026-11-21T13:00"),
        ("2026-11-21T00:00", "AU", "WA", "2026-11-21T00:00"),
        ("2026-11-21T12:00", "CA", "québec", "2026-11-21T13:00"),
        # From Kaliningrad to Kamchatka only three hours are day.
        ("2026-11-21T10:00", "RU", None, "2026-11-22T06:00"),
        # An unknown country counts as UTC.
        ("2026-11-21T03:00", None, None, "2026-11-21T08:00"),
        ("2026-11-21T03:00", "ZZ", None, "2026-11-21T08:00"),
    ],
)
def test_the_next_daytime(now, country, state, sent):
    assert next_daytime(at(now), country, state) == at(sent)


@pytest.mark.parametrize(
    ("now", "sent"),
    [
        ("2026-03-28T21:00", "2026-03-29T06:00"),  # the clock goes forward in the night
        ("2026-10-24T21:00", "2026-10-25T07:00"),  # and back
    ],
)
def test_the_night_in_which_the_clock_changes(now, sent):
    assert next_daytime(at(now), "DE") == at(sent)


def test_where_day_and_night_overlap_the_most_people_count():
    moment = next_daytime(at("2026-11-21T00:00"), "RU", closes=time(17))

    assert moment.astimezone(ZoneInfo("Europe/Moscow")).time() == time(8)


def test_islands_without_residents_do_not_count():
    assert "Antarctica/Macquarie" not in {zone.key for zone in zones("AU")}
    assert {zone.key for zone in zones("CN")} == {"Asia/Shanghai"}


def test_a_day_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="must open before it closes"):
        next_daytime(at("2026-11-21T00:00"), "DE", opens=time(21), closes=time(8))


@given(
    now=MOMENTS,
    country=st.sampled_from(COUNTRIES),
)
def test_it_is_day_everywhere_and_soon(now, country):
    moment = next_daytime(now, country)

    assert now <= moment <= now + timedelta(hours=25)
    assert all(OPENS <= moment.astimezone(zone).time() < CLOSES for zone in zones(country))


@given(
    now=MOMENTS,
    country=st.sampled_from(COUNTRIES),
    opens=st.integers(0, 12),
    hours=st.integers(1, 11),
)
def test_any_hours_are_kept_somewhere_in_the_country(now, country, opens, hours):
    begin, end = time(opens, 30), time(opens + hours, 15)

    moment = next_daytime(now, country, opens=begin, closes=end)

    assert now <= moment <= now + timedelta(hours=25)
    assert any(begin <= moment.astimezone(zone).time() < end for zone in zones(country))


@given(now=MOMENTS)
def test_asking_again_at_that_moment_changes_nothing(now):
    moment = next_daytime(now, "US")

    assert next_daytime(moment, "US") == moment


def test_what_buyers_write_for_a_state_takes_no_memory_for_ever():
    for number in range(5000):
        zones("GB", f"county {number}")
    assert zones.cache_info().currsize < 5000
    zones.cache_clear()
