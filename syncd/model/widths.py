"""Digits and letters as other keyboards and scripts write them, and signs that nobody sees."""

import re
import unicodedata
from functools import cache

_FULL_WIDTH = range(0xFF01, 0xFF5F)
_LIVING_SCRIPTS = range(0x80, 0x11000)
"""Where the digits of Arabic, Persian, Hindi and the like are."""

INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
"""What nobody sees, for a set of a regular expression: soft hyphens, joiners, marks of direction.

Web pages put them where a line may break, and whoever copies a number copies them, too.
"""

_INVISIBLE = re.compile(f"[{INVISIBLE}]")


def narrow(text: str) -> str:
    """`text` with plain digits, and plain Latin letters and signs for full-width ones.

    It is as long as before: what stands where in one stands there in the other.
    """
    return text if text.isascii() else text.translate(_plain())


def visible(text: str) -> tuple[str, list[int]]:
    """`text` without what nobody sees, and where each character of it, and its end, stood."""
    places = [at for at, each in enumerate(text) if not _INVISIBLE.match(each)]
    return "".join(text[at] for at in places), [*places, len(text)]


def hides(text: str) -> bool:
    """Whether something stands in `text` that nobody sees."""
    return not text.isascii() and _INVISIBLE.search(text) is not None


@cache
def _plain() -> dict[int, str]:
    found = {0x3000: " "} | {code: chr(code - 0xFEE0) for code in _FULL_WIDTH}
    for code in _LIVING_SCRIPTS:
        digit = unicodedata.decimal(chr(code), None)
        if digit is not None:
            found[code] = str(digit)
    return found
