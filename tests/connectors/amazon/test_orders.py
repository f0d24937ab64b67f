"""Orders and their parcels, as Amazon has them."""

import json
from datetime import timedelta

import pytest

from syncd.connector import Unavailable
from syncd.model import BadItem, Order, OrderStatus, Shipment, Window
from syncd.testing.amazon_shop import FR, iso


def of(kind, items):
    return [item for item in items if isinstance(item, kind)]


@pytest.fixture
def shop(amazon, now):
    """Changes are old enough to be shown, unless the test says otherwise."""
    now.forward(hours=1)
    return amazon.shop


@pytest.fixture
def later(now):
    """Lets enough time pass for a change to be shown."""
    return lambda: now.forward(minutes=10)


def test_an_order_has_its_windows_and_the_buyers_alias(shop, connector, read, later):
    order_id = shop.add_order("ann", deliver_in=(5, 9))
    placed = shop.now()
    later()
    [order], _ = read(connector)
    assert order.source_id == order_id
    assert order.status is OrderStatus.UNSHIPPED
    assert order.buyer.email == "annx7k2@marketplace.amazon.de"
    assert order.ship_by == Window(earliest=placed, latest=placed + timedelta(days=2))
    assert order.deliver_by == Window(
        earliest=placed + timedelta(days=5), latest=placed + timedelta(days=9)
    )
    assert (order.total, order.currency, order.site) == ("49.80", "EUR", "Amazon.de")
    assert (order.ship_to.country, order.ship_to.lines) == ("DE", ("Lampenweg 1",))
    [line] = order.lines
    assert (line.quantity, line.sku, line.price) == (2, "LAMP-1", "24.90")
    assert b"lastUpdatedTime" in order.raw


def test_a_telephone_number_that_amazon_lends_makes_nobody_one_customer(
    shop, connector, read, later
):
    shop.add_order("ann")
    shop.add_order("bob")
    later()
    orders, _ = read(connector)
    assert [order.buyer.phone for order in orders] == [None, None]


def test_parcels_follow_their_order(shop, connector, read, later):
    order_id = shop.add_order()
    shop.ship(order_id, "00340434161094042557")
    later()
    order, parcel = read(connector)[0]
    assert isinstance(order, Order)
    assert isinstance(parcel, Shipment)
    assert parcel.source_id == f"{order_id}/1"
    assert parcel.tracking_number == "00340434161094042557"
    assert (parcel.carrier, parcel.origin_country, parcel.destination_country) == (
        "DHL",
        "CN",
        "DE",
    )
    assert b"detailedStatus" in parcel.raw


def test_a_cancelled_label_is_told_as_that(shop, connector, read, later):
    order_id = shop.add_order()
    shop.ship(order_id, "1")
    shop.ship(order_id, "2")
    shop.orders[order_id]["packages"][0]["packageStatus"] = {"status": "CANCELLED"}
    later()
    parcels = of(Shipment, read(connector)[0])
    assert {each.tracking_number: each.cancelled for each in parcels} == {"1": True, "2": False}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("PENDING_AVAILABILITY", OrderStatus.PENDING),
        ("PENDING", OrderStatus.PENDING),
        ("UNSHIPPED", OrderStatus.UNSHIPPED),
        ("PARTIALLY_SHIPPED", OrderStatus.PARTLY_SHIPPED),
        ("SHIPPED", OrderStatus.SHIPPED),
        ("CANCELLED", OrderStatus.CANCELLED),
        ("UNFULFILLABLE", OrderStatus.UNKNOWN),
        ("SOMETHING_NEW", OrderStatus.UNKNOWN),
    ],
)
def test_statuses(shop, connector, read, later, said, status):
    shop.change(shop.add_order(), said)
    later()
    [order], _ = read(connector)
    assert order.status is status


def test_an_order_is_delivered_when_all_its_parcels_are(shop, connector, read, later):
    order_id = shop.add_order()
    shop.ship(order_id, "1")
    shop.ship(order_id, "2")
    shop.orders[order_id]["packages"][0]["packageStatus"] = {"status": "DELIVERED"}
    later()
    [order], cursor = of(Order, read(connector)[0]), read(connector)[1]
    assert order.status is OrderStatus.SHIPPED
    shop.deliver(order_id)
    later()
    [order] = of(Order, read(connector, cursor=cursor)[0])
    assert order.status is OrderStatus.DELIVERED


def test_a_change_comes_again_and_nothing_else_does(shop, connector, read, later):
    first, second = shop.add_order(), shop.add_order()
    later()
    items, cursor = read(connector)
    assert {item.source_id for item in items} == {first, second}
    shop.ship(first, "1")
    later()
    items, cursor = read(connector, cursor=cursor)
    assert [item.source_id for item in items] == [first, f"{first}/1"]
    assert read(connector, cursor=cursor)[0] == []


def test_what_amazon_shows_two_minutes_late_is_not_lost(amazon, shop, connector, read, now):
    shop.add_order()
    _, cursor = read(connector)
    order_id = shop.add_order("late", updated=now() - timedelta(seconds=119))
    items, cursor = read(connector, cursor=cursor)
    assert order_id not in {item.source_id for item in items}
    now.forward(minutes=2)
    items, _ = read(connector, cursor=cursor)
    assert order_id in {item.source_id for item in items}
    asked = [request.one("lastUpdatedAfter") for request in amazon.requests[-2:]]
    assert all(asked)


def test_the_search_overlaps_by_more_than_two_minutes(amazon, shop, connector, read, later):
    shop.add_order()
    later()
    _, cursor = read(connector)
    read(connector, cursor=cursor)
    assert amazon.requests[-1].one("lastUpdatedAfter") <= iso(shop.now() - timedelta(minutes=4))


def test_each_page_is_a_place_to_go_on_from(shop, connector, later):
    for n in range(250):
        shop.add_order(f"buyer{n}")
    later()
    batches = list(connector.poll("orders", {}))
    assert [len(batch.items) for batch in batches] == [100, 100, 50]
    for number, batch in enumerate(batches[:-1]):
        rest = [item for later in connector.poll("orders", batch.cursor) for item in later.items]
        assert len(rest) == 150 - 100 * number


def test_a_page_token_that_amazon_has_forgotten_begins_the_search_anew(
    amazon, shop, connector, read, later
):
    for n in range(150):
        shop.add_order(f"buyer{n}")
    later()
    first = next(iter(connector.poll("orders", {})))
    amazon.forgets_tokens = True
    with pytest.raises(Unavailable, match="Invalid paginationToken"):
        read(connector, cursor=first.cursor)  # its own second page is refused too
    amazon.forgets_tokens = False
    amazon._searches.clear()
    items, _ = read(connector, cursor=first.cursor)
    assert len({item.source_id for item in items} | {i.source_id for i in first.items}) == 150


def test_a_token_goes_with_the_parameters_of_its_first_page(amazon, shop, connector, now, later):
    for n in range(150):
        shop.add_order(f"buyer{n}")
    later()
    first = next(iter(connector.poll("orders", {})))
    now.forward(hours=2)
    assert sum(len(batch.items) for batch in connector.poll("orders", first.cursor)) == 50
    searches = [request for request in amazon.requests if request.method == "GET"]
    one, other = (request.one("lastUpdatedAfter") for request in searches)
    assert one == other


def test_only_the_stores_and_the_shippers_that_were_asked_for(amazon, connect, shop, read, later):
    shop.add_order("ann")
    shop.add_order("bea", store=FR)
    shop.add_order("cid", by="AMAZON")
    later()
    german = read(connect(fulfilled_by=["MERCHANT"]))[0]
    assert [item.buyer.name for item in german] == ["Ann"]
    both = read(connect(marketplaces=["de", "A13V1IB3VIYZZH"]))[0]
    assert {item.buyer.name for item in both} == {"Ann", "Bea", "Cid"}
    assert amazon.requests[-1].query["marketplaceIds"] == ["A1PA6795UKMFR9,A13V1IB3VIYZZH"]


def test_an_order_that_amazon_sends_itself_has_no_alias(shop, connector, read, later):
    shop.add_order("cid", by="AMAZON")
    later()
    [order], _ = read(connector)
    assert order.buyer.email is None
    assert order.buyer.name == "Cid"


def test_an_unreadable_order_stops_no_other(shop, connector, read, later):
    broken = shop.add_order("ann")
    good = shop.add_order("bob")
    shop.orders[broken]["orderItems"] = None
    later()
    items, cursor = read(connector)
    assert {type(item).__name__: item.source_id for item in items} == {
        "BadItem": broken,
        "Order": good,
    }
    assert read(connector, cursor=cursor)[0] == []


def test_an_order_without_a_time_is_told_once(shop, connector, read, later, monkeypatch):
    order_id = shop.add_order("ann")
    later()
    whole = shop.orders[order_id]
    monkeypatch.setattr(
        "syncd.testing.amazon._with",
        lambda _, order: {**order, "lastUpdatedTime": "yesterday"} if order is whole else order,
    )
    items, cursor = read(connector)
    assert [(type(item), item.source_id) for item in items] == [(BadItem, order_id)]
    assert read(connector, cursor=cursor)[0] == []


def test_a_fast_clock_of_ours_skips_nothing(shop, connect, read, now, later):
    connector = connect()
    later()
    _, cursor = read(connector)
    order_id = shop.add_order()
    now.forward(days=3)
    assert [item.source_id for item in read(connector, cursor=cursor)[0]] == [order_id]


def test_a_search_that_does_not_say_until_when_loses_nothing(
    amazon, shop, connector, read, later, monkeypatch
):
    real = type(amazon).search

    def silent(self, request):
        answer = real(self, request)
        body = json.loads(answer.body)
        del body["lastUpdatedBefore"]
        return type(answer).json(body)

    monkeypatch.setattr(type(amazon), "search", silent)
    first = shop.add_order()
    later()
    items, cursor = read(connector)
    second = shop.add_order()
    later()
    again, cursor = read(connector, cursor=cursor)
    assert [item.source_id for item in items + again] == [first, second]
    assert read(connector, cursor=cursor)[0] == []
