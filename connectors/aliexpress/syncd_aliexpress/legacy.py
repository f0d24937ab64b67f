"""AliExpress's old messages, for apps that it still answers.

Source: the calls ``aliexpress.message.redefining.versiontwo.*`` of its published SDK of 2018.
AliExpress's own help says that its chat took their place in 2019 and that they are switched off;
this has never been seen to be otherwise, and is a connector of its own for that reason.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

import msgspec
from pydantic import Field

from syncd.connector import (
    Capability,
    OutcomeUnknown,
    Paging,
    Rejected,
    Unavailable,
    ask_each,
    find_text,
    only_messages,
    parse_each,
    require,
    settling,
    written_since,
)
from syncd.connector.sweep import Entry, Page, Source, entry_of, latest_first
from syncd.model import (
    Attachment,
    BadItem,
    Direction,
    Draft,
    Item,
    Message,
    Party,
    Receipt,
    Verdict,
)
from syncd_aliexpress import parse, wire, wire_messages
from syncd_aliexpress.client import AliExpressClient, numeric
from syncd_aliexpress.lists import OLDEST
from syncd_aliexpress.settings import AliExpressConfig
from syncd_aliexpress.shop import AliExpress

# "pageSize from 0 to 100, the first 5000 at the most".
PER_PAGE = 100
PAGES = 50
_METHOD = "aliexpress.message.redefining.versiontwo"
_MESSAGING = frozenset({Capability.READ_MESSAGES, Capability.REPLY, Capability.START_CONVERSATION})


class AliExpressLegacyConfig(AliExpressConfig):
    """Settings of one AliExpress shop whose app is still let into the old messages."""

    seller_login: str = Field(
        description="the seller's login id, in whose name messages are written", min_length=1
    )


class AliExpressLegacy(AliExpress):
    """One AliExpress shop, with the old messages."""

    name = "aliexpresslegacy"
    api_version = 1
    Config = AliExpressLegacyConfig
    streams: ClassVar = {**AliExpress.streams, "messages": timedelta(minutes=2)}
    capabilities = AliExpress.capabilities | _MESSAGING
    lacks: ClassVar = {
        capability: why
        for capability, why in AliExpress.lacks.items()
        if capability not in _MESSAGING
    }

    def may_send(self, draft: Draft) -> Verdict:
        """By the recipient and the shape; length, links and contacts are data of syncd."""
        if not draft.buyer.id:
            return Verdict.never("the buyer's AliExpress login id is not known")
        if draft.attachments:
            return Verdict.never("only text can be sent, no files")
        if not draft.text.strip():
            return Verdict.never("the text is empty")
        return Verdict.yes()

    def send(self, draft: Draft, key: str) -> Receipt:
        """Write to the buyer, about the order where there is one."""
        del key  # AliExpress has no idempotency key: `find_sent` looks for the text instead
        require(self.may_send(draft))
        sent = self._client.change(
            f"{_METHOD}.addmsg", wire_messages.Added, create_param=self._told(draft)
        )
        if not wire.is_true(sent.is_success):
            why = f"{sent.sub_error_code or ''} {sent.error_msg or 'no reason given'}".strip()
            raise Rejected(f"AliExpress did not take the message: {why}")
        return Receipt(source_id=str(sent.channel_id or ""), accepted_at=self.context.now())

    def find_sent(self, draft: Draft, key: str) -> Receipt | None:
        """Look for the text among the messages with the buyer since it was decided."""
        del key
        written_since(draft)
        buyer = draft.buyer
        with settling("the messages with the buyer"):
            raws = _with_buyer(self._client, buyer.id or "")
        read = partial(message, buyer=buyer, thread_id=draft.thread_id, ids={buyer.id})
        found = find_text(only_messages(parse_each(raws, read, parse.describe)), draft)
        if found and draft.taken and draft.thread_id in {None, *draft.taken}:
            # A receipt names the conversation alone: whose message this is, nobody can tell.
            raise OutcomeUnknown("the same text was sent to the buyer before")
        return found

    def check(self) -> None:
        """As AliExpress's, and ask for the messages of a day."""
        day = self.context.now() - timedelta(days=1)
        ask_each(super().check, partial(threads(self._client).fetch, day, None, 0))

    def _lists(self, stream: str) -> dict[str, Source]:
        if stream == "messages":
            return {stream: threads(self._client)}
        return super()._lists(stream)

    def _told(self, draft: Draft) -> dict[str, Any]:
        about = numeric(draft.order_id) if draft.order_id else 0
        return {
            "buyer_id": draft.buyer.id,
            "seller_id": self.config.seller_login,
            "message_type": "order" if draft.order_id else "member",
            "extern_id": about,
            "content": draft.text,
        }


def threads(client: AliExpressClient) -> Source:
    """The conversations, and all messages of those that have something new."""

    def page(start: datetime, end: datetime | None, offset: int) -> Page:
        number = 1 + offset // PER_PAGE
        query = {"current_page": number, "page_size": PER_PAGE, "start_time": _millis(start)}
        query |= {"end_time": _millis(end)} if end else {}
        got = client.read(
            f"{_METHOD}.querymsgrelationlist", wire_messages.ThreadList, query=query
        ).result
        raws = _good(got, got.relation_list)
        entries = [entry_of(bytes(raw), start, _entry, parse.describe) for raw in raws]
        more = len(raws) >= PER_PAGE and number < PAGES
        return latest_first(entries, start, more=more, step=PER_PAGE)

    def read(entries: list[Entry]) -> list[Item]:
        return [item for entry in entries for item in _items(client, entry)]

    return Source(page, read, limit=PER_PAGE, batch=10, oldest=OLDEST, horizon=client.horizon)


def message(
    raw: bytes, *, buyer: Party, thread_id: str | None, ids: Iterable[str | None]
) -> Message:
    """A message; whose id is one of `ids` is the buyer. Raises msgspec.MsgspecError."""
    said = msgspec.json.decode(raw, type=wire_messages.Said)
    login = said.summary.sender_login_id if said.summary else None
    is_buyer = bool({str(said.sender_ali_id), login} & {each for each in ids if each})
    about = (str(said.extern_id),) if said.extern_id and str(said.extern_id) != "0" else ()
    pictures = [x.l_path for x in wire.entries(said.file_path_list) if x.l_path]
    return Message(
        source_id=str(said.id),
        sent_at=datetime.fromtimestamp(said.gmt_create / 1000, UTC),
        direction=Direction.INBOUND if is_buyer else Direction.OUTBOUND,
        buyer=buyer,
        text=said.content or "",
        thread_id=thread_id,
        order_ids=about if said.message_type == "order" else (),
        listing_ids=about if said.message_type == "product" else (),
        attachments=tuple(
            Attachment(name="picture", media_type="image/*", url=x) for x in pictures
        ),
        raw=raw,
    )


def _items(client: AliExpressClient, entry: Entry) -> list[Item]:
    if not entry.known:
        return [BadItem(source_id=entry.id, reason="not a conversation of the list", raw=entry.raw)]
    thread = msgspec.json.decode(entry.raw, type=wire_messages.Thread)
    ids = {str(each) for each in (thread.other_ali_id, thread.other_login_id) if each}
    buyer = Party(id=thread.other_login_id, name=thread.other_name)
    read = partial(message, buyer=buyer, thread_id=entry.id, ids=ids)
    raws = _pages(client, "querymsgdetaillist", channel_id=entry.id)
    return list(parse_each(dict.fromkeys(raws), read, parse.describe))


def _with_buyer(client: AliExpressClient, login: str) -> list[bytes]:
    return list(_pages(client, "querymsgdetaillistbybuyerid", buyer_login_id=login))


def _pages(client: AliExpressClient, call: str, **whose: str) -> Iterator[bytes]:
    paging = Paging("AliExpress's messages")
    for number in range(1, PAGES + 1):
        asked = {**whose, "current_page": number, "page_size": PER_PAGE}
        got = client.read(f"{_METHOD}.{call}", wire_messages.MessageList, **asked).result
        raws = [bytes(raw) for raw in _good(got, got.message_detail_list)]
        more = len(raws) >= PER_PAGE
        paging.turned(raws, more=more)
        yield from raws
        if not more:
            return


def _good(
    result: wire_messages.Threads | wire_messages.Messages, listed: wire.Listed[msgspec.Raw]
) -> list[msgspec.Raw]:
    if result.is_success is not None and not wire.is_true(result.is_success):
        why = f"{result.error_code or ''} {result.error_msg or 'no reason given'}".strip()
        raise Unavailable(f"AliExpress lists no messages: {why}")
    return wire.entries(listed)


def _entry(raw: bytes) -> Entry:
    thread = msgspec.json.decode(raw, type=wire_messages.Thread)
    stamp = datetime.fromtimestamp(thread.message_time / 1000, UTC)
    mark = f"{thread.channel_id}@{thread.last_message_id or thread.message_time}"
    return Entry(str(thread.channel_id), stamp, mark, raw)


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)
