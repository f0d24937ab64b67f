"""Reading the chat: whose words they are, in which order, and nothing twice or never."""

from datetime import timedelta

import pytest

from syncd.model import BadItem, Direction, MessageKind, Party

ANN, BOB = "7494560109732338401", "7494560109732338402"
CARD = {"order_id": "576461413038785752"}


def texts(items):
    return [item.text for item in items]


def chat_calls(tiktok):
    return [each for each in tiktok.requests if each.path.startswith("/customer_service/")]


def test_a_message(shop, connector, read, now):
    source_id = shop.add_message(ANN, "Wo ist meine „Lampe“? 💡")
    [message], _ = read(connector, "messages")
    assert (message.source_id, message.sent_at) == (source_id, now())
    assert message.text == "Wo ist meine „Lampe“? 💡"
    assert (message.direction, message.kind) == (Direction.INBOUND, MessageKind.HUMAN)
    assert message.thread_id == next(iter(shop.conversations))
    assert b'"content":"{\\"content\\":' in message.raw


def test_the_buyer_is_who_orders_say_and_not_the_chats_id(shop, connector, read):
    shop.add_message(ANN, "Hello")
    shop.add_order(ANN)
    [message], _ = read(connector, "messages")
    [order], _ = read(connector, "orders")
    assert message.buyer == Party(id=ANN, name="nick 401")
    assert message.buyer.id == order.buyer.id
    assert b"im_user_id" in message.raw


def test_a_buyer_without_an_order_id_has_none(shop, connector, read, monkeypatch):
    shown = type(shop.thread_with(ANN)).shown
    hidden = {"participants": [{"role": "BUYER", "im_user_id": "708", "nickname": "Ann"}]}
    monkeypatch.setattr(type(shop.thread_with(ANN)), "shown", lambda one: shown(one) | hidden)
    shop.add_message(ANN, "Hello")
    [message], _ = read(connector, "messages")
    assert message.buyer == Party(id=None, name="Ann")


@pytest.mark.parametrize(
    ("role", "direction", "kind"),
    [
        ("SHOP", Direction.OUTBOUND, MessageKind.HUMAN),
        ("CUSTOMER_SERVICE", Direction.OUTBOUND, MessageKind.HUMAN),
        ("ROBOT", Direction.OUTBOUND, MessageKind.AUTO_REPLY),
        ("SYSTEM", Direction.PLATFORM, MessageKind.BULK),
    ],
)
def test_who_speaks(shop, connector, read, role, direction, kind):
    shop.add_message(ANN, "Hello", role=role)
    [message], _ = read(connector, "messages")
    assert (message.direction, message.kind, message.buyer.id) == (direction, kind, ANN)


@pytest.mark.parametrize(
    ("kind", "content", "text", "orders"),
    [
        ("IMAGE", {"url": "https://p16.example/a.png", "width": "304"}, "[image]", ()),
        ("VIDEO", {"url": "https://v.example/a.mp4", "vid": "v0"}, "[video]", ()),
        ("EMOTICONS", {}, "[sticker]", ()),
        (
            "PRODUCT_CARD",
            {"product_id": "7494560109732334265"},
            "[product 7494560109732334265]",
            (),
        ),
        ("ORDER_CARD", CARD, "[order 576461413038785752]", ("576461413038785752",)),
        ("LOGISTICS_CARD", CARD, "[parcel of order 576461413038785752]", ("576461413038785752",)),
        (
            "RETURN_REFUND_CARD",
            {**CARD, "sku_id": "17"},
            "[return or refund, order 576461413038785752]",
            ("576461413038785752",),
        ),
        ("COUPON_CARD", {"coupon_id": "7262992004278206762"}, "[coupon 7262992004278206762]", ()),
        ("OTHER", {"content": "See TikTok for this message"}, "See TikTok for this message", ()),
        ("GIFT_CARD", {}, "[gift card]", ()),
    ],
)
def test_what_is_no_text_is_named(shop, connector, read, kind, content, text, orders):
    shop.add_message(ANN, kind=kind, content=content)
    [message], _ = read(connector, "messages")
    assert (message.text, message.order_ids) == (text, orders)
    assert message.listing_ids == ((content["product_id"],) if "product_id" in content else ())
    assert [file.url for file in message.attachments] == (
        [content["url"]] if "url" in content else []
    )


def test_an_order_that_a_card_writes_as_a_number_stays_whole(shop, connector, read):
    shop.add_message(ANN, kind="ORDER_CARD", content='{"order_id": 576461413038785753}')
    [message], _ = read(connector, "messages")
    assert message.order_ids == ("576461413038785753",)


def test_a_file_elsewhere_than_by_https_is_not_followed(shop, connector, read):
    shop.add_message(ANN, kind="IMAGE", content={"url": "file:///etc/passwd"})
    [message], _ = read(connector, "messages")
    assert message.attachments == ()


@pytest.mark.parametrize("kind", ["BUYER_ENTER_FROM_ORDER", "NOTIFICATION", "ALLOCATED_SERVICE"])
def test_what_nobody_said_starts_no_clock(shop, connector, read, kind):
    shop.add_message(ANN, kind=kind, content={**CARD, "content": "joined"})
    [message], _ = read(connector, "messages")
    assert (message.direction, message.kind) == (Direction.PLATFORM, MessageKind.BULK)


def test_what_is_not_to_be_seen_is_left_out(shop, connector, read):
    shop.add_message(ANN, "Rate your conversation", role="SYSTEM", visible=False)
    shop.add_message(ANN, "Hello")
    assert texts(read(connector, "messages")[0]) == ["Hello"]


def test_a_conversation_is_in_the_order_of_its_index_and_not_of_its_times(
    shop, connector, read, now
):
    for n in range(25):
        shop.add_message(ANN, f"{n}", at=now() - timedelta(seconds=n % 3))
    items, _ = read(connector, "messages")
    assert texts(items) == [f"{n}" for n in range(25)]


def test_pages_are_as_small_as_tiktok_wants_them(tiktok, shop, connector, read):
    for n in range(21):
        shop.add_message(f"74945601097323384{n:02}", "Hello")
    for n in range(11):
        shop.add_message(ANN, f"{n}")
    assert len(read(connector, "messages")[0]) == 32
    sizes = {
        (each.path.endswith("/messages"), each.one("page_size")) for each in chat_calls(tiktok)
    }
    assert sizes == {(False, "20"), (True, "10")}
    orders = {(each.one("sort_field"), each.one("sort_order")) for each in chat_calls(tiktok)}
    assert orders == {("", ""), ("index", "DESC")}


def test_where_nothing_happened_one_call_is_enough(tiktok, shop, connector, read, now):
    for n in range(45):
        shop.add_message(f"74945601097323384{n:02}", "Hello", at=now() - timedelta(hours=n))
    _, cursor = read(connector, "messages")
    tiktok.requests.clear()
    now.forward(hours=1)
    assert read(connector, "messages", cursor)[0] == []
    assert len(chat_calls(tiktok)) == 1


def test_of_a_long_conversation_only_the_end_is_read_again(tiktok, shop, connector, read, now):
    for n in range(60):
        shop.add_message(ANN, f"{n}", at=now() - timedelta(days=1, minutes=-n))
    _, cursor = read(connector, "messages")
    tiktok.requests.clear()
    now.forward(hours=1)
    shop.add_message(ANN, "And now?")
    items, _ = read(connector, "messages", cursor)
    assert texts(items)[-1] == "And now?"
    assert len(chat_calls(tiktok)) == 2


def test_an_interrupted_walk_reads_every_conversation_from_its_beginning(
    shop, connector, read, now
):
    """The later ones have messages that are older than the cursor, which has passed them."""
    began = now() - timedelta(days=30)
    for n in range(15):
        buyer = f"74945601097323384{n:02}"
        shop.add_message(buyer, f"first of {n}", at=began)
        for _ in range(10):  # so that the first is on another page than the last
            shop.add_message(buyer, "and then", at=began)
        shop.add_message(buyer, f"last of {n}", at=began + timedelta(days=n + 1))
    first = next(connector.poll("messages", {}))
    rest, _ = read(connector, "messages", first.cursor)
    wanted = {f"{when} of {n}" for when in ("first", "last") for n in range(15)}
    assert {*texts(first.items), *texts(rest)} == wanted | {"and then"}


def test_a_conversation_that_moves_while_the_list_is_read_is_not_missed(
    tiktok, shop, connector, read, now, monkeypatch
):
    for n in range(45):
        shop.add_message(f"74945601097323384{n:02}", f"{n}", at=now() - timedelta(days=1 + n))
    page = type(tiktok).conversations

    def moving(self, request):
        answer = page(self, request)
        if not request.one("page_token") and len(self.sent) == 0:
            thread = next(one for one in shop.conversations.values() if one.buyer.endswith("44"))
            shop.write(thread, "we write from page 3 to the top")
        return answer

    monkeypatch.setattr(tiktok, "conversations", moving.__get__(tiktok))
    items, _ = read(connector, "messages")
    assert {"44", "we write from page 3 to the top"} <= {*texts(items)}


def test_a_list_in_an_unexpected_order_is_read_wholly(tiktok, shop, connector, read, now):
    for n in range(45):
        shop.add_message(f"74945601097323384{n:02}", f"{n}", at=now() - timedelta(days=1 + n))
    _, cursor = read(connector, "messages")
    shop.add_message(ANN, "And now?")
    tiktok.latest_first = False
    items, _ = read(connector, "messages", cursor)
    assert "And now?" in texts(items)


def test_the_first_poll_goes_back_as_far_as_is_set(shop, connect, read, now):
    shop.add_message(ANN, "old", at=now() - timedelta(days=8))
    shop.add_message(BOB, "recent", at=now() - timedelta(days=6))
    assert texts(read(connect(history_days=7), "messages")[0]) == ["recent"]


def test_an_open_conversation_without_a_word_is_no_trouble(shop, connector, read):
    shop.thread_with(ANN)
    assert read(connector, "messages")[0] == []


@pytest.mark.parametrize("content", ["no JSON", "[]", '{"text": "Hello"}', '"Hello"'])
def test_a_content_that_is_no_json_object_goes_to_quarantine(shop, connector, read, content):
    bad = shop.add_message(ANN, content=content)
    shop.add_message(ANN, "Hello")
    items, cursor = read(connector, "messages")
    assert (type(items[0]), items[0].source_id) == (BadItem, bad)
    assert items[1].text == "Hello"
    assert read(connector, "messages", cursor)[0] == []


def test_a_sender_of_an_unknown_kind_goes_to_quarantine(shop, connector, read):
    shop.add_message(ANN, "Hello", role="INFLUENCER")
    [bad], _ = read(connector, "messages")
    assert "INFLUENCER" in bad.reason


def test_a_conversation_that_is_gone_goes_to_quarantine(shop, connector, read, monkeypatch):
    shop.add_message(ANN, "Hello")
    monkeypatch.setattr(shop.thread_with(ANN), "id", "1")
    [bad], _ = read(connector, "messages")
    assert (type(bad), "45101003" in bad.reason) == (BadItem, True)


def test_an_unreadable_entry_of_the_list_stops_no_other(shop, connector, read, monkeypatch):
    shop.add_message(ANN, "Hello")
    shop.add_message(BOB, "Hello")
    thread = shop.thread_with(BOB)
    monkeypatch.setattr(thread, "created", "yesterday")
    items, _ = read(connector, "messages")
    assert sorted(type(item).__name__ for item in items) == ["BadItem", "Message"]


def test_the_days_calls_are_kept_to(connector, shop, read, monkeypatch):
    connector._client._chat.pause(3600)
    shop.add_message(ANN, "Hello")
    with pytest.raises(Exception, match="limit of requests") as told:
        read(connector, "messages")
    assert 3000 < told.value.retry_after < 4000
    shop.add_order(ANN)
    assert len(read(connector, "orders")[0]) == 1
