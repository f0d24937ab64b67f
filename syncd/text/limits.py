"""Each platform's rules for the text of a message, as data, and the check against them."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

from msgspec import convert
from msgspec.structs import replace

from syncd.model.base import Value
from syncd.model.lengths import text_length
from syncd.text.facts import Facts, NoticeFacts
from syncd.text.problems import TemplateProblem
from syncd.text.samples import sample_of
from syncd.text.short_forms import short_of, whole_of
from syncd.text.templates import Rendered, Templates

_RULES = Path(__file__).parent / "platform_rules.toml"
_READ_AT_MOST = 100_000

_LINK = re.compile(
    r"https?://\S+|\bwww\.\S+"
    r"|(?<![\w@.-])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})?\.(?:com|net|org|info|shop|[a-z]{2})/\S*",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"</?[a-z][a-z0-9]{0,12}(?:\s[^<>]{0,500})?/?>|&(?:nbsp|amp|lt|gt);", re.IGNORECASE
)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.\w")
_PHONE = re.compile(r"(?<![\w+])\+[1-9][0-9 ()./-]{6,20}[0-9](?!\w)")
_MESSENGER = re.compile(r"\b(?:whatsapp|wechat|telegram|skype|viber)\b|微信", re.IGNORECASE)


class Links(StrEnum):
    """What a platform lets a message link to."""

    ANY = "any"
    TRACKING = "tracking"
    NONE = "none"


class Rules(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One platform's rules; those of an unknown platform are the strictest."""

    longest: int | None = None
    """Most characters of a text, by `text_length`; None where no limit is known."""
    links: Links = Links.NONE
    html: bool = False
    contacts: bool = False
    relay: str | None = None
    """How the hosts of addresses begin by which the platform passes mail on."""


def rules(platform: str) -> Rules:
    """The rules of a platform by its name; the strictest for one that is not in the table."""
    return _all_rules().get(platform.lower(), Rules())


def platforms() -> tuple[str, ...]:
    """The platforms whose rules are known."""
    return tuple(sorted(_all_rules()))


def carrier_of(platform: str, address: str | None) -> str:
    """Whose rules hold for what `platform` sends `address`: a marketplace's that passes it on."""
    host = (address or "").rpartition("@")[2].strip().lower()
    for name, known in _all_rules().items():
        if known.relay and host.startswith(known.relay):
            return name
    return platform


def links_allowed(platform: str) -> bool:
    """Whether a notice may carry a tracking link there; else the site is only named."""
    return rules(platform).links is not Links.NONE


def check(platform: str, rendered: Rendered) -> list[str]:
    """The platform's rules that `rendered` breaks, in a sentence each; empty if it may go out."""
    known = rules(platform)
    broken = [*_too_long(known, rendered), *_forbidden(known, rendered)]
    return [f"{platform}: {rule}" for rule in broken]


def check_templates(
    platform: str, templates: Templates, wanted: Iterable[tuple[str, str]]
) -> list[TemplateProblem]:
    """The platform's rules that templates, by name and language, break with ordinary facts.

    For the start of the daemon: what is told here would later stop at `check`, notice by notice. A
    text that has a short form may be too long.
    """
    return [
        problem
        for name, language in wanted
        for problem in _problems(platform, templates, name, language)
    ]


def _problems(
    platform: str, templates: Templates, name: str, language: str
) -> Iterator[TemplateProblem]:
    known, path = rules(platform), templates.path(name, language)
    rendered = templates.render(name, language, _sample(platform, name))
    other = "let the playbook of that account name another template"
    for broken in _forbidden(known, rendered):
        said, fix = f"on {platform}: {broken}", f"change it, or {other}"
        yield TemplateProblem(file=path, line=1, message=said, fix=fix)
    if templates.has_short(name, language):
        return
    for broken in _too_long(known, rendered):
        beside = "" if whole_of(name) else f"write {short_of(name)}.{language}.txt beside it, "
        said, fix = f"on {platform}: {broken}", f"shorten it, {beside}or {other}"
        yield TemplateProblem(file=path, line=1, message=said, fix=fix)


def _sample(platform: str, template: str) -> Facts:
    facts = sample_of(template)
    if isinstance(facts, NoticeFacts) and not links_allowed(platform):
        return replace(facts, tracking_url=None)
    return facts


def _too_long(known: Rules, rendered: Rendered) -> Iterator[str]:
    length = text_length(rendered.text)
    if known.longest is not None and length > known.longest:
        yield f"the text has {length} characters, {known.longest} are allowed"


def _forbidden(known: Rules, rendered: Rendered) -> Iterator[str]:
    whole = f"{rendered.subject}\n{rendered.text}"[:_READ_AT_MOST]
    if known.links is Links.NONE:
        yield from _shown(_LINK, whole, "links are not allowed, but it holds {!r}")
    if not known.html:
        yield from _shown(_MARKUP, whole, "it is plain text only, but it holds the markup {!r}")
    if not known.contacts:
        for pattern in (_MAIL, _PHONE, _MESSENGER):
            yield from _shown(pattern, whole, "contact data is not allowed, but it holds {!r}")


def _shown(pattern: re.Pattern[str], text: str, sentence: str) -> Iterator[str]:
    match = pattern.search(text)
    if match:
        yield sentence.format(match[0][:60])


@cache
def _all_rules() -> dict[str, Rules]:
    table = tomllib.loads(_RULES.read_text(encoding="utf-8"))
    return convert(table, dict[str, Rules])
