"""Which carrier comes first, what a declaration and a route do to it, and the bars."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.rules.recognise import mistyped, recognise
from syncd.rules.recognise.table import formats

PUBLIC = Path(__file__).parents[5] / "shared" / "data" / "tracking_number_data" / "couriers"
# Ours for the codes of the public data; where a house has several carriers, any of them.
OURS = {
    "amazon": ("amazon-",), "dhl": ("dhl-",), "landmark": ("landmark-",), "lasership": ("lasership",),
    "s10": ("royal-mail", "usps", "post-"), "dpd": ("dpd",),
}  # fmt: skip


def public_numbers(kind):
    if not PUBLIC.exists():
        pytest.skip(f"the public test numbers are not here: {PUBLIC}")
    for file in sorted(PUBLIC.glob("*.json")):
        courier = json.loads(file.read_text())
        ours = OURS.get(courier["courier_code"], (courier["courier_code"].replace("_", "-"),))
        for format_ in courier["tracking_numbers"]:
            for number in format_["test_numbers"].get(kind, ()):
                yield ours, number


def test_bar_the_right_courier_is_among_the_first_two(tell):
    numbers = list(public_numbers("valid"))
    first = [n for ours, n in numbers if carriers(n)[:1] and carriers(n)[0].startswith(ours)]
    missed = [n for ours, n in numbers if not any(c.startswith(ours) for c in carriers(n)[:2])]
    share = 1 - len(missed) / len(numbers)
    tell(
        f"valid: right among two {share:.1%}, first {len(first) / len(numbers):.1%} of {len(numbers)}; missed {missed}"
    )
    assert share >= 0.99


def test_bar_wrong_numbers_have_no_candidate(tell):
    numbers = [number for _, number in public_numbers("invalid")]
    claimed = [number for number in numbers if recognise(number)]
    share = 1 - len(claimed) / len(numbers)
    tell(f"invalid: {share:.1%} of {len(numbers)} without a candidate; claimed {claimed}")
    assert share >= 0.96


def carriers(number, **known):
    return [each.carrier for each in recognise(number, **known)]


@pytest.mark.parametrize(
    ("number", "carrier"),
    [
        ("1Z 5R8 939 03 5756 7127", "ups"),
        ("1z5r89390357567127", "ups"),
        ("9400 1112 0108 0805 4830 16", "usps"),
        ("TBA123456789012", "amazon-logistics"),
        ("YT2229521272164446", "yunexpress"),
        ("4PX3001234567890CN", "4px"),
        ("LP00123456789012", "cainiao"),
        ("CNFR901234567890HD", "cainiao"),
        ("UG336196744YP", "yanwen"),
        ("SF6043310798724", "sf-express"),
        ("3SABCD1234567", "postnl"),
        ("6A15602676300", "la-poste"),
        ("XW435801688JB", "chronopost"),
        ("00340433836442636597", "dhl-de"),
        ("JJD000390012345678901", "dhl-de"),
        ("JD0002254405060992", "yodel"),
        ("GM295117494011169042", "dhl-ecommerce"),
        ("323211383300001502624030", "bpost"),
        ("520000011395200025754311", "inpost"),
        ("H01HYA0005747846", "evri"),
        ("PK6Q1D0710032430128440H", "correos"),
        ("1UW1AB2345678", "poste-italiane"),
        ("1000402103190U", "dpd-pl"),
        ("JJFI65229310040559968", "posti"),
        ("RB123456785GB", "royal-mail"),
        ("ea123456785cn", "china-post"),
        ("RB123456785JP", "japan-post"),
        ("RB123456785KR", "korea-post"),
        ("D10011354453707", "ontrac"),
        ("GFUS01011884214464", "gofo"),
        ("00373400306297064918", "postnord"),
    ],
)
def test_what_the_number_alone_tells(number, carrier):
    assert carriers(number)[0] == carrier


@pytest.mark.parametrize(
    ("number", "country", "carrier"),
    [
        ("201298452277", "DE", "dhl-de"),
        ("09133131530724", "DE", "hermes-de"),
        ("05132040653895", "FR", "dpd"),
        ("276571216773", "JP", "yamato"),
        ("31156685642", "DE", "gls"),
        ("6012345678901", "KR", "korea-post"),
        ("9812345678901", "CN", "china-post"),
        ("20450123456789", "UA", "nova-poshta"),
        ("1234567890123456", "GB", "evri"),
    ],
)
def test_bare_digits_belong_to_the_country(number, country, carrier):
    assert carrier in carriers(number, country=country)[:3]


@pytest.mark.parametrize("number", ["31156685642", "6012345678901", "1234567890123456"])
def test_loose_formats_need_support(number):
    assert recognise(number) == ()
    assert recognise(number, labelled=True) != ()


def test_the_declaration_goes_before_the_route_before_the_check_digit():
    number = "201298452277"  # a right check digit for DHL in Germany and for FedEx
    assert set(carriers(number)) == {"dhl-de", "fedex"}
    assert carriers(number, country="DE")[0] == "dhl-de"
    assert carriers(number, country="DE", hint="FedEx")[0] == "fedex"
    assert carriers(number, country="IT", hint="GLS")[0] == "gls"
    assert carriers(number, country="DE")[1] == "fedex"


def test_a_declared_carrier_stands_although_the_format_is_unknown():
    (only,) = recognise("ABC123456X", hint="Asendia")
    assert (only.carrier, only.format, only.declared) == ("asendia", "", True)
    assert only.score == 0.5
    assert recognise("1Z5R89390357567128", hint="UPS") == ()


def test_the_post_of_the_destination_delivers_what_another_sent():
    first, second = recognise("RB123456785CN", country="DE")
    assert (first.carrier, second.carrier) == ("china-post", "dhl-de")
    assert carriers("RB123456785CN", country="DE", hint="Deutsche Post")[0] == "dhl-de"
    assert carriers("RB123456785CN", country="CN") == ["china-post"]


def test_reason_check_and_page_are_told():
    (ups,) = recognise("1Z5R89390357567127")
    assert ups.check == "valid"
    assert ups.reason == "check digit right; nothing else looks like this"
    assert ups.url == "https://www.ups.com/track?tracknum=1Z5R89390357567127"
    best = recognise("YT2229521272164446", origin="cn", country="de")[0]
    assert best.check == "none"
    assert best.reason == "sends from CN; nothing else looks like this"


@pytest.mark.parametrize("number", ["028-1234567-1234567", "12-12345-12345", "20012328KKGVR0"])
def test_ids_of_orders_are_no_parcels(number):
    assert recognise(number) == ()


def test_the_shops_own_orders_are_no_parcels():
    assert recognise("201298452277", order_ids=("2012-9845-2277",)) == ()


@pytest.mark.parametrize(
    "number",
    [
        "",
        " ",
        "000000000000",
        "0" * 22,
        "1" * 14,
        "A" * 20,
        "12",
        "1Z" * 40,
        "éé12345678",
        "追踪123456789",
    ],
)
def test_nonsense_is_nobodys(number):
    assert recognise(number) == ()


def test_a_slip_of_the_pen_is_told():
    assert mistyped("1Z5R89390357567128") == ("UPS",)
    assert mistyped("RB123456786GB") == ("Royal Mail",)
    assert mistyped("201298452278") == ()
    assert mistyped("201298452278", hint="DHL Paket") == ("DHL Paket",)
    assert mistyped("1Z5R89390357567127") == ()


unchecked = [pair for pair in formats() if pair[0].check is None]


@pytest.mark.parametrize(("format_", "carrier"), unchecked, ids=[each.id for each, _ in unchecked])
@settings(max_examples=20)
@given(data=st.data())
def test_every_format_is_recognised_where_its_carrier_is_declared(format_, carrier, data):
    number = data.draw(st.from_regex(re.compile(format_.pattern), fullmatch=True))
    if len(number) <= 40 and sum(map(str.isdigit, number)) >= 3 and len(set(number)) > 1:
        found = recognise(number, hint=carrier.name)
        assert carrier.code in {each.carrier for each in found if each.declared and each.format}


@given(st.text(max_size=60), st.none() | st.text(max_size=8), st.none() | st.text(max_size=20))
def test_anything_may_be_asked(number, country, hint):
    found = recognise(number, country=country, origin=country, hint=hint)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert len({each.carrier for each in found}) == len(found)
    assert sum(each.score for each in found) <= 1.01
    assert all(each.check != "invalid" for each in found)
