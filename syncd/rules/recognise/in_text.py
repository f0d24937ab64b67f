"""Tracking numbers in mails and messages.

Numbers that only a carrier gives out count anywhere; any other, and bare digits of usual length,
only beside a word that says what they are, the carrier's name, or in its tracking link.
"""

import re
from collections.abc import Collection, Iterator

from msgspec.structs import replace

from syncd.model.base import Value
from syncd.model.numbers import normalise
from syncd.model.widths import hides, narrow, visible
from syncd.rules.recognise.candidates import Candidate, recognise
from syncd.rules.recognise.context import Context, context_of, goes_on
from syncd.rules.recognise.lookalikes import is_date, is_epoch, is_moment, is_phone
from syncd.rules.recognise.table import formats, s10, strong_shapes
from syncd.text import order_ids as orders

_AT_MOST = 100
"""A text that names more is a list for a machine."""
_AT_MOST_RUNS = 1000
_SHORTEST = 8
_LONGEST = 40
_LONG_ENOUGH_ALONE = 21
"""Bare digits that many, with a right check digit, are nothing but a label's barcode."""
# Groups that begin at a digit and go on over single blanks and dashes as long as digits come.
_BLANK = r" \u00a0\u2000-\u200a\u202f"
_RUN = re.compile(
    rf"[0-9][0-9A-Za-z]*(?:[{_BLANK}\-\u2010-\u2015\u2212\u30fc\uff70.]"
    r"(?=[A-Za-z]{0,4}[0-9])[0-9A-Za-z]+){0,12}"
    rf"(?:[{_BLANK}]?[A-Z]{{2}}(?![0-9A-Za-z]))?"
)
_BEFORE = re.compile(rf"(?<![0-9A-Za-z])(?:[A-Z]{{1,4}}[{_BLANK}]?|[0-9A-Za-z]{{1,8}})$")
_PART = re.compile(r"[0-9A-Za-z]+")
_SHAPE = re.compile(r"(?=(?:[A-Z]*[0-9]){3})[0-9A-Z]{8,40}")
_DASHES = "[-\u2010-\u2013]"


class Found(Value, frozen=True, kw_only=True):
    """A tracking number in a text."""

    number: str
    """Normalised."""
    start: int
    end: int
    candidates: tuple[Candidate, ...]
    """At least one, the likeliest first."""


def find_in_text(
    text: str, *, known_order_ids: Collection[str] = (), country: str | None = None
) -> list[Found]:
    """The tracking numbers in `text`, in their order, at most 100.

    `country` is where the parcel goes. Ids of orders, those in `known_order_ids` and those that
    have the shape of a platform's, are left out.
    """
    if not hides(text):
        return _find(narrow(text), known_order_ids, country)
    seen, places = visible(text)
    found = _find(narrow(seen), known_order_ids, country)
    return [replace(x, start=places[x.start], end=places[x.end - 1] + 1) for x in found]


def _find(text: str, known_order_ids: Collection[str], country: str | None) -> list[Found]:
    found: list[Found] = []
    taken: list[tuple[int, int]] | None = None
    before: _Run | None = None
    for run in _runs(text):
        if taken is None:
            taken = _spans_of_orders(text, known_order_ids)
        start = _begin(text, run)
        if any(first < run.end() and start < last for first, last in taken):
            continue
        groups = _Run(text, start, run, country, before)
        numbers = list(groups.numbers())
        if numbers:
            found, before = found + numbers, groups
        if len(found) >= _AT_MOST:
            break
    return found[:_AT_MOST]


def _runs(text: str) -> Iterator[re.Match[str]]:
    """Groups of digits that are long enough for a number, with what stands before them."""
    seen = 0
    for run in _RUN.finditer(text):
        if run.end() - _begin(text, run) >= _SHORTEST and seen < _AT_MOST_RUNS:
            seen += 1
            yield run


def _begin(text: str, run: re.Match[str]) -> int:
    before = _BEFORE.search(text, max(0, run.start() - 9), run.start())
    return before.start() if before else run.start()


def _spans_of_orders(text: str, known: Collection[str]) -> list[tuple[int, int]]:
    ids = [order for order in orders.find(text) if not order.isdigit()]
    ids += [order for order in known if len(order) >= 4]
    patterns = (re.escape(order).replace(r"\-", _DASHES) for order in dict.fromkeys(ids))
    return [match.span() for each in patterns for match in re.finditer(each, text)]


class _Run:
    """Groups of digits and letters that stand together: one number, several, or none."""

    def __init__(
        self, text: str, start: int, run: re.Match[str], country: str | None, before: "_Run | None"
    ) -> None:
        self._text, self._country, self._before = text, country, before
        self._digits_from, self.end = run.span()
        self._parts = [match.span() for match in _PART.finditer(text, start, self.end)]
        self._context: Context | None = None

    def numbers(self) -> Iterator[Found]:
        """All of it, else its longest parts, from the left."""
        at = 0
        while at < len(self._parts):
            found, at = self._number_from(at)
            if found:
                yield found

    def _number_from(self, at: int) -> tuple[Found | None, int]:
        """The likeliest number that begins with this part; the longest of those."""
        best, after = None, at + 1
        for stop in range(len(self._parts), at, -1):
            found = self._accepted(at, stop)
            if found and (best is None or _score(found) > _score(best)):
                best, after = found, stop
        return best, after

    def _accepted(self, first: int, stop: int) -> Found | None:
        """The number that these parts are, from `first` up to `stop`."""
        start, end = self._parts[first][0], self._parts[stop - 1][1]
        plain = normalise(self._text[start:end])
        if not _SHAPE.fullmatch(plain) or _is_part_of_more(self._text, start, end):
            return None
        if _is_strong(plain):
            return self._found(plain, start, end, Context(labelled=True))
        if stop - first > 1 and (self._is_group(first - 1) or self._is_group(stop)):
            return None  # three groups of an account's or a card's four
        context = self.said()
        if context.silent or self._is_something_else(plain, start, end, context):
            return None
        return self._found(plain, start, end, context)

    def _is_group(self, at: int) -> bool:
        """Whether there is such a part, with digits and as short as a group of one number."""
        if not 0 <= at < len(self._parts):
            return False
        start, end = self._parts[at]
        return end - start < _SHORTEST and any(map(str.isdigit, self._text[start:end]))

    def said(self) -> Context:
        """What is said of the run: of all its parts, and of the next ones in a list."""
        if self._context is None:
            self._context = self._read()
            self._before = None
        return self._context

    def _read(self) -> Context:
        begin = self._parts[0][0]
        if self._before and goes_on(self._text, self._before.end, begin):
            return self._before.said()
        return context_of(self._text, self._digits_from, self.end)

    def _is_something_else(self, plain: str, start: int, end: int, context: Context) -> bool:
        written = self._text[start:end]
        if is_date(written) or is_epoch(plain, self._text, start):
            return True
        abroad = self._text[max(0, self._parts[0][0] - 1) : self._parts[0][0]] == "+"
        return plain.isdigit() and (abroad or is_phone(written, labelled=context.labelled))

    def _found(self, plain: str, start: int, end: int, context: Context) -> Found | None:
        hint = context.hint or context_of(self._text, start, end).hint
        moment = is_moment(plain)
        candidates = tuple(
            each
            for each in recognise(
                plain, country=self._country, hint=hint, labelled=context.labelled
            )
            if _is_backed(each, context) and (not moment or _is_more_than_date(each))
        )
        if not candidates:
            return None
        return Found(number=plain, start=start, end=end, candidates=candidates)


def _score(found: Found) -> float:
    return found.candidates[0].score


def _is_part_of_more(text: str, start: int, end: int) -> bool:
    """Part of a word, an address, an amount of money or an international telephone number."""
    before, after = text[max(0, start - 1) : start], text[end : end + 2]
    if before in ("+", "@", "_", "€", "$", "£") or (before.isascii() and before.isalnum()):
        return True
    if after[:1].isascii() and (after[:1].isalnum() or after[:1] in ("@", "_")):
        return True
    return after[:1] in (",", ".", ":", "%") and after[1:].isdigit()


def _is_strong(plain: str) -> bool:
    """Whether its shape, and its check digit where it has one, are enough without a word."""
    if plain.isdigit() and len(plain) < _LONG_ENOUGH_ALONE:
        return False
    if not strong_shapes().fullmatch(plain):
        return False
    known = (*formats(), (s10(), None))
    return any(each.fits(plain) for each, _ in known if each.is_strong)


def _is_backed(candidate: Candidate, context: Context) -> bool:
    """Whether the text speaks for this carrier: its name alone, for none but its own formats."""
    if context.labelled:
        return candidate.format != ""
    return candidate.declared and candidate.format != "" and candidate.shape != "loose"


def _is_more_than_date(candidate: Candidate) -> bool:
    """Whether more than its length speaks for a carrier, where the digits read as a date, too."""
    return candidate.check == "valid" or (candidate.declared and candidate.shape != "loose")
