"""Review requests: once for each order, in Amazon's window, and never a failed login."""

from datetime import timedelta

import pytest

from syncd.connector import OutcomeUnknown, Rejected
from syncd.model import Verdict


@pytest.fixture
def order_id(amazon):
    """Shipped, to be delivered in 5 to 9 days: the window is day 10 to 39."""
    made = amazon.shop.add_order("ann", deliver_in=(5, 9))
    amazon.shop.ship(made, "1")
    return made


def asked_lists(amazon):
    return [r for r in amazon.requests if r.path.startswith("/solicitations") and r.method == "GET"]


def test_before_the_window_it_is_later(amazon, connector, order_id, now):
    verdict = connector.may_request_review(order_id)
    assert verdict.not_before == now() + timedelta(days=10)
    assert "5 days after the earliest delivery" in verdict.reason
    assert asked_lists(amazon) == []


def test_within_the_window_amazon_decides(amazon, connector, order_id, now):
    now.forward(days=10)
    assert connector.may_request_review(order_id) == Verdict.yes()
    receipt = connector.request_review(order_id, "key")
    assert amazon.shop.asked == [order_id]
    assert receipt.source_id == f"{order_id}/productReviewAndSellerFeedback/key"


def test_after_the_window_it_is_never(amazon, connector, order_id, now):
    now.forward(days=39, seconds=1)
    verdict = connector.may_request_review(order_id)
    assert (verdict.allowed, verdict.not_before) == (False, None)
    assert "30 days" in verdict.reason


def test_an_empty_list_within_the_window_is_looked_at_again(amazon, connector, order_id, now):
    """selling-partner-api-models issues 187 and 4927."""
    now.forward(days=12)
    amazon.shop.hides_reviews = True
    verdict = connector.may_request_review(order_id)
    assert verdict.not_before == now() + timedelta(days=1)
    now.forward(days=26.5)
    assert connector.may_request_review(order_id).not_before is None
    amazon.shop.hides_reviews = False
    assert connector.may_request_review(order_id).allowed


def test_the_buyer_is_asked_once(amazon, connector, order_id, now):
    now.forward(days=12)
    connector.request_review(order_id, "1")
    assert "asked already" in connector.may_request_review(order_id).reason
    with pytest.raises(Rejected, match="solicitation is not available for this amazonOrderId"):
        connector.request_review(order_id, "2")
    assert amazon.shop.asked == [order_id]
    assert amazon.tokens_given == 1


@pytest.mark.parametrize("day", [9, 40])
def test_403_unauthorized_out_of_the_window_is_no_failed_login(connector, order_id, now, day):
    """selling-partner-api-docs issue 121, selling-partner-api-models issue 19."""
    now.forward(days=day)
    with pytest.raises(Rejected, match="outside the 5-30 day range"):
        connector.request_review(order_id, "1")


@pytest.mark.parametrize(
    ("status", "later"), [("UNSHIPPED", True), ("PARTIALLY_SHIPPED", True), ("CANCELLED", False)]
)
def test_only_what_was_shipped_is_asked_about(amazon, connector, order_id, now, status, later):
    now.forward(days=12)
    amazon.shop.change(order_id, status)
    verdict = connector.may_request_review(order_id)
    assert not verdict.allowed
    assert (verdict.not_before is not None) is later
    assert "cancelled" in verdict.reason or "shipped wholly" in verdict.reason
    assert asked_lists(amazon) == []


def test_an_order_without_dates_is_up_to_amazon(amazon, connector, order_id, now):
    now.forward(days=12)
    amazon.shop.hides_reviews = True
    del amazon.shop.orders[order_id]["fulfillment"]["deliverByWindow"]
    verdict = connector.may_request_review(order_id)
    assert (verdict.allowed, verdict.not_before) == (False, None)


def test_an_unknown_order_is_refused(connector):
    assert "was not found" in connector.may_request_review("302-0000000-0000000").reason


def test_while_it_is_offered_nobody_was_asked(amazon, connector, order_id, now):
    now.forward(days=12)
    assert connector.find_review_request(order_id, "1") is None
    connector.request_review(order_id, "1")
    with pytest.raises(OutcomeUnknown, match="Seller Central"):
        connector.find_review_request(order_id, "1")
