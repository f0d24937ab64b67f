"""How streams move: pages, changes while listing, late reviews, overlaps, switched-off streams."""

from datetime import timedelta

import pytest
from msgspec import json

from syncd.model import BadItem, Case, Order, Review
from syncd_aliexpress import lists


def ids(items, kind):
    return [item.source_id for item in items if isinstance(item, kind)]


def test_more_orders_than_fit_on_a_page(connector, shop, read, now, calls):
    wanted = [shop.add_order(at=now.start - timedelta(hours=n)) for n in range(120)]
    items, cursor = read(connector, "orders")
    assert sorted(ids(items, Order)) == sorted(wanted)
    assert {int(x["current_page"]) for x in asked(calls("orderlist.get"))} == {1, 2, 3}
    assert {x["page_size"] for x in asked(calls("orderlist.get"))} == {50}
    assert read(connector, "orders", cursor)[0] == []


def test_orders_come_by_their_last_change(connector, shop, read, now):
    first, second = shop.add_order(), shop.add_order()
    now.forward(minutes=10)
    shop.change(first, memo="Blue, please")
    items, cursor = read(connector, "orders")
    assert ids(items, Order) == [second, first]
    now.forward(minutes=10)
    shop.change(second, memo="Red, please")
    items, _ = read(connector, "orders", cursor)
    assert [(x.source_id, x.note) for x in items] == [(second, "Red, please")]


def test_an_order_that_changes_while_pages_are_read_is_not_lost(connector, shop, read, monkeypatch):
    monkeypatch.setattr(lists, "ORDERS_PER_PAGE", 2)
    wanted = [shop.add_order(at=shop.now() - timedelta(minutes=n)) for n in range(5)]
    whole = shop.orders[wanted[0]]
    fetch, moved = connector._client.orders, []

    def orders(*span, **more):
        got = fetch(*span, **more)
        if not moved:  # the first of the list ends, and the others move up
            moved.append(whole | {"order_status": "FINISH"})
            shop.orders[wanted[0]] = moved[0]
        return got

    monkeypatch.setattr(connector._client, "orders", orders)
    assert sorted(set(ids(read(connector, "orders")[0], Order))) == sorted(wanted)


def test_disputes_are_read_until_they_are_old(connector, shop, read, now, calls, monkeypatch):
    monkeypatch.setattr(lists, "ISSUES_PER_PAGE", 2)
    order = shop.add_order()
    wanted = {shop.dispute(order, at=now.start - timedelta(hours=n)) for n in range(9)}
    items, cursor = read(connector, "returns")
    assert set(ids(items, Case)) == wanted
    before = len(calls("issuelist.get"))
    now.forward(hours=1)
    new = shop.dispute(order)
    assert ids(read(connector, "returns", cursor)[0], Case) == [new]
    processing = [x for x in asked(calls("issuelist.get")[before:]) if x["issue_status"][0] == "p"]
    assert [x["current_page"] for x in processing] == [1, 2, 1, 2]  # of five, and read twice


def test_disputes_in_another_order_are_read_wholly(
    connector, aliexpress, shop, read, now, monkeypatch
):
    monkeypatch.setattr(lists, "ISSUES_PER_PAGE", 2)
    aliexpress.issues_oldest_first = True
    order = shop.add_order()
    for n in range(5):
        shop.dispute(order, at=now.start - timedelta(hours=n))
    _, cursor = read(connector, "returns")
    now.forward(hours=1)
    new = shop.dispute(order)
    assert ids(read(connector, "returns", cursor)[0], Case) == [new]


def test_a_dispute_that_ends_is_told_again(connector, shop, read, now):
    issue = shop.dispute(shop.add_order())
    _, cursor = read(connector, "returns")
    now.forward(days=3)
    shop.settle(issue)
    (case,), _ = read(connector, "returns", cursor)
    assert (case.source_id, case.outcome) == (issue, "negotiation_consensus")


def test_a_review_that_is_answered_is_told_again_for_two_days(connector, shop, read, now):
    review = shop.review(shop.add_order())
    _, cursor = read(connector, "reviews")
    now.forward(days=1)
    assert read(connector, "reviews", cursor)[0] == []
    shop.answer_review(review, "Thank you")
    (again,), cursor = read(connector, "reviews", cursor)
    assert (again.source_id, again.reply) == (review, "Thank you")
    assert read(connector, "reviews", cursor)[0] == []


def test_a_review_that_cannot_be_read_is_put_aside(connector, shop, read):
    good = shop.review(shop.add_order())
    bad = shop.review(shop.add_order())
    shop.reviews[bad]["buyer_fb_date"] = "yesterday"
    items, _ = read(connector, "reviews")
    assert (ids(items, Review), ids(items, BadItem)) == ([good], [bad])


@pytest.mark.parametrize("stream", ["returns", "reviews"])
def test_streams_can_be_switched_off(connect, stream):
    assert connect().streams.keys() - connect(**{stream: False}).streams.keys() == {stream}


def asked(calls):
    names = {"param_aeop_order_query", "query_dto"}
    return [json.decode(x[name]) for x in calls for name in names & x.keys()]
