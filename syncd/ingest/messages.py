"""Messages of a batch: planned from look-ups alone, then written.

A store with one writer at a time is only held up by the second half.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec

from syncd import log
from syncd.ingest.buyers import Buyers
from syncd.ingest.known import Counts, split
from syncd.ingest.mentions import Numbers, with_orders
from syncd.model import KnownConversation, Message, MessageKind
from syncd.rules.bounces import why_it_failed
from syncd.rules.threads import SAME_MATTER, ThreadBook, own_keys
from syncd.store import IngestTransaction, Stored, content_hash

_log = log.get("ingest")

_BOUNCE = MessageKind.BOUNCE


def plan_messages(
    tx: IngestTransaction, platform: str, messages: dict[str, Message], counts: Counts
) -> Callable[[], None]:
    """Decide what becomes of these messages; what is returned writes it.

    That raises TryAgain where what was looked up is no longer so.
    """
    known = tx.messages.known(messages)
    messages = _without_copies(messages, known, counts)
    new, edited = split("message", messages, known, _digest, counts)
    write_edited = _plan_edited(tx, edited) if edited else None
    write_new = _plan_new(tx, platform, new) if new else None

    def write() -> None:
        if write_edited is not None:
            write_edited()
        if write_new is not None:
            write_new()

    return write


def _without_copies(
    messages: dict[str, Message], known: Mapping[str, Stored], counts: Counts
) -> dict[str, Message]:
    """Those that may be new or edited; of mails that differ in blanks alone, the first is kept."""
    if not known:
        return messages
    left = {name: each for name, each in messages.items() if not (each.fixed and name in known)}
    counts["message", "repeated"] += len(messages) - len(left)
    return left


def _digest(message: Message) -> bytes:
    files = message.attachments and [(file.name, file.size) for file in message.attachments]
    return content_hash(message.subject, message.text, files)


def _plan_edited(
    tx: IngestTransaction, edited: list[tuple[Stored, Message, bytes]]
) -> Callable[[], None]:
    """What a message says now may name an order that it did not name before."""
    named, waiting = with_orders(tx, [(message, digest) for _, message, digest in edited])
    stored = [known for known, _, _ in edited]

    def write() -> None:
        changed = [(known, *pair) for known, pair in zip(stored, named, strict=True)]
        _name(tx, waiting, [message for message, _ in named], tx.messages.edit(changed))

    return write


def _plan_new(
    tx: IngestTransaction, platform: str, new: list[tuple[Message, bytes]]
) -> Callable[[], None]:
    new, waiting = with_orders(tx, new)
    new.sort(key=_sent_at)
    buyers = Buyers(tx, platform, [message.buyer for message, _ in new])
    book = _thread_book(tx, [message for message, _ in new], buyers)
    rows = tx.messages.new()
    place, number = book.place, buyers.number
    rows.extend((message, digest, place(message, number(message.buyer))) for message, digest in new)
    bounces = [message for message, _ in new if message.kind is _BOUNCE and message.references]

    def write() -> None:
        buyers.store()
        opened = {
            number: msgspec.structs.replace(each, customer=buyers.stored(each.customer))
            for number, each in book.opened.items()
        }
        talks = tx.messages.add(rows, opened, book.learnt)
        if rows.listings:
            tx.listings.named([(talks[at], listing) for at, listing in rows.listings])
        if waiting:
            _name(tx, waiting, [message for message, _ in new], talks)
        if bounces:
            _note_failures(tx, bounces)

    return write


def _note_failures(tx: IngestTransaction, bounces: list[Message]) -> None:
    """What syncd sent and these return did not reach anybody."""
    sent = tx.bounces.sent_as({each.references[-1] for each in bounces}, bounces[0].sent_at)
    for bounce in bounces if sent else ():  # nearly always people wrote what comes back
        mine = sent.get(bounce.references[-1])
        why = None if mine is None else why_it_failed(bounce)
        if mine is not None and why is not None:
            reason = f"the mail came back: {why or 'its mail system does not say why'}"
            tx.bounces.came_back(mine, reason)
            _log.warning("a mail came back, it needs a person", outbox=mine.row, reason=reason)


def _name(
    tx: IngestTransaction, waiting: Numbers, messages: Iterable[Message], talks: Iterable[int]
) -> None:
    """Store the numbers that wait for a parcel with the messages' conversations."""
    pairs = zip(messages, talks, strict=True)
    tx.mentions.named([(n, talk) for each, talk in pairs for n in waiting.get(each.source_id, ())])


def _sent_at(pair: tuple[Message, bytes]) -> datetime:
    return pair[0].sent_at


def _thread_book(tx: IngestTransaction, messages: list[Message], buyers: Buyers) -> ThreadBook:
    wanted = {key for message in messages for key in own_keys(message)}
    known = tx.messages.conversations_of(wanted)
    loose = [each for each in messages if each.thread_id is None or each.message_id is not None]
    if not loose:  # a platform's own thread ids need no more facts
        return ThreadBook(known, {})
    merged = buyers.merged
    who = {number for message in loose if (number := buyers.number(message.buyer)) is not None}
    who |= {number for number, kept in merged.items() if kept in who}
    stored = {number for number in who if number > 0}
    about = tx.messages.conversations_about({o for message in loose for o in message.order_ids})
    found = {*known.values(), *(number for _, number in about)}
    facts = tx.messages.conversation_facts(found, stored, loose[0].sent_at - SAME_MATTER)
    if merged:
        facts = {number: _of_kept(fact, merged) for number, fact in facts.items()}
    return ThreadBook(known, facts, about)


def _of_kept(known: KnownConversation, merged: Mapping[int, int]) -> KnownConversation:
    kept = merged.get(known.customer) if known.customer is not None else None
    return known if kept is None else msgspec.structs.replace(known, customer=kept)
