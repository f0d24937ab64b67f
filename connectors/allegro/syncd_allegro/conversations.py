"""Allegro's conversations as lists that `syncd.connector.sweep` walks, and the messages in them.

Threads are listed by their newest message. That is dated when it was written, not when Allegro let
it through, which may be much later (allegro-api issues 11377 and 13907): hence `LATE`. Issues are
listed by when they were opened, so the list is read as far back as issues are followed.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial

import msgspec
from msgspec.structs import replace

from syncd.connector import NOT_JSON, Rejected, parse_each
from syncd.connector.sweep import Entry, Page, Source, entry_of, latest_first
from syncd.model import BadItem, Direction, Item, Message
from syncd_allegro import parse, wire
from syncd_allegro.client import ISSUES_PER_PAGE, THREADS_PER_PAGE, AllegroClient, Denied
from syncd_allegro.files import Files

LATE = timedelta(hours=6)
ISSUES_FOLLOWED = timedelta(days=90)
AT_ONCE = 10

# Not (yet) with the buyer: being looked through, or its writer is asked whether they mean it.
UNDECIDED = frozenset({"VERIFYING", "INTERACTING"})
# Never: refused by Allegro, or taken back by its writer.
BLOCKED = "BLOCKED"
NOT_DELIVERED = frozenset({BLOCKED, "DISMISSED"})


class Conversations:
    """One of the two lists; `unsettled` are the marks of what is to be read again."""

    def __init__(self, client: AllegroClient, files: Files) -> None:
        self.client = client
        self.files = files
        self.unsettled: set[str] = set()

    def source(self) -> Source:
        """The list; a batch is small because each entry costs a call."""
        return Source(
            self.page,
            self._read,
            limit=self.limit,
            batch=AT_ONCE,
            overlap=LATE,
            horizon=self.client.horizon,
        )

    name: str
    limit: int

    def page(self, start: datetime, end: datetime | None, offset: int) -> Page:
        """A page of the list."""
        raise NotImplementedError

    def raws(self, entry: Entry) -> list[bytes]:
        """The messages of one conversation; raises Rejected or Denied where it is gone."""
        raise NotImplementedError

    def read(self, raw: bytes, entry: Entry) -> Iterable[Message]:
        """A message as far as it is there yet."""
        raise NotImplementedError

    def attached(self, raw: bytes) -> list[wire.File] | list[wire.IssueFile] | None:
        """What is attached to a message that could be read."""
        raise NotImplementedError

    def _items(self, entry: Entry) -> Iterator[Item]:
        read = partial(self.read, entry=entry)
        for item in parse_each(self.raws(entry), read, parse.describe):
            yield self._with_files(item, entry) if isinstance(item, Message) else item

    def _with_files(self, message: Message, entry: Entry) -> Message:
        files, settled = self.files.of(self.attached(message.raw))
        if not settled:
            self.unsettled.add(entry.mark)
        return replace(message, attachments=tuple(files))

    def _read(self, entries: list[Entry]) -> list[Item]:
        return sorted((item for entry in entries for item in self._of(entry)), key=_written)

    def _of(self, entry: Entry) -> list[Item]:
        if not entry.known:
            return [BadItem(source_id=entry.id, reason="not a conversation", raw=entry.raw)]
        try:
            return list(self._items(entry))
        except (Rejected, Denied) as error:  # its list could be read, so it is about this one
            return [BadItem(source_id=entry.id, reason=str(error), raw=entry.raw)]


class Threads(Conversations):
    """The message centre: one thread with each buyer, over all of their orders."""

    name = "threads"
    limit = THREADS_PER_PAGE

    def page(self, start: datetime, end: datetime | None, offset: int) -> Page:
        """Threads with a message since `start`; those on the next page are older."""
        del end
        raws = self.client.threads(offset)
        spoken = [raw for raw in raws if not _silent(raw)]
        entries = [entry_of(raw, start, _thread_entry, parse.describe) for raw in spoken]
        return latest_first(entries, start, more=len(raws) >= self.limit, step=len(raws))

    def raws(self, entry: Entry) -> list[bytes]:
        """All messages of a thread, so that one that was let through late comes with the next."""
        return self.client.messages(_thread(entry).id)

    def read(self, raw: bytes, entry: Entry) -> Iterable[Message]:
        """A message that has been delivered, or word that one of the seller's own was not."""
        said = msgspec.json.decode(raw, type=wire.CenterMessage)
        if said.status in UNDECIDED:
            self.unsettled.add(entry.mark)
        if said.status in UNDECIDED:
            return ()
        message = parse.center_message(said, _thread(entry), raw)
        if said.status not in NOT_DELIVERED:
            return (message,)
        return (parse.bounced(message),) if _is_our_loss(message, said.status) else ()

    def attached(self, raw: bytes) -> list[wire.File] | None:
        """What is attached to it, each with its state."""
        return msgspec.json.decode(raw, type=wire.CenterMessage).attachments


class Issues(Conversations):
    """Disputes and claims, each a conversation of its own."""

    name = "issues"
    limit = ISSUES_PER_PAGE

    def __init__(self, client: AllegroClient, files: Files, followed: timedelta) -> None:
        super().__init__(client, files)
        self.followed = followed
        """How long one may have been open before the place in the list, and is still looked at."""
        self.listed: dict[bytes, None] = {}
        """All that the pages had."""

    def page(self, start: datetime, end: datetime | None, offset: int) -> Page:
        """Issues in which something was said since `start`."""
        del end
        raws = self.client.issues(offset)
        self.listed |= dict.fromkeys(raws)
        past = any(_opened(raw, start) < start - self.followed for raw in raws)
        entries = [entry_of(raw, start, _issue_entry, parse.describe) for raw in raws]
        more = len(raws) >= ISSUES_PER_PAGE and not past
        recent = [entry for entry in entries if entry.stamp >= start]
        older = frozenset(entry.id for entry in entries if entry.stamp < start)
        return Page(recent, None, more, step=len(raws), left_out=older)

    def raws(self, entry: Entry) -> list[bytes]:
        """All messages of an issue."""
        return self.client.chat(_issue(entry).id)

    def read(self, raw: bytes, entry: Entry) -> Iterable[Message]:
        """A message."""
        said = msgspec.json.decode(raw, type=wire.ChatMessage)
        return (parse.chat_message(said, _issue(entry), raw),)

    def attached(self, raw: bytes) -> list[wire.IssueFile] | None:
        """What is attached to it."""
        return msgspec.json.decode(raw, type=wire.ChatMessage).attachments


def _is_our_loss(message: Message, status: str | None) -> bool:
    return status == BLOCKED and message.direction is Direction.OUTBOUND


def _thread(entry: Entry) -> wire.Thread:
    return msgspec.json.decode(entry.raw, type=wire.Thread)


def _issue(entry: Entry) -> wire.Issue:
    return msgspec.json.decode(entry.raw, type=wire.Issue)


def _opened(raw: bytes, instead: datetime) -> datetime:
    """When it was opened; `instead` where that cannot be read."""
    try:
        return parse.instant(msgspec.json.decode(raw, type=wire.Issue).opened_date) or instead
    except NOT_JSON:
        return instead


def _silent(raw: bytes) -> bool:
    """Whether it is a thread in which nothing was said."""
    try:
        return msgspec.json.decode(raw, type=wire.Thread).last_message_date_time is None
    except NOT_JSON:
        return False


def _thread_entry(raw: bytes) -> Entry:
    thread = msgspec.json.decode(raw, type=wire.Thread)
    said = thread.last_message_date_time
    return Entry(f"thread/{thread.id}", parse.needed(said), parse.mark(thread.id, said), raw)


def _issue_entry(raw: bytes) -> Entry:
    issue = msgspec.json.decode(raw, type=wire.Issue)
    last = issue.chat.last_message.created_at if issue.chat.last_message else None
    stamp = max(parse.needed(said) for said in (issue.opened_date, last) if said)
    seen = parse.mark(issue.id, stamp, issue.chat.messages_count)
    return Entry(f"{parse.ISSUE}{issue.id}", stamp, seen, raw)


def _written(item: Item) -> float:
    return item.sent_at.timestamp() if isinstance(item, Message) else 0.0
