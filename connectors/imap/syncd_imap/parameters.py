"""Values with parameters: Content-Type and Content-Disposition, with RFC 2231's long forms."""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from syncd_imap.charsets import decode

Parameters = dict[str, str]

# A mail's own boundary is unique to it, so only values without one are worth remembering.
_CACHED_VALUES = 512
_MAX_VALUE = 4_000
_PARAMETER = re.compile(r';\s*([^=;\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SEGMENT = re.compile(r"([^*]+)\*(?:(\d{1,3})(\*)?)?$")


def parse_parameters(value: bytes) -> tuple[str, Parameters]:
    """The first word of a field in lower case, and its parameters by lower-case name.

    Encoded words are left as they are: RFC 2047 forbids them here, and programs write them.
    """
    text = value[:_MAX_VALUE].decode("utf-8", "surrogateescape")
    return _parse(text) if "boundary" in text.lower() else _remembered(text)


@lru_cache(_CACHED_VALUES)
def _remembered(text: str) -> tuple[str, Parameters]:
    return _parse(text)


def _parse(text: str) -> tuple[str, Parameters]:
    word, semicolon, rest = text.partition(";")
    word = word.split()[0].lower() if word.strip() else ""
    if not semicolon:
        return word, {}
    plain: Parameters = {}
    long: dict[str, list[tuple[int, bool, str]]] = {}
    for match in _PARAMETER.finditer(semicolon + rest):
        name, said = match[1].lower(), _unquoted(match[2].strip())
        segment = _SEGMENT.match(name)
        if segment is None:
            plain.setdefault(name, said)
        else:
            encoded = bool(segment[3]) or segment[2] is None
            long.setdefault(segment[1], []).append((int(segment[2] or 0), encoded, said))
    return word, plain | {name: _joined(segments) for name, segments in long.items()}


def _unquoted(said: str) -> str:
    if said.startswith('"') and said.endswith('"') and len(said) > 1:
        return _ESCAPED.sub(r"\1", said[1:-1]) if "\\" in said else said[1:-1]
    return said.strip('"')


def _joined(segments: list[tuple[int, bool, str]]) -> str:
    """Put the numbered segments of one value together (RFC 2231, 3 and 4)."""
    charset, data = "utf-8", b""
    for number, encoded, said in sorted(segments, key=lambda segment: segment[0]):
        piece = said
        if encoded and number == 0 and said.count("'") >= 2:
            charset, _, piece = said.split("'", 2)
        raw = piece.encode("utf-8", "surrogateescape")
        data += unquote_to_bytes(raw) if encoded else raw
    return decode(data, charset or None)
