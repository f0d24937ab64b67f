"""What a field's name says of its value, and a value's own form."""

import re
from enum import StrEnum
from functools import cache
from itertools import pairwise


class Kind(StrEnum):
    """What a field's name says that it holds, which decides what becomes of the value."""

    SECRET = "secret"  # noqa: S105  a word
    CODE = "code"
    """A word of the platform's own, such as a status."""
    PERSON = "person"
    ID = "id"
    TEXT = "text"
    TIME = "time"
    AMOUNT = "amount"
    UNKNOWN = "unknown"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SECRET = _words(
    "token secret password passwd pwd passphrase pin otp authorization auth bearer cookie cookies "
    "signature sign sig apikey appkey clientid credential credentials session sid jwt nonce verifier"
)
_SECRET_PAIRS = frozenset(
    [("api", "key"), ("app", "key"), ("access", "key"), ("private", "key"), ("client", "key"),
     ("partner", "key"), ("client", "id"), ("app", "id"), ("shop", "cipher")]
)  # fmt: skip
_SOMEBODY = _words(
    "buyer customer seller sender recipient receiver consignee addressee author contact person "
    "interlocutor user users member profile holder owner address addresses shipto billto"
)
_PERSON = _SOMEBODY | _words(
    "name names username login nick nickname alias handle fullname firstname lastname surname "
    "salutation attn company organisation organization email emails phone phones mobile tel telephone "
    "fax street streets house building floor door apartment city town district suburb county province "
    "zip postcode postal lat latitude lng lon longitude coordinates ip birth birthday dob passport vat "
    "tax taxid iban bic avatar"
)
_BIRTH = _words("birth birthday dob")
_ID = _words("id ids uid uuid guid no nr num number numbers ref refs reference references sku ean")
_TEXT = _words(
    "text body message messages subject comment comments note notes description content caption remark "
    "remarks memo html summary title titles question answer reply feedback review opinion greeting query"
)
_CODE = _words(
    "status state type types kind currency country locale language lang unit units method role site "
    "marketplace level category direction format version code codes mode priority carrier service "
    "program programs side origin scope error event stage phase severity domain reason action channel outcome"
)
# Said of somebody, the other words of the list are a place or a title.
_CODE_OF_SOMEBODY = _words("country currency language lang locale type role status")
_NO_CODE = _words("postal zip post pin access security verification coupon discount promo tracking")
# Ids that are the same for everybody.
_PUBLIC = _words("marketplace site error")
_TIME = _words("at on time date timestamp created updated modified until start end from to by")
_AMOUNT = _words("amount value price total cost fee subtotal sum rate percent weight size length")

# "sender": "buyer" names nobody, and nobody is called so.
_OF_NOBODY = _SOMEBODY | _TEXT | _CODE | _words("order orders item items shop store")

_LINK = _words("href url uri link links path next prev previous self first last location")

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_CODE_FORM = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]{0,59}")
_MANY_DIGITS = re.compile(r"\d{4}")
_NAME_OF_A_FIELD = re.compile(r"[A-Za-z_$@#][\w$@.:/#-]{0,59}", re.ASCII)
_WORD_OF_A_PATH = re.compile(r"[A-Za-z][A-Za-z_.~-]{0,39}|v\d{1,2}(\.\d+)?")
_DAY = r"(?:19|20)\d\d-[01]\d-[0-3]\d"
_CLOCK = r"[0-2]\d:[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?"
_WHEN = re.compile(rf"{_DAY}(?:[T ]{_CLOCK}(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?", re.ASCII)
# Versions in paths, such as TikTok Shop's 202309.
_MONTH = re.compile(r"20[2-4]\d(?:0[1-9]|1[0-2])", re.ASCII)
_FIGURE = re.compile(r"-?\d{1,4}(?:[.,]\d{1,6})?|-?\d{5,9}[.,]\d{1,2}", re.ASCII)
_BOOLEANS = frozenset({"true", "false", "True", "False", "TRUE", "FALSE", "null", "yes", "no"})
# From 2000 to 2100, in seconds and in milliseconds.
_EPOCHS = (range(946_684_800, 4_102_444_800), range(946_684_800_000, 4_102_444_800_000))
_SMALL = 10_000


@cache
def parts(name: str) -> tuple[str, ...]:
    """The words that a field's name is made of, in small letters."""
    return tuple(word.lower() for word in _PART.findall(name))


@cache
def kind_of(name: str, *, of_somebody: bool) -> Kind:
    """What a field of this name holds; `of_somebody`: it stands within what is about a person."""
    words = parts(name)
    has = frozenset(words)
    if has & _SECRET or not _SECRET_PAIRS.isdisjoint(pairwise(words)):
        return Kind.SECRET
    if _is_code(words, has, of_somebody=of_somebody or bool(has & _PERSON)):
        return Kind.CODE
    named = (
        (Kind.PERSON, _PERSON), (Kind.ID, _ID), (Kind.TEXT, _TEXT),
        (Kind.TIME, _TIME), (Kind.AMOUNT, _AMOUNT),
    )  # fmt: skip
    return next((kind for kind, one_of in named if has & one_of), Kind.UNKNOWN)


def _is_code(words: tuple[str, ...], has: frozenset[str], *, of_somebody: bool) -> bool:
    if not has & (_CODE_OF_SOMEBODY if of_somebody else _CODE) or has & _NO_CODE:
        return False
    return words[-1] not in _ID or bool(has & _PUBLIC)


def about_somebody(name: str) -> bool:
    """Whether what stands below a field of this name is about a person."""
    words = parts(name)
    return not _SOMEBODY.isdisjoint({*words, "".join(words)})


def is_link(name: str) -> bool:
    """Whether a field of this name holds an address of the API."""
    return not _LINK.isdisjoint(parts(name))


def is_for_names(name: str) -> bool:
    """Whether a field of this name holds what somebody is called, not who it is by their role."""
    return not (_PERSON - _SOMEBODY).isdisjoint(parts(name))


def names_nobody(text: str) -> bool:
    """Whether a text is made of words of APIs alone, in small letters, such as ``buyer``."""
    return text.islower() and text.isascii() and _OF_NOBODY.issuperset(re.split("[_.,-]", text))


def is_name_of_a_field(text: str) -> bool:
    """Whether a key of an object is a name; in some answers keys are data."""
    return bool(_NAME_OF_A_FIELD.fullmatch(text)) and not _MANY_DIGITS.search(text)


def is_word_of_a_path(text: str) -> bool:
    """Whether a part of a path is the API's own, and not the id of something."""
    return bool(_WORD_OF_A_PATH.fullmatch(text) or _WHEN.fullmatch(text) or _MONTH.fullmatch(text))


def is_code(text: str, name: str) -> bool:
    """Whether a text in a field for codes looks like one."""
    digits = _MANY_DIGITS.search(text) and _PUBLIC.isdisjoint(parts(name))
    return bool(_CODE_FORM.fullmatch(text)) and not digits


def tells_nothing(text: str, name: str, kind: Kind) -> bool:
    """Whether a text is a time, a yes or no, or a small figure that identifies nobody."""
    if kind is Kind.SECRET or not _BIRTH.isdisjoint(parts(name)):
        return False
    if _WHEN.fullmatch(text):
        return True
    if kind in {Kind.PERSON, Kind.ID, Kind.TEXT}:
        return False
    return text in _BOOLEANS or bool(_FIGURE.fullmatch(text))


def number_tells_nothing(number: int, kind: Kind) -> bool:
    """Whether a number is a count, a code, an amount or a time."""
    if kind in {Kind.SECRET, Kind.PERSON, Kind.ID}:
        return False
    if kind is Kind.TIME and any(number in epoch for epoch in _EPOCHS):
        return True
    return abs(number) < _SMALL or kind in {Kind.CODE, Kind.AMOUNT}
