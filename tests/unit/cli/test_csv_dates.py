from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from syncd.cli.csv_dates import Dates, Unreadable

EVENING = datetime(2026, 3, 1, 18, 30)  # noqa: DTZ001  no zone is told
IN_BERLIN = EVENING.replace(tzinfo=timezone(timedelta(hours=1)))


def dates(*texts: str) -> Dates:
    return Dates(lambda: texts)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-03-01", date(2026, 3, 1)),
        ("2026/3/1", date(2026, 3, 1)),
        ("1.3.2026", date(2026, 3, 1)),
        ("2026-03-01 18:30:00", EVENING),
        ("2026-03-01T18:30", EVENING),
        ("01.03.2026, 18:30", EVENING),
        ("2026-03-01T18:30:00.000+01:00", IN_BERLIN),
        ("2026-03-01 18:30:00 +0100", IN_BERLIN),
        ("2026-03-01T18:30:00Z", EVENING.replace(tzinfo=UTC)),
        ("2026-03-01 18:30:00 UTC", EVENING.replace(tzinfo=UTC)),
    ],
)
def test_what_can_be_meant_in_one_way(text, meant):
    assert dates().read(text) == meant
    assert isinstance(dates().read(text), datetime) is isinstance(meant, datetime)


@pytest.mark.parametrize(
    ("other", "text", "meant"),
    [
        ("13/2/2026", "1/3/2026", date(2026, 3, 1)),
        ("2/13/2026", "3/1/2026", date(2026, 3, 1)),
        ("2/13/2026 1:00 AM", "3/1/2026 6:30 PM", EVENING),
        ("13/02/2026", "01/03/2026 12:05 am", EVENING.replace(hour=0, minute=5)),
    ],
)
def test_the_rest_of_the_file_says_whether_day_or_month_is_first(other, text, meant):
    assert dates("", "2026-01-01", other).read(text) == meant


@pytest.mark.parametrize(
    ("others", "why"),
    [
        (["1/3/2026"], "in no row of the file is the day above 12; write 2026-03-01"),
        (["13/3/2026", "3/13/2026"], "in some rows the day is first, in others the month"),
    ],
)
def test_where_the_file_does_not_say_it_is_asked_for(others, why):
    with pytest.raises(Unreadable, match=why):
        dates(*others).read("1/3/2026")


@pytest.mark.parametrize("text", ["2026-02-30", "30.2.2026", "2026-03-01 25:00", "1.13.2026"])
def test_what_no_calendar_has_is_refused(text):
    with pytest.raises(Unreadable, match="not in the calendar, or not on the clock"):
        dates().read(text)


@pytest.mark.parametrize("text", ["soon", "46082", "1/3/26", "March 1", "2026-03-01T", "2026-"])
def test_what_is_no_date_is_refused_with_an_example(text):
    with pytest.raises(Unreadable, match=r"ISO 8601, such as 2026-03-01 or"):
        dates().read(text)
