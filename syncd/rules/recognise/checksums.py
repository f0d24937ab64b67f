"""Check characters: what must follow a serial of digits (and, for some, capital letters).

Sources of the rules are in ``checks.toml``, beside their weights.
"""

from collections.abc import Callable, Sequence
from itertools import cycle

Algorithm = Callable[[str, Sequence[int]], str]
"""From a serial and weights to its check character."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_SF_AREA = 3
"""The leading digits of an SF number are an area code, which its check leaves out."""


def _mod10(serial: str, weights: Sequence[int]) -> str:
    return str(-_weighed(serial, weights) % 10)


def _mod11_10(serial: str, weights: Sequence[int]) -> str:
    return str(_weighed(serial, weights) % 11 % 10)


def _mod7(serial: str, weights: Sequence[int]) -> str:
    del weights
    return str(int(serial) % 7)


def _luhn(serial: str, weights: Sequence[int]) -> str:
    del weights
    doubled = (int(digit) * factor for digit, factor in zip(serial[::-1], cycle((2, 1))))
    return str(-sum(map(_digits, doubled)) % 10)


def _s10(serial: str, weights: Sequence[int]) -> str:
    del weights
    left = sum(int(digit) * weight for digit, weight in zip(serial, _S10_WEIGHTS, strict=True)) % 11
    return {0: "5", 1: "0"}.get(left, str(11 - left))


def _sf(serial: str, weights: Sequence[int]) -> str:
    del weights
    backwards = enumerate(serial[: _SF_AREA - 1 : -1])
    return str(-sum(_digits(int(digit) * (2 * place + 1)) for place, digit in backwards) % 10)


def _mod37_36(serial: str, weights: Sequence[int]) -> str:
    del weights
    carried = 36
    for character in serial:
        total = (carried + _ALPHABET.index(character)) % 36 or 36
        carried = total * 2 % 37
    return _ALPHABET[(37 - carried) % 36]


def _weighed(serial: str, weights: Sequence[int]) -> int:
    backwards = zip(map(_value, reversed(serial)), cycle(weights))
    return sum(value * weight for value, weight in backwards)


def _value(character: str) -> int:
    """A digit's own; for letters that of UPS's rule, which others follow: A is 2, B is 3."""
    return int(character) if character.isdigit() else (ord(character) - 63) % 10


def _digits(number: int) -> int:
    return number // 10 + number % 10


ALGORITHMS: dict[str, Algorithm] = {
    "mod10": _mod10,
    "mod11_10": _mod11_10,
    "mod7": _mod7,
    "luhn": _luhn,
    "s10": _s10,
    "sf": _sf,
    "mod37_36": _mod37_36,
}
"""By the name that ``checks.toml`` has for them."""
