"""Writing to buyers, telling of parcels, and finding out afterwards whether it arrived."""

from datetime import timedelta

import msgspec
import pytest

from syncd.connector import OutcomeUnknown, Rejected, Unavailable
from syncd.model import Attachment, Draft, Party, Shipment
from syncd.testing.server import Fault

ANN, BOB = "7494560109732338401", "7494560109732338402"
TEXT = "Your parcel is late: „RB123456785CN“.\nWe are looking into it."
MESSAGES = "/conversations/[^/]+/messages"


def notice(now, **fields):
    return Draft(**{"text": TEXT, "buyer": Party(id=ANN), "created_at": now(), **fields})


def posted(tiktok):
    return [
        (request.path, request.json())
        for request in tiktok.requests
        if request.method == "POST" and request.path.startswith("/customer_service/")
    ]


def test_a_reply_goes_into_its_conversation(tiktok, shop, connector, now):
    shop.add_message(ANN, "Where is it?")
    thread = next(iter(shop.conversations))
    receipt = connector.send(notice(now, thread_id=thread), "k")
    [sent] = tiktok.sent
    assert (sent.buyer, sent.text, sent.conversation_id) == (ANN, TEXT, thread)
    assert (receipt.source_id, receipt.accepted_at) == (sent.message_id, now())
    [(path, body)] = posted(tiktok)
    assert (path, body["type"]) == (
        f"/customer_service/202309/conversations/{thread}/messages",
        "TEXT",
    )
    assert msgspec.json.decode(body["content"]) == {"content": TEXT}


def test_a_first_message_opens_a_conversation_with_the_orders_buyer(tiktok, shop, connector, now):
    order = shop.add_order(ANN)
    connector.send(notice(now, order_id=order), "k")
    assert posted(tiktok)[0] == ("/customer_service/202309/conversations", {"buyer_user_id": ANN})
    assert [sent.buyer for sent in tiktok.sent] == [ANN]


def test_a_buyer_who_is_not_known_is_the_orders(tiktok, shop, connector, now):
    order = shop.add_order(BOB)
    connector.send(notice(now, order_id=order, buyer=Party()), "k")
    assert [sent.buyer for sent in tiktok.sent] == [BOB]
    with pytest.raises(Rejected, match="does not tell who ordered 1"):
        connector.send(notice(now, order_id="1", buyer=Party()), "k")


def test_what_was_sent_is_read_back_as_the_shops(shop, connector, read, now):
    receipt = connector.send(notice(now, order_id=shop.add_order(ANN)), "k")
    [message], _ = read(connector, "messages")
    assert (message.source_id, message.direction) == (receipt.source_id, "outbound")
    assert message.buyer.id == ANN


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"buyer": Party(name="Ann")}, "neither a conversation nor the buyer"),
        ({"text": "x" * 2001}, "2001 characters, TikTok takes 2000"),
        ({"text": "🎁" * 1001}, "2002 characters"),
        ({"text": " \n"}, "the text is empty"),
        ({"attachments": (Attachment(name="a.png"),)}, "no files"),
    ],
)
def test_what_the_rules_forbid_does_not_reach_tiktok(tiktok, connector, now, fields, hint):
    draft = notice(now, **fields)
    verdict = connector.may_send(draft)
    assert (verdict.allowed, hint in verdict.reason) == (False, True)
    with pytest.raises(Rejected, match=hint):
        connector.send(draft, "k")
    assert tiktok.requests == []


def test_what_is_just_short_enough_goes(tiktok, shop, connector, now):
    shop.add_order(ANN)
    connector.send(notice(now, text="ü" * 2000), "k")
    assert len(tiktok.sent[0].text) == 2000


def test_refusals_tell_cause_and_fix(shop, connector, now):
    with pytest.raises(Rejected, match=r"45109003 .*within 60 days"):
        connector.send(notice(now), "k")
    shop.add_message(ANN, "Hello")
    thread = shop.thread_with(ANN)
    thread.open = False
    with pytest.raises(Rejected, match=r"45109001 .*within 30 days"):
        connector.send(notice(now, thread_id=thread.id), "k")
    shop.sensitive.add("parcel")
    with pytest.raises(Rejected, match=r"45101006 .*put it differently"):
        connector.send(notice(now, thread_id=thread.id), "k")
    with pytest.raises(Rejected, match="45101003"):
        connector.send(notice(now, thread_id="1"), "k")


@pytest.mark.parametrize("known", [True, False], ids=["thread", "no thread"])
@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.TRUNCATED])
def test_an_answer_that_is_lost_is_found_again(tiktok, shop, connector, now, known, fault):
    shop.add_message(ANN, "Hello")
    draft = notice(now, thread_id=shop.thread_with(ANN).id if known else None)
    tiktok.fail(fault, path=MESSAGES)
    with pytest.raises(OutcomeUnknown):
        connector.send(draft, "k")
    now.forward(minutes=3)
    receipt = connector.find_sent(draft, "k")
    assert [sent.message_id for sent in tiktok.sent] == [receipt.source_id]


@pytest.mark.parametrize("fault", [Fault.TIMEOUT, Fault.SERVER_ERROR, Fault.HTML, Fault.EMPTY])
def test_a_send_that_failed_at_tiktok_is_looked_for_and_not_found(
    tiktok, shop, connector, now, fault
):
    shop.add_order(ANN)
    draft = notice(now)
    tiktok.fail(fault, path=MESSAGES, seconds=0.05)
    with pytest.raises(OutcomeUnknown):
        connector.send(draft, "k")
    assert connector.find_sent(draft, "k") is None
    assert tiktok.sent == []


@pytest.mark.parametrize("path", [MESSAGES, "/conversations$"])
def test_a_send_over_the_limit_certainly_did_not_go_out(tiktok, shop, connector, now, path):
    shop.add_order(ANN)
    tiktok.fail(Fault.RATE_LIMITED, path=path, retry_after=0)
    with pytest.raises(Unavailable):
        connector.send(notice(now), "k")
    assert tiktok.sent == []


def test_a_conversation_that_was_opened_without_an_answer_is_opened_again(
    tiktok, shop, connector, now
):
    shop.add_order(ANN)
    tiktok.fail(Fault.LOST_ANSWER, path="/conversations$")
    connector.send(notice(now), "k")
    assert (len(shop.conversations), len(tiktok.sent)) == (1, 1)


def test_only_the_same_text_since_the_decision_and_from_us_counts(shop, connector, now):
    shop.add_message(ANN, TEXT, role="SHOP")
    now.forward(hours=1)
    draft = notice(now)
    shop.add_message(ANN, TEXT)
    shop.add_message(ANN, TEXT, role="SYSTEM")
    shop.add_message(ANN, f"{TEXT}!", role="SHOP")
    shop.add_message(BOB, TEXT, role="SHOP")
    assert connector.find_sent(draft, "k") is None
    mine = shop.add_message(ANN, TEXT.replace("\n", " \r\n "), role="CUSTOMER_SERVICE")
    assert connector.find_sent(draft, "k").source_id == mine


def test_the_conversation_is_found_among_many(tiktok, shop, connector, now):
    draft = notice(now)
    mine = shop.add_message(ANN, TEXT, role="SHOP")
    for n in range(10, 60):
        shop.add_message(f"74945601097323384{n}", "?", at=now() + timedelta(seconds=n))
    assert connector.find_sent(draft, "k").source_id == mine


def test_what_cannot_be_read_leaves_the_outcome_open(shop, connector, now, monkeypatch):
    draft = notice(now)
    with pytest.raises(OutcomeUnknown, match="45101003"):
        connector.find_sent(notice(now, thread_id="1"), "k")
    shop.add_message(ANN, content="no JSON")
    with pytest.raises(OutcomeUnknown, match="messages that cannot be understood"):
        connector.find_sent(draft, "k")
    shop.add_message(BOB, "Hello")
    monkeypatch.setattr(shop.thread_with(BOB), "created", "yesterday")
    with pytest.raises(OutcomeUnknown, match="list of conversations cannot be understood"):
        connector.find_sent(draft, "k")


# Parcels


def parcel(order, carrier="DHL", number="00340434161094042557"):
    return Shipment(source_id="1", order_id=order, tracking_number=number, carrier=carrier)


def test_a_parcel_that_left_is_told(shop, connector, now):
    order = shop.add_order(ANN, pieces=2)
    package = shop.orders[order]["packages"][0]["id"]
    assert connector.find_confirmation(parcel(order), "k") is None
    receipt = connector.confirm_shipment(parcel(order), "k")
    assert (receipt.source_id, receipt.accepted_at) == (package, now())
    lines = shop.orders[order]["line_items"]
    assert [(one["tracking_number"], one["shipping_provider_name"]) for one in lines] == [
        ("00340434161094042557", "DHL")
    ] * 2
    now.forward(minutes=5)
    told = connector.find_confirmation(parcel(order, number="0034 0434 1610 9404 2557"), "k")
    assert told == receipt


def test_an_order_without_packages_is_told_by_its_lines(tiktok, shop, connector):
    order = shop.add_order(ANN, pieces=2, packed=False)
    receipt = connector.confirm_shipment(parcel(order), "k")
    assert tiktok.requests[-1].path == f"/fulfillment/202309/orders/{order}/packages"
    assert receipt.source_id == shop.orders[order]["line_items"][0]["package_id"]
    assert connector.find_confirmation(parcel(order), "k").source_id == receipt.source_id


@pytest.mark.parametrize(
    ("carrier", "provider"), [("dhl", "DHL"), ("royalmail", "Royal Mail"), ("Evri", "Evri")]
)
def test_a_carrier_is_known_by_its_name(shop, connector, carrier, provider):
    order = shop.add_order(ANN)
    connector.confirm_shipment(parcel(order, carrier), "k")
    assert shop.orders[order]["line_items"][0]["shipping_provider_name"] == provider


def test_a_carrier_that_tiktok_does_not_have_is_told_with_those_that_it_has(shop, connector):
    order = shop.add_order(ANN)
    known = "DHL, DHL eCommerce, Evri, Royal Mail"
    with pytest.raises(Rejected, match=f"no carrier 'yodel' for this delivery; it has: {known}"):
        connector.confirm_shipment(parcel(order, "yodel"), "k")


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"shipping_type": "TIKTOK"}, "TikTok's own shipping"),
        ({"delivery_option_id": ""}, "how order .* is to be delivered"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_reason(shop, connector, fields, hint):
    with pytest.raises(Rejected, match=hint):
        connector.confirm_shipment(parcel(shop.add_order(ANN, **fields)), "k")


def test_which_package_left_has_to_be_clear(shop, connector):
    order = shop.add_order(ANN, pieces=2)
    shop.orders[order]["line_items"][0]["package_id"] = "1"
    with pytest.raises(Rejected, match="several packages"):
        connector.confirm_shipment(parcel(order), "k")
    shop.ship(order, "RB123456785CN")
    with pytest.raises(Rejected, match="is sent already"):
        connector.confirm_shipment(parcel(order), "k")
    with pytest.raises(Rejected, match="knows no order 1"):
        connector.confirm_shipment(parcel("1"), "k")
    with pytest.raises(Rejected, match="a tracking number and a carrier"):
        connector.confirm_shipment(parcel(order, carrier=None), "k")
    assert connector.find_confirmation(parcel("1"), "k") is None
