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
    number (yet); `read` makes items of them, and where it raises, the answer becomes a `BadItem`.
    `cursor` goes into each batch as it is; scans that come again are harmless.

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
        yield _looked(parcel, _items(parcel, raw, read), kept)
    if failed is not None:
        raise failed[1]
    for parcel in suspects:
        yield _looked(parcel, _once_more(parcel, ask, read), kept)


def _once_more(parcel: ParcelRef, ask: Ask, read: Read) -> list[Item]:
    try:
        raw = ask(parcel)
    except Unavailable as error:
        if error.retry_after is not None:
            raise
        return [_bad(parcel, f"cannot be looked up: {error}")]
    return _items(parcel, raw, read)


def _items(parcel: ParcelRef, raw: bytes | None, read: Read) -> list[Item]:
    if raw is None:
        return []
    try:
        return list(read(parcel, raw))
    except Exception as error:  # noqa: BLE001  the plug-in boundary: any parser bug is this parcel's
        return [_bad(parcel, f"{type(error).__name__}: {error}", raw)]


def _bad(parcel: ParcelRef, reason: str, raw: bytes = b"") -> BadItem:
    return BadItem(source_id=parcel.tracking_number, reason=reason, raw=raw)


def _looked(parcel: ParcelRef, items: list[Item], cursor: Cursor) -> Batch:
    return Batch(items, cursor, looked=(parcel.tracking_number,))
