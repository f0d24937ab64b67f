"""Carriers' words keep no link, not even a bare domain, and lose no ordinary word with a dot."""

from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from syncd.text.facts import printable
from syncd.text.foreign import holds_link, plain_words
from syncd.text.samples import SAMPLE

LINKS = [
    "evil-parcel.top/pay",
    "evil-parcel.top",
    "Evil-Parcel.COM",
    "(evil-parcel.com)",
    "evil-parcel.com,",
    "evil-parcel.com:8443",
    "evil-parcel.com?pay=1",
    "pay.evil-parcel.co.uk",
    "evil24.de",
    "dhl-zoll.ru.",
    "x.com",
    "bit.ly",
    "evil.delivery",
    "www.x.com",
    "www.x",
    "WWW.X.COM",
    "ftp://evil.example",
    "10.0.0.1/pay",
    "10.0.0.1:8080",
    "evil.xn--p1ai",
    "evil.example.xn--p1ai/pay",
    "evil。com",
    "\uff45\uff56\uff49\uff4c\uff0e\uff43\uff4f\uff4d",
    "evil&#46;com",
    "ev&shy;il.c\u200bom",
    "请访问evil.com查询",
    "pay=evil.com",
    "https:evil.com",
]
ORDINARY = [
    "Dr.Smith hat die Sendung angenommen.",
    "Angekommen im Paketzentrum.Es geht weiter.",
    "Zugestellt am 12.05.2026 um 14.30 Uhr",
    "12.05.2026",
    "No.5 Industrial Park, Ref.No:123456",
    "Sendung 1.234,50 EUR, 2.5kg, V1.2.3",
    "Abgegeben bei Fa.Müller&Co.KG",
    "ALS S.A.de C.V., Edif.A",
    "Livré à M.Dupont, 3.étage, p.ex. gardien",
    "Z.B. Nachbar, i.d.R. werktags, e.V., u.a.",
    "Delivered 9 a.m., U.S.A.",
    "DEPARTED FACILITY LEIPZIG.DE",
    "Arrived at hub.Your parcel will be delivered",
    "Arrived...In transit",
    "г.Москва, ул.Ленина",  # noqa: RUF001  Russian, no Latin letters
    "快件已到达【深圳转运中心】。中国邮政 正在派送",
    "St.Gallen / Nord/Süd, c/o, 24/7",
    "Node.js, label.pdf",
    "P.O.Box 12, Mt.View",
]  # fmt: skip
TOPS = ["com", "net", "org", "top", "xyz", "shop", "info", "de", "ru", "cn", "co", "io", "to", "me"]
HOSTS = st.tuples(
    st.text(ascii_lowercase + "0123456789-", min_size=1, max_size=12).map(
        lambda label: f"a{label}z"
    ),
    st.sampled_from(TOPS),
    st.sampled_from(["", ".", ",", "!", "/", "/pay?a=1", ":443", ")"]),
)


@pytest.mark.parametrize("link", LINKS)
def test_a_link_is_left_out(link):
    assert plain_words(f"Bitte {link} besuchen") == "Bitte besuchen"


@pytest.mark.parametrize("words", ORDINARY)
def test_ordinary_words_stay_though_a_dot_may_be_set_apart(words):
    told = plain_words(words)

    assert told.replace(" ", "") == words.replace(" ", "")


def test_what_could_be_either_is_set_apart_so_that_no_program_links_it():
    assert plain_words("Paketzentrum.Es") == "Paketzentrum. Es"
    assert plain_words("Leipzig.DE") == "Leipzig. DE"
    assert plain_words("evil-parcel.Delivery") == "evil-parcel. Delivery"
    assert plain_words("evil-parcel.example") == "evil-parcel. example"
    assert plain_words("пример.рф/pay") == "пример. рф/pay"
    assert plain_words("evil。Delivery") == "evil。 Delivery"


@given(HOSTS)
def test_no_domain_comes_through(host):
    label, top, after = host

    assert plain_words(f"visit {label}.{top}{after} now") == "visit now"


@given(st.text(st.sampled_from("aZé7.-/:。\uff0e@ wcom"), max_size=60))
def test_nothing_that_comes_through_holds_a_link_or_a_dot_within_words(text):
    told = plain_words(text)

    assert not holds_link(told)
    assert not any(
        left[-1:].isalnum() and right[:2].isalpha() and len(right) > 1
        for word in told.split()
        for left, _, right in [word.partition(".")]
    )
    assert plain_words(told) == told


@given(st.text(max_size=200))
def test_whatever_is_said_can_be_made_plain(text):
    assert not holds_link(plain_words(text))


def test_the_site_that_we_name_ourselves_stays():
    facts = replace(SAMPLE, tracking_site="track.carrier.com", buyer_name="Ann evil.com")
    shown = printable(facts)

    assert shown["tracking_site"] == "track.carrier.com"
    assert shown["buyer_name"] is None


def test_a_buyers_name_is_not_torn_apart():
    assert printable(replace(SAMPLE, buyer_name="Dr.Smith"))["buyer_name"] == "Dr.Smith"


def test_many_dots_take_no_time():
    assert plain_words("a." * 5_000)
    assert plain_words("ab" * 5_000)
