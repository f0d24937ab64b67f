"""Amazon's quotas: kept by budgets that accounts share, learnt from answers where they tell."""

import pytest

from syncd.connector import Unavailable
from syncd.http import BudgetSpent
from syncd.testing.amazon_quota import Plan

ORDERS = "/orders/2026-01-01/orders"
SPACING = 1 / 0.0056 / 0.98


def searches(amazon):
    return sum(request.path == ORDERS for request in amazon.requests)


def polls(connector, read, count=100):
    """Polls until the budget is spent, or `count` times."""
    for _ in range(count):
        read(connector)


def test_a_burst_of_twenty_and_then_one_in_three_minutes(amazon, connector, read, now):
    with pytest.raises(BudgetSpent) as spent:
        polls(connector, read)
    assert searches(amazon) == 20
    assert spent.value.retry_after == pytest.approx(SPACING, abs=1)
    now.forward(seconds=SPACING)
    with pytest.raises(BudgetSpent):
        polls(connector, read)
    assert searches(amazon) == 21


def test_amazons_own_quota_is_never_reached(amazon, connector, read, now):
    amazon.quota.plans[ORDERS] = Plan(rate=0.0056, burst=20)
    for _ in range(60):
        try:
            read(connector)
        except BudgetSpent as spent:
            now.forward(seconds=spent.retry_after)
    assert searches(amazon) > 20


def test_accounts_of_one_application_and_seller_share_it(amazon, connect, read):
    with pytest.raises(BudgetSpent):
        polls(connect("germany"), read)
    with pytest.raises(BudgetSpent):
        read(connect("france", marketplaces=["FR"]))
    assert searches(amazon) == 20
    read(connect("another seller", seller_id=f"{amazon.seller_id}X"))
    assert searches(amazon) == 21


def test_other_calls_have_their_own(amazon, connector, read):
    order_id = amazon.shop.add_order()
    with pytest.raises(BudgetSpent):
        polls(connector, read)
    assert connector.find_confirmation is not None
    assert connector.may_request_review(order_id).reason


def test_the_rate_is_learnt_where_it_is_told(amazon, connector, read, now):
    amazon.quota.told = 1.0
    polls(connector, read, 25)  # one's turn is near: it is waited for
    assert searches(amazon) == 25


def test_without_the_header_the_plan_holds(amazon, connector, read):
    amazon.quota.told = None
    with pytest.raises(BudgetSpent):
        polls(connector, read)


def test_an_error_that_tells_no_rate_pauses_until_the_next_turn(amazon, connector, read, now):
    """Amazon's 429 mostly has neither Retry-After nor the rate: docs issues 573, 636 and 2132."""
    amazon.quota.plans[ORDERS] = Plan(rate=0.0056, burst=1)
    read(connector)
    with pytest.raises(Unavailable, match="QuotaExceeded"):
        read(connector)
    asked = searches(amazon)
    with pytest.raises(BudgetSpent) as spent:
        read(connector)
    assert searches(amazon) == asked
    now.forward(seconds=spent.value.retry_after)
    read(connector)


def test_an_error_that_tells_the_rate_is_heeded(amazon, connector, read, now):
    amazon.quota.plans[ORDERS] = Plan(rate=0.001, burst=1)
    amazon.quota.told_on_errors = True
    read(connector)
    with pytest.raises(Unavailable, match="QuotaExceeded"):
        read(connector)
    with pytest.raises(BudgetSpent) as spent:
        read(connector)
    assert spent.value.retry_after > 900


def test_a_long_first_poll_goes_on_when_the_quota_allows(amazon, connector, read, now):
    """It is no failure that many orders take more than the 20 pages of a burst."""
    for n in range(2_150):
        amazon.shop.add_order(f"buyer{n}")
    now.forward(minutes=10)
    items, cursor = read(connector)
    assert len(items) == 2000
    with pytest.raises(BudgetSpent):
        read(connector, cursor=cursor)
    now.forward(seconds=2 * SPACING)
    more, cursor = read(connector, cursor=cursor)
    assert len({item.source_id for item in items + more}) == 2_150
    assert "token" not in cursor
