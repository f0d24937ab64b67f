import email
from email.policy import default
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connector import Rejected
from syncd.model import Attachment, Party
from syncd_imap.compose import compose, deliverable
from tests.connectors.imap.conftest import BUYER, SHOP, START, draft

FIELDS = {
    "content-language",
    "content-type",
    "mime-version",
    "content-transfer-encoding",
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "auto-submitted",
    "x-auto-response-suppress",
    "in-reply-to",
    "references",
}


def _compose(given_draft, key="key-1"):
    return compose(given_draft, key, address=SHOP, display_name="Shop, Inc.", now=START)


def _read(given_draft, key="key-1"):
    return email.message_from_bytes(_compose(given_draft, key), policy=default)


def test_the_message_id_depends_on_the_key_and_nothing_that_changes():
    first = _read(draft())["Message-ID"]
    assert _read(draft("Another wording"))["Message-ID"] == first
    assert _read(draft(), "key-2")["Message-ID"] != first
    assert first.startswith("<syncd.")
    assert first.endswith("@shop.example>")


def test_the_fields():
    mail = _read(draft())
    assert mail["From"] == f'"Shop, Inc." <{SHOP}>'
    assert parsedate_to_datetime(mail["Date"]) == START
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content_charset() == "utf-8"


def test_long_threads_keep_the_first_and_the_last():
    chain = tuple(f"m{n}@{'x' * 60}.example" for n in range(100))
    kept = _read(draft(purpose="reply", in_reply_to=chain[-1], references=chain))[
        "References"
    ].split()
    assert len(kept) == 20
    assert (kept[0], kept[-1]) == (f"<{chain[0]}>", f"<{chain[-1]}>")


def test_ids_that_are_none_are_left_out():
    mail = _read(draft(in_reply_to="a@x>\r\nBcc: <c@d", references=("b\r\n@x",)))
    assert mail["In-Reply-To"] is None
    assert mail["Bcc"] is None


_any_text = st.text(max_size=80)


@given(subject=_any_text, name=_any_text, text=_any_text, filename=_any_text, parent=_any_text)
def test_nothing_in_a_draft_adds_a_field(subject, name, text, filename, parent):
    file = Attachment(name=filename, media_type=name, content=b"x")
    mail = email.message_from_bytes(
        _compose(
            draft(
                text,
                subject=f"{subject}\r\nBcc: x@y.example\r\n\r\nx",
                buyer=Party(email=BUYER, name=f"{name}\nBcc: x@y.example"),
                attachments=(file,),
                in_reply_to=parent,
                references=(parent, subject),
            )
        )
    )
    assert {field.lower() for field in mail.keys()} <= FIELDS  # noqa: SIM118  a mail is no dict
    assert len(mail.get_all("to")) == 1
    assert not mail.defects


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=3000))
def test_text_arrives_as_it_was_written(text):
    raw = _compose(draft(text))
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    said = email.message_from_bytes(raw).get_payload(decode=True).decode()
    assert said.replace("\r\n", "\n") == text.rstrip("\n") + "\n"


@pytest.mark.parametrize("trick", ["=?utf-8?q?a=0D=0ABcc:_x=40y.example?=", "half \ud83d a pair"])
def test_no_reader_decodes_more_out_of_a_field_than_was_said(trick):
    """A buyer's subject or name comes back in answers; decoded once more it would be two lines."""
    said = draft(
        subject=trick,
        buyer=Party(email=BUYER, name=trick),
        attachments=(Attachment(name=trick, content=b"x"),),
        in_reply_to="=?q?q?=0D=0ABcc:x?=@y",
        references=("=?q?q?=0D=0ABcc:x?=@y",),
    )
    mail = _read(said)
    fields = [mail["Subject"], mail["To"], mail["In-Reply-To"] or "", mail["References"] or ""]
    assert not any("\r" in field or "\n" in field for field in fields)
    assert mail["Subject"] == trick.replace(" \ud83d", "  ")


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "a",
        "a@",
        "@b",
        "a b@c",
        "a@b@c",
        "a@b.\n",
        "a@-é-\ud800",
        f"a@{'b' * 9_000}.example",
    ],
)
def test_addresses_that_are_none(address):
    with pytest.raises(Rejected):
        deliverable(address)


def test_international_domains():
    assert deliverable("a@müller.example") == "a@xn--mller-kva.example"


def test_an_attachment_without_content():
    with pytest.raises(Rejected, match="no content"):
        _compose(draft(attachments=(Attachment(name="a.pdf"),)))
