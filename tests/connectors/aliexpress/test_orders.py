"""Orders and parcels as AliExpress tells them: fields, clocks, statuses, both forms of lists."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import json
from msgspec.structs import replace

from syncd.model import BadItem, Order, OrderLine, OrderStatus, Shipment, Window
from syncd_aliexpress import parse, times


def only(items, kind):
    (found,) = [item for item in items if isinstance(item, kind)]
    return found


def test_an_order_that_waits_to_be_sent(connector, shop, read, now):
    ends = now() + timedelta(days=5)
    order_id = shop.add_order("es-1", ends=ends)
    order = only(read(connector, "orders")[0], Order)
    assert (order.source_id, order.status) == (order_id, OrderStatus.UNSHIPPED)
    assert (order.placed_at, order.paid_at) == (now(), now())
    assert order.ship_by == Window(latest=ends)
    assert (order.deliver_by, order.protection_ends_at) == (None, None)
    assert (order.buyer.id, order.buyer.name) == ("es-1", "Ana Buyer")
    assert (order.total, order.currency, order.note) == ("19.90", "USD", None)
    assert (order.ship_to.country, order.ship_to.postcode) == ("ES", "28100")
    assert order.ship_to.lines == ("Calle Mayor 1", "2 B")
    assert order.lines == (
        OrderLine(
            source_id=str(int(order_id) + 500_000_000_000),
            title="Lamp",
            quantity=2,
            sku="LAMP-1",
            variant="Color: Blue",
            price="9.95",
            listing_id="1005000000000001",
        ),
    )
    assert json.decode(order.raw)["id"] == int(order_id)


def test_an_order_that_waits_for_the_buyer(connector, shop, read, now):
    order_id, ends = shop.add_order(country="UK"), now() + timedelta(days=60)
    shop.ship(order_id, "LP00123456789012", ends=ends)
    items, _ = read(connector, "orders")
    order, parcel = only(items, Order), only(items, Shipment)
    assert (order.status, order.protection_ends_at) == (OrderStatus.SHIPPED, ends)
    assert order.ship_by is None
    assert (parcel.order_id, parcel.tracking_number) == (order_id, "LP00123456789012")
    assert (parcel.shipped_at, parcel.carrier) == (now(), "China Post Registered Air Mail")
    assert parcel.destination_country == "GB"
    assert json.decode(parcel.raw)["logistics_no"] == "LP00123456789012"


@pytest.mark.parametrize("stream", ["orders", "returns", "reviews"])
def test_answers_may_come_without_what_is_around_them(connector, aliexpress, shop, read, stream):
    order = shop.add_order()
    shop.ship(order, "LP00123456789012")
    shop.dispute(order)
    shop.review(order)
    wrapped, _ = read(connector, stream)
    aliexpress.simplified = True
    bare, _ = read(connector, stream)
    assert bare
    assert [replace(x, raw=b"") for x in bare] == [replace(x, raw=b"") for x in wrapped]


def test_orders_that_have_ended_are_asked_for_apart(connector, shop, read, now, calls):
    order_id = shop.add_order()
    _, cursor = read(connector, "orders")
    now.forward(hours=1)
    shop.change(order_id, order_status="FINISH", logistics_status="BUYER_ACCEPT_GOODS")
    items, _ = read(connector, "orders", cursor)
    assert only(items, Order).status is OrderStatus.DELIVERED
    asked = [json.decode(x["param_aeop_order_query"]) for x in calls("orderlist.get")]
    assert {x.get("order_status") for x in asked} == {None, "FINISH"}
    oldest = min(x["modified_date_start"] for x in asked if x.get("order_status"))
    assert times.moment(oldest) == now.start - timedelta(days=30)


def test_an_order_that_cannot_be_read_is_put_aside(connector, shop, read):
    good, bad = shop.add_order(), shop.add_order()
    shop.orders[bad]["child_order_list"] = [{"no": "id"}]
    items, _ = read(connector, "orders")
    assert {(type(x), x.source_id) for x in items} == {(Order, good), (BadItem, bad)}


def test_an_order_that_is_gone_is_put_aside(connector, aliexpress, shop, read):
    shop.add_order()
    aliexpress.refuse("findorderbyid", "15", "Remote service error", sub_code="isv.gone")
    (item,), _ = read(connector, "orders")
    assert isinstance(item, BadItem)
    assert "isv.gone" in item.reason


@pytest.mark.parametrize(
    ("status", "logistics", "expected"),
    [
        ("PLACE_ORDER_SUCCESS", "NO_LOGISTICS", OrderStatus.PENDING),
        ("RISK_CONTROL", "WAIT_SELLER_SEND_GOODS", OrderStatus.PENDING),
        ("SELLER_PART_SEND_GOODS", "SELLER_SEND_PART_GOODS", OrderStatus.PARTLY_SHIPPED),
        ("IN_CANCEL", "WAIT_SELLER_SEND_GOODS", OrderStatus.UNSHIPPED),
        ("IN_ISSUE", "SELLER_SEND_GOODS", OrderStatus.SHIPPED),
        ("FUND_PROCESSING", "BUYER_ACCEPT_GOODS", OrderStatus.DELIVERED),
        ("FINISH", "BUYER_ACCEPT_GOODS", OrderStatus.DELIVERED),
        ("FINISH", "SELLER_SEND_GOODS", OrderStatus.SHIPPED),
        ("FINISH", "WAIT_SELLER_SEND_GOODS", OrderStatus.CANCELLED),
        ("FINISH", "NO_LOGISTICS", OrderStatus.CANCELLED),
        ("SOMETHING_NEW", "NO_LOGISTICS", OrderStatus.UNKNOWN),
    ],
)
def test_statuses(connector, shop, read, status, logistics, expected):
    shop.change(shop.add_order(), order_status=status, logistics_status=logistics)
    assert only(read(connector, "orders")[0], Order).status is expected


@pytest.mark.parametrize(
    ("written", "phone"),
    [("6******66", None), ("666 666-666", "+34666666666"), ("", None), (None, None)],
)
def test_masked_numbers_are_nobodys(connector, shop, read, written, phone):
    shop.orders[shop.add_order()]["receipt_address"]["mobile_no"] = written
    assert only(read(connector, "orders")[0], Order).buyer.phone == phone


@pytest.mark.parametrize(
    ("country", "expected"), [("SRB", "RS"), ("es", "ES"), ("Spain", None), (None, None)]
)
def test_countries(connector, shop, read, country, expected):
    shop.orders[shop.add_order()]["receipt_address"]["country"] = country
    assert only(read(connector, "orders")[0], Order).ship_to.country == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-01-15 12:00:00", datetime(2026, 1, 15, 20, tzinfo=UTC)),
        ("2026-07-15 12:00:00", datetime(2026, 7, 15, 19, tzinfo=UTC)),
        ("2018-03-01 12:12", datetime(2018, 3, 1, 20, 12, tzinfo=UTC)),
        # 1:30 comes twice on this day: the first is meant.
        ("2026-11-01 01:30:00", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
    ],
)
def test_times_are_pacific(written, expected):
    assert times.moment(written) == expected


@pytest.mark.parametrize("minutes", range(0, 300, 30))
def test_a_filter_is_never_later_than_what_it_stands_for(minutes):
    at = datetime(2026, 11, 1, 7, tzinfo=UTC) + timedelta(minutes=minutes)
    assert times.moment(times.wall(at)) <= at


def test_a_published_answer():
    # In the shape of AliExpress's sample of solution.order.info.get, with other values.
    raw = b"""{"id": 31130700125804, "gmt_create": "2019-03-06 12:01:17", "order_status":
    "PLACE_ORDER_SUCCESS", "buyerloginid": "aliqatest07", "gmt_pay_success": "2018-03-01 12:12",
    "init_oder_amount": {"cent": 1, "currency_code": "EUR", "amount": "0.01"}, "order_amount":
    {"cent": 1, "currency_code": "EUR", "amount": "0.01"}, "child_order_list":
    {"global_aeop_tp_child_order_dto": [{"id": 31130700125804, "child_order_id": "31130700125804",
    "product_id": 32972979985, "product_count": 1, "product_attributes": "no JSON",
    "product_price": {"cent": 1, "amount_str": "0.01"}, "product_name": "Waistcoat"}]},
    "logistic_info_list": {"global_aeop_tp_logistic_info_dto": [{"logistics_no": "1",
    "logistics_service_name": "SEUR", "ship_order_id": 1234567, "gmt_send": "2018-03-01 12:12"}]},
    "receipt_address": {"country": "ES", "zip": "28108", "mobile_no": "666666666",
    "phone_country": "+34"}, "over_time_left": "2019-03-26 13:01:17", "is_phone": false}"""
    order, parcel = parse.order(raw)
    assert (order.total, order.lines[0].price, order.lines[0].variant) == ("0.01", "0.01", None)
    assert (order.protection_ends_at, order.ship_by) == (None, None)
    assert parcel.source_id == "1234567/1"
