"""A buyer is sent to a site that knows the parcel."""

import pytest

from syncd.rules.nearest_site import site_of

GERMAN = "00340434161094042557"


@pytest.mark.parametrize(
    ("number", "country", "carrier", "name"),
    [
        pytest.param("LX123456785CN", "GB", "China Post", "Royal Mail", id="postal"),
        pytest.param("LX123456785CN", "GB", "Evri", "Royal Mail", id="postal, whoever is named"),
        pytest.param(GERMAN, "DE", "DHL", "DHL Paket", id="house of several, by the number"),
        pytest.param("2012984522", "DE", "DHL", "DHL", id="another of that house"),
        pytest.param(GERMAN, "DE", None, "DHL Paket", id="nobody named, by the number"),
        pytest.param(GERMAN, "DE", "Deutsche Post", "DHL Paket", id="by another name"),
        pytest.param("6A15602676300", "FR", "Colissimo", "La Poste", id="a service of the post"),
        pytest.param("H1234A5678901234", "GB", "Evri", "17TRACK", id="its page is not proven"),
        pytest.param("457712650544", "JP", "Yamato", "17TRACK", id="its page takes no number"),
        pytest.param("4PX3001234567890CN", "FR", "4PX", "17TRACK", id="not the local post's"),
        pytest.param("YT2229521272164446", "US", "Yun Express", "YunExpress", id="its own"),
        pytest.param("XY12345678", "FR", "Mondial Relay", "Mondial Relay", id="in one table only"),
        pytest.param("XY123", "GB", "Nobody's Freight", "17TRACK", id="known to nobody"),
        pytest.param("XY123", None, None, "17TRACK", id="nothing known"),
    ],
)
def test_the_site_knows_the_parcel(number, country, carrier, name):
    assert site_of(number, country, "de", carrier=carrier).name == name


def test_the_local_page_is_in_the_buyers_language():
    assert site_of(GERMAN, "DE", "de", carrier="DHL").url == (
        f"https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode={GERMAN}"
    )


def test_an_address_that_was_told_comes_first():
    given = "https://carrier.example/t/1"
    assert site_of("457712650544", "JP", "ja", carrier="Yamato", given_url=given).url == given
    unsafe = site_of(GERMAN, "DE", "de", carrier="Deutsche Post", given_url="http://x.example/")
    assert unsafe.name == "DHL Paket"
