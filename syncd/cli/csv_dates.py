"""Dates and times as shops' exports write them."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cached_property

_DAY = len("2026-03-01")
_TIME = (
    r"(?:[ T,]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?(?: ?(?P<zone>z|utc|gmt|[+-]\d\d:?\d\d))?)?"
)
_YEAR_FIRST = r"(?P<year>\d{4})(?P<mark>[-./])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})"
_DOTTED = r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"
_CLEAR = tuple(re.compile(each + _TIME, re.IGNORECASE) for each in (_YEAR_FIRST, _DOTTED))
"""A dotted date has its day first wherever dots are used."""
_EITHER = re.compile(r"(?P<one>\d{1,2})/(?P<other>\d{1,2})/(?P<year>\d{4})" + _TIME, re.IGNORECASE)
"""Both 1 March and 3 January may be meant by 01/03/2026."""


class Unreadable(ValueError):
    """What a text is, in place of a date; its message goes on after the text."""


class Dates:
    """Reads one file's dates.

    ISO 8601, `2026-03-01 18:30:00 +0100`, `2026/3/1`, `1.3.2026 18:30` and `3/1/2026 6:30 PM`.
    Whether the day or the month is first where slashes part them is found out from the whole file.
    """

    def __init__(self, texts: Callable[[], Iterable[str]]) -> None:
        """`texts` gives all that the file has in its columns of times."""
        self._texts = texts

    def read(self, text: str) -> date | datetime:
        """A day, or a time of which the zone is the one written or unknown.

        Raises `Unreadable`.
        """
        try:
            return datetime.fromisoformat(text) if len(text) > _DAY else date.fromisoformat(text)
        except ValueError:
            return self._otherwise(text)

    def _otherwise(self, text: str) -> date | datetime:
        for form in _CLEAR:
            if found := form.fullmatch(text):
                return _moment(found, found["month"], found["day"])
        if found := _EITHER.fullmatch(text):
            one, other = found["one"], found["other"]
            return _moment(found, *((other, one) if self._day_first else (one, other)))
        raise Unreadable(
            "is neither a date nor a timestamp in ISO 8601, such as 2026-03-01 or "
            "2026-03-01T18:30:00+01:00"
        )

    @property
    def _day_first(self) -> bool:
        days_first, months_first = self._orders
        if days_first == months_first:
            why = "in some rows the day is first, in others the month" if days_first else (
                "in no row of the file is the day above 12"
            )  # fmt: skip
            raise Unreadable(f"may have its day or its month first: {why}; write 2026-03-01")
        return days_first

    @cached_property
    def _orders(self) -> tuple[bool, bool]:
        """Whether there are dates that only make sense with the day first, or the month."""
        found = [each for text in self._texts() if (each := _EITHER.fullmatch(text))]
        return any(int(each["one"]) > 12 for each in found), any(
            int(each["other"]) > 12 for each in found
        )


def _moment(found: re.Match[str], month: str, day: str) -> date | datetime:
    try:
        whole = date(int(found["year"]), int(month), int(day))
        if found["hour"] is None:
            return whole
        return datetime.fromisoformat(f"{whole}T{_clock(found)}{_zone(found['zone'] or '')}")
    except ValueError:
        raise Unreadable("is not in the calendar, or not on the clock") from None


def _clock(found: re.Match[str]) -> str:
    hour = int(found["hour"])
    if half := found["half"]:
        hour = hour % 12 + (12 if half in "pP" else 0)
    return f"{hour:02}:{found['minute']}:{found['second'] or '00'}"


def _zone(written: str) -> str:
    return "+00:00" if written.lower() in {"z", "utc", "gmt"} else written
