"""What the conformance suite looks at in a connector, without judging it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NoReturn

import msgspec

from syncd.connector import Batch, Connector, Cursor
from syncd.model import Item, TrackingEvent
from syncd.testing.server import FakeServer


def first(connector: Connector, stream: str, count: int | None = None) -> tuple[list[Item], Cursor]:
    """The items and the cursor of the first `count` batches, or of all."""
    items: list[Item] = []
    cursor: Cursor = {}
    batches = connector.poll(stream, {})
    for number, batch in enumerate(batches):
        if number == count:
            break
        items += batch.items
        cursor = batch.cursor
    _end(batches)
    return items, cursor


def _end(batches: Iterator[Batch]) -> None:
    # As the daemon does when it stops in the middle of a poll.
    close = getattr(batches, "close", None)
    if close is not None:
        close()


def poll(connector: Connector, stream: str, cursor: Cursor | None = None) -> list[Item]:
    """Every item of one poll."""
    return [item for batch in connector.poll(stream, cursor or {}) for item in batch.items]


def ids_of(items: Iterable[Item]) -> set[str]:
    """The items' ids."""
    return {item.source_id for item in items}


def content(item: Item) -> bytes:
    """What an item says, without its payload."""
    return msgspec.json.encode(msgspec.structs.replace(item, raw=b""))


def poll_error(connector: Connector, stream: str) -> Exception | None:
    """What a poll from the start raises, if anything."""
    return raised(lambda: poll(connector, stream))


def raised(call: Callable[[], object]) -> Exception | None:
    """What `call` raises, if anything."""
    try:
        call()
    except Exception as error:  # noqa: BLE001  which class it has is what the tests judge
        return error
    return None


def said(error: BaseException | None) -> Iterator[str]:
    """Every text that an error and what led to it would put into a log."""
    while error is not None:
        yield f"{error!r} {error}"
        error = error.__cause__ or error.__context__


def masked(texts: Iterable[str], secrets: Iterable[str]) -> str:
    """One of `texts`, without the secrets in it."""
    text = min(texts)
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def not_json(value: object) -> Iterator[object]:
    """What in `value` does not come back from JSON as it was."""
    if isinstance(value, dict):
        yield from (key for key in value if not isinstance(key, str))
        for inner in value.values():
            yield from not_json(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from not_json(inner)
    elif type(value) not in {str, int, float, bool, type(None)}:
        yield value


def wrong_times(value: object, where: str = "") -> Iterator[str]:
    """The times in `value` whose zone is missing, or there where it must not be."""
    if isinstance(value, datetime):
        local = where == f"{TrackingEvent.__name__}.occurred_local"
        if (value.tzinfo is None) != local:
            yield f"{where} is {value.isoformat()}" + (", not naive" if local else ", without zone")
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from wrong_times(getattr(value, field), f"{type(value).__name__}.{field}")
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from wrong_times(inner, where)


def requests(source: Any) -> int:
    """How many requests a fake has got."""
    return len(source.requests) if isinstance(source, FakeServer) else 0


def offline(*_: object, **__: object) -> NoReturn:
    """In place of a function that asks the network."""
    raise AssertionError("the network was asked at construction")


def asked_about(batches: Iterable[Batch]) -> set[str]:
    """The tracking numbers that a poll names as asked about, answered or not."""
    return {number for batch in batches for number in (*batch.looked, *batch.unanswered)}


def numbers_of(batches: Iterable[Batch]) -> set[str]:
    """The tracking numbers whose scans a poll brought."""
    items = (item for batch in batches for item in batch.items)
    return {item.tracking_number for item in items if isinstance(item, TrackingEvent)}
