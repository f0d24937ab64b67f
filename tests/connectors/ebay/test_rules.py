"""What eBay's policy lets into a message."""

import pytest

from syncd.model import Attachment, Draft, Party
from syncd_ebay import rules


def verdict(text="Hello", **fields):
    return rules.may_send(Draft(text=text, **{"buyer": Party(id="u7f3a9c0")} | fields))


@pytest.mark.parametrize(
    "text",
    [
        "Your parcel 00340434161094042557 is in Leipzig since 2026-03-02 09:00.",
        "Order 12-12345-12345, listing 330000000001, 24.90 EUR, 2-3 days, +3 days",
        "Follow it: https://t.17track.net/en#nums=RB123456785CN&x=+49301234567",
        "Wir bitten um Entschuldigung: 5 < 7 & mehr",
        "x" * 2000,
        "🎁" * 1000,
        "您的包裹 RB123456785CN 已延误。",
    ],
)
def test_what_a_notice_needs_is_allowed(text):
    assert verdict(text) == rules.Verdict.yes()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x" * 2001, "2001 characters"),
        ("🎁" * 1001, "2002 characters"),
        ("  \n ", "empty"),
        ("Write to anna.lamp@example.org", "e-mail"),
        ("Call +49 30 1234567", "telephone"),
        ("WhatsApp: 0171 2345678", "telephone"),
        ("https://wa.me/491712345678", "messengers"),
        ("www.facebook.com/lamps", "messengers"),
        ("<b>Sorry</b>", "plain text"),
        ("Sorry&nbsp;for that", "plain text"),
    ],
)
def test_what_the_policy_forbids_is_never_sent(text, reason):
    found = verdict(text)
    assert not found.allowed
    assert found.not_before is None
    assert reason in found.reason


def test_somebody_must_be_written_to():
    assert "user name" in verdict(buyer=Party(email="a@b.test")).reason
    assert verdict(buyer=Party(), thread_id="7").allowed


def test_files_are_not_left_out_in_silence():
    label = Attachment(name="a.png", media_type="image/png", content=b"1")
    assert "https address" in verdict(attachments=(label,)).reason


def test_files_are_five_at_the_most_and_of_kinds_that_ebay_knows():
    def files(count, media_type):
        url = "https://lamps.example/file"
        return (Attachment(name="file", media_type=media_type, url=url),) * count

    assert verdict(attachments=files(5, "application/pdf")).allowed
    assert "eBay takes 5" in verdict(attachments=files(6, "image/png")).reason
    assert "application/zip" in verdict(attachments=files(1, "application/zip")).reason


def test_hostile_texts_do_not_take_long():
    for text in ("<" * 100_000, "a@" * 50_000, "+1" * 50_000, "tel " * 30_000, "&" * 100_000):
        assert not rules.may_send(Draft(text=text, buyer=Party(id="x"))).allowed
        rules._content(text)
