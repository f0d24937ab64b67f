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

_NONE = timedelta(0)
_DAY = timedelta(days=1)
_MIDNIGHT = time(tzinfo=UTC)


def later(moment: datetime, span: timedelta, countries: Countries) -> datetime:
    """`moment` plus `span` of working time in all of `countries` (ISO 3166-1 alpha-2).

    A moment on a free day counts as the beginning of the next working day. Of a country that is
    not known, Saturdays and Sundays are free.
    """
    day = moment.date()
    opens = _opens(day, 0, countries)
    days, rest = divmod(max(moment - opens, _NONE) + span, _DAY)
    return (_opens(day, days, countries) if days else opens) + rest


@lru_cache(maxsize=50_000)
def _opens(day: date, number: int, countries: Countries) -> datetime:
    """When the working day begins that comes `number` after the first one from `day` on."""
    while True:
        if works(day, countries):
            if number == 0:
                return datetime.combine(day, _MIDNIGHT)
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
