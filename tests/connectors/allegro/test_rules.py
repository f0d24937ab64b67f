"""What Allegro takes in a message."""

import pytest

from syncd.model import Attachment, Draft, Party, Verdict
from syncd_allegro import rules


def verdict(text="Dzień dobry", **fields):
    return rules.may_send(Draft(text=text, **{"buyer": Party(id="jan"), "order_id": "1"} | fields))


def file(media_type="image/png", content=b"1"):
    return (Attachment(name="a.png", media_type=media_type, content=content),)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("Paczka 620000000000000000000001 jest w Łodzi: 5 < 7 & więcej", {}),
        ("x" * 2000, {}),
        ("🎁" * 1000, {}),
        ("x" * 20_000, {"thread_id": "issue/1"}),
        ("Dzień dobry", {"buyer": Party(), "order_id": None, "thread_id": "t"}),
        ("Dzień dobry", {"attachments": file() + file("application/pdf")}),
        ("Dzień dobry", {"attachments": file(content=b"x" * rules.MAX_FILE_BYTES)}),
    ],
)
def test_what_is_taken(text, fields):
    assert verdict(text, **fields) == Verdict.yes()


@pytest.mark.parametrize(
    ("text", "fields", "reason"),
    [
        ("x" * 2001, {}, "2001 characters, Allegro takes 2000"),
        ("🎁" * 1001, {}, "2002 characters"),
        ("x" * 2001, {"thread_id": "t"}, "2001 characters"),
        ("x" * 20_001, {"thread_id": "issue/1"}, "takes 20000"),
        (" \n", {}, "empty"),
        ("<b>Przepraszamy</b>", {}, "plain text"),
        ("a&nbsp;b", {}, "plain text"),
        ("a", {"order_id": None}, "buyer of an order"),
        ("a", {"buyer": Party(email="a@b.test")}, "buyer of an order"),
        ("a", {"attachments": file("text/plain")}, "images and PDF only"),
        ("a", {"attachments": file(content=None)}, "not at hand"),
        ("a", {"attachments": file(content=b"x" * (rules.MAX_FILE_BYTES + 1))}, "5242881 bytes"),
    ],
)
def test_what_is_never_sent(text, fields, reason):
    found = verdict(text, **fields)
    assert (found.allowed, found.not_before) == (False, None)
    assert reason in found.reason
