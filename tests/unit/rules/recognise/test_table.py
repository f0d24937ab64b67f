"""The courier table is whole: every carrier can be named, linked and traced to a source."""

import re
from datetime import date

import pytest

from syncd.rules.recognise import carriers, carriers_named
from syncd.rules.recognise.checksums import ALGORITHMS
from syncd.rules.recognise.table import formats, posts, s10

ASKED_FOR = {
    "4px", "yanwen", "cainiao", "yunexpress", "postnl", "la-poste", "dhl-de", "dhl-ecommerce", "gls", "inpost",
    "poczta-polska", "evri", "correos", "poste-italiane", "sf-express", "china-post", "japan-post", "korea-post",
    "royal-mail", "dpd", "dpd-pl", "usps", "ups", "fedex", "ontrac", "amazon-logistics", "canada-post", "australia-post",
}  # fmt: skip


def test_the_carriers_of_cross_border_trade_are_there():
    assert carriers().keys() >= ASKED_FOR


@pytest.mark.parametrize("carrier", carriers().values(), ids=lambda each: each.code)
def test_every_carrier_has_name_page_source_and_date(carrier):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", carrier.code)
    assert carrier.name
    assert carrier.url.startswith("https://")
    assert carrier.page("A 1/2").startswith("https://")
    assert " " not in carrier.page("A 1/2")
    assert carrier.source
    assert carrier.checked <= date(2026, 11, 21)
    assert carrier.confidence in ("A", "B", "C")
    assert carrier.everywhere or carrier.countries or carrier.origins
    for country in carrier.countries | carrier.origins:
        assert re.fullmatch("[A-Z]{2}", country)


@pytest.mark.parametrize("format_", [each for each, _ in formats()], ids=lambda each: each.id)
def test_every_format_is_well_formed(format_):
    groups = re.compile(format_.pattern).groupindex
    assert set(groups) == ({"serial", "check"} if format_.check else set())
    assert format_.shape in ("sure", "marked", "plain", "loose")
    assert format_.needs in ("", "context", "hint")
    assert format_.source
    if format_.check:
        assert format_.check.by in ALGORITHMS
        assert format_.check.source
    elif format_.shape == "loose" and format_.confidence == "C":
        assert format_.needs, "a format from memory that fits anything must not stand alone"


def test_the_ids_of_formats_are_unique():
    ids = [each.id for each, _ in formats()]
    assert len(ids) == len(set(ids))


def test_the_letters_of_s10_numbers_name_a_post():
    assert len(posts()) > 190
    assert posts()["GB"].code == "royal-mail"
    assert posts()["CV"].code == "post-cv"
    assert "XX" not in posts()
    assert s10().fits("RB123456785GB") is True
    assert s10().fits("RB123456786GB") is None


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("UPS", {"ups"}),
        ("DHL Paket", {"dhl-de"}),
        ("dhl_paket", {"dhl-de"}),
        ("Deutsche Post", {"dhl-de"}),
        ("Royal Mail 48", {"royal-mail"}),
        ("RoyalMail", {"royal-mail"}),
        ("Colissimo", {"la-poste"}),
        ("Yun Express", {"yunexpress"}),
        ("顺丰速运", {"sf-express"}),
        ("Standard shipping (GLS)", {"gls"}),
        ("Hermes", {"hermes-de", "evri"}),
        ("SF", {"sf-express"}),
        ("AMZN_US", {"amazon-logistics"}),
        ("royal-mail", {"royal-mail"}),
        ("Somebody", set()),
        ("", set()),
        ("groups", set()),
    ],
)
def test_names_of_marketplaces_lead_to_codes(said, codes):
    assert set(carriers_named(said)) == codes


def test_a_house_name_means_all_of_the_house():
    assert {"dhl-de", "dhl-express", "dhl-ecommerce"} <= set(carriers_named("DHL"))
