"""Which language to write in, and which others stand in for it."""

import re
from functools import cache

from babel import localedata
from babel.core import get_global

DEFAULT = "en"

_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:[-_](?P<script>[a-z]{4}))?(?:[-_](?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?:[-_.@].*)?",
    re.IGNORECASE,
)
_LANGUAGE_AND_REGION = 2
# What platforms write for a language that has another code by now.
_OLD_CODES = {"iw": "he", "in": "id", "ji": "yi", "no": "nb"}

# Where shops and carriers write English although most people speak another language at home.
_ENGLISH_IN_TRADE = {
    "AE", "AU", "CA", "GB", "GH", "IE", "IN", "KE", "MT", "MY", "NG", "NZ", "PH", "PK", "SG", "TZ",
    "UG", "US", "ZA", "ZM", "ZW",
}  # fmt: skip

# Amazon names its sites by these ids (Selling Partner API, "Marketplace IDs").
_AMAZON_SITES = {
    "A2EUQ1WTGCTBG2": "CA",
    "ATVPDKIKX0DER": "US",
    "A1AM78C64UM0Y8": "MX",
    "A2Q3Y263D00KWC": "BR",
    "A28R8C7NBKEWEA": "IE",
    "A1RKKUPIHCS9HS": "ES",
    "A1F83G8C2ARO7P": "GB",
    "A13V1IB3VIYZZH": "FR",
    "AMEN7PMS3EDWL": "BE",
    "A1805IZSGTT6HS": "NL",
    "A1PA6795UKMFR9": "DE",
    "APJ6JRA9NG5V4": "IT",
    "A2NODRKZP88ZB9": "SE",
    "AE08WJ6YKNBMC": "ZA",
    "A1C3SOZRARQ6R3": "PL",
    "ARBP9OOSHTCHU": "EG",
    "A33AVAJ2PDY3EV": "TR",
    "A17E79C6D8DWNP": "SA",
    "A2VIGQ35RCS4UG": "AE",
    "A21TJRUUN4KGV": "IN",
    "A19VAU5U5O7RUS": "SG",
    "A39IBJ37TRP1C6": "AU",
    "A1VC38T7YXB528": "JP",
}
# Mercado Libre's site ids.
_MERCADO_SITES = {
    "MLA": "AR", "MLB": "BR", "MLC": "CL", "MCO": "CO", "MLM": "MX", "MPE": "PE", "MLU": "UY",
    "MEC": "EC", "MLV": "VE",
}  # fmt: skip
_LANGUAGE_OF_SITE = re.compile(r"EBAY[-_](FR|NL)(?:BE|CA)", re.IGNORECASE)
_LAST_PART = re.compile(r"(?:^|[-_.])([a-z]{2})$", re.IGNORECASE)
_HOST_OF_US = re.compile(r"(?:^|\.)(?:amazon|ebay|walmart|etsy)\.com$", re.IGNORECASE)


def normalise(tag: str | None) -> str | None:
    """A language tag in its usual spelling (``pt_br`` -> ``pt-BR``); None where it is none."""
    match = _TAG.fullmatch(tag.strip()) if tag else None
    if match is None:
        return None
    language = match["language"].lower()
    language = _OLD_CODES.get(language, language)
    if not localedata.exists(language):
        return None
    script, region = match["script"], match["region"]
    return "-".join([language, *([script.title()] if script else []), *([region.upper()] if region else [])])  # fmt: skip


def chain(language: str, default: str = DEFAULT) -> tuple[str, ...]:
    """The languages to try in turn: ``pt-BR``, ``pt``, `default` and its own parents, ``en``.

    ``zh-TW`` and ``zh-HK`` name no script: ``zh-Hant``, as they write there, goes before ``zh``.
    """
    wanted = [*_parents(normalise(language)), *_parents(normalise(default)), DEFAULT]
    return tuple(dict.fromkeys(wanted))


def _parents(tag: str | None) -> list[str]:
    parts = tag.split("-") if tag else []
    found = ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    if len(parts) == _LANGUAGE_AND_REGION:
        found.insert(1, _as_written_in(parts[0], of_country(parts[1])))
    return found


def _as_written_in(language: str, *places: str | None) -> str:
    """`language` as the first of `places` (what is written there) spells it, else unchanged."""
    return next((it for it in places if it and it.startswith(f"{language}-")), language)


def choose(
    *,
    buyer: str | None = None,
    conversation: str | None = None,
    site: str | None = None,
    country: str | None = None,
) -> str:
    """The language to write to a buyer in, best evidence first.

    `buyer` and `conversation` are language tags, as the platform told for the buyer and as the
    conversation has been held so far; `site` is a marketplace's name for itself (``EBAY_DE``,
    ``amazon.co.jp``, ``A1PA6795UKMFR9``, ``MLB``); `country` is the destination, ISO 3166-1
    alpha-2. What is no known language, site or country is passed over; ``en`` is the last resort.
    Country and site also say which ``pt`` or ``zh`` it is, where better evidence leaves that open.
    """
    there = of_country(country) if country else None
    on_site = _of_site(site) if site else None
    told = normalise(buyer) or normalise(conversation)
    return _as_written_in(told, there, on_site) if told else on_site or there or DEFAULT


@cache
def of_country(country: str) -> str | None:
    """The language that shops write in there; None for an unknown country."""
    code = country.strip().upper()
    if code in _ENGLISH_IN_TRADE:
        return "en"
    likely = get_global("likely_subtags").get(f"und_{code}")
    if likely is None:
        return None
    language, script, _region = [*likely.split("_"), "", ""][:3]
    # The only two whose written language differs enough for separate texts; syncd has them.
    if code == "BR":
        return "pt-BR"
    return "zh-Hant" if (language, script) == ("zh", "Hant") else language


def _of_site(site: str) -> str | None:
    name = site.strip()
    spoken = _LANGUAGE_OF_SITE.fullmatch(name)
    if spoken:
        return spoken[1].lower()
    country = country_of_site(name)
    return of_country(country) if country else None


def country_of_site(site: str) -> str | None:
    """Where those live who buy on a marketplace's site (ISO 3166-1 alpha-2); None if nowhere."""
    name = site.strip()
    known = _AMAZON_SITES.get(name.upper()) or _MERCADO_SITES.get(name.upper())
    if known:
        return known
    if _HOST_OF_US.search(name) or name.upper() == "EBAY_MOTORS_US":
        return "US"
    last = _LAST_PART.search(name)
    code = last[1].upper() if last else None
    return "GB" if code == "UK" else code
