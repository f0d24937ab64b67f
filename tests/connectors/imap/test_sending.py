import email
from email.policy import default

import pytest

from syncd.connector import AuthFailed, OutcomeUnknown, Rejected, Unavailable
from syncd.model import Direction, MessageKind, Party
from syncd.testing.mailbox import Stage
from tests.connectors.imap.conftest import BUYER, SHOP, START, draft, mail, read_all


def _sent(box):
    return [email.message_from_bytes(one.data, policy=default) for one in box.sent]


def test_a_notice_goes_out(box, shop):
    receipt = shop.send(draft("Grüße,\nIhr Paket ist spät.", subject="Überfällig"), "key-1")
    [one] = _sent(box)
    assert box.sent[0].sender == SHOP
    assert box.sent[0].recipients == (BUYER,)
    assert one["To"] == f"Ann Buyer <{BUYER}>"
    assert one["Subject"] == "Überfällig"
    assert one["Auto-Submitted"] == "auto-generated"
    assert one["X-Auto-Response-Suppress"] == "All"
    assert one.get_content() == "Grüße,\r\nIhr Paket ist spät.\r\n"
    assert receipt.accepted_at == START


def test_a_reply_bears_no_mark_of_a_robot_and_names_its_parent(box, shop):
    shop.send(draft(purpose="reply", in_reply_to="b@x", references=("a@x", "b@x")), "key-1")
    [one] = _sent(box)
    assert one["Auto-Submitted"] is None
    assert one["In-Reply-To"] == "<b@x>"
    assert one["References"] == "<a@x> <b@x>"


def test_the_receipt_bears_the_id_under_which_the_mail_is_read(box, shop):
    receipt = shop.send(draft("Müde.\n.\n..Punkte"), "key-1")
    [message], _ = read_all(shop)
    assert message.source_id == receipt.source_id
    assert message.kind is MessageKind.OWN
    assert message.direction is Direction.OUTBOUND
    assert message.buyer.email == BUYER
    assert message.text == "Müde.\n.\n..Punkte"


def test_connections_are_kept_and_replaced_when_the_server_dropped_them(box, shop):
    for number in range(3):
        shop.send(draft(), f"key-{number}")
    assert len(shop._mailer._idle) == 1
    box.drop_connections()
    shop.send(draft(), "key-4")
    assert len(box.sent) == 4


@pytest.mark.parametrize(
    ("stage", "reply", "error"),
    [
        (Stage.CONNECT, "421 4.3.2 too busy", Unavailable),
        (Stage.CONNECT, None, Unavailable),
        (Stage.AUTH, "535 5.7.8 no", AuthFailed),
        (Stage.AUTH, "454 4.7.0 later", Unavailable),
        (Stage.MAIL, "550 5.7.30 Basic authentication is not supported", AuthFailed),
        (Stage.MAIL, "452 4.3.1 full", Unavailable),
        (Stage.RCPT, "451 4.7.1 greylisted", Unavailable),
        (Stage.RCPT, "550 5.1.1 no such user", Rejected),
        (Stage.RCPT, None, Unavailable),
        (Stage.DATA, None, Unavailable),
        (Stage.DATA, "554 5.6.0 no", Rejected),
        (Stage.DOT, "552 5.3.4 too big", Rejected),
        (Stage.DOT, "451 4.3.0 later", Unavailable),
        (Stage.DOT, None, OutcomeUnknown),
        (Stage.DOT, "gibberish", OutcomeUnknown),
    ],
)
def test_each_failure_says_how_to_recover_and_sends_nothing(box, shop, stage, reply, error):
    box.fail(stage, reply)
    with pytest.raises(error) as caught:
        shop.send(draft(), "key-1")
    if error in {Unavailable, OutcomeUnknown}:
        assert str(caught.value).count(f"SMTP 127.0.0.1:{box.smtp_port}: ") == 1
    assert box.sent == []
    shop.send(draft(), "key-1")
    assert len(box.sent) == 1


def test_a_lost_answer_is_settled_by_the_sent_folder(box, shop):
    box.fail(Stage.ACCEPTED, None)
    with pytest.raises(OutcomeUnknown):
        shop.send(draft(), "key-1")
    receipt = shop.find_sent(draft(), "key-1")
    [message], _ = read_all(shop)
    assert receipt.source_id == message.source_id
    assert len(box.sent) == 1


def test_not_found_counts_only_after_a_grace(box, shop, clock):
    with pytest.raises(Unavailable, match="yet") as caught:
        shop.find_sent(draft(), "key-1")
    assert caught.value.retry_after == 60
    clock.pass_by(61)
    assert shop.find_sent(draft(), "key-1") is None


@pytest.mark.parametrize(
    ("stage", "said"),
    [(Stage.SEARCH, "NO"), (Stage.SEARCH, "NO [SERVERBUG] 7"), (Stage.FETCH, "OK done")],
)
def test_a_search_that_is_refused_is_no_proof_that_nothing_was_sent(box, connect, stage, said):
    shop = connect(box.imap_port, box.smtp_port, sent_grace_s=0)
    shop.send(draft(), "key-1")
    box.fail(stage, said, times=9)
    with pytest.raises(Unavailable):
        shop.find_sent(draft(), "key-1")


def test_a_copy_to_the_shop_itself_is_found_in_the_inbox(box, connect):
    shop = connect(box.imap_port, box.smtp_port, sent_copy="copy_to_self", folders=["INBOX"])
    receipt = shop.send(draft(), "key-1")
    assert box.sent[0].recipients == (BUYER, SHOP)
    assert shop.find_sent(draft(), "key-1").source_id == receipt.source_id
    assert [item.source_id for item in read_all(shop)[0]] == [receipt.source_id]


def test_a_copy_that_the_connector_files(box, connect):
    shop = connect(box.imap_port, box.smtp_port, sent_copy="append")
    with pytest.raises(OutcomeUnknown, match="append"):
        shop.find_sent(draft(), "key-1")
    receipt = shop.send(draft(), "key-1")
    assert "a copy is in Sent" in receipt.detail
    assert shop.find_sent(draft(), "key-1").source_id == receipt.source_id


def test_a_copy_that_cannot_be_filed_does_not_unsend_the_mail(box, connect):
    shop = connect(box.imap_port, box.smtp_port, sent_copy="append")
    box.fail(Stage.APPEND, "NO [OVERQUOTA] full")
    assert "no copy was filed" in shop.send(draft(), "key-1").detail


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (None, "no e-mail address"),
        ("", "no e-mail address"),
        ("not an address", "no e-mail address"),
        ("a@b\r\nBcc: c@d", "no e-mail address"),
        ("jürgen@mail.example", "no e-mail address"),
        ("no-reply@shop.example", "nobody reads"),
        ("donotreply@market.example", "nobody reads"),
        ("MAILER-DAEMON@mx.example", "nobody reads"),
        (SHOP.upper(), "the shop's own"),
    ],
)
def test_who_is_never_written_to(shop, address, reason):
    verdict = shop.may_send(draft(buyer=Party(email=address)))
    assert not verdict.allowed
    assert verdict.not_before is None
    assert reason in verdict.reason


@pytest.mark.parametrize("address", [BUYER, "a.b+c@müller.example", "x@members.ebay.com"])
def test_who_may_be_written_to(shop, address):
    assert shop.may_send(draft(buyer=Party(email=address))).allowed


def test_an_answer_finds_its_way_back(box, shop):
    shop.send(draft(), "key-1")
    sent = _sent(box)[0]["Message-ID"]
    box.deliver(mail("Re: Your order", extra=f"References: {sent}\n"))
    own, answer = sorted(read_all(shop)[0], key=lambda item: item.direction, reverse=True)
    assert own.kind is MessageKind.OWN
    assert answer.references == (own.message_id,)
