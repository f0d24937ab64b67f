"""Orders and their parcels: by the log, and by what the log leaves out."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.model import BadItem, Order, OrderStatus, Shipment
from syncd.testing.allegro import FORMS
from syncd_allegro import orders, parse
from syncd_allegro.client import AllegroClient


def ids(items):
    return [item.source_id for item in items]


def asked(allegro, part):
    return [request for request in allegro.requests if part in request.path]


@pytest.fixture
def small_pages(monkeypatch):
    for module in ("client", "orders"):
        monkeypatch.setattr(f"syncd_allegro.{module}.FORMS_PER_PAGE", 5)
        monkeypatch.setattr(f"syncd_allegro.{module}.EVENTS_PER_PAGE", 5)


def test_what_an_order_says(shop, connector, now, read):
    number = shop.add_order("jan")
    shop.orders[number]["messageToSeller"] = "Proszę szybko"
    (order,), _ = read(connector, "orders")
    line = shop.orders[number]["lineItems"][0]
    assert (order.source_id, order.placed_at, order.paid_at) == (number, now(), now())
    assert (order.status, order.language, order.site) == ("unshipped", "pl-PL", "allegro-pl")
    assert order.ship_by.latest == now() + timedelta(days=2)
    assert (order.deliver_by.earliest, order.deliver_by.latest) == (
        now() + timedelta(days=3), now() + timedelta(days=5),
    )  # fmt: skip
    assert (order.buyer.id, order.buyer.name) == ("jan", "Anna Nowak")
    assert (order.buyer.email, order.note) == ("jan+1@allegromail.pl", "Proszę szybko")
    assert (order.ship_to.country, order.ship_to.postcode, order.ship_to.city) == (
        "PL", "60-166", "Poznań",
    )  # fmt: skip
    assert (order.currency, order.total) == ("PLN", "24.90")
    (position,) = order.lines
    assert (position.source_id, position.quantity, position.price) == (line["id"], 1, "24.90")
    assert (position.sku, position.listing_id) == (
        line["offer"]["external"]["id"], line["offer"]["id"],
    )  # fmt: skip


def test_times_without_seconds_or_without_sense(shop, connector, read):
    number = shop.add_order("jan")
    shop.orders[number]["delivery"]["time"] = {
        "from": "2026-03-05T10:00Z", "to": "2026-03-06T18:12:12.000.019Z",
        "dispatch": {"to": "2026-03-04T23:00Z"},
    }  # fmt: skip
    (order,), _ = read(connector, "orders")
    assert order.ship_by.latest == datetime(2026, 3, 4, 23, tzinfo=UTC)
    assert order.deliver_by.earliest == datetime(2026, 3, 5, 10, tzinfo=UTC)
    assert order.deliver_by.latest is None


@pytest.mark.parametrize(
    ("status", "fulfillment", "sent", "meant"),
    [
        ("BOUGHT", "NEW", "NONE", OrderStatus.PENDING),
        ("FILLED_IN", "NEW", "NONE", OrderStatus.PENDING),
        ("READY_FOR_PROCESSING", "NEW", "NONE", OrderStatus.UNSHIPPED),
        ("READY_FOR_PROCESSING", "SUSPENDED", "NONE", OrderStatus.UNSHIPPED),
        ("READY_FOR_PROCESSING", "PROCESSING", "SOME", OrderStatus.PARTLY_SHIPPED),
        ("READY_FOR_PROCESSING", "PROCESSING", "ALL", OrderStatus.SHIPPED),
        ("READY_FOR_PROCESSING", "SENT", "NONE", OrderStatus.SHIPPED),
        ("READY_FOR_PROCESSING", "PICKED_UP", "ALL", OrderStatus.DELIVERED),
        ("READY_FOR_PROCESSING", "RETURNED", "ALL", OrderStatus.DELIVERED),
        ("READY_FOR_PROCESSING", "CANCELLED", "NONE", OrderStatus.CANCELLED),
        ("CANCELLED", "SENT", "ALL", OrderStatus.CANCELLED),
        ("SOMETHING_NEW", "NEW", "NONE", OrderStatus.UNKNOWN),
    ],
)
def test_how_far_an_order_is(shop, connector, read, status, fulfillment, sent, meant):
    order = shop.orders[shop.add_order("jan")]
    order["status"] = status
    order["fulfillment"] |= {
        "status": fulfillment,
        "shipmentSummary": {"lineItemsSent": sent},
    }
    items, _ = read(connector, "orders")
    assert items[0].status is meant


def test_parcels_with_carrier_and_number(shop, connector, read):
    number = shop.add_order("jan", country="cz")
    shop.ship(number, "620000000000000000000001")
    shop.ship(number, "X1", "OTHER", "Koło Kurier")
    items, _ = read(connector, "orders")
    assert [(type(item), item.source_id) for item in items] == [
        (Order, number),
        (Shipment, f"{number}/INPOST:620000000000000000000001"),
        (Shipment, f"{number}/OTHER:X1"),
    ]
    assert [(p.order_id, p.carrier, p.destination_country) for p in items[1:]] == [
        (number, "INPOST", "CZ"),
        (number, "Koło Kurier", "CZ"),
    ]


def test_the_first_poll_begins_at_the_logs_end_and_lists_the_past(
    shop, allegro, connect, now, read
):
    old = shop.add_order("jan", at=now() - timedelta(days=80))
    recent = shop.add_order("ewa", at=now() - timedelta(days=3))
    shop.add_order("ola", at=now() - timedelta(days=200))
    items, cursor = read(connect(), "orders")
    assert ids(items) == [old, recent]
    assert cursor["event"] == shop.events[-1]["id"]
    assert [r.path for r in allegro.requests if r.path.startswith("/order")][:2] == [
        "/order/event-stats", FORMS,
    ]  # fmt: skip


def test_the_log_brings_each_change_once(shop, connector, now, read):
    shop.add_order("ewa")
    _, cursor = read(connector, "orders")
    now.forward(days=1)
    number = shop.add_order("jan")
    items, cursor = read(connector, "orders", cursor)
    assert ids(items) == [number]
    now.forward(hours=1)
    shop.send_order(number)
    items, cursor = read(connector, "orders", cursor)
    assert [(item.source_id, item.status) for item in items] == [(number, "shipped")]
    assert read(connector, "orders", cursor)[0] == []


def test_the_log_alone_is_enough(shop, connector, now, read):
    """Orders of One Fulfillment were seen to change without `updatedAt`."""
    number = shop.add_order("jan", at=now() - timedelta(days=30))
    _, cursor = read(connector, "orders")
    now.forward(days=1)
    shop.orders[number]["fulfillment"]["status"] = "SENT"
    shop.tell(number, "FULFILLMENT_STATUS_CHANGED", now())
    items, _ = read(connector, "orders", cursor)
    assert [(item.source_id, item.status) for item in items] == [(number, "shipped")]


def test_an_order_that_the_log_has_lost(shop, connector, now, read):
    shop.add_order("ewa")
    _, cursor = read(connector, "orders")
    now.forward(days=1)
    number = shop.add_order("jan")
    del shop.events[-2:]
    assert ids(read(connector, "orders", cursor)[0]) == [number]


def test_after_longer_than_the_log_is_kept(shop, connector, now, read):
    shop.add_order("ewa")
    _, cursor = read(connector, "orders")
    now.forward(days=10)
    number = shop.add_order("jan")
    now.forward(days=70)
    assert ids(read(connector, "orders", cursor)[0]) == [number]


def test_an_empty_shop_and_its_first_order(shop, connector, read):
    items, cursor = read(connector, "orders")
    assert items == []
    number = shop.add_order("jan")
    items, cursor = read(connector, "orders", cursor)
    assert ids(items) == [number]
    assert read(connector, "orders", cursor)[0] == []


def test_an_order_that_is_gone_stops_no_other(shop, connector, read):
    shop.add_order("ola")
    _, cursor = read(connector, "orders")
    merged, good = shop.add_order("jan"), shop.add_order("ewa")
    del shop.orders[merged]
    items, cursor = read(connector, "orders", cursor)
    assert {(type(item), item.source_id) for item in items} == {(BadItem, merged), (Order, good)}
    assert read(connector, "orders", cursor)[0] == []


def test_an_order_that_cannot_be_read_stops_no_other(shop, connector, read):
    bad, good = shop.add_order("jan"), shop.add_order("ewa")
    shop.orders[bad]["lineItems"][0]["quantity"] = "one"
    items, _ = read(connector, "orders")
    assert {(type(item), item.source_id) for item in items} == {(BadItem, bad), (Order, good)}


def test_a_parcel_of_which_nothing_tells(shop, connector, now, read):
    """Adding a number makes no entry of the log (allegro-api issue 8793), nor perhaps an update."""
    number = shop.add_order("jan")
    _, cursor = read(connector, "orders")
    now.forward(days=3)
    items, cursor = read(connector, "orders", cursor)
    assert items == []
    shop.ship(number, "AB1")
    items, cursor = read(connector, "orders", cursor)
    assert ids(items) == [number, f"{number}/INPOST:AB1"]
    assert items[0].status == "shipped"
    assert (read(connector, "orders", cursor)[0], cursor["awaited"]) == ([], [])


def test_a_parcel_that_not_even_its_order_knows_of(shop, connector, read):
    number = shop.add_order("jan")
    _, cursor = read(connector, "orders")
    shop.ship(number, "AB1")
    shop.orders[number]["fulfillment"]["shipmentSummary"] = {"lineItemsSent": "NONE"}
    items, cursor = read(connector, "orders", cursor)
    assert ids(items) == [number, f"{number}/INPOST:AB1"]
    assert read(connector, "orders", cursor)[0] == []


def test_an_update_that_is_shown_late(shop, connector, now, read):
    shop.add_order("ewa")
    _, cursor = read(connector, "orders")
    number = shop.add_order("jan", at=now() - timedelta(minutes=4))
    shop.events.clear()
    assert ids(read(connector, "orders", cursor)[0]) == [number]


def test_an_update_that_is_dated_ahead_hides_none(shop, connector, now, read):
    """Also where the log has lost the other, and a cursor stands ahead from before."""
    odd = shop.add_order("jan")
    shop.orders[odd]["updatedAt"] = "2036-03-02T09:00:00.000Z"
    _, cursor = read(connector, "orders")
    for since in (cursor["since"], "2036-03-02T09:00:00Z"):
        late = shop.add_order("ola")
        del shop.events[-2:]
        now.forward(minutes=2)
        items, _ = read(connector, "orders", cursor | {"since": since})
        assert late in [item.source_id for item in items]


def test_orders_without_a_parcel_are_asked_for_it_in_turns(shop, allegro, connector, now, read):
    numbers = [shop.add_order(f"buyer-{n}", at=now.forward(minutes=1)) for n in range(45)]
    _, cursor = read(connector, "orders")
    now.forward(days=1)
    seen = []
    for _ in range(3):
        allegro.requests.clear()
        items, cursor = read(connector, "orders", cursor)
        assert items == []
        seen += [request.path.split("/")[3] for request in asked(allegro, "/shipments")]
    assert (set(seen), len(seen)) == (set(numbers), 60)
    shop.ship(numbers[30], "AB1")
    found = []
    for _ in range(3):
        items, cursor = read(connector, "orders", cursor)
        found += ids(items)
    assert found == [numbers[30], f"{numbers[30]}/INPOST:AB1"]


def test_nobody_waits_for_ever(shop, allegro, connector, now, read):
    waiting, paid_not, cancelled, warehouse = (shop.add_order("jan", paid=n != 1) for n in range(4))
    shop.orders[cancelled]["status"] = "CANCELLED"
    shop.orders[warehouse]["fulfillment"]["provider"] = {"id": "ALLEGRO"}
    _, cursor = read(connector, "orders")
    assert [one for one, _ in cursor["awaited"]] == [waiting]
    now.forward(days=31)
    _, cursor = read(connector, "orders", cursor)
    allegro.requests.clear()
    read(connector, "orders", cursor)
    assert asked(allegro, "/shipments") == []
    assert paid_not in shop.orders


@pytest.mark.parametrize("step", [0, 60])
def test_resuming_from_any_batch_loses_nothing(shop, connect, now, read, small_pages, step):
    expected = set()
    for n in range(23):
        number = shop.add_order(f"buyer-{n}", at=now.forward(seconds=step))
        expected |= {number, f"{number}/{shop.ship(number, f'AB{n}')['id']}"}
    batches = list(connect().poll("orders", {}))
    assert len(batches) >= 4
    before = set()
    for batch in batches:
        before |= set(ids(batch.items))
        after, _ = read(connect(), "orders", batch.cursor)
        assert before | set(ids(after)) == expected


def test_a_list_that_moves_while_it_is_read(shop, connector, now, read, small_pages, monkeypatch):
    numbers = [shop.add_order(f"buyer-{n}", at=now.forward(seconds=1)) for n in range(12)]
    shop.events.clear()
    original, pages = AllegroClient.forms, []

    def forms(client, *args):
        page = original(client, *args)
        pages.append(page)
        if len(pages) == 1:
            shop.cancel(numbers[0], at=now.forward(seconds=1))  # the others move up by one
            shop.events.clear()
        return page

    monkeypatch.setattr(AllegroClient, "forms", forms)
    items, _ = read(connector, "orders")
    assert set(ids(items)) == set(numbers)
    assert items[-1].source_id == numbers[0]
    assert items[-1].status == "cancelled"


def test_an_idle_poll_costs_two_calls(shop, allegro, connector, now, read):
    for n in range(30):
        number = shop.add_order(f"buyer-{n}", at=now.forward(minutes=1))
        shop.ship(number, f"AB{n}")
    _, cursor = read(connector, "orders")
    now.forward(hours=1)
    allegro.requests.clear()
    assert list(connector.poll("orders", cursor)) == []
    assert [request.path for request in allegro.requests] == [FORMS, "/order/events"]


def test_the_cursor_stays_small(shop, connector, now, read):
    for n in range(orders.MAX_SEEN + 50):
        shop.add_order(f"buyer-{n}", at=now.forward(minutes=1))
    _, cursor = read(connector, "orders")
    assert (len(cursor["seen"]), len(cursor["awaited"])) == (orders.MAX_SEEN, 250)


def test_events_are_numbers_that_grow():
    assert max(["999", "1000", "1001"], key=orders._number) == "1001"


def test_a_time_without_a_zone_is_none():
    assert parse.instant("2026-03-05T10:00:00") is None
    with pytest.raises(ValueError, match="no time with a zone"):
        parse.needed(None)
