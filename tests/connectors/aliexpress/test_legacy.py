"""The old messages, and that without them nothing is promised."""

from datetime import timedelta

import pytest

from syncd.connector import Capability, OutcomeUnknown, Rejected, Unavailable
from syncd.model import Attachment, BadItem, Direction, Draft, Party
from syncd.testing.server import Answer, Fault
from syncd_aliexpress import AliExpress, AliExpressLegacy, legacy

ADD = "addmsg"


def draft(now, text="It is late.", **fields):
    told = {"buyer": Party(id="es-1"), "created_at": now()} | fields
    return Draft(text=text, **told)


def test_without_them_nothing_is_promised(connector, now):
    verdict = connector.may_send(draft(now))
    assert not verdict.allowed
    assert "seller centre" in verdict.reason
    messaging = {Capability.READ_MESSAGES, Capability.REPLY, Capability.START_CONVERSATION}
    assert not messaging & AliExpress.capabilities
    assert messaging <= AliExpress.lacks.keys()
    assert "messages" not in AliExpress.streams
    assert messaging <= AliExpressLegacy.capabilities
    assert not messaging & AliExpressLegacy.lacks.keys()


def test_a_conversation(legacy, shop, read, now):
    order = shop.add_order("es-1")
    thread = shop.write("es-1", "Where is it?", order_id=order)
    now.forward(minutes=5)
    shop.write("es-1", "On its way", by_seller=True)
    items, cursor = read(legacy, "messages")
    assert [(x.direction, x.text) for x in items] == [
        (Direction.INBOUND, "Where is it?"),
        (Direction.OUTBOUND, "On its way"),
    ]
    first = items[0]
    assert (first.thread_id, first.order_ids, first.listing_ids) == (thread, (order,), ())
    assert (first.buyer.id, first.buyer.name) == ("es-1", "Ana B")
    assert first.sent_at == now.start
    now.forward(minutes=5)
    shop.write("es-1", "Thanks")
    assert [x.text for x in read(legacy, "messages", cursor)[0]][-1] == "Thanks"


def test_products_and_pictures(legacy, shop, read):
    shop.write("es-1", "This one?")
    (thread,) = shop.threads.values()
    pictures = {"file_path": [{"l_path": "https://ae01.alicdn.com/l.jpg"}]}
    about = {"message_type": "product", "extern_id": 1005, "file_path_list": pictures}
    thread["messages"][0] |= about
    (message,), _ = read(legacy, "messages")
    assert (message.listing_ids, message.order_ids) == (("1005",), ())
    assert message.attachments[0].url == "https://ae01.alicdn.com/l.jpg"


def test_more_than_a_page(legacy, shop, read, now, monkeypatch):
    monkeypatch.setattr("syncd_aliexpress.legacy.PER_PAGE", 3)
    for n in range(8):
        shop.write(f"es-{n % 4}", f"Message {n}", at=now.start - timedelta(minutes=n))
        shop.write("es-0", f"Note {n}", at=now.start - timedelta(hours=n + 1))
    items, _ = read(legacy, "messages")
    assert len({x.source_id for x in items}) == 16


def test_a_conversation_whose_page_comes_again_for_ever(legacy, aliexpress, shop, monkeypatch):
    monkeypatch.setattr("syncd_aliexpress.legacy.PER_PAGE", 2)
    for number in range(5):
        shop.write("es-1", f"Message {number}")
    aliexpress.fail(Fault.REPEATED_PAGE, times=99, path="querymsgdetaillist$")
    with pytest.raises(Unavailable, match="the same page again"):
        list(legacy.poll("messages", {}))


def test_a_message_that_cannot_be_read_is_put_aside(legacy, shop, read):
    shop.write("es-1", "One")
    shop.write("es-1", "Two")
    shop.write("es-2", "Three")
    threads = list(shop.threads.values())
    threads[0]["messages"][0]["gmt_create"] = "yesterday"
    threads[1]["channel_id"] = None
    items, _ = read(legacy, "messages")
    assert sorted(type(x).__name__ for x in items) == ["BadItem", "BadItem", "Message"]
    assert all(x.reason for x in items if isinstance(x, BadItem))


def test_a_list_that_fails_by_itself(legacy, aliexpress, monkeypatch):
    told = {"result": {"is_success": False, "error_code": 5, "error_msg": "closed"}}
    name = "aliexpress_message_redefining_versiontwo_querymsgrelationlist_response"
    monkeypatch.setattr(aliexpress, "_told", lambda *_: Answer.json({name: told}))
    with pytest.raises(Unavailable, match="5 closed"):
        list(legacy.poll("messages", {}))


def test_a_first_message_about_an_order(legacy, shop, now, calls):
    order = shop.add_order("es-1")
    receipt = legacy.send(draft(now, order_id=order), "key")
    assert [(x.buyer, x.text, x.order_id) for x in shop.sent] == [("es-1", "It is late.", order)]
    assert receipt.source_id in shop.threads
    assert f'"seller_id":"{shop.seller}"' in calls(ADD)[0]["create_param"]


def test_a_text_of_any_kind_is_signed_as_it_is_sent(legacy, shop, now):
    text = '灯 & café = 100 % +1 "ü"'
    legacy.send(draft(now, text=text), "key")
    assert shop.sent[0].text == text


def test_a_message_about_nothing(legacy, shop, now, calls):
    legacy.send(draft(now), "key")
    assert '"message_type":"member","extern_id":0' in calls(ADD)[0]["create_param"]
    assert shop.sent[0].order_id is None


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"buyer": Party(name="Ann")}, "login id is not known"),
        ({"text": " "}, "empty"),
        ({"attachments": (Attachment(name="a.pdf"),)}, "no files"),
    ],
)
def test_what_is_not_sent(legacy, shop, now, fields, why):
    assert why in legacy.may_send(draft(now, **fields)).reason
    with pytest.raises(Rejected, match=why):
        legacy.send(draft(now, **fields), "key")
    assert shop.sent == []


def test_a_refused_message(connect, now):
    with pytest.raises(Rejected, match="1001 seller is wrong"):
        connect(AliExpressLegacy, seller_login="somebody").send(draft(now), "key")


def test_a_lost_answer_is_settled_by_the_text(legacy, aliexpress, shop, now):
    asked = draft(now)
    assert legacy.find_sent(asked, "key") is None
    aliexpress.fail(Fault.LOST_ANSWER, path=ADD)
    with pytest.raises(OutcomeUnknown):
        legacy.send(asked, "key")
    found = legacy.find_sent(asked, "key")
    assert found.accepted_at == now()
    assert legacy.find_sent(draft(now, text="Another"), "key") is None


def test_an_older_message_with_the_same_text_is_another(legacy, shop, now):
    shop.write("es-1", "It is late.", by_seller=True)
    now.forward(days=1)
    shop.write("es-1", "It is late.")  # the buyer says so, too
    assert legacy.find_sent(draft(now), "key") is None


def test_messages_that_cannot_be_read_settle_nothing(legacy, shop, now):
    shop.write("es-1", "It is late.", by_seller=True)
    (thread,) = shop.threads.values()
    thread["messages"][0]["gmt_create"] = None
    with pytest.raises(OutcomeUnknown, match="cannot be understood"):
        legacy.find_sent(draft(now), "key")


def test_closed_calls_say_what_to_do(legacy, aliexpress):
    aliexpress.refuse("querymsgrelationlist", "InvalidApiPath", "The api is offline")
    with pytest.raises(Exception, match='connector = "aliexpress"'):
        list(legacy.poll("messages", {}))


def test_its_limits_are_those_that_are_published():
    assert (legacy.PER_PAGE, legacy.PER_PAGE * legacy.PAGES) == (100, 5000)
