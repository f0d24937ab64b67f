"""What is plainly something else, although it has the length and digits of a tracking number."""

import re

_YEAR, _MONTH, _DAY = "20[0-3][0-9]", "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_MOMENT = re.compile(
    rf"(?:{_YEAR}{_MONTH}{_DAY}|{_DAY}{_MONTH}{_YEAR}|{_MONTH}{_DAY}{_YEAR})"
    r"(?:(?:[01][0-9]|2[0-3])(?:[0-5][0-9]){0,2})?"
)
_DATE = re.compile(
    r"(?<![0-9])(?:[12][0-9]{3}[-.][0-9]{1,2}[-.][0-9]{1,2}|[0-9]{1,2}[-.][0-9]{1,2}[-.][12][0-9]{3})(?![0-9])"
    rf"|(?<![0-9\-.]){_DAY}([-.]){_MONTH}\1[0-9]{{2}}(?![0-9\-.])"
)
_PHONE = re.compile(r"0[0-9]{1,5}[ \-.][0-9 \-.]{5,12}")
_AT_HOME = re.compile(
    r"0[0-9](?:[ \-.][0-9]{2}){4}|8[ \-]9[0-9]{2}[ \-][0-9]{3}(?:[ \-][0-9]{2}){2}"
    r"|0[0-9]{1,3}-[0-9]{3,4}-[0-9]{4}|00[ \-.][1-9][0-9 \-.]{6,18}"
)
"""Telephone numbers as the French, Russians and Japanese write theirs, and from abroad; no carrier
writes its numbers so."""
_EPOCH = re.compile(r"(?:1[0-9]{9}|2[01][0-9]{8})(?:[0-9]{3})?")
"""Seconds or milliseconds since 1970, of 2001 to 2039. Alone this says nothing: CDEK's numbers of
ten digits all begin with 1, as do many of Korea's and China's posts with thirteen."""
_OF_TIME = re.compile(
    r"(?:[?&;#](?:t|_t|_|ts|_ts|dt|cb|iat|nbf|exp|expires?|expiry|date|now|modified|updated|created)="
    r"|(?:time|time[ _-]?stamp|epoch|zeitstempel|horodatage|时间戳|時間戳|タイムスタンプ)[\"']?[ :=(]{1,3})$",
    re.IGNORECASE,
)
"""A link's parameter for a time, or a word for one, right before a number."""
_OF_TIME_WITHIN = 20


def is_epoch(plain: str, text: str, start: int) -> bool:
    """Whether a number that starts there is a time since 1970, and is said to be one."""
    said = _EPOCH.fullmatch(plain) is not None
    return said and _OF_TIME.search(text, max(0, start - _OF_TIME_WITHIN), start) is not None


def is_date(written: str) -> bool:
    """Whether there is a date with its dashes or dots in it."""
    return _DATE.search(written) is not None


def is_moment(plain: str) -> bool:
    """Whether a normalised number reads as a date of 2000 to 2039, with the time or without it.

    Of serial numbers of fourteen digits that begin with such a year, one in 300 does by chance.
    """
    return _MOMENT.fullmatch(plain) is not None


def is_phone(written: str, *, labelled: bool) -> bool:
    """Whether digits are grouped as those of a telephone; beside a label, only as no carrier's."""
    return (_AT_HOME if labelled else _PHONE).fullmatch(written) is not None
