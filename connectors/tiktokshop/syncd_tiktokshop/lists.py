"""TikTok Shop's lists as `syncd.connector.sweep` walks them, and the items behind their entries."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from syncd.connector import NOT_JSON, OutcomeUnknown, Paging, Rejected, parse_each
from syncd.connector.sweep import Entry, Page, Source, entry_of, latest_first
from syncd.model import BadItem, Item
from syncd_tiktokshop import chat, parse, wire
from syncd_tiktokshop.client import (
    CASES_PER_PAGE,
    CONVERSATIONS_PER_PAGE,
    ORDERS_PER_PAGE,
    TikTokClient,
)

Head = TypeVar("Head", wire.OrderHead, wire.ReturnHead, wire.CancellationHead)
Fetch = Callable[[datetime, datetime | None, str], wire.Page]


def orders(client: TikTokClient) -> Source:
    """The orders, each followed by its packages."""
    heads = partial(_head, type_=wire.OrderHead, id_of=lambda head: head.id)
    listed = _changed(client.changed_orders, heads, parse.order, ORDERS_PER_PAGE)
    return replace(listed, horizon=client.horizon)


def returns(client: TikTokClient) -> Source:
    """Returns, refunds and replacements."""
    heads = partial(_head, type_=wire.ReturnHead, id_of=lambda head: head.return_id)
    fetch = partial(client.changed_cases, "returns")
    listed = _changed(fetch, heads, lambda raw: [parse.returned(raw)], CASES_PER_PAGE)
    return replace(listed, horizon=client.horizon)


def cancellations(client: TikTokClient) -> Source:
    """Cancellations."""
    heads = partial(_head, type_=wire.CancellationHead, id_of=lambda head: head.cancel_id)
    fetch = partial(client.changed_cases, "cancellations")
    listed = _changed(fetch, heads, lambda raw: [parse.cancellation(raw)], CASES_PER_PAGE)
    return replace(listed, horizon=client.horizon)


class Conversations:
    """The conversations, and their messages since `floor`.

    The list cannot be asked for by time, and its order is not published: it is taken to be by the
    latest message, the latest first, as long as it is seen to be.
    """

    def __init__(self, client: TikTokClient, floor: datetime) -> None:
        self._client = client
        self._floor = floor
        self._token = ""

    def source(self) -> Source:
        """The list; a batch is small because each entry costs calls."""
        return Source(
            self._page,
            self._read,
            limit=CONVERSATIONS_PER_PAGE,
            batch=10,
            horizon=self._client.horizon,
        )

    def with_buyer(self, entries: Iterable[Entry], user_id: str) -> list[wire.Conversation]:
        """The entries that are with a buyer; raises OutcomeUnknown where one is unreadable."""
        entries = list(entries)
        if not all(entry.known for entry in entries):
            raise OutcomeUnknown("the list of conversations cannot be understood")
        threads = [_conversation(entry.raw) for entry in entries]
        return [thread for thread in threads if thread.buyer.user_id == user_id]

    def items(self, thread: wire.Conversation) -> list[Item]:
        """The messages of a conversation since the floor, in its order; unreadable as BadItem."""
        raws = dict.fromkeys(self._since_floor(thread.id))
        read = partial(chat.message, thread=thread)
        return list(parse_each(sorted(raws, key=_index), read, parse.describe))

    def _since_floor(self, thread_id: str) -> Iterator[bytes]:
        paging, token, more = Paging("TikTok Shop's messages"), "", True
        while more:
            page = self._client.messages(thread_id, token)
            raws = [bytes(raw) for raw in page.messages or ()]
            token = page.next_page_token or ""
            more = bool(token) and self._goes_on_behind(raws)
            paging.turned(raws, more=more, to=token)
            yield from raws

    def _goes_on_behind(self, raws: list[bytes]) -> bool:
        """Whether older messages than these may be behind the floor, too."""
        return bool(raws) and _written(min(raws, key=_index)) >= self._floor

    def _page(self, start: datetime, end: datetime | None, offset: int) -> Page:
        del end
        token = self._token if offset else ""
        page = self._client.conversations(token)
        self._token = page.next_page_token or ""
        raws = [bytes(raw) for raw in page.conversations or ()]
        entries = [entry_of(raw, start, _conversation_entry, parse.describe) for raw in raws]
        return latest_first(entries, start, more=bool(self._token and raws))

    def _read(self, entries: list[Entry]) -> list[Item]:
        return [item for entry in entries for item in self._of(entry)]

    def _of(self, entry: Entry) -> list[Item]:
        if not entry.known:
            return [BadItem(source_id=entry.id, reason="not a conversation", raw=entry.raw)]
        try:
            return self.items(_conversation(entry.raw))
        except Rejected as error:  # gone between the list and here
            return [BadItem(source_id=entry.id, reason=str(error), raw=entry.raw)]


def _changed(
    fetch: Fetch,
    head: Callable[[bytes], Entry],
    read: Callable[[bytes], list[Item]],
    limit: int,
) -> Source:
    """A list that is asked for by the time of the last change; its entries are the items."""
    token = ""

    def page(start: datetime, end: datetime | None, offset: int) -> Page:
        nonlocal token
        token = token if offset else ""
        got = fetch(start, end, token)
        token = got.next_page_token or ""
        entries = [entry_of(bytes(raw), start, head, parse.describe) for raw in got.entries]
        return Page(entries, got.total_count, bool(token and entries))

    def items(entries: list[Entry]) -> list[Item]:
        return list(parse_each([entry.raw for entry in entries], read, parse.describe))

    return Source(page, items, limit=limit, batch=limit)


def _head(raw: bytes, type_: type[Head], id_of: Callable[[Head], str]) -> Entry:
    head = msgspec.json.decode(raw, type=type_)
    stamp = datetime.fromtimestamp(head.update_time, UTC)
    return Entry(id_of(head), stamp, f"{id_of(head)}@{head.update_time}", raw)


def _conversation(raw: bytes) -> wire.Conversation:
    return msgspec.json.decode(raw, type=wire.Conversation)


def _conversation_entry(raw: bytes) -> Entry:
    thread = _conversation(raw)
    latest = thread.latest_message or wire.MessageHead()
    stamp = datetime.fromtimestamp(latest.create_time or thread.create_time, UTC)
    return Entry(thread.id, stamp, latest.id or thread.id, raw)


def _index(raw: bytes) -> int:
    """Where a message stands; one that does not tell stands first, and is refused when read."""
    try:
        return int(msgspec.json.decode(raw, type=wire.Place).index)
    except (ValueError, *NOT_JSON):
        return -1


def _written(raw: bytes) -> datetime:
    """When it was written; what does not tell is no reason to stop reading."""
    try:
        return datetime.fromtimestamp(msgspec.json.decode(raw, type=wire.Place).create_time, UTC)
    except NOT_JSON:
        return datetime.max.replace(tzinfo=UTC)
