"""Buyers' messages come by mail, join the order that came by the API, and are answered by mail."""

from datetime import timedelta
from email import message_from_bytes
from threading import Event

import pytest

from syncd import clock, ingest
from syncd.accounts import Account
from syncd.config import AccountSettings
from syncd.connector import Context
from syncd.model import Direction, Draft, NewNotice, OutboxState, Party
from syncd.outbox import Sender
from syncd.testing.amazon import FakeAmazon
from syncd.testing.mailbox import Mailbox
from syncd_amazon import AmazonConfig, AmazonConnector
from syncd_imap import ImapConfig, ImapConnector

SHOP = "service@lamp.example"
ALIAS = "annx7k2@marketplace.amazon.de"
TAGGED = "annx7k2+5f0c8a1e-33d2@marketplace.amazon.de"
TAGGED_AGAIN = "annx7k2+99ab04cd-71f0@marketplace.amazon.de"


@pytest.fixture
def amazon(time, monkeypatch):
    with FakeAmazon(clock.now) as server:
        monkeypatch.setenv("AMAZON_SECRET", server.client_secret)
        monkeypatch.setenv("AMAZON_TOKEN", server.refresh_token)
        yield server


@pytest.fixture
def box(monkeypatch):
    monkeypatch.setenv("MAIL_PASSWORD", "secret")
    with Mailbox(SHOP, "secret") as mailbox:
        yield mailbox


@pytest.fixture
def accounts(world, amazon, box):
    """The two accounts of the README: Amazon, and the mailbox that Seller Central knows."""
    shop = {
        "seller_id": amazon.seller_id,
        "marketplaces": ["DE"],
        "client_id": amazon.client_id,
        "client_secret": {"env": "AMAZON_SECRET"},
        "refresh_token": {"env": "AMAZON_TOKEN"},
        "base_url": amazon.url,
    }
    mail = {
        "address": SHOP,
        "password": {"env": "MAIL_PASSWORD"},
        "imap_host": "127.0.0.1",
        "imap_port": box.imap_port,
        "imap_security": "none",
        "smtp_host": "127.0.0.1",
        "smtp_port": box.smtp_port,
        "smtp_security": "none",
    }
    world.remove("shop")
    made = [
        add(world, "amazon-de", AmazonConnector, AmazonConfig, shop, writes_mail_by="amazon-mail"),
        add(world, "amazon-mail", ImapConnector, ImapConfig, mail),
    ]
    yield made
    for account in made:
        account.connector.close()


def add(world, name, kind, config, options, **settings):
    checked = config.model_validate(options)
    account = Account(
        id=world.store.accounts.register(name, kind.name, clock.now()),
        name=name,
        settings=AccountSettings(name=name, connector=kind.name, options=checked, **settings),
        connector=kind(checked, Context(account=name, now=clock.now)),
    )
    world._accounts[name] = account
    return account


@pytest.fixture
def pull(world, accounts):
    """Polls both accounts, as the daemon does."""

    def poll():
        for account, stream in zip(accounts, ("orders", "messages"), strict=True):
            result = ingest.poll(account, stream, world.store, Event())
            assert result.outcome == "ok", result

    return poll


@pytest.fixture
def order_id(amazon, time):
    made = amazon.shop.add_order("ann")
    amazon.shop.ship(made, "00340434161094042557")
    time(timedelta(minutes=10))
    return made


def mail(order_id, text, sender=TAGGED, number=1, subject="Anfrage vom Amazon-Kunden Ann"):
    about = f" (Bestellung: {order_id})" if order_id else ""
    lines = (
        f'From: "Ann - Amazon Marketplace" <{sender}>',
        f"To: {SHOP}",
        f"Subject: {subject}{about}",
        f"Message-ID: <relay{number}@eu-west-1.amazonses.com>",
        "Date: Tue, 10 Mar 2026 12:05:00 +0000",
        "Content-Type: text/plain; charset=utf-8",
        "",
        text,
    )
    return "\r\n".join(lines).encode()


def talks(select, store):
    return select(
        store,
        "SELECT m.id, m.conversation_id, c.customer_id, m.text FROM messages m "
        "JOIN conversations c ON c.id = m.conversation_id ORDER BY m.id",
    )


def test_mail_in_order_in_joined(world, amazon, box, pull, order_id, select):
    box.deliver(mail(order_id, "Wo ist mein Paket?"))
    pull()
    [talk] = talks(select, world.store)
    [order] = select(world.store, "SELECT source_id, customer_id FROM orders")
    assert order["source_id"] == order_id
    assert talk["customer_id"] == order["customer_id"]
    [link] = select(world.store, "SELECT * FROM conversation_orders")
    assert (link["conversation_id"], link["order_source_id"]) == (talk["conversation_id"], order_id)


@pytest.mark.parametrize("first", ["mail", "order"])
def test_it_joins_whichever_comes_first(world, amazon, box, pull, select, time, first):
    order_id = amazon.shop.add_order("ann")
    if first == "mail":
        box.deliver(mail(order_id, "Schon unterwegs?"))
        pull()  # the order is too young to be shown
        time(timedelta(minutes=10))
    else:
        time(timedelta(minutes=10))
        pull()
        box.deliver(mail(order_id, "Schon unterwegs?"))
    pull()
    [talk] = talks(select, world.store)
    [order] = select(world.store, "SELECT customer_id FROM orders")
    assert talk["customer_id"] == order["customer_id"]


def test_another_tag_is_the_same_buyer_and_the_same_order_the_same_conversation(
    world, box, pull, order_id, select
):
    box.deliver(mail(order_id, "Wo ist es?"))
    box.deliver(mail(order_id, "Hallo?", TAGGED_AGAIN, 2, subject="Zustellung"))
    pull()
    one, two = talks(select, world.store)
    assert one["conversation_id"] == two["conversation_id"]
    assert len(select(world.store, "SELECT id FROM customers WHERE merged_into IS NULL")) == 1


def test_two_orders_are_two_conversations_whatever_the_subject(
    world, amazon, box, pull, order_id, select
):
    other = amazon.shop.add_order("ann")
    box.deliver(mail(None, f"Frage zu {order_id}", number=1))
    box.deliver(mail(None, f"Frage zu {other}", TAGGED_AGAIN, 2))
    pull()
    one, two = talks(select, world.store)
    assert one["conversation_id"] != two["conversation_id"]
    assert one["customer_id"] == two["customer_id"]


def test_a_number_that_is_asked_for_before_its_order_is_read_leads_to_the_orders_mails(
    world, box, accounts, pull, order_id, select
):
    box.deliver(mail(None, "Wo ist DHL 0034 0434 1610 9404 2557?", subject="Paket"))
    assert ingest.poll(accounts[1], "messages", world.store, Event()).outcome == "ok"
    assert select(world.store, "SELECT * FROM conversation_orders") == []
    pull()
    box.deliver(mail(order_id, "Hallo?", TAGGED_AGAIN, 2, subject="Zustellung"))
    pull()
    one, two = talks(select, world.store)
    assert one["conversation_id"] == two["conversation_id"]
    [link] = select(world.store, "SELECT * FROM conversation_orders")
    assert (link["conversation_id"], link["order_source_id"]) == (one["conversation_id"], order_id)


def test_another_buyer_with_the_same_subject_stays_apart(world, box, pull, order_id, select):
    box.deliver(mail(order_id, "Wo ist es?"))
    box.deliver(mail(order_id, "Meins auch", "bobz9q1+1@marketplace.amazon.de", 2))
    pull()
    one, two = talks(select, world.store)
    assert one["conversation_id"] != two["conversation_id"]
    assert one["customer_id"] != two["customer_id"]


def test_the_answer_goes_to_the_alias_from_the_approved_address(box, accounts, pull, order_id):
    box.deliver(mail(order_id, "Wo ist mein Paket?"))
    _, mailbox = accounts
    [asked] = [i for batch in mailbox.connector.poll("messages", {}) for i in batch.items]
    assert asked.direction is Direction.INBOUND
    draft = Draft(
        text="Es kommt morgen.",
        buyer=asked.buyer,
        order_id=order_id,
        purpose="reply",
        subject=f"Re: {asked.subject}",
        in_reply_to=asked.message_id,
        created_at=clock.now(),
    )
    assert not accounts[0].connector.may_send(draft).allowed
    assert mailbox.connector.may_send(draft).allowed
    mailbox.connector.send(draft, "1")
    check(box, TAGGED)  # with its tag: that is the thread which a buyer who opted out still reads


def check(box, recipient):
    [sent] = box.sent
    assert (sent.sender, sent.recipients) == (SHOP, (recipient,))
    told = message_from_bytes(sent.data)
    assert told["From"].endswith(SHOP)
    if recipient == TAGGED:
        assert told["In-Reply-To"] == "<relay1@eu-west-1.amazonses.com>"
    return told


def queue(world, order_id, text, account="amazon-de"):
    notice = NewNotice(
        key="late-1",
        account_id=world.account(account).id,
        recipient=Party(name="Ann", email=ALIAS),
        language="de",
        purpose="reply",
        text=text,
        subject="Ihre Bestellung",
        order_id=order_id,
        not_before=clock.now(),
    )
    world.store.outbox.queue(notice, clock.now())


def test_an_answer_queued_for_amazon_is_handed_to_the_mailbox(world, box, pull, order_id):
    pull()
    queue(world, order_id, "Es kommt morgen.")
    sender = Sender(world.runtime)
    sender.run()
    sender.run()
    [row] = world.outbox()
    assert row.state is OutboxState.SENT, row
    assert row.account == "amazon-mail"
    assert "Es kommt morgen." in check(box, ALIAS).get_payload(decode=True).decode()


def test_amazons_rules_hold_for_mail_that_its_relay_carries(world, box, pull, order_id):
    pull()
    text = "Es kommt morgen: https://t.17track.net/en#nums=1"
    queue(world, order_id, text, account="amazon-mail")
    Sender(world.runtime).run()
    [row] = world.outbox()
    assert row.state is OutboxState.PERSON
    assert "amazon: links are not allowed" in row.reason
    assert box.sent == []
