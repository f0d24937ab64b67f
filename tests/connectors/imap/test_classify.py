from email.header import Header

import pytest

from syncd.model import MessageKind
from syncd_imap.classify import takes_no_mail
from syncd_imap.parse import Envelope, NotAMail, Reader, parse_mail
from tests.connectors.imap.conftest import BUYER, START, mail

READER = Reader(own=frozenset({"shop@shop.example"}))


def _kind(raw):
    return parse_mail(raw, Envelope(arrived=START), READER).kind


@pytest.mark.parametrize(
    "extra",
    [
        "Auto-Submitted: auto-replied\n",
        "Auto-Submitted: auto-generated (rejected)\n",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply\n",
        "Precedence: auto_reply\n",
        "X-Autoreply: yes\n",
        "Return-Path: <>\n",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=x\n",
    ],
)
def test_robots_that_answer(extra):
    assert _kind(mail(extra=extra)) is MessageKind.AUTO_REPLY


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: order",
        "Out of Office: x",
        "Abwesenheitsnotiz",
        "Abwesenheit: bis Montag",
        "Réponse automatique : colis",
        "Odpowiedź automatyczna: paczka",
        "Automatická odpověď: zásilka",
        "Автоматический ответ: посылка",
        "自動応答: 荷物",
        "自动答复: 包裹",
        "Automatikus válasz: csomag",
        "自动回复",
    ],
)
def test_subjects_of_robots(subject):
    assert _kind(mail(Header(subject, "utf-8").encode())) is MessageKind.AUTO_REPLY


@pytest.mark.parametrize(
    "subject",
    [
        "Abwesenheit bei der Zustellung",
        "Absence de suivi",
        "不在票が入っていました",
        "Automat kaputt",
    ],
)
def test_who_was_not_at_home_is_no_robot(subject):
    assert _kind(mail(Header(subject, "utf-8").encode())) is MessageKind.HUMAN


@pytest.mark.parametrize(
    "extra",
    [
        "List-Id: <news.x>\n",
        "List-Unsubscribe: <mailto:x@y>\n",
        "Precedence: bulk\n",
        "Precedence: list\n",
    ],
)
def test_bulk(extra):
    assert _kind(mail(extra=extra)) is MessageKind.BULK


def test_no_reply_senders_are_bulk():
    assert _kind(mail(sender="no-reply@news.example")) is MessageKind.BULK


_RETURNING = "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n"


@pytest.mark.parametrize(
    ("sender", "extra", "subject"),
    [
        ("MAILER-DAEMON@mx.example", "", "Undelivered Mail Returned to Sender"),
        ("Mail Delivery System <postmaster@mx.example>", "", "x"),
        ("Mail Delivery System <x@mx.example>", "", "x"),
        ("Mail.Delivery.System@mx.example", "", "x"),
        ("x@mx.example", _RETURNING, "Mail delivery failed: returning message to sender"),
        ("x@mx.example", "Content-Type: multipart/report; report-type=delivery-status\n", "x"),
        ("x@mx.example", "X-Failed-Recipients: a@b\n", "x"),
        ("x@mx.example", "Return-Path: <>\n", "Delivery Status Notification (Failure)"),
    ],
)
def test_bounces(sender, extra, subject):
    assert _kind(mail(subject, sender=sender, extra=extra)) is MessageKind.BOUNCE


@pytest.mark.parametrize(
    "extra", ["", "Auto-Submitted: no\n", f"Return-Path: <{BUYER}>\n", "X-Priority: 1\n"]
)
def test_people(extra):
    assert _kind(mail("Delivery problem with my parcel", extra=extra)) is MessageKind.HUMAN


def test_who_sends_a_bounce_on_is_a_person():
    assert _kind(mail("Fwd: Undeliverable: Lamp", extra=_RETURNING)) is MessageKind.HUMAN


@pytest.mark.parametrize(
    "address", ["autumn@x.example", "nora.reply@x.example", "master@x.example"]
)
def test_people_with_names_like_robots(address):
    assert not takes_no_mail(address)


def _kinds(paths):
    for path in paths:
        try:
            yield _kind(path.read_bytes())
        except NotAMail:
            continue


def test_real_bounces_are_recognised(real_mails):
    """Of about 600 servers' bounces; header rules reached 95.2 % in a comparison of peers."""
    kinds = list(
        _kinds(
            path
            for path in real_mails
            if "set-of-emails/maildir/bsd" in str(path)
            and not path.name.startswith(("arf-", "rfc3834-"))  # complaints and auto-replies
        )
    )
    assert len(kinds) > 590
    assert sum(kind is MessageKind.BOUNCE for kind in kinds) / len(kinds) >= 0.97
    assert sum(kind is MessageKind.HUMAN for kind in kinds) / len(kinds) < 0.01


def test_real_people_are_not_taken_for_robots(real_mails):
    kinds = list(
        _kinds(path for path in real_mails if "talon/tests/fixtures/standard" in str(path))
    )
    assert kinds
    assert set(kinds) == {MessageKind.HUMAN}
