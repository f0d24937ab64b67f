"""Reading orders, packages, returns and cancellations."""

from datetime import timedelta

import pytest

from syncd.model import (
    Address,
    BadItem,
    CaseKind,
    CaseStatus,
    Order,
    OrderLine,
    OrderStatus,
    Party,
    Shipment,
    Window,
)

ANN = "7494560109732338401"
DAY = timedelta(days=1)


@pytest.fixture
def only(connector, read):
    """Gives the one item of a stream."""

    def one(stream):
        [item], _ = read(connector, stream)
        return item

    return one


def test_an_order(shop, only, now):
    number = shop.add_order(ANN, buyer_message="Ring twice", commerce_platform="TIKTOK_SHOP")
    order = only("orders")
    assert (order.source_id, order.placed_at, order.paid_at) == (number, now(), now())
    assert order.status is OrderStatus.UNSHIPPED
    assert order.buyer == Party(id=ANN, name="Ann Example", phone="(+44)7700900123")
    assert order.ship_to == Address(
        country="GB", postcode="EC1A 1BB", state="England", city="London", lines=("1 Long Lane",)
    )
    assert order.lines == (
        OrderLine(
            source_id=shop.orders[number]["line_items"][0]["id"],
            title="Blue lamp",
            sku="LAMP-BLUE",
            variant="Blue, E27",
            price="19.99",
            listing_id="1729592969712207008",
        ),
    )
    assert (order.currency, order.total) == ("GBP", "21.49")
    assert (order.shipping_method, order.site) == ("Standard Shipping", "TIKTOK_SHOP")
    assert (order.note, order.language) == ("Ring twice", None)


def test_the_dates_that_count(shop, only, now):
    shop.add_order(ANN)
    order = only("orders")
    assert order.ship_by == Window(latest=now() + 2 * DAY)  # rts_sla_time
    assert order.deliver_by == Window(latest=now() + 8 * DAY)  # delivery_sla_time


@pytest.mark.parametrize(
    ("missing", "days"),
    [(("rts_sla_time",), 5), (("rts_sla_time", "shipping_due_time"), 3)],
)
def test_their_relatives_stand_in(shop, only, now, missing, days):
    shop.add_order(ANN, delivery_sla_time=0, **dict.fromkeys(missing, 0))
    order = only("orders")
    assert order.ship_by == Window(latest=now() + days * DAY)
    assert order.deliver_by == Window(latest=now() + 9 * DAY)


def test_once_it_is_arranged_the_carrier_has_to_have_it(shop, only, now):
    shop.add_order(ANN, status="AWAITING_COLLECTION")
    order = only("orders")
    assert (order.status, order.ship_by) == (OrderStatus.UNSHIPPED, Window(latest=now() + 3 * DAY))


def test_an_order_that_tells_little(shop, only):
    shop.add_order(
        ANN, status="ON_HOLD", recipient_address=None, payment=None, line_items=None, paid_time=0,
        rts_sla_time=0, tts_sla_time=0, shipping_due_time=0, delivery_sla_time=0,
        delivery_option_required_delivery_time=0, user_id="",
    )  # fmt: skip
    order = only("orders")
    assert (order.ship_by, order.deliver_by, order.paid_at, order.total) == (None,) * 4
    assert (order.buyer, order.ship_to) == (Party(name="nick 401"), Address())


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("UNPAID", OrderStatus.PENDING),
        ("PARTIALLY_SHIPPING", OrderStatus.PARTLY_SHIPPED),
        ("IN_TRANSIT", OrderStatus.SHIPPED),
        ("DELIVERED", OrderStatus.DELIVERED),
        ("COMPLETED", OrderStatus.DELIVERED),
        ("CANCELLED", OrderStatus.CANCELLED),
        ("TELEPORTED", OrderStatus.UNKNOWN),
    ],
)
def test_how_far_it_is(shop, only, said, status):
    shop.add_order(ANN, status=said)
    assert only("orders").status is status


def test_what_tiktok_hides_makes_no_two_strangers_one(shop, only):
    hidden = {"name": "A** E**", "phone_number": "(+44)77******23", "region_code": "GB"}
    shop.add_order(ANN, recipient_address=hidden)
    assert only("orders").buyer == Party(id=ANN, name="nick 401")


def test_a_package_is_a_shipment(shop, connector, read, now):
    order = shop.add_order(ANN, pieces=2)
    package = shop.orders[order]["packages"][0]["id"]
    shop.ship(order, "00340434161094042557", "DHL")
    items, _ = read(connector, "orders")
    assert [type(item) for item in items] == [Order, Shipment]
    assert items[1] == Shipment(
        source_id=f"{order}/{package}",
        order_id=order,
        tracking_number="00340434161094042557",
        carrier="DHL",
        shipped_at=now(),
        destination_country="GB",
    )


@pytest.mark.parametrize(
    ("shipping", "status", "hours"),
    [
        ("SELLER", "PROCESSING", 0),
        ("TIKTOK", "PROCESSING", None),
        ("TIKTOK", "FULFILLING", 5),
        ("SELLER", "COMPLETED", 5),
    ],
)
def test_a_label_is_no_departure(shop, connector, read, now, shipping, status, hours):
    order = shop.add_order(ANN, shipping_type=shipping)
    shop.ship(order, "00340434161094042557")
    shop.orders[order]["line_items"][0]["package_status"] = status
    shop.change(order, collection_time=int((now() + timedelta(hours=5)).timestamp()))
    shipment = read(connector, "orders")[0][1]
    assert shipment.shipped_at == (None if hours is None else now() + timedelta(hours=hours))


def test_one_package_of_two_orders_is_a_shipment_of_each(shop, connector, read):
    orders = [shop.add_order(ANN), shop.add_order(ANN)]
    for order in orders:
        shop.orders[order]["line_items"][0]["package_id"] = "1152921504606846976"
        shop.ship(order, "00340434161094042557")
    shipments = [item for item in read(connector, "orders")[0] if isinstance(item, Shipment)]
    assert {one.source_id for one in shipments} == {f"{one}/1152921504606846976" for one in orders}


def test_what_has_no_number_is_no_shipment_and_what_was_taken_back_a_cancelled_one(
    shop, connector, read
):
    shop.add_order(ANN)
    order = shop.add_order(ANN)
    shop.ship(order, "00340434161094042557")
    shop.orders[order]["line_items"][0]["package_status"] = "CANCELLED"
    shipments = [item for item in read(connector, "orders")[0] if isinstance(item, Shipment)]
    assert [(each.order_id, each.cancelled) for each in shipments] == [(order, True)]


def test_orders_that_change_while_they_are_read_are_not_missed(
    tiktok, shop, connector, read, now, monkeypatch
):
    """What changes goes to the end of the list, so that another one slips to the page before."""
    orders = [shop.add_order(ANN, at=now() - (250 - n) * DAY / 10) for n in range(250)]
    page = type(tiktok).search_orders

    def moving(self, request):
        answer = page(self, request)
        if not request.one("page_token"):
            now.forward(seconds=1)
            shop.change(orders[0], status="CANCELLED")
        return answer

    monkeypatch.setattr(tiktok, "search_orders", moving.__get__(tiktok))
    items, _ = read(connector, "orders")
    assert {item.source_id for item in items} == {*orders}


def test_pages_are_as_large_as_tiktok_gives_them(tiktok, shop, connector, read):
    for _ in range(101):
        shop.add_order(ANN)
    assert len(read(connector, "orders")[0]) == 101
    searches = [each for each in tiktok.requests if each.path.endswith("/orders/search")]
    assert {each.one("page_size") for each in searches} == {"100"}
    assert {(e.one("sort_field"), e.one("sort_order")) for e in searches} == {
        ("update_time", "ASC")
    }


def test_an_order_that_cannot_be_read_goes_to_quarantine(shop, connector, read):
    bad = shop.add_order(ANN, line_items=[{"id": 7}])
    good = shop.add_order(ANN)
    items, cursor = read(connector, "orders")
    assert [(type(item), item.source_id) for item in items] == [(BadItem, bad), (Order, good)]
    assert read(connector, "orders", cursor)[0] == []


def test_a_return(shop, only, now):
    order = shop.add_order(ANN)
    number = shop.add_return(order, return_tracking_number="RB123456785CN")
    case = only("returns")
    assert (case.source_id, case.order_id, case.kind) == (number, order, CaseKind.RETURN)
    assert (case.status, case.respond_by) == (CaseStatus.WAITING_SELLER, now() + 2 * DAY)
    assert (case.reason, case.outcome) == ("The lamp is damaged", None)
    assert (case.amount, case.currency) == ("19.99", "GBP")
    assert (case.tracking_number, case.opened_at) == ("RB123456785CN", now())


@pytest.mark.parametrize(
    ("fields", "status", "outcome"),
    [
        ({"return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE"}, CaseStatus.CLOSED, True),
        ({"return_status": "REPLACEMENT_REQUEST_CANCEL"}, CaseStatus.CLOSED, True),
        ({"arbitration_status": "IN_PROGRESS"}, CaseStatus.WAITING_PLATFORM, False),
        ({"return_status": "REFUND_OR_RETURN_REQUEST_REJECT"}, CaseStatus.WAITING_SELLER, False),
    ],
)
def test_whose_turn_it_is(shop, only, fields, status, outcome):
    shop.add_return(shop.add_order(ANN), **fields)
    case = only("returns")
    assert (case.status, case.outcome is not None) == (status, outcome)
    assert (case.respond_by is None) == (status is not CaseStatus.WAITING_SELLER)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("RETURN_OR_REFUND_REQUEST_PENDING", CaseStatus.OPEN),
        ("AWAITING_BUYER_SHIP", CaseStatus.WAITING_BUYER),
        ("AWAITING_BUYER_RESPONSE", CaseStatus.WAITING_BUYER),
        ("BUYER_SHIPPED_ITEM", CaseStatus.OPEN),
        ("REJECT_RECEIVE_PACKAGE", CaseStatus.CLOSED),
        ("REFUND_OR_RETURN_REQUEST_REJECT", CaseStatus.CLOSED),
    ],
)
def test_where_tiktok_names_no_next_step(shop, only, said, status):
    shop.add_return(shop.add_order(ANN), return_status=said, seller_next_action_response=[])
    assert only("returns").status is status


@pytest.mark.parametrize(
    ("said", "kind"),
    [("REFUND", CaseKind.REFUND), ("REPLACEMENT", CaseKind.OTHER), ("", CaseKind.OTHER)],
)
def test_what_the_buyer_wants(shop, only, said, kind):
    shop.add_return(shop.add_order(ANN), return_type=said)
    assert only("returns").kind is kind


def test_a_cancellation(shop, only, now):
    order = shop.add_order(ANN)
    number = shop.add_cancellation(order)
    case = only("returns")
    assert (case.source_id, case.order_id, case.kind) == (number, order, CaseKind.CANCELLATION)
    assert (case.status, case.respond_by) == (CaseStatus.WAITING_SELLER, now() + DAY)
    assert case.reason == "No longer needed"


def test_each_list_has_a_place_of_its_own(shop, connector, read, now):
    order = shop.add_order(ANN)
    shop.add_return(order, at=now() - DAY)
    shop.add_cancellation(order)
    _, cursor = read(connector, "returns")
    now.forward(hours=1)
    late = shop.add_return(order)
    assert [item.source_id for item in read(connector, "returns", cursor)[0]] == [late]
