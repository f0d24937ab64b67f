"""One poll: reads what is due, registers what 17TRACK does not know, starts what it stopped."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from syncd.connector import Batch
from syncd.model import BadItem, Item, ParcelRef
from syncd_seventeentrack.client import BATCH, Client, QuotaSpent, Refusal, Row
from syncd_seventeentrack.parse import sighting

_TEMPORARY = frozenset({"quota", "busy"})
_NOTHING_TO_RESTART = frozenset({"running", "quota", "busy"})


class Round:
    """The calls of one poll, `calls` at most; nothing is remembered for the next.

    17TRACK itself remembers what is registered: reading a number that is not is refused, free of
    charge, and only then is it registered.
    """

    def __init__(self, client: Client, row: Callable[[ParcelRef], Row], calls: int) -> None:
        self._client = client
        self._row = row
        self._calls = calls
        self._unknown: list[ParcelRef] = []
        self._stopped: list[str] = []
        self.spent: Refusal | None = None
        """Why nothing more can be registered now, if so."""

    def batches(self, parcels: Iterable[ParcelRef]) -> Iterator[Batch]:
        """Look at `parcels`, those given first before the others; what is left stays due."""
        for some in _chunks(parcels)[: max(1, self._calls // 2)]:
            yield self._read(some)
        for some in _chunks(self._unknown):
            if self._calls < 1 or self.spent:
                break
            yield from self._take_on(some)
        if self._stopped:
            yield self._restart()

    def _read(self, parcels: Sequence[ParcelRef], *, new: bool = False) -> Batch:
        self._calls -= 1
        known = {parcel.tracking_number: parcel for parcel in parcels}
        outcome = self._client.track_info([{"number": plainly(number)} for number in known])
        items: list[Item] = []
        looked: list[str] = []
        for accepted in outcome.went_through(known):
            seen = sighting(accepted.number, accepted.raw)
            items += seen.items
            if seen.readable:
                (self._stopped if seen.status == "Expired" else looked).append(accepted.number)
        waiting = set(self._stopped)
        for number, error in outcome.refused(known).items():
            if error.meaning == "unknown" and not new:
                self._unknown.append(known[number])
                waiting.add(number)
            elif error.meaning == "patience" and new:
                waiting.add(number)  # stays due, so that it is read again at the next poll
            elif error.meaning == "patience":
                looked.append(number)
            else:
                items += _reported(number, error)
        return _batch(items, looked, known.keys() - waiting - set(looked))

    def _take_on(self, parcels: Sequence[ParcelRef]) -> Iterator[Batch]:
        self._calls -= 1
        known = {parcel.tracking_number: parcel for parcel in parcels}
        try:
            outcome = self._client.register([self._row(parcel) for parcel in parcels])
        except QuotaSpent as error:
            self.spent = error.refusal
            yield _batch([], [], known)
            return
        refused = outcome.refused(known)
        taken = {accepted.number for accepted in outcome.went_through(known)}
        taken |= {number for number, error in refused.items() if error.meaning == "known"}
        left = {number: error for number, error in refused.items() if number not in taken}
        self.spent = next((e for e in left.values() if e.meaning in _TEMPORARY), None)
        bad = [item for number, error in left.items() for item in _reported(number, error)]
        yield _batch(bad, [], left)
        if taken and self._calls > 0:
            yield self._read([known[number] for number in sorted(taken)], new=True)

    def _restart(self) -> Batch:
        """Ask for stopped numbers to be followed again; that they were read counts as the look."""
        stopped = list(dict.fromkeys(self._stopped))
        if self._calls < 1:
            return _batch([], stopped, [])
        numbers = stopped[:BATCH]
        outcome = self._client.retrack([{"number": plainly(number)} for number in numbers])
        bad = [
            BadItem(source_id=number, reason=f"not followed any more: {error}")
            for number, error in outcome.refused(numbers).items()
            if error.meaning not in _NOTHING_TO_RESTART
        ]
        return _batch(bad, stopped, [])


def plainly(number: str) -> str:
    """A number as 17TRACK takes it."""
    return "".join(number.split())


def _reported(number: str, error: Refusal) -> list[BadItem]:
    if error.meaning in _TEMPORARY or error.meaning in {"known", "unknown"}:
        return []
    return [BadItem(source_id=number, reason=f"cannot be followed: {error}")]


def _batch(items: Sequence[Item], looked: Iterable[str], unanswered: Iterable[str]) -> Batch:
    return Batch(list(items), {}, tuple(dict.fromkeys(looked)), tuple(dict.fromkeys(unanswered)))


def _chunks(values: Iterable[Any]) -> list[list[Any]]:
    rest = iter(values)
    return list(iter(lambda: list(islice(rest, BATCH)), []))
