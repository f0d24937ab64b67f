"""The mail provider on loopback, by the standard library's clients."""

import imaplib
import smtplib
from datetime import UTC, datetime

import pytest

from syncd.clock import frozen
from syncd.testing.mailbox import Mailbox
from tests.connectors.imap.conftest import BUYER, SHOP, mail


@pytest.fixture
def imap(box):
    client = imaplib.IMAP4("127.0.0.1", box.imap_port, timeout=5)
    client.login(SHOP, "secret")
    yield client
    client.logout()


def test_what_clients_commonly_ask(box, imap):
    box.deliver(mail(number=1))
    box.deliver(mail(number=2))
    assert imap.status("INBOX", "(MESSAGES UIDNEXT)")[1] == [b'"INBOX" (MESSAGES 2 UIDNEXT 3)']
    assert imap.select("INBOX") == ("OK", [b"2"])
    assert imap.uid("SEARCH", "ALL")[1] == [b"1 2"]
    assert imap.uid("SEARCH", "HEADER", "Message-ID", '"<m2@mail.example>"')[1] == [b"2"]
    assert b"RFC822.SIZE" in imap.uid("FETCH", "2", "(UID RFC822.SIZE)")[1][0]
    assert any(b"\\Sent" in line for line in imap.list()[1])


def test_a_filed_mail_is_there(box, imap):
    imap.append("Sent", r"(\Seen)", datetime.now(UTC), mail())
    assert [one.flags for one in box.store.folders["Sent"].mails] == [{"\\Seen"}]


def test_what_is_not_known_is_refused(box, imap):
    with pytest.raises(imaplib.IMAP4.error):
        imap.uid("FETCH", "1", "(UID)")
    assert imap.select("Nowhere")[0] == "NO"


def test_sending_is_recorded_and_filed_and_comes_home(box):
    at = datetime(2026, 3, 2, tzinfo=UTC)
    with frozen(at), smtplib.SMTP("127.0.0.1", box.smtp_port, timeout=5) as smtp:
        smtp.login(SHOP, "secret")
        smtp.sendmail(SHOP, [BUYER, SHOP], b"Subject: x\r\n\r\n.dot\r\n")
    [sent] = box.sent
    assert (sent.sender, sent.recipients, sent.at) == (SHOP, (BUYER, SHOP), at)
    assert sent.data == b"Subject: x\r\n\r\n.dot\r\n"
    assert [len(box.store.folders[name].mails) for name in ("Sent", "INBOX")] == [1, 1]


def test_nobody_sends_without_a_login(box):
    with smtplib.SMTP("127.0.0.1", box.smtp_port, timeout=5) as smtp:
        with pytest.raises(smtplib.SMTPSenderRefused, match="530"):
            smtp.sendmail(SHOP, [BUYER], b"x")
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login(SHOP, "wrong")
    assert box.sent == []


def test_nothing_is_left_open():
    with Mailbox(SHOP, "secret") as box:
        client = imaplib.IMAP4("127.0.0.1", box.imap_port, timeout=5)
    with pytest.raises((imaplib.IMAP4.abort, OSError)):
        client.noop()
    client.shutdown()
    assert box._imap._wires == {}
