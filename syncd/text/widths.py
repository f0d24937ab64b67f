"""Digits and letters as East Asian keyboards and other scripts write them."""

import unicodedata
from functools import cache

_FULL_WIDTH = range(0xFF01, 0xFF5F)
_LIVING_SCRIPTS = range(0x80, 0x11000)
"""Where the digits of Arabic, Persian, Hindi and the like are."""


def narrow(text: str) -> str:
    """`text` with plain digits, and plain Latin letters and signs for full-width ones.

    It is as long as before: what stands where in one stands there in the other.
    """
    return text if text.isascii() else text.translate(_plain())


@cache
def _plain() -> dict[int, str]:
    found = {0x3000: " "} | {code: chr(code - 0xFEE0) for code in _FULL_WIDTH}
    for code in _LIVING_SCRIPTS:
        digit = unicodedata.decimal(chr(code), None)
        if digit is not None:
            found[code] = str(digit)
    return found
