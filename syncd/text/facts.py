"""The facts a notice to a buyer may state, and what makes them safe to print.

A notice is about a parcel, or, where its template's name begins with `OF_AN_ORDER`, about an order
that has none yet.

Names come from buyers and events from carriers: both are hostile (`syncd.text.foreign`).
"""

import re
from datetime import date, datetime

from msgspec.structs import fields

from syncd.model.base import Value
from syncd.text.foreign import (
    LONGEST_READ,
    decoded,
    holds_link,
    one_line,
    plain_words,
    shortened,
    without_links,
)

MUST_BE_TOLD = ("tracking_number", "tracking_site", "latest_event")
"""The three facts without which a notice only makes a buyer ask again."""

OF_AN_ORDER = "order_"
"""How the names of templates begin that are about an order which has no parcel yet."""

_LONGEST = {
    "items": 240,
    "buyer_name": 60,
    "carrier": 60,
    "tracking_site": 80,
    "latest_event_place": 80,
    "latest_event": 240,
}
_SAFE_URL = re.compile(r"https://[^\s<>\"'@\\]{4,500}")


class NoticeFacts(Value, frozen=True, kw_only=True):
    """What a notice about one parcel can say; a template refers to each by its name here.

    A fact that is None is *missing* in the template: it can be tested with ``{% if … %}``, and
    printing it is an error.
    """

    order_id: str
    """As the buyer knows it."""
    tracking_number: str
    tracking_site: str
    """Name or host of the site where the buyer can look, in words: no link."""
    latest_event: str
    """The carrier's words, or a milestone's name in the notice's language."""
    latest_event_at: datetime
    """When it happened, in the carrier's local time; shown as it is, never moved to a zone."""
    shop_name: str
    buyer_name: str | None = None
    """How to address the buyer; a name that holds a link or an address is left out."""
    tracking_url: str | None = None
    """An https address; None where the platform forbids links: the site is then only named."""
    carrier: str | None = None
    latest_event_place: str | None = None
    promised_by: date | None = None
    """The last day of the delivery promise; none of a parcel that is lost or damaged."""
    expected_by: date | None = None
    """The same as long as that day is ahead and the parcel on its way to the buyer."""
    days_silent: int | None = None
    """Whole days since the last scan."""
    pickup_by: date | None = None
    """The last day on which it can be fetched, where the carrier told one and it is not over."""
    arrived: bool | None = None
    """True where the carrier says that it was delivered."""


class OrderNoticeFacts(Value, frozen=True, kw_only=True):
    """What a notice about an order that has no parcel yet can say."""

    order_id: str
    """As the buyer knows it."""
    shop_name: str
    buyer_name: str | None = None
    """How to address the buyer; a name that holds a link or an address is left out."""
    items: str | None = None
    """What was ordered, or what of it is missing, in the shop's words."""
    ship_by: date | None = None
    """The last day on which the order was to be handed to the carrier."""
    promised_by: date | None = None
    """The last day of the delivery promise."""


Facts = NoticeFacts | OrderNoticeFacts


class UnusableFact(ValueError):
    """A fact that must be told is empty; the text names it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the fact {name} is empty: give it before the notice is written")
        self.name = name


def names(kind: type[Facts]) -> tuple[str, ...]:
    """The facts of one kind of notice."""
    return tuple(field.name for field in fields(kind))


def optional(kind: type[Facts]) -> tuple[str, ...]:
    """Those of them that a template has to do without at times."""
    return tuple(field.name for field in fields(kind) if not field.required)


def kind_of(template: str) -> type[Facts]:
    """What a template of this name is about."""
    return OrderNoticeFacts if template.startswith(OF_AN_ORDER) else NoticeFacts


def must_be_told(kind: type[Facts]) -> tuple[str, ...]:
    """The facts that every such notice has to state in its text."""
    return MUST_BE_TOLD if kind is NoticeFacts else ("order_id",)


def printable(facts: Facts) -> dict[str, object]:
    """Each fact as a template may print it: one line, no control characters, no foreign links.

    Raises UnusableFact where nothing is left of a fact that is not optional.
    """
    shown = {name: _printable(name, getattr(facts, name)) for name in names(type(facts))}
    for name, value in shown.items():
        if value is None and name not in optional(type(facts)):
            raise UnusableFact(name)
    return shown


def _printable(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    if name == "tracking_url":
        return value if _SAFE_URL.fullmatch(value) else None
    return shortened(_words(name, value), _LONGEST.get(name, LONGEST_READ)) or None


def _words(name: str, text: str) -> str:
    if name not in _LONGEST:
        return one_line(text)
    if name == "tracking_site":  # named by us, a carrier's own name in it is plain already
        return without_links(text)
    if name != "buyer_name":
        return plain_words(text)
    called = one_line(decoded(text))
    return "" if holds_link(called) else called
