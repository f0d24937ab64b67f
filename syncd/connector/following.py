"""Following parcels by number: one a call or many, and one bad number holds up no other."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from syncd.connector.contract import Batch, ConnectorError, Cursor, Unavailable
from syncd.model import BadItem, Item, ParcelRef

Ask = Callable[[ParcelRef], bytes | None]
AskSeveral = Callable[[Sequence[ParcelRef]], Mapping[str, bytes | None]]
Read = Callable[[ParcelRef, bytes], Iterable[Item]]


class AboutNumber(ConnectorError):
    """An error answer that concerns only the numbers asked about: the poll goes on with the others.

    For `follow_each` and `follow_several`, which recover from it; raised by an `ask`, or made by a
    `judge`. Without `refused`, the carrier's words, it only does not know the number (yet).
    """

    def __init__(self, refused: str | None = None, raw: bytes = b"") -> None:
        super().__init__(refused or "the carrier does not know the number")
        self.refused = refused
        self.raw = raw
        """The answer, as evidence."""


def follow_each(
    parcels: Iterable[ParcelRef], ask: Ask, read: Read, *, cursor: Cursor | None = None
) -> Iterator[Batch]:
    """`follow_several` for an API that takes one number a call: one batch for each parcel.

    `ask` gives the answer's bytes, or None where the carrier does not know the number (yet).
    """

    def ask_one(group: Sequence[ParcelRef]) -> Mapping[str, bytes | None]:
        return {parcel.tracking_number: ask(parcel) for parcel in group}

    return follow_several(parcels, ask_one, read, size=1, cursor=cursor)


def follow_several(
    parcels: Iterable[ParcelRef],
    ask: AskSeveral,
    read: Read,
    *,
    size: int,
    cursor: Cursor | None = None,
) -> Iterator[Batch]:
    """One batch for each call: ask the carrier about up to `size` parcels, read what it answers.

    `ask` makes the call and gives each number's answer, or None where the carrier does not know the
    number (yet); one that it leaves out counts as unanswered. `read` makes items of an answer, and
    where it raises, that answer becomes a `BadItem`. `cursor` goes into each batch as it is: scans
    that come again are harmless.

    Where `ask` raises AboutNumber for several, they are asked about by halves until the bad one is
    alone. What else it raises ends the poll, with all before it kept; only after an Unavailable
    without a time to wait (and of no subclass, such as `Throttled`) are several asked about one by
    one, and one alone is put aside if the next is answered, because some carriers fail at a number
    for ever. It is asked about again at the end, and is a `BadItem` if it fails again. Calls that
    this takes come on top.
    """
    follower = _Follower(ask, read, cursor or {})
    rest = iter(parcels)
    while group := list(islice(rest, size)):
        yield from follower.look(group)
    yield from follower.finish()


def items_of(parcel: ParcelRef, raw: bytes, read: Read) -> list[Item]:
    """What `read` makes of an answer, or a `BadItem` called after the number where it raises."""
    try:
        return list(read(parcel, raw))
    except Exception as error:  # noqa: BLE001  the plug-in boundary: any parser bug is this parcel's
        reason = f"{type(error).__name__}: {error}"
        return [BadItem(source_id=parcel.tracking_number, reason=reason, raw=raw)]


def looked_at(
    parcels: Iterable[ParcelRef], items: list[Item], cursor: Cursor, silent: Collection[str] = ()
) -> Batch:
    """The batch of a call about `parcels`, of which `items` came.

    Unanswered are the numbers in `silent` and those after which a `BadItem` is called.
    """
    bad = {item.source_id for item in items if isinstance(item, BadItem)}.union(silent)
    numbers = [parcel.tracking_number for parcel in parcels]
    return Batch(
        items,
        cursor,
        looked=tuple(number for number in numbers if number not in bad),
        unanswered=tuple(number for number in numbers if number in bad),
    )


def _about_all(error: Unavailable) -> bool:
    """Whether it is no number's fault: it has a time to wait, or a class of its own."""
    return error.retry_after is not None or type(error) is not Unavailable


class _Follower:
    """One poll, with the parcel whose call has just failed and those for which that was before."""

    def __init__(self, ask: AskSeveral, read: Read, cursor: Cursor) -> None:
        self._ask = ask
        self._read = read
        self._cursor = cursor
        self._failed: tuple[ParcelRef, Unavailable] | None = None
        self._suspects: list[ParcelRef] = []

    def look(self, group: Sequence[ParcelRef]) -> Iterator[Batch]:
        """Ask about `group`, in parts where it cannot be asked about as a whole."""
        try:
            batch = self._call(group)
        except AboutNumber:  # about one of several
            half = len(group) // 2
            parts = [group[:half], group[half:]]
        except Unavailable as error:
            if _about_all(error):
                raise
            parts = [[parcel] for parcel in group] if len(group) > 1 else []
            if not parts:
                self._put_aside(group[0], error)
        else:
            self._works()
            yield batch
            return
        for part in parts:
            yield from self.look(part)

    def finish(self) -> Iterator[Batch]:
        """Ask again about those that the carrier failed at, now that it answers."""
        if self._failed is not None:
            raise self._failed[1]
        for parcel in self._suspects:
            try:
                yield self._call([parcel])
            except Unavailable as error:
                if _about_all(error):
                    raise
                yield self._without_answer(parcel, f"cannot be looked up: {error}")

    def _call(self, group: Sequence[ParcelRef]) -> Batch:
        try:
            told = self._ask(group)
        except AboutNumber as about:
            if len(group) > 1:
                raise
            if about.refused is not None:
                return self._without_answer(group[0], about.refused, about.raw)
            told = {group[0].tracking_number: None}
        items: list[Item] = []
        for parcel in group:
            raw = told.get(parcel.tracking_number)
            items += [] if raw is None else items_of(parcel, raw, self._read)
        silent = {parcel.tracking_number for parcel in group} - set(told)
        return looked_at(group, items, self._cursor, silent)

    def _without_answer(self, parcel: ParcelRef, reason: str, raw: bytes = b"") -> Batch:
        bad = BadItem(source_id=parcel.tracking_number, reason=reason, raw=raw)
        return looked_at([parcel], [bad], self._cursor)

    def _put_aside(self, parcel: ParcelRef, error: Unavailable) -> None:
        if self._failed is not None:
            raise error
        self._failed = parcel, error

    def _works(self) -> None:
        if self._failed is not None:
            self._suspects.append(self._failed[0])
            self._failed = None
