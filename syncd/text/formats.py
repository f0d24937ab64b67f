"""How dates and spans are written in a template's language: the filters templates may use."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta
from jinja2 import Undefined

_FIRST_OF_MONTH = {"fr": "1er", "pt_BR": "1º"}
"""Which Babel's forms of it leave out."""
_NO_LARGER_UNIT = 1e9
_NARROW_SPACES = str.maketrans({"\u202f": " ", "\u2009": " ", "\xa0": " "})


def filters(language: str) -> dict[str, Callable[[object], str]]:
    """The filters of a template in `language`, by the name templates call them.

    ``day``, ``short_day`` and ``moment`` take a date or a datetime and show it as it is, never
    moved to another zone; ``days`` and ``days_ago`` take a number of days.
    """
    locale = Locale.parse(language, sep="-")
    known = {
        "day": _day,
        "short_day": _short_day,
        "moment": _moment,
        "days": _days,
        "days_ago": _days_ago,
    }
    return {name: partial(_formatted, write=write, locale=locale) for name, write in known.items()}


def _formatted(value: object, *, write: Callable[[object, Locale], str], locale: Locale) -> str:
    if isinstance(value, Undefined):
        str(value)  # raises with the fact's name, before Babel complains of a type
    return write(value, locale).translate(_NARROW_SPACES)


def _day(value: object, locale: Locale) -> str:
    return _dated(value, "long", locale)


def _short_day(value: object, locale: Locale) -> str:
    return _dated(value, "medium", locale)


def _dated(value: object, width: Literal["long", "medium"], locale: Locale) -> str:
    day = _a_date(value)
    written = format_date(day, width, locale=locale)
    first = _FIRST_OF_MONTH.get(str(locale)) or _FIRST_OF_MONTH.get(locale.language)
    return f"{first}{written[1:]}" if first and written.startswith("1 ") else written


def _moment(value: object, locale: Locale) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"the filter 'moment' needs a date with a time, not {value!r}")
    joined = str(locale.datetime_formats["medium"]).replace("'", "")
    clock = format_time(value.replace(tzinfo=None), "short", locale=locale)
    return joined.replace("{0}", clock).replace("{1}", _day(value, locale))


def _days(value: object, locale: Locale) -> str:
    return _span(value, locale, ago=False)


def _days_ago(value: object, locale: Locale) -> str:
    return _span(value, locale, ago=True)


def _span(value: object, locale: Locale, *, ago: bool) -> str:
    if not isinstance(value, int):
        raise TypeError(f"the filters 'days' and 'days_ago' need a whole number, not {value!r}")
    return format_timedelta(
        timedelta(days=-value if ago else value),
        granularity="day",
        threshold=_NO_LARGER_UNIT,
        add_direction=ago,
        locale=locale,
    )


def _a_date(value: object) -> date:
    if not isinstance(value, date):
        raise TypeError(f"the filter 'day' needs a date, not {value!r}")
    return value
