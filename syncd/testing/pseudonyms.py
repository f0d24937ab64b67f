"""Stand-ins for real values: the same for the same value, of the same shape, not to be undone."""

import hashlib
import secrets
import string
import unicodedata

_TRIES = 50
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_HEX = frozenset("0123456789abcdef-")
# What hides in marks and format characters is nobody's to find: they are dropped.
_DROPPED = frozenset("MC")
_LINE_ENDS = "\n\r\t"
# Without them HTML would not be HTML to a parser any more; what stands in them goes.
_TAGS = frozenset({
    "a", "b", "body", "br", "div", "em", "h1", "h2", "h3", "head", "html", "i", "img", "li", "ol", "p",
    "span", "strong", "table", "td", "th", "tr", "u", "ul",
})  # fmt: skip


class Pseudonyms:
    """One table of stand-ins, so that an id in one answer is the same id in the next request.

    They are drawn with a key that nobody keeps: who reads a stand-in cannot try values until one
    fits.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()
        self._secrets: dict[str, str] = {}

    def __contains__(self, value: str) -> bool:
        return value in self._given

    def of(self, value: str) -> str:
        """Its stand-in: letters for letters, digits for digits, signs as they are."""
        if value not in self._given:
            self._given[value] = self._draw(value)
            self._taken.add(self._given[value])
        return self._given[value]

    def secret(self, value: str) -> str:
        """A stand-in that tells nothing but which secret it is."""
        return self._secrets.setdefault(value, f"masked-{len(self._secrets) + 1}")

    def _draw(self, value: str) -> str:
        longer = ""
        for attempt in range(_TRIES):
            if attempt > _TRIES // 2:  # of short numbers there are not enough for all
                longer += "0"
            drawn = _shaped(value + longer, self._bytes(value, attempt))
            if drawn not in self._taken and drawn != value:
                return drawn
        return drawn

    def _bytes(self, value: str, attempt: int) -> bytes:
        said = value.encode("utf-8", "surrogatepass")
        seed = self._key + attempt.to_bytes(2, "big") + said
        return hashlib.shake_256(seed).digest(2 * (len(value) + _TRIES))


def blotted(text: str) -> str:
    """A text of which only the form is left: x for letters, 0 for digits."""
    return "".join(_blots(text))


def _blots(text: str) -> list[str]:
    out: list[str] = []
    place = 0
    while place < len(text):
        tag = _tag(text, place)
        out.append(tag or _blot(text[place]))
        place += len(tag) or 1
    return out


def _tag(text: str, place: int) -> str:
    """The beginning of a tag of HTML that stands there, without what follows its name."""
    if text[place] != "<":
        return ""
    start = place + (2 if text.startswith("</", place) else 1)
    end = start
    while end < len(text) and end < start + 7 and text[end].isalnum():
        end += 1
    return text[place:end] if text[start:end].lower() in _TAGS else ""


def _blot(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind[0] == "L":
        return "X" if sign.isupper() else "x"
    if kind[0] == "N":
        return "0"
    return _other(sign, kind)


def _other(sign: str, kind: str) -> str:
    """A sign that is neither letter nor digit."""
    if kind == "So":
        return "*"
    return "" if kind[0] in _DROPPED and sign not in _LINE_ENDS else sign


def _shaped(value: str, drawn: bytes) -> str:
    classes = _hexadecimal if _is_hexadecimal(value) else _class_of
    out: list[str] = []
    for place, sign in enumerate(value):
        letters = classes(sign)
        number = int.from_bytes(drawn[2 * place : 2 * place + 2], "big")
        if not letters:
            out.append(_other(sign, unicodedata.category(sign)))
        elif letters == string.digits and not out and sign != "0":
            out.append(string.digits[1 + number % 9])  # a number does not begin with 0
        else:
            out.append(letters[number % len(letters)])
    return "".join(out)


def _class_of(sign: str) -> str:
    for letters in _CLASSES:
        if sign in letters:
            return letters
    kind = unicodedata.category(sign)
    if kind[0] == "L":
        return string.ascii_uppercase if sign.isupper() else string.ascii_lowercase
    return string.digits if kind[0] == "N" else ""


def _hexadecimal(sign: str) -> str:
    return "" if sign == "-" else "0123456789abcdef"


def _is_hexadecimal(value: str) -> bool:
    """A UUID, or a hash: what parses it wants it to stay one."""
    return len(value) >= 16 and _HEX.issuperset(value) and not value.replace("-", "").isdigit()
