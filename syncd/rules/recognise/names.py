"""Carriers by what they are called: marketplaces, labels and people each have their own names."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from unicodedata import normalize

from syncd.rules.recognise.table import carriers

_WORDS = re.compile(r"[^\W_]+")
_SHORTEST = 3
"""Shorter names (SF, CJ) count only where nothing else is said."""


def carriers_named(said: str) -> tuple[str, ...]:
    """The codes of the carriers that a name may mean, by the longest known name in it.

    "DHL Paket" is one carrier, "DHL" every one of that house; an unknown name is none.
    """
    words = key(said)
    if words in _by_name():
        return _by_name()[words]
    inside = max(_names_in(words), key=len, default="")
    return _by_name()[inside] if inside else ()


def nearest_name(said: str, also: Iterable[str] = ()) -> str | None:
    """None where `said` names a carrier, of ours or of `also`; else the name it is most like.

    That is empty where it is like none: a typing error of a name is told from another name.
    """
    known = {key(name): name for name in (*also, *_by_name(), *carriers())}
    words = key(said)
    if words in known or carriers_named(said):
        return None
    return known[close[0]] if (close := get_close_matches(words, known, n=1)) else ""


def key(name: str) -> str:
    """A name as it is compared: words in small letters, one blank between them."""
    return " ".join(_WORDS.findall(normalize("NFKC", name).casefold()))


@cache
def _by_name() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for carrier in carriers().values():
        for name in dict.fromkeys(map(key, (carrier.name, carrier.code, *carrier.aliases))):
            found.setdefault(name, []).append(carrier.code)
    return {name: tuple(codes) for name, codes in found.items()}


def all_names() -> tuple[str, ...]:
    """Every name long enough to be looked for in text, as `key` writes it."""
    return tuple(name for name in _by_name() if _long_enough(name))


def _names_in(words: str) -> list[str]:
    padded = f" {words} "
    return [
        name for name in all_names() if (f" {name} " in padded if name.isascii() else name in words)
    ]


def _long_enough(name: str) -> bool:
    return len(name) >= _SHORTEST or not name.isascii()
