"""What the words around a number say it is."""

import re
from typing import NamedTuple

from syncd.rules.recognise.wording import host_names, is_tracking_page, keywords

_NEAR = 40
_AFTER = 25
_BESIDE = 18
"""A label further away speaks of parcels, but not of this number; names in between do not count."""
_TELLING = 9
"""After a number only a whole label counts, "tracking number" but not "track it"."""
_LONGEST_URL = 300
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"']*$", re.IGNORECASE)
_SENTENCE_ENDS = re.compile(r"[.?!\u3002\uff1f]\s")
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


def context_of(text: str, start: int, end: int) -> Context:
    """What is said of the number between `start` and `end`, before it or else after it."""
    link = _URL.search(text, max(0, start - _LONGEST_URL), start)
    if link:
        return _of_link(link[0])
    said = _before(text, start)
    if said is None:
        said = _after(text, end)
    return said


def _of_link(url: str) -> Context:
    hint = next((name for host, name in host_names().items() if host in url.lower()), None)
    return Context(labelled=hint is not None or is_tracking_page(url), hint=hint)


def goes_on(text: str, end: int, start: int) -> bool:
    """Whether a list goes on from a number's `end` to another's `start`: both are of one kind."""
    return start - end <= _NEAR and _AND.fullmatch(text, end, start) is not None


def _before(text: str, start: int) -> Context | None:
    """By the words before it, of which the nearest counts; None where there are none."""
    begin = max(0, start - _NEAR)
    if not any(map(str.isalpha, text[begin:start])):
        return None  # as in a table of figures
    label, hint, names, said = None, None, 0, False
    for word in keywords().finditer(text, begin, start):
        said = True
        if word["other"]:
            label, hint = None, None
        elif word["label"]:
            label, names = word.end(), 0
        else:
            hint, names = word["carrier"], names + len(word["carrier"])
    labelled = label is not None and _is_beside(text[label:start], names)
    return Context(labelled, hint) if said else None


def _is_beside(between: str, names: int) -> bool:
    return len(between) - names <= _BESIDE and not _SENTENCE_ENDS.search(between)


def _after(text: str, end: int) -> Context:
    """By the first word after it."""
    word = keywords().search(text, end, end + _AFTER)
    if word is None or word["other"]:
        return Context()
    labelled = word["label"] is not None and len(word["label"]) >= _TELLING
    return Context(labelled=labelled, hint=word["carrier"])
