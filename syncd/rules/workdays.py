"""Working time: what is left of a span when week-ends and public holidays do not count.

Where a parcel goes from one country to another, a day counts only if people work in both. Days are
UTC's, which is wrong by some hours at either end of a span of days.
"""

from calendar import isleap
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loading it takes longer than syncd takes to say --help
    from holidays import HolidayBase

Countries = tuple[str | None, ...]

_DAY = timedelta(days=1)


def later(moment: datetime, span: timedelta, countries: Countries) -> datetime:
    """`moment` plus `span` of working time in all of `countries` (ISO 3166-1 alpha-2).

    A moment on a free day counts as the beginning of the next working day. Of a country that is
    not known, Saturdays and Sundays are free.
    """
    day, clock = moment.date(), moment.timetz()
    opens = _working_day(day, 0, countries)
    if opens != day:
        day, clock = opens, time(tzinfo=UTC)
    days, rest = divmod(datetime.combine(_EPOCH, clock) + span - _ORIGIN, _DAY)
    return datetime.combine(_working_day(day, days, countries), time(tzinfo=UTC)) + rest


_EPOCH = date(2000, 1, 1)
_ORIGIN = datetime.combine(_EPOCH, time(tzinfo=UTC))


@lru_cache(maxsize=50_000)
def _working_day(day: date, number: int, countries: Countries) -> date:
    """The working day that comes `number` working days after the first one from `day` on."""
    while True:
        if works(day, countries):
            if number == 0:
                return day
            number -= 1
        day += _DAY


def works(day: date, countries: Countries) -> bool:
    """Whether people work that day in all of `countries`."""
    return not any(day in _free_days(country, day.year) for country in countries or (None,))


@lru_cache(maxsize=2_000)
def _free_days(country: str | None, year: int) -> frozenset[date]:
    first = date(year, 1, 1)
    days = [first + _DAY * number for number in range(366 if isleap(year) else 365)]
    calendar = _calendar(country, year)
    if calendar is None:
        return frozenset(day for day in days if day.weekday() >= 5)
    return frozenset(day for day in days if not calendar.is_working_day(day))


def _calendar(country: str | None, year: int) -> "HolidayBase | None":
    """The public holidays and week-ends of a country; None where nobody has listed them."""
    from holidays import country_holidays  # noqa: PLC0415  see above

    if country is None:
        return None
    try:
        return country_holidays(country, years=year)
    except NotImplementedError:
        return None
