"""How the store writes time: whole microseconds since 1970 UTC, in every database alike.

One integer compares, indexes and copies faster than any text or timestamp type and means the same
in SQLite and PostgreSQL (docs/decisions/003-times-as-microseconds.md).
"""

from datetime import UTC, datetime, timedelta
from typing import overload

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Sources write 0001-01-01 and 9999-12-31 where they mean "none" and "never": read as these, a day
# can be added to them.
_EARLIEST = (datetime(1900, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LATEST = (datetime(3000, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND


@overload
def to_us(moment: datetime) -> int: ...
@overload
def to_us(moment: None) -> None: ...
def to_us(moment: datetime | None) -> int | None:
    """Microseconds since 1970 UTC; `moment` must be aware."""
    if moment is None:
        return None
    since = moment - _EPOCH  # whose division by a microsecond takes four times as long as this
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@overload
def from_us(value: int) -> datetime: ...
@overload
def from_us(value: None) -> None: ...
def from_us(value: int | None) -> datetime | None:
    """The aware UTC time of a stored value, between the years 1900 and 3000."""
    if value is None:
        return None
    if not _EARLIEST <= value <= _LATEST:
        value = max(_EARLIEST, min(value, _LATEST))
    return _EPOCH + value * _MICROSECOND
