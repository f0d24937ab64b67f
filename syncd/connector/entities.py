"""HTML entities in what people and platforms wrote."""

import html
import re

# Python turns no more than 4,300 digits into a number, and HTML names no character by so many.
_ENDLESS = re.compile(r"&#[0-9]{20,};?")


def unescape(text: str) -> str:
    """`text` with what its entities stand for, whatever is in it.

    `html.unescape` raises ValueError where one has thousands of digits.
    """
    if "&" not in text:
        return text
    return html.unescape(_ENDLESS.sub("\ufffd", text) if "&#" in text else text)
