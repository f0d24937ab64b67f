from datetime import UTC, datetime, timedelta
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model import Direction, MessageKind, Party
from syncd_imap.parse import Envelope, NotAMail, Reader, parse_mail
from tests.connectors.imap.conftest import BUYER, SHOP, mail

ARRIVED = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
READER = Reader(own=frozenset({SHOP, "info@shop.example"}), max_attachment_bytes=100)


def _parse(raw, **envelope):
    return parse_mail(raw, Envelope(arrived=ARRIVED, **envelope), READER)


def test_html_stands_in_where_there_is_no_plain_text():
    both = MIMEMultipart("alternative")
    both.attach(MIMEText("  \n", "plain"))
    both.attach(MIMEText("<style>p{}</style><p>Wo ist <b>es</b>?</p>", "html", "utf-8"))
    both["From"] = BUYER
    assert _parse(both.as_bytes()).text == "Wo ist es?"
    both.get_payload()[0].set_payload("Plain")
    assert _parse(both.as_bytes()).text == "Plain"


def test_attachments_over_the_limit_keep_name_and_size():
    raw = mail(
        extra="Content-Type: multipart/mixed; boundary=x\n",
        body=(
            "--x\n\nSee\n--x\nContent-Type: image/png\nContent-Disposition: attachment; "
            f"filename=big.png\n\n{'y' * 101}\n--x\nContent-Type: text/plain; name=small.txt\n\nok\n--x--"
        ),
    )
    message = _parse(raw)
    big, small = message.attachments
    assert message.text == "See"
    assert (big.name, big.size, big.content) == ("big.png", 101, None)
    assert (small.name, small.media_type, small.content) == ("small.txt", "text/plain", b"ok")


@pytest.mark.parametrize(
    ("header", "sent", "direction", "buyer"),
    [
        (f"From: {BUYER}\nTo: {SHOP}", False, Direction.INBOUND, BUYER),
        (f"From: {SHOP}\nTo: {BUYER}", False, Direction.OUTBOUND, BUYER),
        (f"From: info@shop.example\nTo: {SHOP}, {BUYER}", False, Direction.OUTBOUND, BUYER),
        (f"From: other@else.example\nTo: {BUYER}", True, Direction.OUTBOUND, BUYER),
        (f"From: {SHOP}\nTo: {SHOP}\nReply-To: {BUYER}", False, Direction.INBOUND, BUYER),
        (f"From: noreply@form.example\nReply-To: {BUYER}", False, Direction.INBOUND, BUYER),
        (f"From: wordpress@shop2.example\nReply-To: {BUYER}", False, Direction.INBOUND, BUYER),
        (f"From: contact-form@shop2.example\nReply-To: {BUYER}", False, Direction.INBOUND, BUYER),
        (
            f"From: forman@shop2.example\nReply-To: {BUYER}",
            False,
            Direction.INBOUND,
            "forman@shop2.example",
        ),
        ("From: wordpress@shop2.example", False, Direction.INBOUND, "wordpress@shop2.example"),
        (f"From: {BUYER}\nReply-To: x@y.example", False, Direction.INBOUND, BUYER),
        (f"From: {SHOP}\nTo: {SHOP}", False, Direction.OUTBOUND, SHOP),
        (f"To: {SHOP}", False, Direction.INBOUND, None),
    ],
)
def test_who_is_at_the_other_end(header, sent, direction, buyer):
    message = _parse(f"{header}\n\nHi".encode(), sent_folder=sent)
    assert (message.direction, message.buyer.email) == (direction, buyer)


def test_references_come_oldest_first_and_the_answered_one_last():
    extra = "References: <a@x>\n <b@x>\nIn-Reply-To: <c@x>\n"
    assert _parse(mail(extra=extra)).references == ("a@x", "b@x", "c@x")
    assert _parse(mail(extra=extra.replace("c@x", "b@x"))).references == ("a@x", "b@x")
    assert _parse(mail(extra="In-Reply-To: <m1@mail.example>\n")).references == ()


@pytest.mark.parametrize("address", [SHOP, BUYER, f"<{SHOP.upper()}>", f"<{BUYER}>"])
def test_an_address_is_no_mail_that_is_answered(address):
    to = f"To: Shop <{SHOP}>\nIn-Reply-To: {address}\n"
    assert _parse(mail(extra=to)).references == ()
    assert _parse(mail(extra=f"{to}References: <a@x>\n")).references == ("a@x",)


def test_a_clock_that_runs_ahead_does_not_date_a_mail():
    hop = "Received: from a by b; Mon, 02 Mar 2026 08:01:00 +0000\n"
    ahead = mail(extra=hop).replace(b"Mon, 02 Mar 2026 08:00:01", b"Tue, 02 Mar 2027 08:00:01")
    assert _parse(ahead).sent_at == datetime(2026, 3, 2, 8, 1, tzinfo=UTC)
    assert _parse(b"From: a@b.example\nDate: never\n\nHi").sent_at == ARRIVED
    assert _parse(mail()).sent_at == ARRIVED - timedelta(minutes=29, seconds=59)


def test_no_relays_clock_makes_a_mail_unreadable():
    hop = "Received: from a by b; Fri, 31 Dec 9999 23:59:59 +0000\n"
    assert _parse(mail(extra=hop)).subject == "Where is it?"


def test_a_mail_with_thousands_of_recipients_takes_no_time(cpu_seconds):
    evil = f"From: {SHOP}\n" + ("To: " + "a" * 9_000 + "\n") * 500
    read = []
    assert cpu_seconds(lambda: read.append(_parse(evil.encode()))) < 1
    assert read[0].direction is Direction.OUTBOUND


@pytest.mark.parametrize("kind", [b"image/\xff\xfe", b"image/p\x00ng", b"image/" + b"x" * 3_000])
def test_what_a_file_says_it_is_fits_a_database(kind):
    [file] = _parse(b"From: a@b.example\nContent-Type: " + kind + b"\n\nx").attachments
    for said in (file.media_type, file.name):
        assert said.encode().isascii()
        assert "\x00" not in said
        assert len(said) <= 255


def test_ids_differ_with_content_and_not_with_transport():
    one = _parse(mail(body="Grüße  an\nalle")).source_id
    as_8bit = "Content-Transfer-Encoding: 8bit\nContent-Type: text/plain; charset=utf-8\n"
    as_qp = as_8bit.replace("8bit", "quoted-printable")
    assert _parse(mail(body="Grüße an alle", extra=as_8bit)).source_id == one
    assert _parse(mail(body="Gr=C3=BC=C3=9Fe an alle", extra=as_qp)).source_id == one
    copy = _parse(b"Received: by z; x\n" + mail(body="Grüße an\n\nalle\n\n"))
    assert (copy.source_id, copy.fixed) == (one, True)
    assert _parse(mail(body="Grüße an niemand")).source_id != one
    without = mail().replace(b"Message-ID", b"X-None")
    assert _parse(without).source_id.startswith("sha:")
    long = mail().replace(b"m1@", b"m" * 900 + b"@")
    assert len(_parse(long).source_id) < 100


_DSN = """Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x

It did not arrive.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

{recipients}
--x
Content-Type: {kind}

From: shop@shop.example
To: {to}
Message-ID: <told@shop.example>

Your parcel is late.
--x--
"""
_PLAIN = """
The following address failed:

  gone@mail.example
    host mx.example: 550 5.1.1 unknown

------ This is a copy of your message, including all the headers.

> From: shop@shop.example
> To: "Gone, Ann" <gone@mail.example>
> Message-ID: <told@shop.example>
>
> Your parcel is late.
"""
_GONE = "Final-Recipient: rfc822; Gone@mail.example\nAction: failed"
_BOTH = "Final-Recipient: rfc822; bob@mail.example\nAction: failed\n\n" + _GONE


def _dsn(recipients=_GONE, kind="message/rfc822", to="Ann <gone@mail.example>"):
    return _DSN.format(recipients=recipients, kind=kind, to=to)


@pytest.mark.parametrize(
    ("report", "buyer", "returned"),
    [
        (_dsn(), Party(email="gone@mail.example", name="Ann"), "told@shop.example"),
        (
            _dsn(kind="text/rfc822-headers", to=f"Ann <ann@else.example>, {SHOP}"),
            Party(email="ann@else.example", name="Ann"),  # who has it forwarded to where it failed
            "told@shop.example",
        ),
        (_dsn(_BOTH), Party(email="gone@mail.example", name="Ann"), "told@shop.example"),
        (_dsn(to="undisclosed:;"), Party(email="gone@mail.example"), "told@shop.example"),
        (_PLAIN, Party(email="gone@mail.example", name="Gone, Ann"), "told@shop.example"),
        ("\n<gone@mail.example>:\nSorry, no mailbox here.", Party(email="gone@mail.example"), None),
        (f"\n<{SHOP}>:\nSorry.", Party(name="Mail Delivery System"), None),
        ("X-Failed-Recipients: gone@mail.example\n\nSorry", Party(email="gone@mail.example"), None),
        ("\nSome mail was lost.", Party(name="Mail Delivery System"), None),
    ],
)
def test_a_bounce_is_of_whom_it_failed_to_reach(report, buyer, returned):
    sender = "Mail Delivery System <MAILER-DAEMON@mx.example>"
    raw = f"From: {sender}\nReferences: <told@shop.example> <old@x>\n{report}".encode()
    message = _parse(raw)
    assert (message.kind, message.direction) == (MessageKind.BOUNCE, Direction.INBOUND)
    assert message.buyer == buyer
    assert message.references[-1] == (returned or "old@x")
    assert len(set(message.references)) == 2


def test_only_the_header_of_a_cut_mail_is_judged():
    message = _parse(mail(body=""), cut=31_200_000)
    assert "31.2 MB" in message.text
    assert message.subject == "Where is it?"


def test_gmail_threads_are_kept():
    assert _parse(mail(), thread_id="1278455344230334865").thread_id == "1278455344230334865"


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"hello\nworld", b"\x00" * 100])
def test_what_has_no_header_is_no_mail(raw):
    with pytest.raises(NotAMail):
        _parse(raw)


def test_an_own_id_under_a_foreign_address_is_not_ours():
    forged = mail().replace(b"m1@mail.example", b"syncd." + b"0" * 32 + b"@shop.example")
    assert _parse(forged).kind is MessageKind.HUMAN


@given(st.binary(max_size=500))
def test_no_bytes_make_it_fail(tail):
    message = _parse(b"From: a@b.example\n" + tail)
    for said in (message.text, message.subject or "", message.source_id, *message.references):
        assert "\x00" not in said
        said.encode()


def test_odd_mails_of_many_projects(real_mails):
    read = refused = 0
    for path in real_mails:
        try:
            message = _parse(path.read_bytes())
        except NotAMail:
            refused += 1
            continue
        read += 1
        message.text.encode()
        assert "\x00" not in message.text
    assert read > 1_100
    assert refused < read
