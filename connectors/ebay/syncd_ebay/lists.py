"""eBay's lists as `syncd.connector.sweep` walks them, and the items behind their entries."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import msgspec

from syncd.connector import Rejected, parse_each
from syncd.connector.sweep import Entry, Page, Source, entry_of, latest_first
from syncd.model import BadItem, Item, Message, Order
from syncd_ebay import parse
from syncd_ebay.client import (
    CONVERSATIONS_PER_PAGE,
    FROM_EBAY,
    ORDERS_PER_PAGE,
    EbayClient,
)
from syncd_ebay.wire import Conversation

# getOrders refuses more than two years; a day less, so that a slow clock does not matter.
OLDEST = timedelta(days=729)


class Conversations:
    """The conversations of one kind, and their messages.

    `own` are the account's names in lower case; `other` restricts the list to one buyer.
    """

    def __init__(
        self, client: EbayClient, kind: str, own: frozenset[str], other: str | None = None
    ) -> None:
        self._client = client
        self._kind = kind
        self._own = own
        self._other = other

    def source(self) -> Source:
        """The list; a batch is small because each entry costs a call."""
        fetch = self._platform_page if self._kind == FROM_EBAY else self._page
        return Source(
            fetch,
            self._read,
            limit=CONVERSATIONS_PER_PAGE,
            batch=20,
            oldest=OLDEST,
            horizon=self._client.horizon,
        )

    def _entries(self, raws: Iterable[msgspec.Raw], start: datetime) -> list[Entry]:
        read = partial(_conversation_entry, start=start)
        return [entry_of(bytes(raw), start, read, parse.describe) for raw in raws]

    def items(self, thread: Conversation) -> list[Item]:
        """All messages of a conversation; what cannot be read is a BadItem."""
        raws = self._client.conversation(thread.conversation_id, self._kind)
        read = parse.platform_message
        if self._kind != FROM_EBAY:
            read = partial(parse.member_message, own=self._own)
        return list(parse_each(raws, partial(read, thread=thread), parse.describe))

    def _page(self, start: datetime, end: datetime | None, offset: int) -> Page:
        page = self._client.conversations(
            self._kind, start=start, end=end, other=self._other, offset=offset
        )
        entries = self._entries(page.conversations, start)
        more = _more(bool(entries), page.next, page.total, offset + CONVERSATIONS_PER_PAGE)
        return Page(entries, page.total, more, step=CONVERSATIONS_PER_PAGE)

    def _platform_page(self, start: datetime, end: datetime | None, offset: int) -> Page:
        """A page of eBay's own messages, for which it takes no times: until the rest is older."""
        del end
        page = self._client.conversations(self._kind, offset=offset)
        entries = self._entries(page.conversations, start)
        more = _more(bool(entries), page.next, page.total, offset + CONVERSATIONS_PER_PAGE)
        return latest_first(entries, start, more=more, step=CONVERSATIONS_PER_PAGE)

    def _read(self, entries: list[Entry]) -> list[Item]:
        items = [item for entry in entries for item in self._of(entry)]
        return sorted(items, key=_written)

    def _of(self, entry: Entry) -> list[Item]:
        if not entry.known:
            return [BadItem(source_id=entry.id, reason="not a conversation", raw=entry.raw)]
        try:
            return self.items(parse.conversation(entry.raw))
        except Rejected as error:
            # Deleted between the list and here, or by eBay; the list's entry is what is left of it.
            return [BadItem(source_id=entry.id, reason=str(error), raw=entry.raw)]


class Orders:
    """The orders, each followed by its parcels."""

    def __init__(self, client: EbayClient) -> None:
        self._client = client

    def source(self) -> Source:
        """The list."""
        return Source(
            self._page,
            self._read,
            limit=ORDERS_PER_PAGE,
            batch=50,
            oldest=OLDEST,
            horizon=self._client.horizon,
        )

    def _page(self, start: datetime, end: datetime | None, offset: int) -> Page:
        page = self._client.orders(start, end, offset)
        entries = [entry_of(bytes(raw), start, _order_entry, parse.describe) for raw in page.orders]
        more = _more(bool(entries), page.next, page.total, offset + ORDERS_PER_PAGE)
        return Page(entries, page.total, more, step=ORDERS_PER_PAGE)

    def _read(self, entries: list[Entry]) -> list[Item]:
        return [item for entry in entries for item in self._of(entry)]

    def _of(self, entry: Entry) -> Iterable[Item]:
        for item in parse_each([entry.raw], parse.order, parse.describe):
            yield item
            if isinstance(item, Order) and parse.shipped(entry.raw):
                yield from self._parcels(entry)

    def _parcels(self, entry: Entry) -> Iterable[Item]:
        try:
            parcels = self._client.fulfillments(entry.id)
        except Rejected as error:
            return [BadItem(source_id=f"{entry.id}/shipping_fulfillment", reason=str(error))]
        read = partial(parse.shipment, order_raw=entry.raw)
        return parse_each(parcels, read, parse.describe)


def _conversation_entry(raw: bytes, start: datetime) -> Entry:
    thread = parse.conversation(raw)
    latest = thread.latest_message
    if latest is None:
        stamp, mark = thread.created_date or start, thread.conversation_id
    else:
        stamp, mark = latest.created_date, latest.message_id
    return Entry(thread.conversation_id, stamp, mark, raw)


def _order_entry(raw: bytes) -> Entry:
    head = parse.order_head(raw)
    mark = f"{head.order_id}@{head.last_modified_date:%Y%m%dT%H%M%S.%f}"
    return Entry(head.order_id, head.last_modified_date, mark, raw)


def _more(some: bool, following: str | None, total: int | None, offset: int) -> bool:  # noqa: FBT001
    return some and (following is not None or offset < (total or 0))


def _written(item: Item) -> float:
    return item.sent_at.timestamp() if isinstance(item, Message) else 0.0
