"""Against a real Dovecot."""

import threading

import pytest

from syncd.model import BadItem
from syncd.testing.mailbox_dovecot import Dovecot, missing
from tests.connectors.imap.conftest import BUYER, SHOP, draft, mail, read_all

pytestmark = pytest.mark.dovecot


def test_reading_both_folders_and_going_on(dovecot, connect):
    dovecot.fill([mail(number=number) for number in range(1_200)])
    dovecot.fill([mail(sender=SHOP, to=BUYER, number=5_000)], folder=".Sent")
    shop = connect(dovecot.port)
    items, cursor = read_all(shop)
    assert len({item.source_id for item in items}) == 1_201
    assert sum(item.direction == "outbound" for item in items) == 1
    assert read_all(shop, cursor) == ([], cursor)
    dovecot.fill([mail(number=6_000)])
    assert [item.message_id for item in read_all(shop, cursor)[0]] == ["m6000@mail.example"]
    assert read_all(connect(dovecot.port), cursor)[0][0].message_id == "m6000@mail.example"


def test_a_new_uidvalidity_gives_the_same_ids(dovecot, connect):
    dovecot.fill([mail(number=number) for number in range(20)])
    shop = connect(dovecot.port)
    before, cursor = read_all(shop)
    shop.close()
    for lost in (*dovecot.maildir.glob("dovecot*"), *dovecot.maildir.glob(".Sent/dovecot*")):
        lost.unlink()
    again = connect(dovecot.port)
    after, moved = read_all(again, cursor)
    assert moved["folders"]["INBOX"]["uidvalidity"] != cursor["folders"]["INBOX"]["uidvalidity"]
    assert {item.source_id for item in after} == {item.source_id for item in before}


def test_a_lost_index_hides_no_new_mail(dovecot, connect):
    dovecot.fill([mail(number=number) for number in range(20)])
    shop = connect(dovecot.port)
    _, cursor = read_all(shop)
    shop.close()
    # The UIDs stay (dovecot-uidlist), and the count of changes begins anew.
    for lost in dovecot.maildir.glob("dovecot.index*"):
        lost.unlink()
    dovecot.fill([mail(number=30)])
    assert len(read_all(connect(dovecot.port), cursor)[0]) == 1


def test_nothing_is_marked_as_seen(dovecot, connect):
    dovecot.fill([mail()])
    read_all(connect(dovecot.port))
    assert [
        path.name for path in (dovecot.maildir / "cur").iterdir() if "S" in path.name[-4:]
    ] == []


def test_idle_wakes(dovecot, connect):
    dovecot.fill([mail(number=1)])
    shop = connect(dovecot.port)
    assert not shop.wait("messages", 0.05)  # the folder is open from here on
    timer = threading.Timer(0.3, lambda: dovecot.fill([mail(number=2)]))
    timer.start()
    assert shop.wait("messages", 20)
    timer.join()
    assert not shop.wait("messages", 0.2)


def test_a_filed_copy_is_found_and_read(dovecot, connect, box):
    shop = connect(dovecot.port, box.smtp_port, sent_copy="append")
    receipt = shop.send(draft("Grüße\n"), "key-1")
    assert shop.find_sent(draft(), "key-1").source_id == receipt.source_id
    assert [item.source_id for item in read_all(shop)[0]] == [receipt.source_id]


def test_a_mail_over_the_limit(dovecot, connect):
    dovecot.fill([mail("Big", body="x\n" * 20_000), mail("Small", number=2)])
    items, _ = read_all(connect(dovecot.port, max_mail_bytes=10_000))
    assert {item.subject: len(item.raw) < 1_000 for item in items} == {"Big": True, "Small": True}


def test_a_folder_with_a_name_in_no_latin_letters(dovecot, connect):
    shop = connect(dovecot.port, folders=["Bücher & Rückläufe"])
    session = shop._mailbox._session()
    session._imap.create('"B&APw-cher &- R&APw-ckl&AOQ-ufe"')
    session.close()
    assert read_all(shop)[0] == []


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_tls(connect, certificate, monkeypatch, security):
    if missing():
        pytest.skip(missing())
    monkeypatch.setenv("SHOP_PASSWORD", "secret")
    with Dovecot(SHOP, "secret", certificate) as server:
        server.fill([mail(number=number) for number in range(600)])
        port = server.tls_port if security == "tls" else server.port
        shop = connect(port, imap_security=security, ca_file=certificate)
        assert len(read_all(shop)[0]) == 600
        assert not shop.wait("messages", 0.05)
        timer = threading.Timer(0.3, lambda: server.fill([mail(number=2)]))
        timer.start()
        assert shop.wait("messages", 20)
        timer.join()
        shop.close()


def test_every_odd_mail_is_read_or_quarantined_with_a_reason(dovecot, connect, real_mails):
    raws = [path.read_bytes() for path in real_mails]
    dovecot.fill(raws)
    items, cursor = read_all(connect(dovecot.port, max_mail_bytes=50_000_000))
    assert len(items) == len(raws)
    assert all(item.reason for item in items if isinstance(item, BadItem))
    assert read_all(connect(dovecot.port), cursor)[0] == []
