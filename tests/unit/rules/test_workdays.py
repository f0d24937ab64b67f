"""Working time: week-ends and public holidays of either country do not count."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.rules.workdays import later


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
COUNTRIES = st.lists(
    st.sampled_from(["DE", "CN", "US", "SA", "JP", "BR", "XX", None]), max_size=2
).map(tuple)
MOMENTS = st.integers(0, 24 * 3650).map(lambda hours: at("2020-01-01") + hours * HOUR)
SPANS = st.integers(0, 24 * 20).map(lambda hours: hours * HOUR)


@pytest.mark.parametrize(
    ("begins", "span", "countries", "ends"),
    [
        pytest.param("2026-03-10 12:00", 2 * DAY, ("DE",), "2026-03-12 12:00", id="mid-week"),
        pytest.param("2026-03-13 12:00", 1 * DAY, ("DE",), "2026-03-16 12:00", id="week-end"),
        pytest.param("2026-03-13 12:00", 5 * DAY, (), "2026-03-20 12:00", id="no country"),
        pytest.param("2026-03-14 15:00", 1 * DAY, ("DE",), "2026-03-17 00:00", id="from Saturday"),
        pytest.param("2026-03-13 20:00", 6 * HOUR, ("DE",), "2026-03-16 02:00", id="past midnight"),
        pytest.param("2026-04-02 12:00", 1 * DAY, ("DE",), "2026-04-07 12:00", id="Easter"),
        pytest.param("2026-04-02 12:00", 1 * DAY, ("US",), "2026-04-03 12:00", id="none in the US"),
        pytest.param("2026-03-12 12:00", 1 * DAY, ("SA",), "2026-03-15 12:00", id="Friday is free"),
        pytest.param("2026-03-12 12:00", 1 * DAY, ("SA", "DE"), "2026-03-16 12:00", id="both"),
        pytest.param("2025-09-30 12:00", 1 * DAY, ("CN",), "2025-10-09 12:00", id="Golden Week"),
        pytest.param("2025-09-26 12:00", 1 * DAY, ("CN",), "2025-09-28 12:00", id="worked Sunday"),
        pytest.param("2026-03-13 12:00", 1 * DAY, ("XX",), "2026-03-16 12:00", id="no such country"),
        pytest.param("2026-03-14 12:00", 0 * DAY, ("DE",), "2026-03-16 00:00", id="nothing, free"),
        pytest.param("2026-12-31 12:00", 1 * DAY, ("DE",), "2027-01-04 12:00", id="year's end"),
    ],
)  # fmt: skip
def test_free_days_do_not_count(begins, span, countries, ends):
    assert later(at(begins), span, countries) == at(ends)


@given(MOMENTS, SPANS, COUNTRIES)
def test_it_is_never_sooner_than_by_the_calendar(moment, span, countries):
    assert later(moment, span, countries) >= moment + span


@given(MOMENTS, st.integers(0, 100), SPANS, COUNTRIES)
def test_what_begins_later_ends_no_sooner(moment, hours, span, countries):
    assert later(moment, span, countries) <= later(moment + hours * HOUR, span, countries)


@given(MOMENTS, SPANS, st.integers(0, 100), COUNTRIES)
def test_a_longer_span_ends_no_sooner(moment, span, hours, countries):
    assert later(moment, span, countries) <= later(moment, span + hours * HOUR, countries)
