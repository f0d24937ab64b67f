"""What the connector remembers between polls, and what it therefore has to do next. Pure.

The cursor holds, for each open parcel, a digest of the events already given. Events that came
behind those are news; where the older ones changed too, all are given again. Nothing is kept of
parcels that are open no more.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from syncd.connector import Cursor
from syncd.model import Item, ParcelRef, TrackingEvent
from syncd_seventeentrack.parse import Sighting

NEVER = 0
"""In place of a time: not again."""


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """What was given of one parcel."""

    carrier: int = 0
    """17TRACK's key, 0 where it has not told."""
    digest: str = ""
    count: int = 0
    eta: str = ""


class Parked(msgspec.Struct, frozen=True, array_like=True):
    """A number that is not registered before a time (in seconds since 1970), and why."""

    until: int
    code: int


class _State(msgspec.Struct):
    seen: dict[str, Seen] = {}
    parked: dict[str, Parked] = {}
    restarts: dict[str, int] = {}
    """When tracking a stopped number again may next be asked for, or `NEVER`."""
    after: str = ""
    """Where the round stands, while the parcels are too many for one poll."""


class Book:
    """The cursor of one poll, opened against the parcels that are open and the time."""

    def __init__(self, cursor: Cursor, parcels: Iterable[ParcelRef], now: datetime) -> None:
        self._now = now
        self.parcels = {parcel.tracking_number: parcel for parcel in parcels}
        state = msgspec.convert(dict(cursor), type=_State)
        self._seen = self._open_of(state.seen)
        self._parked = self._open_of(state.parked)
        self._restarts = self._open_of(state.restarts)
        self._after = state.after
        self._in_turns = False

    def _open_of(self, kept: dict[str, Any]) -> dict[str, Any]:
        return {number: value for number, value in kept.items() if number in self.parcels}

    def cursor(self) -> Cursor:
        """As it stands now."""
        state = _State(dict(self._seen), dict(self._parked), dict(self._restarts), self._after)
        kept: dict[str, Any] = msgspec.to_builtins(state)
        return kept

    def to_register(self) -> list[ParcelRef]:
        """Parcels that 17TRACK does not follow yet, the most urgent first."""
        now = self._now.timestamp()
        return [
            parcel
            for number, parcel in self.parcels.items()
            if number not in self._seen and self._parked_until(number) <= now
        ]

    def _parked_until(self, number: str) -> int:
        parked = self._parked.get(number)
        return parked.until if parked else 0

    def to_read(self, room: int) -> list[str]:
        """Up to `room` registered numbers: the most urgent first if all fit, else in turn."""
        numbers = [number for number in self.parcels if number in self._seen]
        self._in_turns = len(numbers) > room
        if not self._in_turns:
            self._after = ""
            return numbers
        behind = sorted(number for number in numbers if number > self._after)
        before = sorted(number for number in numbers if number <= self._after)
        return (behind + before)[:room]

    def read_up_to(self, number: str) -> None:
        """Let the next poll go on behind `number` where there is no room for all in one."""
        if self._in_turns:
            self._after = number

    def carrier(self, number: str) -> int:
        """The carrier's key at 17TRACK, 0 where it is not known."""
        seen = self._seen.get(number)
        return seen.carrier if seen else 0

    def register(self, number: str, carrier: int = 0) -> None:
        """Note that 17TRACK follows a number."""
        self._seen.setdefault(number, Seen(carrier))
        self._parked.pop(number, None)

    def park(self, number: str, code: int, wait: timedelta) -> bool:
        """Leave a number alone for a while; True where this reason is new and worth a word."""
        before = self._parked.get(number)
        self._seen.pop(number, None)
        self._parked[number] = Parked(self._in(wait), code)
        return before is None or before.code != code

    def to_restart(self, number: str) -> bool:
        """Whether tracking a number again may be asked for."""
        until = self._restarts.get(number)
        return until is None or (until != NEVER and until <= self._now.timestamp())

    def restarted(self, number: str, wait: timedelta | None = None) -> None:
        """Note that it was asked for; without `wait` it never is again."""
        self._restarts[number] = NEVER if wait is None else self._in(wait)

    def _in(self, wait: timedelta) -> int:
        return int((self._now + wait).timestamp())

    def news(self, number: str, sighting: Sighting) -> Sequence[Item]:
        """The items not given before; they count as given from now on."""
        seen = self._seen.get(number, Seen())
        items, eta = sighting.items, _eta(sighting.items)
        self._seen[number] = Seen(seen.carrier, _digest(items), len(items), eta)
        if seen.count <= len(items) and _digest(items[: seen.count]) == seen.digest:
            fresh = items[seen.count :]
            # An estimate moved without a scan is an edit of the latest scan.
            return fresh if fresh or eta == seen.eta else items[-1:]
        return items


def _digest(items: Sequence[Item]) -> str:
    if not items:
        return ""
    said = b"\n".join(msgspec.json.encode(_without_eta(item)) for item in items)
    return hashlib.blake2b(said, digest_size=6).hexdigest()


def _without_eta(item: Item) -> Item:
    if isinstance(item, TrackingEvent):
        return msgspec.structs.replace(item, eta=None, raw=b"")
    return msgspec.structs.replace(item, raw=b"")


def _eta(items: Sequence[Item]) -> str:
    latest = items[-1] if items else None
    if not isinstance(latest, TrackingEvent) or latest.eta is None:
        return ""
    return hashlib.blake2b(msgspec.json.encode(latest.eta), digest_size=4).hexdigest()
