"""What the words around a number say it is."""

import re
from typing import NamedTuple

from syncd.rules.recognise.wording import host_names, is_tracking_page, keywords

_NEAR = 40
_AFTER = 25
_LONGEST_URL = 300
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"']*$", re.IGNORECASE)
_AND = re.compile(
    r"[\s,;:&+/|•*\-\u3001\uff0c和與与及]*(?:(?:and|und|et|y|e|i|en|og|och|и|oder|or)\s+)?"
)


class Context(NamedTuple):
    """What is said of a number."""

    labelled: bool = False
    """That it is a tracking number."""
    hint: str | None = None
    """A carrier's name."""

    @property
    def silent(self) -> bool:
        """Whether nothing says that it belongs to a parcel."""
        return not self.labelled and self.hint is None


def context_of(text: str, start: int, end: int, last: tuple[int, int] | None) -> Context:
    """What is said of the number between `start` and `end`.

    `last` is where the tracking number before it stands: what a list's first number is, the
    others are too.
    """
    link = _URL.search(text, max(0, start - _LONGEST_URL), start)
    if link:
        return _of_link(link[0])
    said = _before(text, start, last)
    if said is None:
        said = _after(text, end)
    return said


def _of_link(url: str) -> Context:
    hint = next((name for host, name in host_names().items() if host in url.lower()), None)
    return Context(labelled=hint is not None or is_tracking_page(url), hint=hint)


def _before(text: str, start: int, last: tuple[int, int] | None) -> Context | None:
    """By the words before it, of which the nearest counts; None where there are none."""
    begin = start - _NEAR
    if last and _AND.fullmatch(text, last[1], start):
        start, begin = last[0], last[0] - _NEAR
    labelled, hint, said = False, None, False
    if not any(map(str.isalpha, text[max(0, begin) : start])):
        return None  # as in a table of figures
    for word in keywords().finditer(text, max(0, begin), start):
        said = True
        if word["other"]:
            labelled, hint = False, None
        elif word["label"]:
            labelled = True
        else:
            hint = word["carrier"]
    return Context(labelled, hint) if said else None


def _after(text: str, end: int) -> Context:
    """By the first word after it."""
    word = keywords().search(text, end, end + _AFTER)
    if word is None or word["other"]:
        return Context()
    return Context(labelled=bool(word["label"]), hint=word["carrier"])
