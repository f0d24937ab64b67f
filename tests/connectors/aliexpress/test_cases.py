"""Disputes and reviews as AliExpress tells them."""

import pytest
from msgspec import json

from syncd.model import BadItem, CaseKind, CaseStatus


def test_a_dispute_about_something_that_did_not_arrive(connector, shop, read, now):
    order = shop.add_order("es-1")
    issue = shop.dispute(order, "Where is my lamp?")
    (case,), _ = read(connector, "returns")
    assert (case.source_id, case.kind) == (issue, CaseKind.NOT_RECEIVED)
    assert (case.status, case.outcome) == (CaseStatus.WAITING_SELLER, None)
    assert (case.order_id, case.buyer.id) == (order, "es-1")
    assert (case.text, case.reason) == ("Where is my lamp?", "Package didn't arrive")
    assert (case.amount, case.currency) == ("19.90", "USD")
    assert (case.opened_at, case.updated_at, case.respond_by) == (now(), now(), None)
    assert json.decode(case.raw)["id"] == int(issue)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"solution_type": "return_and_refund"}, CaseKind.RETURN),
        ({"solution_type": "refund"}, CaseKind.REFUND),
        ({"solution_type": "something_new"}, CaseKind.DISPUTE),
    ],
)
def test_what_the_buyer_wants(connector, shop, read, change, kind):
    detail = shop.issues[shop.dispute(shop.add_order())][1]
    detail["process_dto_list"][0]["receive_goods"] = "true"
    detail["buyer_solution_list"][0] |= change
    detail["buyer_return_no"] = "RR123456785ES"
    (case,), _ = read(connector, "returns")
    assert (case.kind, case.tracking_number) == (kind, "RR123456785ES")


@pytest.mark.parametrize(
    ("listed", "solution", "status"),
    [
        ("processing", "wait_buyer_accept", CaseStatus.WAITING_BUYER),
        ("processing", "wait_buyer_and_seller_accept", CaseStatus.WAITING_SELLER),
        ("processing", "perform", CaseStatus.OPEN),
        ("canceled_issue", "wait_seller_accept", CaseStatus.CLOSED),
    ],
)
def test_whose_turn_it_is(connector, shop, read, listed, solution, status):
    head, detail = shop.issues[shop.dispute(shop.add_order())]
    head["issue_status"] = listed
    detail["buyer_solution_list"][0]["status"] = solution
    (case,), _ = read(connector, "returns")
    assert case.status is status


def test_how_it_ended(connector, shop, read):
    shop.settle(shop.dispute(shop.add_order()), "seller_reponse_timeout")
    shop.settle(cancelled := shop.dispute(shop.add_order()), "")
    items, _ = read(connector, "returns")
    assert {x.outcome for x in items} == {"seller_reponse_timeout", "finish"}
    assert cancelled in {x.source_id for x in items}


def test_a_dispute_that_is_gone_is_put_aside(connector, shop, read):
    issue = shop.dispute(shop.add_order("es-1"))
    shop.issues[issue][0]["buyer_login_id"] = None
    (item,), _ = read(connector, "returns")
    assert isinstance(item, BadItem)
    assert f"no dispute {issue}" in item.reason


def test_a_review(connector, shop, read, now):
    order = shop.add_order("es-1")
    child = shop.review(order, 2, "It flickers")
    shop.answer_review(child, "We send another")
    (review,), _ = read(connector, "reviews")
    assert (review.source_id, review.order_id, review.buyer.id) == (child, order, "es-1")
    assert (review.rating, review.text, review.reply) == (2.0, "It flickers", "We send another")
    assert review.written_at == now()
    assert json.decode(review.raw)["buyer_evaluation"] == "2"


@pytest.mark.parametrize(("stars", "rating"), [("5", 5.0), (3, 3.0), ("", None), ("90", None)])
def test_stars(connector, shop, read, stars, rating):
    shop.reviews[shop.review(shop.add_order())]["buyer_evaluation"] = stars
    (review,), _ = read(connector, "reviews")
    assert review.rating == rating
