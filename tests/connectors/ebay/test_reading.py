"""What a poll of the fake gives."""

from datetime import timedelta

import msgspec
import pytest

from syncd.model import BadItem, Direction, MessageKind, Order, OrderStatus, Shipment


def ids(items):
    return [item.source_id for item in items]


def test_a_conversation_from_both_sides(ebay, connector, now, read):
    asked = ebay.add_message("u7f3a9c0", "Where is my lamp?", listing="330000000001")
    thread = next(iter(ebay.shop.conversations))
    now.forward(minutes=5)
    answered = ebay.add_message(thread, "On its way.", from_seller=True)
    items, _ = read(connector, "messages")
    assert ids(items) == [asked, answered]
    assert [item.direction for item in items] == [Direction.INBOUND, Direction.OUTBOUND]
    assert {item.thread_id for item in items} == {thread}
    assert [item.sent_at for item in items] == [now.start, now.start + timedelta(minutes=5)]
    for item in items:
        assert (item.buyer.id, item.buyer.name, item.order_ids) == ("u7f3a9c0", None, ())
        assert msgspec.json.decode(item.raw)["messageId"] == item.source_id


def test_raw_is_what_ebay_wrote(ebay, connector, read):
    ebay.add_message("buyer", "“Grüße” 您好")
    items, _ = read(connector, "messages")
    written = next(iter(ebay.shop.conversations.values())).messages[0]
    assert items[0].raw == msgspec.json.encode(written)


def test_the_own_name_in_other_letters_or_as_an_immutable_id(ebay, connect, read):
    ebay.add_message("buyer", "Sent.", from_seller=True)
    for settings in ({"username": "Lamp-SHOP"}, {"username": "x", "user_id": "lamp-shop"}):
        items, _ = read(connect(**settings), "messages")
        assert items[0].direction is Direction.OUTBOUND


def test_a_wrong_own_name_is_told_and_not_guessed(ebay, connect, read):
    ebay.add_message("buyer", "Hello")
    items, _ = read(connect(username="somebody-else"), "messages")
    assert isinstance(items[0], BadItem)
    assert "set `username`" in items[0].reason


def test_long_conversations_are_read_to_the_end(ebay, connector, now, read):
    sent = [ebay.add_message("buyer", f"{n}", at=now.forward(seconds=1)) for n in range(120)]
    items, _ = read(connector, "messages")
    assert ids(items) == sent
    offsets = [
        int(request.one("offset"))
        for request in ebay.requests
        if request.path.startswith("/commerce/message/v1/conversation/")
    ]
    assert offsets == [0, 50, 100]


def test_ebays_own_messages_only_where_wanted(ebay, connect, now, read):
    ebay.add_platform_message("<p>Your <b>fees</b> &amp; more</p>")
    now.forward(minutes=1)
    assert read(connect(), "messages")[0] == []
    items, cursor = read(connect(platform_messages=True), "messages")
    assert [(item.direction, item.kind) for item in items] == [
        (Direction.PLATFORM, MessageKind.BULK)
    ]
    assert items[0].text.split() == ["Your", "fees", "&", "more"]
    assert read(connect(platform_messages=True), "messages", cursor)[0] == []


def test_ebays_old_messages_are_not_read_again_and_again(ebay, connect, now, read):
    for _ in range(120):
        ebay.add_platform_message("Fees", at=now.forward(hours=1))
    connector = connect(platform_messages=True)
    items, cursor = read(connector, "messages")
    assert len(items) == 120
    now.forward(hours=1)
    ebay.requests.clear()
    assert read(connector, "messages", cursor)[0] == []
    assert [request.one("offset") for request in ebay.requests] == ["0", "0"]


def test_an_order(ebay, connector, now, read):
    number = ebay.add_order("u7f3a9c0", title="Desk lamp", country="DE")
    (order,), _ = read(connector, "orders")
    assert isinstance(order, Order)
    assert (order.source_id, order.status) == (number, OrderStatus.UNSHIPPED)
    assert (order.buyer.id, order.buyer.name) == ("u7f3a9c0", "Erika Muster")
    assert order.ship_by.latest == now.start + timedelta(days=3)
    assert order.deliver_by.earliest == now.start + timedelta(days=7)
    assert order.deliver_by.latest == now.start + timedelta(days=14)
    assert (order.ship_to.country, order.ship_to.postcode) == ("DE", "10115")
    assert (order.total, order.currency, order.site) == ("24.90", "EUR", "EBAY_DE")
    assert [(line.title, line.variant) for line in order.lines] == [("Desk lamp", "Colour: black")]
    assert msgspec.json.decode(order.raw) == ebay.shop.orders[number]


def test_a_shipped_order_brings_its_parcels(ebay, connector, now, read):
    number = ebay.add_order("buyer")
    now.forward(days=1)
    ebay.fulfil(number, "0034 0434-1610", "DHL")
    items, _ = read(connector, "orders")
    order, parcel = items
    assert order.status is OrderStatus.SHIPPED
    assert isinstance(parcel, Shipment)
    assert (parcel.order_id, parcel.tracking_number) == (number, "003404341610")
    assert (parcel.carrier, parcel.shipped_at) == ("DHL", now())
    assert (parcel.origin_country, parcel.destination_country) == ("CN", "DE")


def test_one_parcel_of_two_orders_is_two_shipments(ebay, connector, read):
    numbers = [ebay.add_order("buyer") for _ in range(2)]
    for number in numbers:
        ebay.fulfil(number, "RB123456785CN")
    parcels = [item for item in read(connector, "orders")[0] if isinstance(item, Shipment)]
    assert len(set(ids(parcels))) == 2


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"orderPaymentStatus": "PENDING"}, OrderStatus.PENDING),
        ({"orderPaymentStatus": "FULLY_REFUNDED"}, OrderStatus.CANCELLED),
        ({"orderPaymentStatus": "PARTIALLY_REFUNDED"}, OrderStatus.UNSHIPPED),
        (
            {"orderPaymentStatus": "FULLY_REFUNDED", "orderFulfillmentStatus": "FULFILLED"},
            OrderStatus.REFUNDED,
        ),
        (
            {"orderPaymentStatus": "FULLY_REFUNDED", "orderFulfillmentStatus": "IN_PROGRESS"},
            OrderStatus.REFUNDED,
        ),
        (
            {"orderPaymentStatus": "PARTIALLY_REFUNDED", "orderFulfillmentStatus": "FULFILLED"},
            OrderStatus.SHIPPED,
        ),
        ({"cancelStatus": {"cancelState": "CANCELED"}}, OrderStatus.CANCELLED),
        ({"cancelStatus": {"cancelState": "IN_PROGRESS"}}, OrderStatus.UNSHIPPED),
        ({"orderFulfillmentStatus": "IN_PROGRESS"}, OrderStatus.PARTLY_SHIPPED),
        ({"orderFulfillmentStatus": "SOMETHING_NEW"}, OrderStatus.UNKNOWN),
    ],
)
def test_order_status(ebay, connector, change, status, read):
    number = ebay.add_order("buyer")
    ebay.shop.orders[number] |= change
    assert read(connector, "orders")[0][0].status is status


def test_what_goes_through_ebays_hub_is_followed_to_the_buyers_country(ebay, connector, read):
    number = ebay.add_order("buyer", country="GB")
    instruction = ebay.shop.orders[number]["fulfillmentStartInstructions"][0]
    instruction["ebaySupportedFulfillment"] = True
    instruction["finalDestinationAddress"] = {"countryCode": "NZ", "postalCode": "6011"}
    (order,), _ = read(connector, "orders")
    assert (order.ship_to.country, order.buyer.name) == ("NZ", None)


def test_an_unreadable_order_goes_to_quarantine_and_the_rest_goes_on(ebay, connector, read):
    numbers = [ebay.add_order("buyer") for _ in range(3)]
    ebay.shop.orders[numbers[1]]["lineItems"] = "none"
    items, cursor = read(connector, "orders")
    assert sorted(ids(items)) == sorted(numbers)
    assert [ids([item]) for item in items if isinstance(item, BadItem)] == [[numbers[1]]]
    assert read(connector, "orders", cursor)[0] == []


def test_an_unreadable_message_goes_to_quarantine(ebay, connector, now, read):
    good = ebay.add_message("buyer-1", "one")
    bad = ebay.add_message("buyer-2", "two")
    late = ebay.add_message("buyer-2", "three", at=now.forward(minutes=1))
    threads = list(ebay.shop.conversations.values())
    threads[1].messages[0]["messageBody"] = 7
    threads[1].messages[1]["messageBody"] = [None]
    items, cursor = read(connector, "messages")
    assert sorted(ids(items)) == sorted([good, bad, late])
    assert {item.source_id for item in items if isinstance(item, BadItem)} == {bad, late}
    assert b'"messageBody":7' in next(item.raw for item in items if item.source_id == bad)
    assert read(connector, "messages", cursor)[0] == []


def test_an_unreadable_conversation_goes_to_quarantine_once(ebay, connector, now, read):
    ebay.add_message("buyer-1", "one")
    good = ebay.add_message("buyer-2", "two", at=now.forward(minutes=1))
    next(iter(ebay.shop.conversations.values())).messages[0]["messageId"] = 7
    items, cursor = read(connector, "messages")
    assert [type(item).__name__ for item in items] == ["BadItem", "Message"]
    assert items[1].source_id == good
    assert read(connector, "messages", cursor)[0] == []


def test_an_idle_poll_costs_one_call_a_stream(ebay, connector, now, read):
    for n in range(30):
        ebay.add_message(f"buyer-{n}", "Hello", at=now.forward(seconds=1))
        ebay.fulfil(ebay.add_order(f"buyer-{n}"), f"RB{n:09d}CN")
    cursors = {stream: read(connector, stream)[1] for stream in ("messages", "orders")}
    now.forward(minutes=1)
    ebay.requests.clear()
    for stream, cursor in cursors.items():
        assert list(connector.poll(stream, cursor)) == []
    assert len(ebay.requests) == 2


def test_a_conversation_names_its_listing_and_so_does_an_order(ebay, connector, read):
    ebay.add_message("buyer", "Is it blue?", listing="330000000001")
    ebay.add_message("buyer", "About nothing in particular")
    ebay.add_order("buyer", listing="330000000001")
    messages, _ = read(connector, "messages")
    orders, _ = read(connector, "orders")
    assert sorted(message.listing_ids for message in messages) == [(), ("330000000001",)]
    assert orders[0].lines[0].listing_id == "330000000001"


def test_a_conversation_tells_who_its_other_side_is(ebay, connector, read):
    """Since 26 September 2025 an immutable id may stand in place of the buyer's name."""
    ebay.add_message("ann-2001", "Where is it?")
    thread = next(iter(ebay.shop.conversations.values()))
    thread.messages.append(thread.messages[0] | {"messageId": "2", "senderUsername": "a7F3xQ9"})
    items, _ = read(connector, "messages")
    assert {item.buyer.id for item in items} == {"ann-2001", "a7F3xQ9"}
    assert {item.buyer.thread_id for item in items} == {thread.id}


def test_offsets_are_multiples_of_the_limit(ebay, connector, now, read):
    for n in range(120):
        ebay.add_message(f"buyer-{n}", "Hello", at=now.forward(seconds=1))
    read(connector, "messages")
    asked = [r for r in ebay.requests if r.path.endswith("/conversation")]
    offsets = [(int(r.one("offset")), int(r.one("limit"))) for r in asked]
    assert max(offset for offset, _ in offsets) == 100
    assert all(offset % limit == 0 for offset, limit in offsets)
