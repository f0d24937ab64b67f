"""Conversations and their messages, with what they said before they were edited."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, select

from syncd.model import (
    Attachment,
    Direction,
    KnownConversation,
    Message,
    MessageKind,
    NewConversation,
)
from syncd.store import bulk
from syncd.store.attachments import add_attachments, write_attachments
from syncd.store.readback import link_orders
from syncd.store.tables import (
    conversation_orders,
    conversations,
    message_versions,
    messages,
    thread_keys,
)
from syncd.store.times import from_us, to_us
from syncd.store.writer import Stored, Writer

_COLUMNS = (
    "id", "conversation_id", "account_id", "source_id", "direction", "kind", "sent_at", "subject",
    "text", "message_id", "refs", "language", "author", "content_hash", "version", "seen_at", "raw",
)  # fmt: skip

_CONVERSATION_COLUMNS = (
    "id", "account_id", "customer_id", "thread_id", "subject", "first_at", "last_at",
    "last_inbound_at", "last_outbound_at",
)  # fmt: skip

# Each side's time only moves on; 0 stands for "nothing of that side in this batch".
_TIMES = ("first_at", "last_at", "last_inbound_at", "last_outbound_at")
_MOVE_ON = (
    "first_at={least}(first_at, v.column1), last_at={greatest}(last_at, v.column2),"
    " last_inbound_at=nullif({greatest}(coalesce(last_inbound_at, 0), v.column3), 0),"
    " last_outbound_at=nullif({greatest}(coalesce(last_outbound_at, 0), v.column4), 0)"
)

# An enumeration's members take as long to look up as all else that a message is asked.
_HUMAN, _INBOUND, _OUTBOUND = MessageKind.HUMAN, Direction.INBOUND, Direction.OUTBOUND


_ABOUT = select(conversation_orders.c.order_source_id, conversation_orders.c.conversation_id).where(
    bulk.given(conversation_orders.c.order_source_id, "orders")
)
_FACTS = select(
    conversations.c.id,
    conversations.c.customer_id,
    conversations.c.last_at,
    conversations.c.subject,
    conversations.c.thread_id.is_not(None),
    exists().where(conversation_orders.c.conversation_id == conversations.c.id),
)


class MessageWriter(Writer):
    """Conversations and messages within an ingest transaction."""

    def __init__(
        self, connection: Connection, account_id: int, now: datetime, *, max_attachment_bytes: int
    ) -> None:
        super().__init__(connection, account_id, now)
        self._max_attachment_bytes = max_attachment_bytes
        self._outbound: list[str] = []

    def conversations_of(self, keys: Collection[str]) -> dict[str, int]:
        """This account's conversations known by these thread keys."""
        return self._pairs(thread_keys.c.key, thread_keys.c.conversation_id, keys, own=True)

    def conversations_about(self, orders: Collection[str]) -> list[tuple[str, int]]:
        """These orders, each with a conversation of any account that is about it."""
        if not orders:
            return []
        found = self._connection.execute(_ABOUT, {"orders": orders})
        return [(order, number) for order, number in found]

    def conversation_facts(
        self, numbers: Collection[int], customers: Collection[int], since: datetime
    ) -> dict[int, KnownConversation]:
        """These, as far as this account has them, and those these customers had since then."""
        table = conversations.c
        mine = table.account_id == self._account_id
        found: dict[int, KnownConversation] = {}
        if numbers:
            found |= self._facts(mine, bulk.among(table.id, numbers))
        if customers:
            theirs = bulk.among(table.customer_id, customers)
            found |= self._facts(mine, table.last_at >= to_us(since), theirs)
        return found

    def _facts(self, *conditions: Any) -> dict[int, KnownConversation]:
        return {
            row[0]: KnownConversation(
                customer=row[1], last_at=from_us(row[2]), subject=row[3], threaded=bool(row[4]),
                ordered=bool(row[5]),
            )
            for row in self._connection.execute(_FACTS.where(*conditions))
        }  # fmt: skip

    def known(self, source_ids: Collection[str]) -> dict[str, Stored]:
        """What is stored under these ids already."""
        return self._stored(messages, source_ids, messages.c.version)

    def new(self) -> "NewMessages":
        """What new messages are made ready in, without the store's help, for `add` to write."""
        return NewMessages(self._account_id, self._now_us)

    def add(
        self, new: "NewMessages", opened: Mapping[int, NewConversation], learnt: Mapping[str, int]
    ) -> list[int]:
        """Store new messages, the conversations that they open and the keys that find these.

        `new` and `learnt` name a conversation of `opened` by its provisional number. Returns the
        stored conversation of each message.
        """
        numbers = self._open(opened, new.spans)
        self._move_on({number: span for number, span in new.spans.items() if number not in numbers})
        self._outbound += new.outbound
        keys = [(self._account_id, key, numbers.get(n, n)) for key, n in learnt.items()]
        bulk.insert(self._connection, thread_keys, ("account_id", "key", "conversation_id"), keys)
        conversation_ids = [numbers.get(number, number) for number in new.conversations]
        self._add(new, conversation_ids)
        return conversation_ids

    def _open(
        self, opened: Mapping[int, NewConversation], spans: Mapping[int, Sequence[int]]
    ) -> dict[int, int]:
        """Store new conversations; returns their real ids by the provisional ones."""
        ids = bulk.reserve_ids(self._connection, conversations, len(opened))
        numbers = dict(zip(opened, ids, strict=True))
        rows = [
            (numbers[n], self._account_id, new.customer, new.thread_id, new.subject, *spans[n][:2],
             spans[n][2] or None, spans[n][3] or None)
            for n, new in opened.items()
        ]  # fmt: skip
        bulk.insert(self._connection, conversations, _CONVERSATION_COLUMNS, rows)
        return numbers

    def _add(self, new: "NewMessages", conversation_ids: Sequence[int]) -> None:
        ids = bulk.reserve_ids(self._connection, messages, len(conversation_ids))
        rows = [
            (number, conversation, *tail)
            for number, conversation, tail in zip(ids, conversation_ids, new.tails, strict=True)
        ]
        bulk.insert(self._connection, messages, _COLUMNS, rows)
        self._link_orders((order, conversation_ids[at]) for at, order in new.orders)
        files = [(ids[at], attachments) for at, attachments in new.files]
        write_attachments(self._connection, files, max_bytes=self._max_attachment_bytes)

    def link_told(self) -> None:
        """Link the conversations of what syncd sent itself with the orders that it was about.

        To be called when all is written.
        """
        link_orders(self._connection, self._account_id, self._outbound)

    def edit(self, edits: Sequence[tuple[Stored, Message, bytes]]) -> list[int]:
        """Store new content of known messages; what they said before is kept as a version.

        The orders that they name now are linked with their conversations, which are returned.
        """
        talks = [self._edit(*each) for each in edits]
        self._link_orders(
            (order, talk)
            for (_, message, _), talk in zip(edits, talks, strict=True)
            for order in message.order_ids
        )
        return talks

    def _edit(self, stored: Stored, message: Message, digest: bytes) -> int:
        table = messages.c
        old = select(
            table.conversation_id, table.version, table.subject, table.text, table.content_hash,
            table.seen_at, table.raw,
        )  # fmt: skip
        kept = ("message_id", "version", "subject", "text", "content_hash", "seen_at", "raw")
        changed = ("subject", "text", "content_hash", "version", "seen_at", "raw")
        talk, *before = self._connection.execute(old.where(table.id == stored.id)).one()
        bulk.insert(self._connection, message_versions, kept, [(stored.id, *before)])
        now = (message.subject, message.text, digest, stored.version + 1, self._now_us)
        bulk.update(self._connection, messages, changed, [(*now, message.raw, stored.id)])
        if message.attachments:
            limit = self._max_attachment_bytes
            add_attachments(self._connection, stored.id, message.attachments, max_bytes=limit)
        return int(talk)

    def _move_on(self, spans: Mapping[int, Sequence[int]]) -> None:
        sqlite = self._connection.dialect.name == "sqlite"
        names = ("min", "max") if sqlite else ("least", "greatest")
        changes = _MOVE_ON.format(least=names[0], greatest=names[1])
        rows = [(*span, n) for n, span in spans.items()]
        bulk.update(self._connection, conversations, _TIMES, rows, changes=changes)

    def _link_orders(self, links: Iterable[tuple[str, int]]) -> None:
        columns = ("order_source_id", "conversation_id")
        bulk.insert_missing(self._connection, conversation_orders, columns, sorted(set(links)))


class NewMessages:
    """Messages about to be stored, and what they mean for their conversations."""

    def __init__(self, account_id: int, now_us: int) -> None:
        self._account_id = account_id
        self._now_us = now_us
        self.conversations: list[int] = []
        """Of each message, stored or provisional."""
        self.tails: list[tuple[Any, ...]] = []
        """Each message's row behind the two ids that are not known before it is written."""
        self.spans: dict[int, list[int]] = {}
        """Of each conversation: first and last time, last inbound and last outbound; 0 where that
        side said nothing."""
        self.orders: list[tuple[int, str]] = []
        """The orders that are spoken of, each with the position of the message."""
        self.listings: list[tuple[int, str]] = []
        """The listings, likewise."""
        self.files: list[tuple[int, tuple[Attachment, ...]]] = []
        """The attachments, likewise."""
        self.outbound: list[str] = []
        """The source ids of what the seller's side wrote."""

    def extend(self, placed: Iterable[tuple[Message, bytes, int]]) -> None:
        """Add messages, each with its content hash and its conversation."""
        account_id, now_us = self._account_id, self._now_us
        for position, (message, digest, conversation) in enumerate(placed, len(self.tails)):
            at = to_us(message.sent_at)
            self.conversations.append(conversation)
            self.tails.append((
                account_id, message.source_id, message.direction._value_, message.kind._value_, at,
                message.subject, message.text, message.message_id,
                " ".join(message.references) if message.references else None, message.language,
                message.buyer.name, digest, 1, now_us, message.raw,
            ))  # fmt: skip
            self._touch(conversation, message, at)
            self._note(position, message)

    def _note(self, position: int, message: Message) -> None:
        for order in message.order_ids:
            self.orders.append((position, order))
        if message.listing_ids:
            self.listings += [(position, listing) for listing in message.listing_ids]
        if message.attachments:
            self.files.append((position, message.attachments))
        if message.direction is _OUTBOUND:
            self.outbound.append(message.source_id)

    def _touch(self, conversation: int, message: Message, at: int) -> None:
        span = self.spans.get(conversation)
        if span is None:
            span = self.spans[conversation] = [at, at, 0, 0]
        elif at > span[1]:
            span[1] = at
        elif at < span[0]:
            span[0] = at
        if message.kind is not _HUMAN and message.kind is not MessageKind.OWN:
            return  # machines neither wait for an answer nor give one
        side = 2 if message.direction is _INBOUND else 3
        if message.direction is not Direction.PLATFORM and at > span[side]:
            span[side] = at
