"""What a bounce sends back: which mail did not arrive, and at whose address."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from syncd_imap.charsets import decode
from syncd_imap.classify import takes_no_mail
from syncd_imap.fields import MAX_ADDRESSES, Mailbox, mailboxes, own_id
from syncd_imap.mime import Part

# Bytes of what is looked through: reports are short, and stand before the mail that they return.
_LOOKED_THROUGH = 100_000

_MAILS = frozenset({"message/rfc822", "message/global", "text/rfc822-headers",
                    "message/rfc822-headers", "message/global-headers"})  # fmt: skip
_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
# RFC 3464, 2.3: whom the shop wrote to, and where a forwarding ended.
_RECIPIENTS = tuple(
    re.compile(rb"(?im)^%s-recipient[ \t]*:[^\n;]*;([^\n]*(?:\n[ \t][^\n]*)*)" % whose)
    for whose in (b"original", b"final")
)
# A mail that is returned as plain text, its lines perhaps marked as quoted.
_INLINE = re.compile(rb"(?:^|\n)((?:[> \t]{0,4}[!-9;-~]{1,70}:[^\n]*\n|[> ]{0,4}[ \t][^\n]*\n)+)")
_QUOTED = re.compile(rb"^[> \t]{1,4}(?=[!-9;-~]{1,70}:)", re.MULTILINE)
# How qmail, Postfix, Exim and others name an address: first on its line, and mostly alone.
_NAMED = re.compile(
    r"^[ \t*]{0,9}[\"<]?([^\s<>@:;,()\"]{1,64}@[^\s<>@:;,()\"]{1,255})[\">]?[ \t]*(?::.*)?$",
    re.MULTILINE,
)
_FOLDED = re.compile(rb"[^\n]*(?:\n[ \t][^\n]*)*")


class Returned(msgspec.Struct, frozen=True):
    """What a bounce tells of the mail that it is about."""

    recipient: Mailbox | None
    """Whom the shop had written to."""
    message_id: str | None
    """Of that mail, without brackets."""


def returned(bounce: Part, own: frozenset[str]) -> Returned:
    """Read a bounce to an account whose own addresses are `own`.

    Where a mail was written to one, it is theirs, wherever it was forwarded to and failed.
    """
    parts = list(bounce.leaves())
    header = _Header(_whole(parts) or _inline(parts))
    to = [one for one in _recipients(header) if one.email not in own]
    if len(to) != 1:
        failed = [
            each for each in _failed(bounce, parts) if not (each in own or takes_no_mail(each))
        ]
        to = [one for one in to if one.email in failed] or [Mailbox(each) for each in failed]
    return Returned(to[0] if to else None, own_id(header.first(b"message-id")))


class _Header:
    """Of a mail's header, the few fields that matter: the rest of it is not read."""

    def __init__(self, text: bytes) -> None:
        self._text = b"\n" + text
        self._lower = self._text.lower()

    def first(self, name: bytes) -> bytes:
        """The first field called `name`, or nothing."""
        mark = b"\n%s:" % name
        at = self._lower.find(mark)
        folded = None if at < 0 else _FOLDED.match(self._text, at + len(mark))
        return folded[0].strip() if folded else b""


def _recipients(header: _Header) -> Iterator[Mailbox]:
    for name in (b"to", b"cc", b"bcc"):
        yield from mailboxes(header.first(name))


def _whole(parts: Sequence[Part]) -> bytes:
    """The header of the mail that is a part, as is or only its header; nothing without one."""
    part = next((part for part in parts if part.media_type in _MAILS), None)
    return b"" if part is None else _lines(part).lstrip(b"\n").partition(b"\n\n")[0]


def _inline(parts: Sequence[Part]) -> bytes:
    """The header that stands in the text; nothing where none does."""
    texts = (_lines(part) + b"\n" for part in parts if part.media_type == "text/plain")
    blocks = (block[1] for text in texts for block in _INLINE.finditer(text))
    return next(filter(_is_header, (_QUOTED.sub(b"", block) for block in blocks)), b"")


def _is_header(text: bytes) -> bool:
    header = _Header(text)
    return bool(header.first(b"message-id") or (header.first(b"to") and header.first(b"from")))


def _failed(bounce: Part, parts: Sequence[Part]) -> Iterator[str]:
    """The addresses that did not take it, the surest first."""
    reports = [part for part in parts if part.media_type in _REPORTS]
    for report in reports:
        yield from _reported(_lines(report))
    yield from (one.email for one in mailboxes(bounce.first("x-failed-recipients")))
    if not reports:
        yield from _named(parts)


def _reported(said: bytes) -> Iterator[str]:
    for which in _RECIPIENTS:
        for found in islice(which.finditer(said), MAX_ADDRESSES):
            yield from (one.email for one in mailboxes(found[1]))


def _named(parts: Sequence[Part]) -> Iterator[str]:
    """Those that the text for people names."""
    part = next((part for part in parts if part.media_type == "text/plain"), None)
    if part is not None:
        said = decode(_lines(part), part.parameters.get("charset"))
        for found in islice(_NAMED.finditer(said), MAX_ADDRESSES):
            yield found[1].lower()


def _lines(part: Part) -> bytes:
    return part.content()[:_LOOKED_THROUGH].replace(b"\r\n", b"\n")
