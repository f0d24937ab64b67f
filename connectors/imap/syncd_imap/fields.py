"""What header fields say: text, addresses, Message-IDs and dates, from whatever was written."""

import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from syncd_imap.charsets import clean, codec, decode

# Longer fields are attacks or garbage; no client shows more.
MAX_VALUE = 10_000
MAX_ADDRESSES = 100
MAX_REFERENCES = 50
# Bytes: RFC 5322, 2.1.1, lets no line be longer, and PostgreSQL no entry of an index beyond 2,700.
_MAX_ID = 998

_WORD = re.compile(r"=\?([^?*\s]*)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?)")
_SPACE = re.compile(r"\s+")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
# Bounded as in RFC 5321, 4.5.3.1, with some grace; unbounded it would be quadratic.
_ADDRESS = re.compile(r"[^\s<>@\",;:()\[\]\\]{1,128}@[^\s<>@\",;:()\\]{1,255}")
_SIMPLE = re.compile(
    r"([^<>\",()@;:\\]*)<\s*([^\s<>@\",;:()\\]{1,128}@[^\s<>@\",;:()\\]{1,255})\s*>\s*"
)
_UNQUOTED = r"<(?P<angle>[^<>]*)>|\((?P<comment>[^()]*)\)|(?P<plain>[^\"<>,;()]+)|(?P<other>.)"
_TOKEN = re.compile(rf'"(?P<quoted>(?:[^"\\]|\\.)*)"|{_UNQUOTED}', re.DOTALL)
_TOKEN_BEHIND_QUOTES = re.compile(_UNQUOTED, re.DOTALL)
_BRACKETED = re.compile(r"<([^<>]{1,998})>")


class Mailbox(msgspec.Struct, frozen=True):
    """One address of a From or To field."""

    email: str
    """In lower case."""
    name: str | None = None


def readable(value: bytes) -> str:
    """A field as people are meant to read it: encoded words decoded, on one line."""
    said = _raw_text(value)
    return _SPACE.sub(" ", _decoded(said)).strip()


def mailboxes(value: bytes) -> list[Mailbox]:
    """The addresses of a field; what holds none is left out.

    Names are decoded after the field is taken apart, so that a name cannot pass for an address.
    """
    said = _raw_text(value)
    simple = _SIMPLE.fullmatch(said)
    if simple is not None:
        return [Mailbox(simple[2].lower(), _name(simple[1]))]
    found = [_mailbox(piece) for piece in _pieces(said)[:MAX_ADDRESSES]]
    return [mailbox for mailbox in found if mailbox is not None]


def message_ids(value: bytes) -> list[str]:
    """The Message-IDs of a field without their brackets, each once, in their order.

    Longer ones than may be are left out.
    """
    said = _raw_text(value)
    if "<" in said:
        found = ["".join(inner.split()) for inner in _BRACKETED.findall(said)]
    else:
        found = [word.strip("<>,;") for word in said.split() if "@" in word]
    return [one for one in dict.fromkeys(found) if 0 < len(one.encode()) <= _MAX_ID]


def own_id(value: bytes) -> str | None:
    """The one Message-ID of a mail, without brackets, however it is written."""
    found = message_ids(value)
    if found:
        return found[0]
    said = "".join(_raw_text(value)[:_MAX_ID].split()).strip("<>")
    return said.encode()[:_MAX_ID].decode(errors="ignore") or None


def moment(value: bytes) -> datetime | None:
    """A field's time as aware UTC; None where it is not one."""
    try:
        said = parsedate_to_datetime(value[:200].decode("ascii", "replace"))
        aware = said if said.tzinfo is not None else said.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _raw_text(value: bytes) -> str:
    value = value[:MAX_VALUE]
    return value.decode("ascii") if value.isascii() else decode(value)


def _decoded(said: str) -> str:
    if "=?" not in said:
        return clean(said)
    said = _BETWEEN_WORDS.sub(r"\1", said)
    out: list[str] = []
    pending, charset, at = b"", "", 0
    for word in _WORD.finditer(said):
        # Characters are cut in two between words of one charset, so those are joined first.
        if word.start() > at or word[1].lower() != charset:
            out += [decode(pending, charset), said[at : word.start()]]
            pending, charset = b"", word[1].lower()
        pending += _word_bytes(word[2], _unread(word[3], charset))
        at = word.end()
    return clean("".join([*out, decode(pending, charset), said[at:]]))


def _unread(payload: str, charset: str) -> bytes:
    """An encoded word as it was sent; some programs leave letters of its charset as they are."""
    if payload.isascii():
        return payload.encode("ascii")
    try:
        return payload.encode(codec(charset) or "utf-8")
    except UnicodeError:
        return payload.encode("utf-8", "replace")


def _word_bytes(encoding: str, payload: bytes) -> bytes:
    if encoding in "qQ":
        return binascii.a2b_qp(payload, header=True)
    letters = _NO_BASE64.sub(b"", payload)
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _pieces(said: str) -> list[list[tuple[str, str]]]:
    """The tokens of each address; commas and a group's semicolon stand between them."""
    pieces: list[list[tuple[str, str]]] = [[]]
    for token in _tokens(said):
        kind = str(token.lastgroup)
        if kind == "other":
            if token[0] in ",;":
                pieces.append([])
            continue
        pieces[-1].append((kind, token[kind]))
    return [piece for piece in pieces if piece]


def _tokens(said: str) -> Iterator[re.Match[str]]:
    """Where one quote is not closed, none behind it is: each would be read to the end in vain."""
    pattern, at = _TOKEN, 0
    while (token := pattern.match(said, at)) is not None:
        if token[0] == '"':
            pattern = _TOKEN_BEHIND_QUOTES
        yield token
        at = token.end()


def _mailbox(piece: list[tuple[str, str]]) -> Mailbox | None:
    angles = _of(piece, "angle")
    found = _ADDRESS.search(angles[-1] if angles else "".join(_of(piece, "plain")))
    if found is None:
        return None
    words = _words(piece) if angles else _of(piece, "quoted")
    return Mailbox(found[0].lower(), _name(" ".join(words or _of(piece, "comment"))))


def _words(piece: list[tuple[str, str]]) -> list[str]:
    """The words before an address; a colon that is not quoted ends a group's name, not theirs."""
    words: list[str] = []
    for kind, said in piece:
        if kind == "plain" and ":" in said:
            words = [said.rpartition(":")[2]]
        elif kind in {"plain", "quoted"}:
            words.append(said)
    return words


def _of(piece: list[tuple[str, str]], *kinds: str) -> list[str]:
    return [said for kind, said in piece if kind in kinds]


def _name(said: str) -> str | None:
    decoded = _decoded(said.replace("\\", ""))
    return _SPACE.sub(" ", decoded).strip(" '\"")[:200] or None
