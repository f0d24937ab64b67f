"""The kinds of value that TOML does not have: durations, times of day, folders."""

import re
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationInfo

from syncd.model.countries import OTHER_CODES
from syncd.secret import beside_the_config

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_LONGEST = timedelta(days=3650)  # far below where adding it to a date overflows
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def parse_duration(value: object) -> timedelta:
    """Read ``"90s"``, ``"5m"``, ``"2h"`` or ``"3d"``; raises ValueError in words for the user."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be a duration such as "90s", "5m", "2h" or "3d"')
    duration = timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    if duration > _LONGEST:
        raise ValueError(f'must be at most "{_LONGEST.days}d"')
    return duration


def _longer_than_nothing(duration: timedelta) -> timedelta:
    if duration <= timedelta(0):
        raise ValueError('must be more than "0s"')
    return duration


def format_duration(duration: timedelta) -> str:
    """Write a duration in the largest unit that divides it: ``"36h"``, ``"2d"``, ``"90s"``."""
    seconds = int(duration.total_seconds())
    unit = next((unit for unit, size in _UNITS.items() if seconds and seconds % size == 0), "s")
    return f"{seconds // _UNITS[unit]}{unit}"


def _parse_clock(value: object) -> time:
    if isinstance(value, time) and value.tzinfo is None:
        return value.replace(second=0, microsecond=0)
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be a time of day such as "08:00"')
    return time(int(match[1]), int(match[2]))


def _format_clock(value: time) -> str:
    return value.strftime("%H:%M")


def _of_iso(country: str) -> str:
    if country in OTHER_CODES:
        raise ValueError(f'must be "{OTHER_CODES[country]}", as in ISO 3166, not "{country}"')
    return country


def sqlite_url(url: str, info: ValidationInfo) -> str:
    """An address of SQLite, whose file begins where all paths of the config do."""
    path = url.removeprefix("sqlite:///")
    return url if path in {"", ":memory:"} else f"sqlite:///{beside_the_config(Path(path), info)}"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration)]
"""A span of time, written ``"90s"``, ``"5m"``, ``"2h"`` or ``"3d"``."""

PositiveDuration = Annotated[Duration, AfterValidator(_longer_than_nothing)]
"""A `Duration` longer than nothing."""

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$"), AfterValidator(_of_iso)]
"""A country by its two letters in ISO 3166, written ``"DE"``."""

ClockTime = Annotated[time, BeforeValidator(_parse_clock), PlainSerializer(_format_clock)]
"""A time of day, written ``"08:00"``."""
