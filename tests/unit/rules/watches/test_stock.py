"""Which waiting orders can be served from stock: the oldest first."""

from datetime import timedelta

import pytest

from syncd.config import OutOfStock, Watches
from syncd.model import Demand, OrderFacts, OrderStatus, Severity, Stock
from syncd.rules.watches import judge_order, lacking
from syncd.rules.watches.stock import out_of_stock

HOUR = timedelta(hours=1)


@pytest.fixture
def wants(make):
    """Orders that each want some LAMP: wants(2, 1) is an old one that wants 2, a younger one 1."""

    def demands(*quantities, sku="LAMP"):
        return [
            Demand(order_number=n, placed_at=make.at(n), sku=sku, title="Lamp", quantity=quantity)
            for n, quantity in enumerate(quantities, 1)
        ]

    return demands


@pytest.fixture
def stock(make):
    return lambda quantity: {"LAMP": Stock(quantity, make.at())}


def short(*args, on_hand):
    return sorted(lacking(*args, on_hand=on_hand))


@pytest.mark.parametrize(
    ("level", "missing"),
    [(6, []), (5, [3]), (3, [3]), (2, [2, 3]), (0, [1, 2, 3]), (-1, [1, 2, 3])],
)
def test_a_shelf_serves_the_oldest_orders(wants, stock, level, missing):
    assert short(wants(1, 2, 3), stock(level), on_hand=True) == missing


def test_what_a_large_order_lacks_is_kept_for_it(wants, stock):
    assert short(wants(5, 1), stock(3), on_hand=True) == [1, 2]


@pytest.mark.parametrize(
    ("level", "missing"), [(4, []), (0, []), (-1, [3]), (-3, [3]), (-4, [2, 3])]
)
def test_what_can_still_be_sold_has_the_open_orders_taken_off(wants, stock, level, missing):
    assert short(wants(1, 2, 3), stock(level), on_hand=False) == missing


def test_of_what_no_shop_tells_nothing_is_said(wants, stock):
    assert short(wants(1, sku="SHADE"), stock(0), on_hand=True) == []


def test_younger_ones_never_change_what_older_ones_get(wants, stock):
    for level in range(7):
        before = short(wants(1, 2), stock(level), on_hand=True)
        after = short(wants(1, 2, 3), stock(level), on_hand=True)
        assert [number for number in after if number < 3] == before


class TestJudged:
    @pytest.fixture
    def order(self, make):
        def facts(**fields):
            known = {
                "order_number": 2, "account_id": 2, "order_id": "o2", "seen_at": make.at(),
                "placed_at": make.at(-1), "status": OrderStatus.UNSHIPPED,
            }  # fmt: skip
            return OrderFacts(**{**known, **fields})

        return facts

    @pytest.fixture
    def lacks(self, wants, stock):
        return lacking(wants(1, 2), stock(2), on_hand=True)[2]

    def test_it_says_what_is_missing_and_of_how_many(self, order, lacks, make):
        soon = out_of_stock(order(), lacks, OutOfStock(), make.at())
        assert (soon.finding, soon.due_at) == (None, make.at() + HOUR)
        found = out_of_stock(order(), lacks, OutOfStock(), make.at() + HOUR).finding
        assert (found.kind, found.severity) == ("out_of_stock", Severity.ACT)
        assert found.evidence == (
            "Lamp (LAMP): 2 ordered, 1 left for it; the stock is 2, older orders come first"
        )
        assert found.figures == {"items": "Lamp"}

    def test_one_that_is_known_is_not_asked_to_last_again(self, order, lacks, make):
        known = order(troubles=frozenset({"out_of_stock"}))
        assert out_of_stock(known, lacks, OutOfStock(), make.at()).finding is not None
        late = order(troubles=frozenset({"ship_by_near"}))
        assert out_of_stock(late, lacks, OutOfStock(), make.at()).finding is None

    @pytest.mark.parametrize("fields", [{"status": OrderStatus.SHIPPED}, {"has_parcel": True}])
    def test_one_that_was_sent_lacks_nothing(self, order, lacks, make, fields):
        assert judge_order(order(**fields), Watches(), make.at(9), lacks) == ([], None)

    def test_it_can_be_switched_off(self, order, lacks, make):
        off = Watches(out_of_stock=OutOfStock(enabled=False))
        assert judge_order(order(), off, make.at(9), lacks) == ([], None)
