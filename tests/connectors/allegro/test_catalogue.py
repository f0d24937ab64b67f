"""Ratings become reviews, offers stock."""

import pytest

from syncd.model import BadItem


def levels(items):
    return {item.source_id: item.quantity for item in items}


@pytest.mark.parametrize(
    ("recommended", "rates", "mark"),
    [
        (True, {"delivery": 5, "deliveryCost": 4, "description": 5, "service": 4}, 4.5),
        (False, {"delivery": 1, "service": 2}, 1.5),
        (True, None, 5.0),
        (False, None, 1.0),
        (False, {"delivery": 0}, 1.0),
    ],
)
def test_a_rating(shop, connector, now, read, recommended, rates, mark):
    order = shop.add_order("jan")
    number = shop.rate(order, "Ładna", recommended=recommended, rates=rates)
    (review,), _ = read(connector, "reviews")
    assert (review.source_id, review.written_at, review.buyer.id) == (number, now(), "jan")
    assert (review.rating, review.text, review.order_id) == (mark, "Ładna", order)
    assert review.reply is None


def test_an_answer_and_an_edit_are_seen(shop, connector, now, read):
    number = shop.rate(shop.add_order("jan"), "Zła")
    _, cursor = read(connector, "reviews")
    now.forward(days=3)
    shop.change_rating(number, comment="Dobra", answer={"message": "Dziękujemy", "createdAt": "x"})
    (review,), cursor = read(connector, "reviews", cursor)
    assert (review.text, review.reply) == ("Dobra", "Dziękujemy")
    assert read(connector, "reviews", cursor)[0] == []


def test_a_rating_that_cannot_be_read_stops_no_other(shop, connector, read):
    shop.ratings[shop.rate(shop.add_order("jan"))]["recommended"] = "yes"
    shop.rate(shop.add_order("ewa"))
    items, _ = read(connector, "reviews")
    assert sorted(isinstance(item, BadItem) for item in items) == [False, True]


def test_what_an_offer_has(shop, connector, read):
    offer = shop.add_offer(7, sku="LAMP-1")
    (level,), _ = read(connector, "stock")
    assert (level.source_id, level.quantity, level.sku) == (offer, 7, "LAMP-1")
    assert (level.title, level.listing_id) == ("Lampa biurkowa", offer)


def test_the_log_brings_what_changed(shop, allegro, connector, now, read):
    offers = [shop.add_offer(n) for n in range(5)]
    items, cursor = read(connector, "stock")
    assert levels(items) == {offer: n for n, offer in enumerate(offers)}
    now.forward(hours=1)
    assert read(connector, "stock", cursor)[0] == []
    shop.set_stock(offers[4], 3)
    shop.set_stock(offers[4], 2)
    shop.end_offer(offers[3])
    allegro.requests.clear()
    items, cursor = read(connector, "stock", cursor)
    assert levels(items) == {offers[4]: 2, offers[3]: 0}
    assert len(allegro.requests) == 2
    assert read(connector, "stock", cursor)[0] == []


def test_all_are_listed_again_when_the_log_may_not_reach_back(shop, connector, now, read):
    offers = [shop.add_offer(n) for n in range(3)]
    _, cursor = read(connector, "stock")
    now.forward(hours=21)
    shop.set_stock(offers[0], 9)
    items, cursor = read(connector, "stock", cursor)
    assert levels(items) == {offers[0]: 9, offers[1]: 1, offers[2]: 2}
    now.forward(days=3)
    shop.set_stock(offers[1], 8)
    now.forward(days=2)
    assert levels(read(connector, "stock", cursor)[0])[offers[1]] == 8


def test_an_interrupted_list_goes_on_where_it_stopped(shop, connect, read, monkeypatch):
    for module in ("client", "catalogue"):
        monkeypatch.setattr(f"syncd_allegro.{module}.OFFERS_PER_PAGE", 4)
        monkeypatch.setattr(f"syncd_allegro.{module}.OFFER_EVENTS_PER_PAGE", 3)
    offers = {shop.add_offer(n) for n in range(10)}
    before = set()
    batches = list(connect().poll("stock", {}))
    assert len(batches) == 3
    for batch in batches:
        before |= {item.source_id for item in batch.items}
        after, _ = read(connect(), "stock", batch.cursor)
        assert before | {item.source_id for item in after} == offers


def test_a_long_log_is_read_to_its_end(shop, connector, now, read, monkeypatch):
    for module in ("client", "catalogue"):
        monkeypatch.setattr(f"syncd_allegro.{module}.OFFER_EVENTS_PER_PAGE", 3)
    offer = shop.add_offer(1)
    _, cursor = read(connector, "stock")
    for n in range(8):
        shop.set_stock(offer, n)
    items, cursor = read(connector, "stock", cursor)
    assert items[-1].quantity == 7
    assert read(connector, "stock", cursor)[0] == []
