"""The table of sites where buyers can look for parcels, and what it has for a country and carrier.

Notices take `syncd.rules.nearest_site`, which also knows whose number it is.
"""

import csv
import re
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit

from syncd.model.base import Value
from syncd.text.foreign import plain_words
from syncd.text.languages import normalise

_TABLE = Path(__file__).parent / "tracking_sites.csv"
_UNPROVEN = "C"
"""Entries of this confidence come from one unchecked source: listed, but not sent to buyers."""
_POSTAL = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")  # UPU S10
_SAFE_URL = re.compile(r"https://[^\s<>\"'@\\]{4,500}")
LAST_RESORT = "17TRACK"
"""Which reads nearly every carrier's scans."""
_EVERYWHERE = "https://t.17track.net/{language}#nums={number}"
_EVERYWHERE_SPEAKS = ("en", "de", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru")


class TrackingSite(Value, frozen=True, kw_only=True):
    """A site for a notice: its name stands alone where links are forbidden."""

    name: str
    url: str | None = None
    """Straight to the parcel, or to the page where its number is to be typed in."""


class Page(Value, frozen=True, kw_only=True):
    """A row of the table: one page of one operator."""

    country: str
    """Whose parcels it is the local page for; empty for a carrier that delivers in many."""
    operator: str
    url: str
    languages: tuple[str, ...]
    """As the page's own address spells them; the first where none fits."""
    direct: bool
    """Whether the number goes into the address; else the buyer types it in."""
    confidence: str
    """A: two independent sources agree; B: one does; C: to be checked by hand before use."""


def choose(
    number: str,
    destination_country: str | None,
    language: str,
    *,
    carrier: str | None = None,
    given_url: str | None = None,
    by_post: bool | None = None,
) -> TrackingSite:
    """The best site for this parcel and reader.

    In turn: `given_url` from the platform or carrier, if it is https; where the destination's post
    delivers it, its local page, one that takes the number and speaks `language` before others, else
    the named carrier's own page; 17TRACK. `by_post` says whether that post does; if it is not
    given, it does where the number is a postal one.
    """
    host = _host(given_url) if given_url and _SAFE_URL.fullmatch(given_url) else None
    if host:
        return TrackingSite(name=plain_words(carrier or "") or host, url=given_url)
    country = (destination_country or "").strip().upper()
    posted = is_postal(number) if by_post is None else by_post
    page = _local_page(country, language) if posted else _page_of_carrier(carrier or "", country)
    if page is None:
        return TrackingSite(name=LAST_RESORT, url=_everywhere(number, language))
    return TrackingSite(name=page.operator, url=_address(page, number, country, language))


def is_postal(number: str) -> bool:
    """Whether a number is one that every post knows, whichever post gave it out."""
    return _POSTAL.fullmatch(number.upper()) is not None


@cache
def pages() -> tuple[Page, ...]:
    """The whole table, the unproven entries too."""
    with _TABLE.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Page(
                country=row["country"],
                operator=row["operator"],
                url=row["url"],
                languages=tuple(row["languages"].split()),
                direct=row["kind"] == "direct",
                confidence=row["confidence"],
            )
            for row in csv.DictReader(lines)
        )


def _local_page(country: str, language: str) -> Page | None:
    return min(
        _usable(country) if country else (),
        key=lambda page: (not page.direct, _spoken(page.languages, language) is None),
        default=None,
    )


def _page_of_carrier(carrier: str, country: str) -> Page | None:
    """By the longest operator's name that the carrier's begins with: DHL Paket before DHL."""
    said = _key(carrier)
    known = [
        page
        for page in (*_usable(country), *_usable(""))
        if said.startswith(_key(page.operator)) and (country or "{country}" not in page.url)
    ]
    return max(known, key=lambda page: len(page.operator), default=None)


def _usable(country: str) -> list[Page]:
    return [page for page in pages() if page.country == country and page.confidence != _UNPROVEN]


def _address(page: Page, number: str, country: str, language: str) -> str:
    return page.url.format(
        number=quote(number, safe=""),
        language=_spoken(page.languages, language) or page.languages[0],
        country=country.lower(),
    )


def _everywhere(number: str, language: str) -> str:
    spoken = _spoken(_EVERYWHERE_SPEAKS, language) or "en"
    written = "zh-cn" if (normalise(language) or "").startswith("zh") else spoken
    return _EVERYWHERE.format(number=quote(number, safe=""), language=written)


def _spoken(languages: tuple[str, ...], wanted: str) -> str | None:
    """The language as the page spells it, where it has the wanted one."""
    plain = (normalise(wanted) or "").partition("-")[0]
    return next((language for language in languages if normalise(language) == plain), None)


def _host(url: str) -> str | None:
    """None where it has none that can be read, such as one with an open bracket."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.") or None
    except ValueError:
        return None


def _key(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())
