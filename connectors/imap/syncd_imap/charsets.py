"""Bytes to text, whatever charset a mail claims to have; never an error."""

import codecs
from functools import lru_cache

# Names that mail programs write for charsets that Python knows otherwise, and supersets that decode
# what is really sent under the narrower name (web browsers read the same, WHATWG Encoding).
_ALIASES = {
    "ascii": "us-ascii",
    "iso-gb2312": "gb18030",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-874": "cp874",
    "unicode-1-1-utf-7": "utf-7",
    "utf-8mb4": "utf-8",
}
# Python codecs that are no charset of mail: slow on large input, or warn about what they read.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})


@lru_cache(maxsize=256)
def codec(charset: str) -> str | None:
    """The Python codec for a charset's name as mails write it; None where there is none."""
    name = charset.strip().strip("\"'").lower()
    name = _ALIASES.get(name, name)
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return None
    is_text = getattr(found, "_is_text_encoding", True)
    return found.name if is_text and found.name not in _NO_CHARSETS else None


def decode(data: bytes, charset: str | None = None) -> str:
    """`data` as text: by its charset, else UTF-8, else Windows-1252, else bytes as letters."""
    if data.isascii() and b"\x1b" not in data and not _is_wide(charset):
        return clean(data.decode("ascii"))
    for name in (charset and codec(charset), "utf-8", "cp1252"):
        if name and name != "ascii":
            try:
                return clean(data.decode(name))
            except (UnicodeError, ValueError):
                continue
    return clean(data.decode("latin-1"))


def clean(text: str) -> str:
    """`text` without what a database refuses: NUL and halves of surrogate pairs."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


def _is_wide(charset: str | None) -> bool:
    """Whether ASCII bytes do not stand for themselves in it."""
    return charset is not None and (codec(charset) or "").startswith(("utf-16", "utf-32", "utf-7"))
