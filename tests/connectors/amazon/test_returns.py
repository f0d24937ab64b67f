"""Returns of sellers in External Fulfillment."""

from datetime import timedelta

import pytest

from syncd.connector import NotPermitted
from syncd.model import CaseKind, CaseStatus


@pytest.fixture
def connector(connect):
    return connect(returns=True)


def test_a_return_is_a_case_of_its_order(amazon, connector, read):
    order_id = amazon.shop.add_order()
    return_id = amazon.shop.add_return(order_id)
    [case], _ = read(connector, "returns")
    assert (case.source_id, case.order_id) == (return_id, order_id)
    assert (case.kind, case.status) == (CaseKind.RETURN, CaseStatus.WAITING_BUYER)
    assert (case.reason, case.tracking_number) == ("DEFECTIVE", "R00000002")
    assert case.opened_at == case.updated_at == amazon.shop.now()
    assert case.outcome is None


@pytest.mark.parametrize(
    ("said", "status", "outcome"),
    [
        ("CARRIER_NOTIFIED_TO_PICK_UP_FROM_CUSTOMER", CaseStatus.OPEN, None),
        ("IN_TRANSIT", CaseStatus.OPEN, None),
        ("DELIVERED", CaseStatus.WAITING_SELLER, None),
        ("PARTIALLY_PROCESSED", CaseStatus.WAITING_SELLER, None),
        ("PROCESSED", CaseStatus.CLOSED, "PROCESSED"),
        ("REJECTED", CaseStatus.CLOSED, "REJECTED"),
        ("CUSTOMER_CANCELLED_PICK_UP", CaseStatus.CLOSED, "CUSTOMER_CANCELLED_PICK_UP"),
        ("SOMETHING_NEW", CaseStatus.UNKNOWN, None),
    ],
)
def test_whose_turn_it_is(amazon, connector, read, said, status, outcome):
    return_id = amazon.shop.add_return("302-1-1")
    amazon.shop.move_return(return_id, said)
    [case], _ = read(connector, "returns")
    assert (case.status, case.outcome) == (status, outcome)


def test_a_parcel_that_was_refused_is_no_return_that_a_buyer_asked_for(amazon, connector, read):
    return_id = amazon.shop.add_return("302-1-1")
    amazon.shop.returns[return_id]["returnType"] = "REJECT"
    [case], _ = read(connector, "returns")
    assert case.kind is CaseKind.OTHER


def test_a_change_of_an_old_return_is_seen(amazon, connector, read, now):
    old, other = amazon.shop.add_return("302-1-1"), amazon.shop.add_return("302-1-2")
    now.forward(days=20)
    items, cursor = read(connector, "returns")
    assert {item.source_id for item in items} == {old, other}
    now.forward(days=10)
    assert read(connector, "returns", cursor)[0] == []
    amazon.shop.move_return(old, "DELIVERED")
    items, _ = read(connector, "returns", cursor)
    assert [item.source_id for item in items] == [old]


def test_an_empty_page_is_not_the_end(amazon, connector, read, now, monkeypatch):
    returns = [amazon.shop.add_return(f"302-1-{n}") for n in range(150)]
    real = amazon._page

    def first_empty(entries, search, size):
        shown, token = real(entries, search, size)
        return ([], token) if "offset" not in search else (shown, token)

    monkeypatch.setattr(amazon, "_page", first_empty)
    items, _ = read(connector, "returns")
    assert len(items) == 50
    assert {item.source_id for item in items} <= set(returns)


def test_after_some_weeks_a_return_is_no_longer_looked_at(amazon, connector, read, now):
    amazon.shop.add_return("302-1-1")
    now.forward(days=61)
    assert read(connector, "returns")[0] == []


def test_returns_are_not_asked_for_unless_wanted(amazon, connect, read):
    amazon.denied.add("/externalFulfillment")
    assert list(connect().streams) == ["orders"]
    connect().check()


def test_a_missing_role_for_returns_is_told(amazon, connector, read):
    amazon.denied.add("/externalFulfillment")
    said = "lacks the role for External Fulfillment: add it, or set returns = false"
    with pytest.raises(NotPermitted, match=said):
        read(connector, "returns")
    read(connector, "orders")
    with pytest.raises(NotPermitted, match=said):
        connector.check()


def test_the_window_moves_with_the_days(amazon, connector, read, now):
    _, cursor = read(connector, "returns")
    now.forward(days=5)
    read(connector, "returns", cursor)
    searches = [request for request in amazon.requests if request.method == "GET"]
    asked = [request.one("createdSince") for request in searches]
    assert asked[0][:10] == f"{now() - timedelta(days=65):%Y-%m-%d}"
    assert asked[1][:10] == f"{now() - timedelta(days=60):%Y-%m-%d}"
