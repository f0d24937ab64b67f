"""Times in the answers of fakes, in whatever form a platform writes them."""

import re
from typing import Any

YEAR_SECONDS = 365 * 86_400
_DATE = re.compile(r"(20[0-9]{2})(-[01][0-9]-[0-3][0-9].*)", re.DOTALL)
# Seconds and milliseconds since 1970 as they are in our years: amounts and ids are other numbers.
_UNITS = (
    (1, range(1_500_000_000, 2_500_000_000)),
    (1000, range(1_500_000_000_000, 2_500_000_000_000)),
)


def a_year_on(told: Any) -> Any:
    """A copy of what an answer tells, with every time in it a year later."""
    if isinstance(told, dict):
        return {name: a_year_on(value) for name, value in told.items()}
    if isinstance(told, list):
        return [a_year_on(value) for value in told]
    if isinstance(told, str):
        match = _DATE.fullmatch(told)
        return f"{int(match[1]) + 1}{match[2].replace('-02-29', '-02-28')}" if match else told
    return told + _year(told) if type(told) is int else told


def _year(told: int) -> int:
    return next((YEAR_SECONDS * unit for unit, times in _UNITS if told in times), 0)
