"""The parts of a mail, read in one pass without ever failing.

The standard library's parser goes through every line in Python and takes longer than fetching the
mail does. This one asks `bytes.find` for boundaries, and agrees with it on the parts
(tests/connectors/imap/test_mime.py compares them).
"""

import binascii
import re
from collections.abc import Iterator

import msgspec

from syncd_imap.charsets import clean
from syncd_imap.parameters import Parameters, parse_parameters

# Mails nested deeper, in more parts or with more header fields are attacks on parsers; what is
# beyond is left unread.
MAX_DEPTH = 20
MAX_PARTS = 500
MAX_FIELDS = 5_000
_MAX_TYPE = 255  # RFC 6838, 4.2: 127 for each of the two names

_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*:((?:[^\n]*)(?:\n[ \t][^\n]*)*)(?:\n|$)")
_CONTINUED = re.compile(rb"[ \t][^\n]*(?:\n|$)")
_ENVELOPE = re.compile(rb">?From [^\n]*(?:\n|$)")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


class Part(msgspec.Struct):
    """One part of a mail, or the mail itself."""

    fields: list[tuple[str, bytes]]
    """Header fields in their order: name in lower case, value as it was written."""
    firsts: dict[str, bytes]
    """The first value of each field, by name."""
    body: bytes = b""
    """Nothing where there are parts, which have it."""
    media_type: str = "text/plain"
    parameters: Parameters = {}
    """Of Content-Type."""
    parts: list["Part"] = []

    def first(self, name: str) -> bytes:
        """The value of the first field called `name` (in lower case), or nothing."""
        return self.firsts.get(name, b"")

    def all(self, name: str) -> list[bytes]:
        """The values of all fields called `name`."""
        return [value for found, value in self.fields if found == name]

    def content(self) -> bytes:
        """The body with its transfer encoding undone."""
        encoding = self.first("content-transfer-encoding").strip().lower()
        if encoding.startswith(b"base64"):
            return _base64(self.body)
        if encoding.startswith(b"quoted-printable"):
            return binascii.a2b_qp(self.body)
        return self.body

    def leaves(self) -> Iterator["Part"]:
        """The parts that are not multiparts, in their order."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


def read(raw: bytes) -> Part:
    """Take a mail apart."""
    text = raw.replace(b"\r\n", b"\n")
    if b"\n" not in text:
        text = text.replace(b"\r", b"\n")
    return _Reader(text).part(0, len(text), "text/plain", 0)


class _Reader:
    """Reads parts where they stand: a copy for each level would make 25 MB into a gigabyte."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._left = MAX_PARTS
        self._fields_left = MAX_FIELDS

    def part(self, begin: int, end: int, default_type: str, depth: int) -> Part:
        self._left -= 1
        part, body = _headed(self._text, begin, end, default_type, self._fields_left)
        self._fields_left -= len(part.fields)
        if part.media_type.startswith("multipart/") and depth < MAX_DEPTH:
            inner = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
            boundary = part.parameters.get("boundary", "").encode("utf-8", "surrogateescape")
            for piece in _split(self._text, body, end, boundary) if boundary else ():
                if self._left <= 0:
                    break
                part.parts.append(self.part(*piece, inner, depth + 1))
        if not part.parts:
            part.body = self._text[body:end]
        return part


def _headed(text: bytes, begin: int, end: int, default_type: str, most: int) -> tuple[Part, int]:
    """A part by its header, of which `most` fields are read, and where its body begins."""
    fields, body = _fields(text, begin, end, most)
    part = Part(fields, dict(reversed(fields)), media_type=default_type, parts=[])
    value = part.first("content-type")
    if value:
        word, part.parameters = parse_parameters(value)
        part.media_type = clean(word[:_MAX_TYPE]) if word.count("/") == 1 else "text/plain"
    return part, body


def _fields(text: bytes, at: int, end: int, most: int) -> tuple[list[tuple[str, bytes]], int]:
    """The header's fields, and where the body begins: after a blank line or at what is no field."""
    fields: list[tuple[str, bytes]] = []
    while at < end:
        if text[at] == 10:
            return fields, at + 1
        if len(fields) >= most:
            blank = text.find(b"\n\n", at, end)
            return fields, end if blank < 0 else blank + 2
        match = _FIELD.match(text, at, end)
        if match is not None:
            fields.append((match[1].decode("ascii").lower(), match[2].strip()))
        else:
            match = _ENVELOPE.match(text, at, end) or _CONTINUED.match(text, at, end)
            if match is None:
                break
        at = match.end()
    return fields, at


def _split(text: bytes, body: int, end: int, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Where the pieces of a body stand, between boundary lines.

    Without a closing line the last piece goes to the end. `body` has a header before it, and so a
    line end.
    """
    mark = b"\n--" + boundary
    begin: int | None = None
    at = text.find(mark, body - 1, end)
    while at >= 0:
        after = at + len(mark)
        line_end = text.find(b"\n", after, end)
        tail = text[after : line_end if line_end >= 0 else end].strip()
        if tail in {b"", b"--"}:
            if begin is not None:
                yield begin, max(begin, at)
            if tail or line_end < 0:
                return
            begin = line_end + 1
            # The line's own end may begin the next boundary: an empty part.
            after = line_end
        at = text.find(mark, after, end)
    if begin is not None:
        yield begin, end


def _base64(data: bytes) -> bytes:
    """Decode what can be decoded: foreign characters are skipped and a cut end is left off."""
    letters = _NO_BASE64.sub(b"", data)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
