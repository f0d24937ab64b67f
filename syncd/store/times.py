"""How the store writes time: whole microseconds since 1970 UTC, in every database alike.

One integer compares, indexes and copies faster than any text or timestamp type and means the same
in SQLite and PostgreSQL (docs/decisions/003-times-as-microseconds.md).
"""

from datetime import UTC, datetime, timedelta
from typing import overload

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@overload
def to_us(moment: datetime) -> int: ...
@overload
def to_us(moment: None) -> None: ...
def to_us(moment: datetime | None) -> int | None:
    """Microseconds since 1970 UTC; `moment` must be aware."""
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


@overload
def from_us(value: int) -> datetime: ...
@overload
def from_us(value: None) -> None: ...
def from_us(value: int | None) -> datetime | None:
    """The aware UTC time of a stored value."""
    return None if value is None else _EPOCH + value * _MICROSECOND
