"""Bytes of a mail to a `Message`; pure, and never an error for what is a mail at all."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from syncd.model import Attachment, Direction, Message, MessageKind, Party
from syncd_imap.classify import classify, takes_no_mail, writes_for_others
from syncd_imap.content import content
from syncd_imap.fields import (
    MAX_REFERENCES,
    Mailbox,
    mailboxes,
    message_ids,
    moment,
    own_id,
    readable,
)
from syncd_imap.identity import is_own, source_id
from syncd_imap.mime import Part, read
from syncd_imap.returned import returned

MAX_TEXT = 1_000_000
"""Characters of text kept; the raw mail keeps all."""
_FIELDS = ("from", "to", "subject", "date", "message-id")
_MAX_SUBJECT = 1_000
_MAX_FIELDS = 20  # RFC 5322, 3.6: one of each
# A sender's clock may be wrong; a mail cannot be written after it has arrived.
_CLOCK_SLACK = timedelta(hours=24)


class NotAMail(ValueError):
    """What was fetched has no header field that a mail has."""


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """What reading a mail depends on besides the mail."""

    own: frozenset[str]
    """The account's own addresses, in lower case."""
    max_attachment_bytes: int = 5_000_000


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says about a mail."""

    arrived: datetime
    sent_folder: bool = False
    thread_id: str | None = None
    cut: int | None = None
    """The mail's size, where only its header was fetched."""


def parse_mail(raw: bytes, envelope: Envelope, reader: Reader) -> Message:
    """Read one mail. Raises NotAMail for what is none."""
    mail = read(raw)
    if mail.firsts.keys().isdisjoint(_FIELDS):
        raise NotAMail("it has no From, To, Subject, Date or Message-ID")
    people = _people(mail, reader, in_sent=envelope.sent_folder)
    subject = readable(mail.first("subject"))[:_MAX_SUBJECT]
    message_id = own_id(mail.first("message-id"))
    text, files = content(mail) if envelope.cut is None else ("", ())
    sender = people.sender.email
    own = is_own(message_id) and sender in reader.own
    kind = classify(mail, sender, subject, own=own)
    buyer, references = _party(people.buyer), _references(mail, message_id)
    if kind is MessageKind.BOUNCE and people.direction is Direction.INBOUND:
        buyer, references = _of_returned(mail, people, references, reader)
    return Message(
        source_id=source_id(message_id, _identity(mail, sender, subject, text, files)),
        sent_at=_sent_at(mail, envelope.arrived),
        direction=people.direction,
        buyer=buyer,
        text=text[:MAX_TEXT] if envelope.cut is None else _cut_note(envelope.cut),
        subject=subject or None,
        thread_id=envelope.thread_id,
        message_id=message_id,
        references=references,
        kind=kind,
        attachments=tuple(_limited(file, reader) for file in files),
        fixed=True,
        raw=raw,
    )


class _People(msgspec.Struct):
    sender: Mailbox
    buyer: Mailbox
    direction: Direction


def _people(mail: Part, reader: Reader, *, in_sent: bool) -> _People:
    """Who wrote, and who is at the other end."""
    senders = mailboxes(mail.first("from")) or mailboxes(mail.first("sender"))
    sender = senders[0] if senders else Mailbox("")
    if in_sent or sender.email in reader.own:
        return _ours(mail, sender, reader)
    if writes_for_others(sender.email):
        return _People(sender, _answer_to(mail, reader) or sender, Direction.INBOUND)
    return _People(sender, sender, Direction.INBOUND)


def _ours(mail: Part, sender: Mailbox, reader: Reader) -> _People:
    """The people of a mail from the shop: to a buyer, or by its own contact form for one."""
    to = next((one for one in _recipients(mail) if one.email not in reader.own), None)
    if to is not None:
        return _People(sender, to, Direction.OUTBOUND)
    asking = _answer_to(mail, reader)
    if asking is not None:
        return _People(sender, asking, Direction.INBOUND)
    return _People(sender, sender, Direction.OUTBOUND)


def _answer_to(mail: Part, reader: Reader) -> Mailbox | None:
    """Whom a form, writing from the shop's own or a no-reply address, writes for."""
    for one in mailboxes(mail.first("reply-to"))[:1]:
        if one.email not in reader.own and not takes_no_mail(one.email):
            return one
    return None


def _recipients(mail: Part) -> Iterable[Mailbox]:
    for name in ("to", "cc", "bcc"):
        for value in mail.all(name)[:_MAX_FIELDS]:
            yield from mailboxes(value)


def _party(mailbox: Mailbox) -> Party:
    return Party(email=mailbox.email or None, name=mailbox.name)


def _of_returned(
    mail: Part, people: _People, references: tuple[str, ...], reader: Reader
) -> tuple[Party, tuple[str, ...]]:
    """The buyer of a bounce, and what it answers, the mail that did not arrive being the last.

    A mail system is no customer: where nobody can say whose mail it was, the buyer is nobody.
    """
    what = returned(mail, reader.own)
    before = tuple(one for one in references if one != what.message_id)
    references = before + ((what.message_id,) if what.message_id else ())
    if what.recipient is not None:
        return _party(what.recipient), references
    if people.buyer is not people.sender:
        return _party(people.buyer), references
    return Party(name=people.sender.name or people.sender.email or None), references


def _sent_at(mail: Part, arrived: datetime) -> datetime:
    """The Date field, unless the first relay's stamp or the server's time shows it to be wrong."""
    hop = moment(mail.first("received").rpartition(b";")[2])
    latest = hop or arrived
    said = moment(mail.first("date"))
    return said if said is not None and said - latest <= _CLOCK_SLACK else latest


def _references(mail: Part, message_id: str | None) -> tuple[str, ...]:
    chain = message_ids(mail.first("references"))[-MAX_REFERENCES:]
    answered = [one for one in message_ids(mail.first("in-reply-to"))[:3] if one not in chain]
    found = [one for one in (*chain, *answered) if one != message_id]
    # Some programs name whom they answer, not what: all mails of a buyer would be one talk.
    people = _addresses(mail) if found else frozenset()
    return tuple(one for one in found if one.lower() not in people)


def _addresses(mail: Part) -> frozenset[str]:
    """The addresses from and to which it was sent."""
    return frozenset(one.email for one in (*mailboxes(mail.first("from")), *_recipients(mail)))


def _limited(file: Attachment, reader: Reader) -> Attachment:
    if file.size is not None and file.size > reader.max_attachment_bytes:
        return msgspec.structs.replace(file, content=None)
    return file


def _identity(
    mail: Part, sender: str, subject: str, text: str, files: tuple[Attachment, ...]
) -> Iterable[str | bytes]:
    yield from (sender, subject, mail.first("date"), text)
    for file in files:
        yield file.name
        yield file.content or b""


def _cut_note(size: int) -> str:
    return f"[This mail has {size / 1_000_000:.1f} MB, over the account's limit; only its header was fetched.]"
