"""Sending, and finding out afterwards whether it arrived."""

from datetime import timedelta

import msgspec
import pytest

from syncd import clock
from syncd.connector import OutcomeUnknown, Rejected, Unavailable
from syncd.model import Attachment, Draft, Party
from syncd.testing.server import Fault
from syncd_ebay.client import EbayClient

TEXT = "Your parcel RB123456785CN is late.\nFollow it: https://t.17track.net/en#nums=RB123456785CN"


@pytest.fixture
def order(ebay):
    return ebay.add_order("u7f3a9c0", listing="330000000001")


def notice(now, **fields):
    fields = {"text": TEXT, "buyer": Party(id="u7f3a9c0"), "created_at": now()} | fields
    return Draft(**fields)


def posted(ebay):
    return [msgspec.json.decode(r.body) for r in ebay.requests if r.path.endswith("/send_message")]


def test_a_reply_goes_into_its_conversation(ebay, connector, now):
    ebay.add_message("u7f3a9c0", "Where is it?")
    thread = next(iter(ebay.shop.conversations))
    receipt = connector.send(notice(now, thread_id=thread), "k")
    assert [(s.buyer, s.text, s.conversation_id) for s in ebay.sent] == [("u7f3a9c0", TEXT, thread)]
    assert (receipt.source_id, receipt.accepted_at) == (ebay.sent[0].message_id, now())
    assert posted(ebay) == [{"messageText": TEXT, "conversationId": thread}]


def test_a_notice_names_the_orders_listing(ebay, connector, now, order):
    connector.send(notice(now, order_id=order), "k")
    assert posted(ebay) == [
        {
            "messageText": TEXT,
            "otherPartyUsername": "u7f3a9c0",
            "reference": {"referenceType": "LISTING", "referenceId": "330000000001"},
        }
    ]
    assert ebay.sent[0].listing_id == "330000000001"


def test_an_order_with_two_listings_or_unknown_to_ebay_names_none(ebay, connector, now, order):
    lines = ebay.shop.orders[order]["lineItems"]
    lines.append(lines[0] | {"legacyItemId": "330000000002"})
    connector.send(notice(now, order_id=order), "k")
    connector.send(notice(now, order_id="12-99999-99999"), "k2")
    assert all("reference" not in body for body in posted(ebay))
    assert len(ebay.sent) == 2


def test_a_listing_that_is_gone_is_not_named(ebay, connector, now, order):
    ebay.shop.ended.add("330000000001")
    connector.send(notice(now, order_id=order), "k")
    assert ["reference" in body for body in posted(ebay)] == [True, False]
    assert [sent.listing_id for sent in ebay.sent] == [None]


def test_the_message_that_was_sent_is_read_back_as_our_own(ebay, connector, now, order, read):
    receipt = connector.send(notice(now, order_id=order), "k")
    (message,), _ = read(connector, "messages")
    assert (message.source_id, message.direction) == (receipt.source_id, "outbound")
    assert message.buyer.id == "u7f3a9c0"


def test_no_conversation_is_started_about_an_old_order(ebay, connector, now, order):
    now.forward(days=91)
    with pytest.raises(Rejected, match="91 days old"):
        connector.send(notice(now, order_id=order), "k")
    assert ebay.sent == []


def test_what_the_rules_forbid_does_not_reach_ebay(ebay, connector, now, order):
    with pytest.raises(Rejected, match="2000"):
        connector.send(notice(now, text="x" * 2001), "k")
    assert ebay.requests == []


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"buyer": Party(id="nobody")}, "355006"),
        ({"thread_id": "1"}, "start a new one"),
    ],
)
def test_refusals_tell_cause_and_fix(ebay, connector, now, fields, hint):
    with pytest.raises(Rejected, match=hint):
        connector.send(notice(now, **fields), "k")


@pytest.mark.parametrize("known", [True, False], ids=["thread", "no thread"])
@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.TRUNCATED])
def test_an_answer_that_is_lost_is_found_again(ebay, connector, now, order, known, fault):
    fields = {"order_id": order}
    if known:
        ebay.add_message("u7f3a9c0", "Hello", listing="330000000001")
        fields["thread_id"] = next(iter(ebay.shop.conversations))
    draft = notice(now, **fields)
    ebay.fail(fault, path="send_message")
    with pytest.raises(OutcomeUnknown):
        connector.send(draft, "k")
    now.forward(minutes=3)
    receipt = connector.find_sent(draft, "k")
    assert [s.message_id for s in ebay.sent] == [receipt.source_id]


@pytest.mark.parametrize("fault", [Fault.TIMEOUT, Fault.SERVER_ERROR, Fault.HTML, Fault.EMPTY])
def test_a_send_that_failed_at_ebay_is_looked_for_and_not_found(ebay, connector, now, order, fault):
    draft = notice(now, order_id=order)
    ebay.fail(fault, path="send_message", seconds=0.05)
    with pytest.raises(OutcomeUnknown):
        connector.send(draft, "k")
    assert connector.find_sent(draft, "k") is None
    assert ebay.sent == []


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.RATE_LIMITED_SILENT])
def test_a_send_over_the_limit_certainly_did_not_go_out(ebay, connector, now, order, fault):
    ebay.fail(fault, path="send_message", retry_after=7)
    with pytest.raises(Unavailable) as raised:
        connector.send(notice(now), "k")
    assert raised.value.retry_after == (7 if fault is Fault.RATE_LIMITED else None)
    assert ebay.sent == []


def test_only_the_same_text_since_the_decision_and_from_us_counts(ebay, connector, now, order):
    ebay.add_message("u7f3a9c0", TEXT, from_seller=True)
    now.forward(hours=1)
    draft = notice(now)
    thread = next(iter(ebay.shop.conversations))
    ebay.add_message(thread, TEXT)
    ebay.add_message(thread, f"{TEXT}!", from_seller=True)
    assert connector.find_sent(draft, "k") is None
    changed = TEXT.replace("\n", " \r\n ").replace("is", "&#105;s")
    mine = ebay.add_message(thread, changed, from_seller=True)
    assert connector.find_sent(draft, "k").source_id == mine


def test_all_conversations_with_the_buyer_are_looked_through(ebay, connector, now, order):
    draft = notice(now)
    for n in range(60):
        ebay.add_message("u7f3a9c0", "?", listing=f"{n}", at=now() + timedelta(seconds=n))
    mine = ebay.add_message("u7f3a9c0", TEXT, from_seller=True, listing="0")
    ebay.add_message("somebody-else", TEXT, from_seller=True)
    assert connector.find_sent(draft, "k").source_id == mine


def test_not_found_is_said_only_after_reading_everything(ebay, connector, now, order, monkeypatch):
    draft = notice(now)
    for n in range(60):
        ebay.add_message("u7f3a9c0", "?", listing=f"{n}")
    pages = EbayClient.conversations

    def moving(client, *args, **kwargs):
        ebay.add_message("u7f3a9c0", "?", listing=f"new-{len(ebay.requests)}")
        return pages(client, *args, **kwargs)

    monkeypatch.setattr(EbayClient, "conversations", moving)
    with pytest.raises(Unavailable, match="changed at each"):
        connector.find_sent(draft, "k")


def test_an_unreadable_message_leaves_the_outcome_open(ebay, connector, now, order):
    draft = notice(now)
    ebay.add_message("u7f3a9c0", "Hello")
    next(iter(ebay.shop.conversations.values())).messages[0]["messageBody"] = 7
    with pytest.raises(OutcomeUnknown, match="messages that cannot be understood"):
        connector.find_sent(draft, "k")


def test_an_unreadable_list_leaves_the_outcome_open(ebay, connector, now, order):
    draft = notice(now)
    ebay.add_message("u7f3a9c0", "Hello")
    next(iter(ebay.shop.conversations.values())).messages[0]["messageId"] = 7
    with pytest.raises(OutcomeUnknown, match="list of conversations"):
        connector.find_sent(draft, "k")


def test_a_draft_without_a_time_or_a_conversation_that_is_gone(ebay, connector, now):
    with pytest.raises(OutcomeUnknown, match="when it was decided"):
        connector.find_sent(notice(now, created_at=None), "k")
    with pytest.raises(OutcomeUnknown, match="355007"):
        connector.find_sent(notice(now, thread_id="1"), "k")


def test_the_answer_to_a_send_spells_the_names_otherwise(ebay, connector, now, order):
    """senderUserName, where reads say senderUsername: neither is missed, and neither is needed."""
    receipt = connector.send(notice(now, order_id=order), "k")
    assert receipt.source_id == ebay.sent[0].message_id
    written = next(iter(ebay.shop.conversations.values())).messages[0]
    assert "senderUsername" in written
    assert "senderUserName" not in written


def test_a_file_goes_by_its_https_address(ebay, connector, now, order):
    photo = Attachment(name="lamp.jpg", media_type="image/jpeg", url="https://lamps.example/1.jpg")
    connector.send(notice(now, order_id=order, attachments=(photo,)), "k")
    assert posted(ebay)[0]["messageMedia"] == [
        {"mediaName": "lamp.jpg", "mediaType": "IMAGE", "mediaUrl": "https://lamps.example/1.jpg"}
    ]


@pytest.fixture
def waits(monkeypatch):
    """Seconds that were waited, none of which has passed: real time stands but for them."""
    passed = [clock.monotonic()]
    monkeypatch.setattr(clock, "monotonic", lambda: passed[0])
    monkeypatch.setattr(clock, "sleep", lambda seconds: passed.__setitem__(0, passed[0] + seconds))


def test_no_minute_has_more_messages_than_ebay_takes(waits, ebay, connector, now, order):
    """75 in 60 seconds, or it takes none for 100."""
    began = clock.monotonic()
    while clock.monotonic() - began < 60:
        connector.send(notice(now), "k")
    assert 60 <= len(ebay.sent) <= 75


def test_a_block_is_waited_for(ebay, connector, now, monkeypatch):
    whole = ebay.answer
    error = b'{"errors": [{"errorId": 20957, "message": "Too many messages."}]}'

    def answer(request):
        given = whole(request)
        return type(given)(400, error) if request.path.endswith("/send_message") else given

    monkeypatch.setattr(ebay, "answer", answer)
    with pytest.raises(Unavailable, match="20957") as raised:
        connector.send(notice(now), "k")
    assert raised.value.retry_after == 100
    with pytest.raises(Unavailable, match="limit of requests"):
        connector.send(notice(now), "k2")
    assert len(posted(ebay)) == 1
