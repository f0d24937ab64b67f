"""Disputes, claims and returns as they become cases."""

from datetime import timedelta

import pytest

from syncd.model import BadItem, CaseStatus
from syncd.testing.allegro import ISSUES
from syncd_allegro import cases


def test_a_dispute(shop, connector, now, read):
    order = shop.add_order("jan")
    issue = shop.add_issue(order, "Gdzie jest lampa?")
    case = read(connector, "disputes")[0][-1]
    assert (case.source_id, case.kind, case.status) == (issue, "not_received", "waiting_seller")
    assert (case.order_id, case.buyer.id, case.opened_at) == (order, "jan", now())
    assert (case.reason, case.text) == (
        "I did not receive the goods after payment", "Gdzie jest lampa?",
    )  # fmt: skip
    assert (case.thread_id, case.respond_by, case.outcome) == (f"issue/{issue}", None, None)


def test_a_claim_has_a_deadline_and_an_amount(shop, connector, now, read):
    shop.add_issue(shop.add_order("jan"), "Mniejsza niż na zdjęciu", kind="CLAIM")
    case = read(connector, "disputes")[0][-1]
    assert (case.kind, case.status, case.reason) == ("refund", "waiting_seller", "NOT_AS_DESCRIBED")
    assert case.respond_by == now() + timedelta(days=14)
    assert (case.amount, case.currency) == ("24.90", "PLN")


def test_the_conversation_of_a_case_is_that_of_its_messages(shop, connector, read):
    shop.add_issue(shop.add_order("jan"), "?")
    (message, case), _ = read(connector, "disputes")
    assert case.thread_id == message.thread_id


@pytest.mark.parametrize(
    ("kind", "subject", "expectations", "meant"),
    [
        ("DISPUTE", "my reason is not on the list", [], "dispute"),
        ("DISPUTE", "I have not received the product", [], "not_received"),
        ("CLAIM", None, [], "other"),
        ("CLAIM", None, [{"name": "REPAIR", "refund": None}], "other"),
    ],
)
def test_what_the_buyer_wants(shop, connector, read, kind, subject, expectations, meant):
    issue = shop.issues[shop.add_issue(shop.add_order("jan"), "?", kind=kind)]
    issue.fields |= {"subject": subject, "expectations": expectations}
    case = read(connector, "disputes")[0][-1]
    assert case.kind == meant


@pytest.mark.parametrize(
    ("kind", "status", "last", "meant"),
    [
        ("DISPUTE", "DISPUTE_ONGOING", "BUYER", "waiting_seller"),
        ("DISPUTE", "DISPUTE_ONGOING", "ADMIN", "waiting_seller"),
        ("DISPUTE", "DISPUTE_ONGOING", "SELLER", "waiting_buyer"),
        ("DISPUTE", "DISPUTE_UNRESOLVED", "SELLER", "closed"),
        ("DISPUTE", "DISPUTE_CLOSED", "BUYER", "closed"),
        ("CLAIM", "CLAIM_SUBMITTED", "SELLER", "waiting_seller"),
        ("CLAIM", "CLAIM_ACCEPTED", "SELLER", "closed"),
        ("CLAIM", "CLAIM_REJECTED", "SELLER", "closed"),
        ("CLAIM", "SOMETHING_NEW", "SELLER", "unknown"),
    ],
)
def test_whose_turn_it_is(shop, connector, now, read, kind, status, last, meant):
    issue = shop.add_issue(shop.add_order("jan"), "?", kind=kind)
    shop.say(issue, "Odpowiedź", role="SELLER", at=now.forward(hours=1))
    shop.say(issue, "Ostatnia", role=last, at=now.forward(hours=1))
    shop.issues[issue].fields["currentState"]["status"] = status
    case = read(connector, "disputes")[0][-1]
    assert (case.status, case.updated_at) == (meant, now())
    assert case.outcome == (status if meant == "closed" else None)


def test_a_return_with_its_parcel(shop, connector, now, read):
    order = shop.add_order("jan")
    number = shop.add_return(order)
    shop.move_return(number, "IN_TRANSIT", "620000000000000000000009")
    (case,), _ = read(connector, "returns")
    assert (case.source_id, case.kind, case.status) == (number, "return", "open")
    assert (case.order_id, case.buyer.id, case.buyer.email) == (
        order,
        "jan",
        "jan+1@allegromail.pl",
    )
    assert (case.reason, case.text) == ("DAMAGED", "The shade is broken")
    assert (case.amount, case.currency) == ("24.90", "PLN")
    assert (case.tracking_number, case.opened_at) == ("620000000000000000000009", now())


@pytest.mark.parametrize(("status", "meant"), cases._RETURN_STATUS.items())
def test_how_far_a_return_is(shop, connector, read, status, meant):
    shop.move_return(shop.add_return(shop.add_order("jan")), status)
    (case,), _ = read(connector, "returns")
    assert case.status is meant
    assert case.outcome == (status if meant is CaseStatus.CLOSED else None)


def test_the_description_s_statuses_are_known():
    assert len(cases._RETURN_STATUS) == 11


def test_a_refused_return(shop, connector, read):
    number = shop.add_return(shop.add_order("jan"))
    shop.returns[number] |= {"status": "REJECTED", "rejection": {"code": "NO_RETURN_RIGHT"}}
    (case,), _ = read(connector, "returns")
    assert (case.status, case.outcome) == ("closed", "NO_RETURN_RIGHT")


def test_several_positions_are_summed_where_that_makes_sense(shop, connector, read):
    number = shop.add_return(shop.add_order("jan"))
    items = shop.returns[number]["items"]
    items.append(items[0] | {"quantity": 2, "price": {"amount": "10.05", "currency": "PLN"}})
    (case,), cursor = read(connector, "returns")
    assert (case.amount, case.currency) == ("45.00", "PLN")
    items.append(items[0] | {"price": {"amount": "1.00", "currency": "EUR"}})
    (case,), _ = read(connector, "returns", cursor)
    assert (case.amount, case.currency) == (None, None)


def test_only_what_changed_comes_again(shop, connector, now, read):
    orders = [shop.add_order(f"buyer-{n}", at=now.forward(hours=1)) for n in range(5)]
    returns = [shop.add_return(order) for order in orders]
    items, cursor = read(connector, "returns")
    assert len(items) == 5
    assert read(connector, "returns", cursor)[0] == []
    shop.move_return(returns[2], "DELIVERED")
    items, cursor = read(connector, "returns", cursor)
    assert [(item.source_id, item.status) for item in items] == [(returns[2], "waiting_seller")]
    assert (len(cursor["seen"]), read(connector, "returns", cursor)[0]) == (5, [])


def test_a_dispute_that_changed_comes_again_without_what_was_said(
    shop, allegro, connector, now, read
):
    orders = [shop.add_order(f"buyer-{n}", at=now.forward(hours=1)) for n in range(5)]
    issues = [shop.add_issue(order, "?") for order in orders]
    items, cursor = read(connector, "disputes")
    assert len(items) == 10
    shop.close_issue(issues[3])
    allegro.requests.clear()
    items, cursor = read(connector, "disputes", cursor)
    assert [(item.source_id, item.status) for item in items] == [(issues[3], "closed")]
    assert read(connector, "disputes", cursor)[0] == []
    assert [request.path for request in allegro.requests] == [ISSUES] * 2


def test_disputes_are_followed_as_long_as_history_is_read(shop, connect, now, read):
    issue = shop.add_issue(shop.add_order("jan"), "?")
    _, cursor = read(connect(history_days=365), "disputes")
    now.forward(days=300)
    shop.add_issue(shop.add_order("ewa"), "!")
    _, cursor = read(connect(history_days=365), "disputes", cursor)
    shop.close_issue(issue)
    (case,), _ = read(connect(history_days=365), "disputes", cursor)
    assert (case.source_id, case.status) == (issue, "closed")


@pytest.mark.parametrize(("stream", "many"), [("returns", 12), ("disputes", 24)])
def test_more_than_a_page(shop, connector, now, read, monkeypatch, stream, many):
    monkeypatch.setattr("syncd_allegro.client.RETURNS_PER_PAGE", 5)
    for module in ("client", "conversations"):
        monkeypatch.setattr(f"syncd_allegro.{module}.ISSUES_PER_PAGE", 5)
    for n in range(12):
        order = shop.add_order(f"buyer-{n}", at=now.forward(hours=1))
        shop.add_return(order)
        shop.add_issue(order, "?")
    assert len(read(connector, stream)[0]) == many


def test_what_cannot_be_read_stops_no_other(shop, connector, read):
    bad, good = (shop.add_return(shop.add_order(buyer)) for buyer in ("jan", "ewa"))
    shop.returns[bad]["createdAt"] += "?"
    items, cursor = read(connector, "returns")
    assert {(isinstance(item, BadItem), item.source_id) for item in items} == {
        (True, bad), (False, good),
    }  # fmt: skip
    assert read(connector, "returns", cursor)[0] == []
