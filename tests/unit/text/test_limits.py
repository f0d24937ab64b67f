"""Platforms' text rules, as data and as a check."""

import pytest

from syncd.text.limits import carrier_of, check, check_templates, links_allowed, platforms, rules
from syncd.text.templates import Rendered, Templates


def notice(text, subject="About your order"):
    return Rendered(subject=subject, text=text, language="en")


def test_the_known_platforms_are_there():
    assert set(platforms()) >= {
        "amazon", "ebay", "ozon", "allegro", "tiktokshop", "mercadolibre", "kaufland", "shopee",
        "yandex", "mail", "sandbox",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("platform", "longest"),
    [("amazon", 2000), ("ebay", 2000), ("ozon", 1000), ("mercadolibre", 350), ("shopee", 600),
     ("yandex", 4096), ("kaufland", 65535)],
)  # fmt: skip
def test_the_length_is_counted_in_characters(platform, longest):
    assert check(platform, notice("字" * longest)) == []
    assert check(platform, notice("字" * (longest + 1))) == [
        f"{platform}: the text has {longest + 1} characters, {longest} are allowed"
    ]


@pytest.mark.parametrize("link", ["https://a.example/1", "www.a.example", "dhl.de/x", "a.co.uk/t"])
def test_links_where_they_are_forbidden(link):
    (broken,) = check("amazon", notice(f"Look at {link} please"))

    assert broken.startswith("amazon: links are not allowed, but it holds '")
    assert check("ebay", notice(f"Look at {link} please")) == []
    assert check("mail", notice(f"Look at {link} please")) == []


@pytest.mark.parametrize(
    "text", ["1/2 is done", "Arrived 3.11.2026/4.11.2026", "Mon./Tue.", "e.g. this, i.e./that"]
)
def test_ordinary_writing_is_no_link(text):
    assert check("amazon", notice(text)) == []


@pytest.mark.parametrize("markup", ["<b>", "</p>", "<br/>", '<a href="x">', "&nbsp;"])
def test_markup_is_refused_everywhere(markup):
    assert [check(name, notice(f"Hi {markup} you")) != [] for name in platforms()] == [True] * len(
        platforms()
    )


@pytest.mark.parametrize("text", ["5 < 6 > 4", "<3", "Lamp & Light"])
def test_ordinary_signs_are_no_markup(text):
    assert check("ebay", notice(text)) == []


@pytest.mark.parametrize(
    "contact", ["me@shop.example", "+49 30 1234567", "+8613800138000", "WhatsApp", "加微信"]
)
def test_contact_data_where_it_is_forbidden(contact):
    assert [said.split(",")[0] for said in check("ebay", notice(f"Write to {contact} now"))] == [
        "ebay: contact data is not allowed"
    ]
    assert check("mail", notice(f"Write to {contact} now")) == []


def test_a_tracking_number_is_no_contact_data():
    assert check("ebay", notice("LX123456785CN, 00340434161094000000, 028-1234567-1234567")) == []


def test_the_subject_is_checked_as_well():
    assert check("ebay", notice("fine", subject="me@shop.example")) != []


def test_several_broken_rules_are_all_told():
    assert len(check("mercadolibre", notice("<b>www.a.example me@a.example</b>" + "x" * 400))) == 4


def test_an_unknown_platform_has_the_strictest_rules():
    assert not links_allowed("somewhere")
    assert rules("somewhere") == rules("elsewhere")
    assert check("somewhere", notice("https://a.example/x")) != []


def test_links_allowed():
    assert {name for name in platforms() if links_allowed(name)} == {
        "ebay", "imap", "mail", "sandbox",
    }  # fmt: skip
    assert links_allowed("EBAY")


def test_templates_too_long_for_a_platform_are_told_before_anything_is_sent(tmp_path):
    (tmp_path / "delay.en.txt").write_text(
        "Subject: x\n\n{{ tracking_number }} {{ tracking_site }} {{ latest_event }}" + "x" * 2000
    )

    (problem,) = check_templates("ebay", Templates.load(tmp_path), [("delay", "en")])
    assert str(problem) == (
        f"{tmp_path}/delay.en.txt:1: on ebay: the text has 2055 characters, 2000 are allowed; "
        "shorten it, write delay.short.en.txt beside it, or let the playbook of that account name "
        "another template"
    )


@pytest.mark.parametrize(
    ("address", "platform"),
    [
        ("k7m2+5f0c@marketplace.amazon.co.uk", "amazon"),
        ("K7M2@MARKETPLACE.AMAZON.DE", "amazon"),
        ("ann@example.org", "imap"),
        ("ann@my.marketplace.amazon.de", "imap"),
        ("", "imap"),
        (None, "imap"),
    ],
)
def test_a_marketplaces_rules_hold_for_the_mail_it_passes_on(address, platform):
    assert carrier_of("imap", address) == platform
