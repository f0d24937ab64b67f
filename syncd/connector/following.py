"""Following parcels through an API that takes one number a call."""

from collections.abc import Callable, Iterable, Iterator

from syncd.connector.contract import Batch, Cursor, Unavailable
from syncd.model import BadItem, Item, ParcelRef

Ask = Callable[[ParcelRef], bytes | None]
Read = Callable[[ParcelRef, bytes], Iterable[Item]]


def follow_each(
    parcels: Iterable[ParcelRef], ask: Ask, read: Read, *, cursor: Cursor | None = None
) -> Iterator[Batch]:
    """One batch for each parcel: ask the carrier, read the answer, say that it was looked at.

    `ask` makes the call and gives the answer's bytes, or None where the carrier does not know the
    number (yet); `read` makes items of them, and where it raises, the answer becomes a `BadItem`
    and the number counts as unanswered. `cursor` goes into each batch as it is; scans that come again are harmless.

    What `ask` raises ends it, with all before it kept. Only a single Unavailable without a time to
    wait does not, if the next number is answered: some carriers fail at one number for ever. That
    one is asked for again at the end, and is a `BadItem` if it fails again.
    """
    kept: Cursor = cursor or {}
    failed: tuple[ParcelRef, Unavailable] | None = None
    suspects: list[ParcelRef] = []
    for parcel in parcels:
        try:
            raw = ask(parcel)
        except Unavailable as error:
            if failed is not None or error.retry_after is not None:
                raise
            failed = parcel, error
            continue
        if failed is not None:
            suspects.append(failed[0])
            failed = None
        yield _batch(parcel, raw, read, kept)
    if failed is not None:
        raise failed[1]
    for parcel in suspects:
        yield _once_more(parcel, ask, read, kept)


def _once_more(parcel: ParcelRef, ask: Ask, read: Read, cursor: Cursor) -> Batch:
    try:
        raw = ask(parcel)
    except Unavailable as error:
        if error.retry_after is not None:
            raise
        return _unanswered(parcel, f"cannot be looked up: {error}", b"", cursor)
    return _batch(parcel, raw, read, cursor)


def _batch(parcel: ParcelRef, raw: bytes | None, read: Read, cursor: Cursor) -> Batch:
    try:
        items = [] if raw is None else list(read(parcel, raw))
    except Exception as error:  # noqa: BLE001  the plug-in boundary: any parser bug is this parcel's
        return _unanswered(parcel, f"{type(error).__name__}: {error}", raw or b"", cursor)
    return Batch(items, cursor, looked=(parcel.tracking_number,))


def _unanswered(parcel: ParcelRef, reason: str, raw: bytes, cursor: Cursor) -> Batch:
    number = parcel.tracking_number
    bad = BadItem(source_id=number, reason=reason, raw=raw)
    return Batch([bad], cursor, unanswered=(number,))
