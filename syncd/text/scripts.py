"""Which readers can read a text at all, by the script that it is in."""

import unicodedata
from functools import cache

from babel.core import get_global

from syncd.text.languages import normalise

_LATIN = "LATIN"
_A_NAME = 4
"""One letter of so many at the most is of a name in another script."""
# By the script's code in ISO 15924: how Unicode's names of its letters begin.
_LETTERS = {
    "Arab": {"ARABIC"},
    "Cyrl": {"CYRILLIC"},
    "Deva": {"DEVANAGARI"},
    "Grek": {"GREEK"},
    "Hans": {"CJK"},
    "Hant": {"CJK"},
    "Hebr": {"HEBREW"},
    "Jpan": {"CJK", "HIRAGANA", "KATAKANA"},
    "Kore": {"HANGUL"},
    "Thai": {"THAI"},
}


def readable(text: str, language: str) -> bool:
    """Whether all but a few letters of `text` are of the script of `language` or Latin ones.

    All readers know Latin ones from brands and addresses; a name in another script, such as where a
    parcel is, does no harm.
    """
    known = _scripts(language)
    letters = [unicodedata.name(char, "").split(" ")[0] for char in text if char.isalpha()]
    return sum(letter not in known for letter in letters) * _A_NAME <= len(letters)


@cache
def _scripts(language: str) -> frozenset[str]:
    tag = normalise(language) or ""
    likely = get_global("likely_subtags").get(tag.partition("-")[0], "")
    parts = {*tag.split("-"), *likely.split("_")}
    return frozenset({_LATIN}.union(*(_LETTERS.get(part, set()) for part in parts)))
