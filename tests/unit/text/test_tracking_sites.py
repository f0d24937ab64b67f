"""Buyers are sent to the page nearest to them that knows the number."""

import re
from urllib.parse import urlsplit

import pytest

from syncd.text.languages import normalise
from syncd.text.tracking_sites import TrackingSite, choose, pages

POSTAL = "LX123456785CN"


@pytest.mark.parametrize(
    ("country", "language", "name", "url"),
    [
        ("DE", "de", "DHL Paket", f"https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode={POSTAL}"),
        ("DE", "en", "DHL Paket", f"https://www.dhl.de/en/privatkunden/pakete-empfangen/verfolgen.html?piececode={POSTAL}"),
        ("ch", "fr-CH", "Swiss Post", f"https://service.post.ch/ekp-web/ui/entry/search/{POSTAL}?lang=fr"),
        ("FI", "en", "Posti", f"https://www.posti.fi/en/tracking#/lahetys/{POSTAL}?lang=en"),
        ("FI", "sv", "Posti", f"https://www.posti.fi/fi/seuranta#/lahetys/{POSTAL}"),
        ("NO", "nb", "Posten", f"https://sporing.posten.no/sporing/{POSTAL}?lang=no"),
        ("GB", "ja", "Royal Mail", f"https://www.royalmail.com/track-your-item#/tracking-results/{POSTAL}"),
        # A form: the buyer types the number in.
        ("BR", "pt-BR", "Correios", "https://rastreamento.correios.com.br/app/index.php"),
        ("HK", "zh-Hant", "Hongkong Post", "https://webapp.hongkongpost.hk/tc/mail_tracking/index.html"),
        # Nothing proven there.
        ("SG", "en", "17TRACK", f"https://t.17track.net/en#nums={POSTAL}"),
        (None, "zh", "17TRACK", f"https://t.17track.net/zh-cn#nums={POSTAL}"),
        ("ZZ", "xx", "17TRACK", f"https://t.17track.net/en#nums={POSTAL}"),
    ],
)  # fmt: skip
def test_the_destinations_page_in_the_readers_language(country, language, name, url):
    assert choose(POSTAL, country, language) == TrackingSite(name=name, url=url)


@pytest.mark.parametrize(
    ("number", "country", "carrier", "name"),
    [
        ("1Z999AA10123456784", "DE", "UPS Ground", "UPS"),
        ("1Z999AA10123456784", None, "ups", "UPS"),
        ("YT2130321272200123", "FR", "YunExpress", "YunExpress"),
        ("JD014600006281230000", "FR", "DHL Express", "DHL"),
        ("00340434161094000000", "DE", "DHL Paket", "DHL Paket"),
        ("X1", "GB", "Royal Mail 24", "Royal Mail"),
        ("09980525414724", "PL", "DPD", "DPD"),
        ("09980525414724", None, "DPD", "17TRACK"),  # its pages are by country
        (POSTAL, "GB", "Yanwen", "Royal Mail"),
        (POSTAL.lower(), "GB", "YunExpress", "Royal Mail"),
        ("X1", "GB", "4PX", "17TRACK"),  # its page is not proven
        ("X1", "GB", "Nobody's Freight", "17TRACK"),  # of which Royal Mail knows nothing
    ],
)
def test_a_carriers_own_number_leads_to_its_own_page(number, country, carrier, name):
    assert choose(number, country, "en", carrier=carrier).name == name


def test_a_given_address_wins():
    given = "https://www.carrier.example/t/1"

    assert choose("1", "DE", "de", given_url=given) == TrackingSite(
        name="carrier.example", url=given
    )
    assert choose("1", "DE", "de", carrier="Hermes", given_url=given).name == "Hermes"
    assert choose("1", "DE", "de", carrier="www.x.y/z", given_url=given).name == "carrier.example"


@pytest.mark.parametrize(
    "given",
    [
        "http://carrier.example/t/1",
        "javascript:alert(1)",
        "https://carrier.example/a b",
        "https://dhl.de@evil.example/",
        "https://x/\nBcc: a",
        "https://[x.example/",
        "https://\u2100.example/",
        "https:////x",
        "",
    ],
)
def test_an_unsafe_given_address_is_not_used(given):
    assert choose(POSTAL, "GB", "en", given_url=given).name == "Royal Mail"


def test_a_number_cannot_change_the_address():
    site = choose("1&x=/../?#{language}\n", "BE", "nl", by_post=True)

    assert site.url == (
        "https://track.bpost.cloud/btr/web/#/search"
        "?itemCode=1%26x%3D%2F..%2F%3F%23%7Blanguage%7D%0A&lang=nl"
    )


@pytest.mark.parametrize("page", pages(), ids=lambda page: f"{page.country}-{page.operator}")
def test_each_row_of_the_table_is_sound(page):
    host = urlsplit(page.url).hostname

    assert page.url.startswith("https://")
    assert host
    assert "." in host
    assert ("{number}" in page.url) == page.direct
    assert set(re.findall(r"\{(\w+)\}", page.url)) <= {"number", "language", "country"}
    assert all(normalise(language) for language in page.languages)
    assert page.confidence in {"A", "B", "C"}
    assert re.fullmatch(r"[A-Z]{2}|", page.country)
    assert page.country or page.direct


def test_there_is_a_usable_page_for_the_countries_buyers_live_in():
    served = {page.country for page in pages() if page.confidence != "C"}

    assert served >= set("AT AU BE BR CA CH CL CZ DE DK ES FI FR GB HU IT JP KR MX NL NO NZ PL PT RO RU SE TR US".split())  # fmt: skip  # noqa: SIM905
