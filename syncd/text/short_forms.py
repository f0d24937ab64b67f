"""The short form of a notice, and what yields where even that is too long for its platform.

It is a template of its own, called like the whole one with ``.short`` behind: what the few words
are that say enough, only who writes in that language can tell.
"""

from math import ceil

from syncd.model.lengths import text_length
from syncd.text.facts import Facts, NoticeFacts, OrderNoticeFacts
from syncd.text.foreign import shortened

_ENDING = ".short"
_YIELDS: dict[type[Facts], str] = {NoticeFacts: "latest_event", OrderNoticeFacts: "items"}
"""Words of others, of which the first tell the most; a number or a site is whole or useless."""
_SAYS_SOMETHING = 20
"""Fewer characters of an event tell a buyer nothing."""


def short_of(template: str) -> str:
    """The name of the short form of a template."""
    return f"{template}{_ENDING}"


def forms_of(template: str) -> tuple[str, str]:
    """The names under which a template's whole and short form are kept."""
    return template, short_of(template)


def whole_of(template: str) -> str | None:
    """The template whose short form it is; None for one that is whole itself."""
    return template.removesuffix(_ENDING) if template.endswith(_ENDING) else None


def yielding(
    kind: type[Facts], shown: dict[str, object], text: str, longest: int
) -> dict[str, object] | None:
    """What was `shown` in a too long `text`, with the latest event, or an order's items, cut.

    None where too little would be left of it.
    """
    name = _YIELDS[kind]
    said = shown[name]
    if not isinstance(said, str) or said not in text:
        return None
    room = len(said) - ceil((text_length(text) - longest) / text.count(said))
    return {**shown, name: shortened(said, room)} if room >= _SAYS_SOMETHING else None
