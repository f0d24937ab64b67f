from datetime import timedelta

import pytest

from syncd.clock import frozen
from syncd.connector import AuthFailed, Unavailable
from syncd.model import BadItem, Direction, MessageKind
from syncd.testing.mailbox import Stage
from syncd_imap import ImapConfig
from syncd_imap.session import Session
from tests.connectors.imap.conftest import BUYER, SHOP, START, mail, read_all


def test_a_mail_becomes_a_message(box, shop):
    box.deliver(mail("Where is it?", body="Grüße", extra="In-Reply-To: <a@b>\n"))
    [message], cursor = read_all(shop)
    assert message.subject == "Where is it?"
    assert message.text == "Grüße"
    assert message.buyer.email == BUYER
    assert message.direction is Direction.INBOUND
    assert message.kind is MessageKind.HUMAN
    assert message.message_id == "m1@mail.example"
    assert message.references == ("a@b",)
    assert message.raw.startswith(b"From: ")
    assert read_all(shop, cursor) == ([], cursor)


def test_new_mails_only(box, shop):
    box.deliver(mail(number=1))
    _, cursor = read_all(shop)
    box.deliver(mail(number=2))
    items, cursor = read_all(shop, cursor)
    assert [item.message_id for item in items] == ["m2@mail.example"]
    assert read_all(shop, cursor)[0] == []


def test_a_mail_that_is_deleted_while_it_is_fetched_is_none(box, shop, monkeypatch):
    for number in (1, 2):
        box.deliver(mail(number=number))
    real = Session.bodies

    def bodies(*args, **more):
        box.store.folders["INBOX"].mails[:1] = []
        return real(*args, **more)

    monkeypatch.setattr(Session, "bodies", bodies)
    assert [item.source_id[:2] for item in read_all(shop)[0]] == ["m2"]


def test_a_new_object_goes_on_where_the_old_one_stopped(box, connect):
    box.deliver(mail(number=1))
    _, cursor = read_all(connect(box.imap_port))
    again = connect(box.imap_port)
    assert read_all(again, cursor)[0] == []
    box.deliver(mail(number=2))
    assert len(read_all(again, cursor)[0]) == 1


def test_replies_sent_elsewhere_appear_between_the_buyers_mails(box, shop):
    with frozen(START) as pass_by:
        box.deliver(mail(number=1))
        pass_by(timedelta(seconds=1))
        box.deliver(mail(sender=SHOP, to=BUYER, number=2), folder="Sent")
        pass_by(timedelta(seconds=1))
        box.deliver(mail(number=3))
    items, _ = read_all(shop)
    assert [item.message_id[:2] for item in items] == ["m1", "m2", "m3"]
    assert [item.direction.value for item in items] == ["inbound", "outbound", "inbound"]
    assert {item.buyer.email for item in items} == {BUYER}


def test_the_same_mail_in_two_folders_is_one(box, shop):
    raw = mail(sender=SHOP, to=f"{SHOP}, {BUYER}")
    box.deliver(raw, folder="Sent")
    box.deliver(b"Received: from x by y; Mon, 02 Mar 2026 08:00:05 +0000\n" + raw + b"\n\n")
    items, _ = read_all(shop)
    assert len(items) == 2
    assert len({item.source_id for item in items}) == 1


def test_the_same_message_id_with_other_content_is_another_message(box, shop):
    box.deliver(mail(body="First year"))
    box.deliver(mail(body="Second year"))
    items, _ = read_all(shop)
    assert len({item.source_id for item in items}) == 2


def test_a_changed_uidvalidity_gives_the_same_ids_again(box, shop):
    for number in range(3):
        box.deliver(mail(number=number))
    before, cursor = read_all(shop)
    box.reset_uidvalidity()
    box.deliver(mail(number=3))
    after, cursor = read_all(shop, cursor)
    assert [item.source_id for item in after][:3] == [item.source_id for item in before]
    assert len(after) == 4
    assert read_all(shop, cursor)[0] == []


def test_no_mail_is_marked_as_seen(box, shop):
    box.deliver(mail())
    read_all(shop)
    assert box.store.folders["INBOX"].mails[0].flags == set()


def test_drafts_are_passed_over(box, shop):
    box.store.add("INBOX", mail(), flags={"\\Draft"})
    items, cursor = read_all(shop)
    assert items == []
    assert cursor["folders"]["INBOX"]["uidnext"] == 2


def test_of_a_mail_over_the_limit_the_header_is_kept(box, connect):
    box.deliver(mail("Big", body="x" * 20_000))
    box.deliver(mail("Small", number=2))
    items, _ = read_all(connect(box.imap_port, max_mail_bytes=10_000))
    assert [item.subject for item in items] == ["Big", "Small"]
    assert "over the account's limit" in items[0].text
    assert len(items[0].raw) < 1_000


def test_the_header_of_a_large_mail_may_be_large_too(box, connect):
    box.deliver(mail("Huge", extra="X-Filler: " + "y" * 200_000 + "\n"))
    [item] = read_all(connect(box.imap_port, max_mail_bytes=10_000))[0]
    assert item.subject == "Huge"
    assert len(item.raw) == 100_000


def test_a_large_mailbox_comes_in_batches_that_can_be_resumed(box, shop):
    for number in range(1_100):
        box.deliver(mail(number=number), folder="Sent" if number % 3 == 0 else "INBOX")
    batches = list(shop.poll("messages", {}))
    assert [len(batch.items) for batch in batches] == [500, 500, 100]
    seen = {item.source_id for item in batches[0].items}
    rest, _ = read_all(shop, batches[0].cursor)
    assert len(rest) == 600
    assert len(seen | {item.source_id for item in rest}) == 1_100


def test_what_is_no_mail_is_quarantined_and_the_rest_goes_on(box, shop):
    box.deliver(b"\x00\xff garbage")
    box.deliver(mail())
    bad, good = read_all(shop)[0]
    assert isinstance(bad, BadItem)
    assert b"garbage" in bad.raw
    assert good.message_id == "m1@mail.example"


def test_a_mail_that_the_server_cannot_give_does_not_stop_the_others(box, shop):
    for number in range(5):
        box.deliver(mail(number=number))
    read_all(shop)
    # The whole batch is refused; any mail is given, and so is the first half; the second is not.
    box.fail(Stage.FETCH, "NO broken", times=1, skip=1)
    box.fail(Stage.FETCH, "NO broken", times=2, skip=2)
    shop._mailbox.stop_reading()
    items, _ = read_all(shop)
    assert len(items) == 5
    bad = [item for item in items if isinstance(item, BadItem)]
    assert len(bad) == 1
    assert "did not give mail 3" in bad[0].reason


def test_a_server_that_gives_no_mail_at_all_is_the_one_in_trouble(box, shop):
    for number in range(5):
        box.deliver(mail(number=number))
    box.fail(Stage.FETCH, "NO [SERVERBUG] broken", times=100, skip=1)
    with pytest.raises(Unavailable, match="gives no mail:"):
        read_all(shop)
    box.heal()
    assert len(read_all(shop)[0]) == 5


@pytest.mark.parametrize("stage", [Stage.NOOP, Stage.FETCH, Stage.EXAMINE])
def test_a_dropped_line_loses_nothing(box, shop, stage):
    box.deliver(mail(number=1))
    _, cursor = read_all(shop)
    box.deliver(mail(number=2))
    box.fail(stage, None)
    if stage is Stage.EXAMINE:
        box.drop_connections()
    try:
        items, cursor = read_all(shop, cursor)
    except Unavailable:
        items, cursor = read_all(shop, cursor)
    assert [item.message_id for item in items] == ["m2@mail.example"]


def test_connections_dropped_between_polls_are_not_noticed(box, shop):
    _, cursor = read_all(shop)
    box.drop_connections()
    box.deliver(mail())
    assert len(read_all(shop, cursor)[0]) == 1


def test_a_line_lost_in_the_middle_keeps_what_was_yielded(box, shop):
    for number in range(700):
        box.deliver(mail(number=number))
    polling = shop.poll("messages", {})
    first = next(polling)
    box.drop_connections()
    with pytest.raises(Unavailable):
        next(polling)
    assert len(read_all(shop, first.cursor)[0]) == 200


def test_no_server(connect, box):
    with pytest.raises(Unavailable, match=r"IMAP 127\.0\.0\.1:1: ConnectionRefused"):
        read_all(connect(1))


def test_no_server_to_send_by(connect, box):
    with pytest.raises(Unavailable, match=r"SMTP 127\.0\.0\.1:1: ConnectionRefused"):
        connect(box.imap_port, 1).check()


@pytest.mark.parametrize(
    ("security", "port"), [("tls", ":993:"), ("starttls", ":143:"), ("none", ":143:")]
)
def test_the_usual_port_is_named_too_and_an_address_of_ipv6_can_be_told_from_it(security, port):
    made = ImapConfig.model_validate(
        {
            "address": "shop@shop.example",
            "password": {"env": "X"},
            "imap_host": "::1",
            "imap_security": security,
            "smtp_host": "127.0.0.1",
        }
    )
    assert f"{made.imap_server}:" == f"IMAP [::1]{port}"
    assert made.smtp_server == "SMTP 127.0.0.1:465"


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_named(connect, box, tmp_path, content):
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    with pytest.raises(Unavailable, match=f"ca_file {file} cannot be read: .*; correct"):
        read_all(connect(box.imap_port, ca_file=file))
    with pytest.raises(Unavailable, match=f"ca_file {file} cannot be read: .*; correct"):
        connect(box.imap_port, box.smtp_port, ca_file=file)._mailer.check()


def test_a_refused_password_stops_the_account(box, shop):
    box.refuse("secret")
    with pytest.raises(AuthFailed, match="refused") as caught:
        read_all(shop)
    assert "secret" not in str(caught.value)


def test_a_server_that_repeats_the_password_is_not_quoted(box, shop):
    box.fail(Stage.LOGIN, "NO wrong password secret")
    with pytest.raises(AuthFailed, match=r"\*\*\*") as caught:
        read_all(shop)
    assert "secret" not in str(caught.value)


def test_too_many_connections_is_no_refused_login(box, shop):
    box.fail(Stage.LOGIN, "NO [LIMIT] Too many simultaneous connections")
    with pytest.raises(Unavailable, match=r"IMAP 127\.0\.0\.1:\d+: the server takes no login now"):
        read_all(shop)
    assert read_all(shop)[0] == []


def test_check_logs_in_to_both_servers(box, shop):
    shop.check()
    box.fail(Stage.AUTH, "535 5.7.8 no")
    shop._mailer.close()
    with pytest.raises(AuthFailed, match="SMTP login"):
        shop.check()


def test_a_folder_that_is_not_there(box, connect):
    with pytest.raises(Unavailable, match="cannot open the folder Nowhere"):
        read_all(connect(box.imap_port, folders=["Nowhere"]))


def test_a_renamed_sent_folder_is_found_again(box, shop):
    _, cursor = read_all(shop)
    folder = box.store.folders.pop("Sent")
    folder.name = "Gesendet"
    box.store.folders["Gesendet"] = folder
    box.deliver(mail(sender=SHOP, to=BUYER), folder="Gesendet")
    box.drop_connections()
    with pytest.raises(Unavailable, match="cannot open the folder Sent"):
        read_all(shop, cursor)
    items, cursor = read_all(shop, cursor)
    assert [item.message_id for item in items] == ["m1@mail.example"]
    assert set(cursor["folders"]) == {"INBOX", "Gesendet"}
