"""What a bounce sends back: which mail did not arrive, and at whose address."""

import re
from collections.abc import Iterator
from itertools import islice

import msgspec

from syncd_imap.charsets import decode
from syncd_imap.classify import takes_no_mail
from syncd_imap.fields import MAX_ADDRESSES, Mailbox, mailboxes, own_id
from syncd_imap.mime import Part, read

# Bytes of what is looked through: reports are short, and stand before the mail that they return.
_LOOKED_THROUGH = 100_000

_MAILS = frozenset({"message/rfc822", "message/global", "text/rfc822-headers",
                    "message/rfc822-headers", "message/global-headers"})  # fmt: skip
_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
# RFC 3464, 2.3: whom the shop wrote to, and where a forwarding ended.
_RECIPIENTS = ("original-recipient", "final-recipient")
# A mail that is returned as plain text, its lines perhaps marked as quoted.
_INLINE = re.compile(rb"(?:^|\n)((?:[> \t]{0,4}[!-9;-~]{1,70}:[^\n]*\n|[> ]{0,4}[ \t][^\n]*\n)+)")
_QUOTED = re.compile(rb"^[> \t]{1,4}(?=[!-9;-~]{1,70}:)", re.MULTILINE)
# How qmail, Postfix, Exim and others name an address: first on its line, and mostly alone.
_NAMED = re.compile(
    r"^[ \t*]{0,9}[\"<]?([^\s<>@:;,()\"]{1,64}@[^\s<>@:;,()\"]{1,255})[\">]?[ \t]*(?::.*)?$",
    re.MULTILINE,
)


class Returned(msgspec.Struct, frozen=True):
    """What a bounce tells of the mail that it is about."""

    recipient: Mailbox | None
    """Whom the shop had written to."""
    message_id: str | None
    """Of that mail, without brackets."""


def returned(bounce: Part, own: frozenset[str]) -> Returned:
    """Read a bounce to an account whose own addresses are `own`."""
    mail = _mail(bounce)
    message_id = own_id(mail.first("message-id")) if mail else None
    written_to = [one for one in _written_to(mail) if one.email not in own] if mail else []
    failed = [one for one in _failed(bounce) if _is_somebody(one, own)]
    return Returned(_meant(written_to, failed), message_id)


def _meant(written_to: list[Mailbox], failed: list[str]) -> Mailbox | None:
    """The address that failed, with the name that the shop wrote; of a forwarded one, the first."""
    for one in written_to:
        if one.email in failed:
            return one
    if len(written_to) == 1 or not failed:
        return written_to[0] if len(written_to) == 1 else None
    return Mailbox(failed[0])


def _mail(bounce: Part) -> Part | None:
    """The mail that is returned, whole or only its header."""
    for part in bounce.leaves():
        if part.media_type in _MAILS:
            return read(part.content()[:_LOOKED_THROUGH])
    for part in bounce.leaves():
        if part.media_type == "text/plain":
            for block in _INLINE.finditer(part.content()[:_LOOKED_THROUGH] + b"\n"):
                mail = read(_QUOTED.sub(b"", block[1]))
                if mail.first("message-id") or (mail.first("to") and mail.first("from")):
                    return mail
    return None


def _written_to(mail: Part) -> list[Mailbox]:
    return [one for name in ("to", "cc", "bcc") for one in mailboxes(mail.first(name))]


def _failed(bounce: Part) -> Iterator[str]:
    """The addresses that did not take it, the surest first."""
    reports = [part for part in bounce.leaves() if part.media_type in _REPORTS]
    for report in reports:
        yield from _reported(report.content()[:_LOOKED_THROUGH])
    for one in mailboxes(bounce.first("x-failed-recipients")):
        yield one.email
    if not reports:
        for part in bounce.leaves():
            if part.media_type == "text/plain":
                said = decode(part.content()[:_LOOKED_THROUGH], part.parameters.get("charset"))
                for found in islice(_NAMED.finditer(said), MAX_ADDRESSES):
                    yield found[1].lower()
                return


def _reported(report: bytes) -> Iterator[str]:
    """The recipients of a delivery status, one group of fields each."""
    for group in report.replace(b"\r\n", b"\n").split(b"\n\n")[:MAX_ADDRESSES]:
        fields = read(group.strip() + b"\n")
        for name in _RECIPIENTS:
            for one in mailboxes(fields.first(name).rpartition(b";")[2]):
                yield one.email


def _is_somebody(address: str, own: frozenset[str]) -> bool:
    return address not in own and not takes_no_mail(address)
