"""Cases, reviews and stock: as they are now, with what they said before they were changed."""

import pytest
from msgspec.structs import replace

from syncd.model import Case, CaseKind, CaseStatus, Party, Review, StockLevel

ORDER = "12-00001-00001"


@pytest.fixture
def case(make):
    return Case(
        source_id="c1", kind=CaseKind.NOT_RECEIVED, status=CaseStatus.WAITING_SELLER,
        opened_at=make.at(1), buyer=make.buyer, order_id=ORDER, reason="ITEM_NOT_RECEIVED",
        text="Where is my lamp?", respond_by=make.at(4), amount="12.50", currency="EUR",
        raw=b"first",
    )  # fmt: skip


@pytest.fixture
def review(make):
    return Review(
        source_id="r1", written_at=make.at(2), buyer=make.buyer, rating=2, text="Came late",
        order_id=ORDER, sku="LAMP-1", raw=b"first",
    )  # fmt: skip


def test_they_are_stored_once(source, select, store, case, review):
    stock = StockLevel(source_id="s1", sku="LAMP-1", quantity=3)
    first = source.bring(case, review, stock)
    second = source.bring(case, review, stock)

    kinds = ("case", "review", "stock_level")
    assert {kind: first[kind, "new"] for kind in kinds} == dict.fromkeys(kinds, 1)
    assert {kind: second[kind, "repeated"] for kind in kinds} == dict.fromkeys(kinds, 1)
    assert select(store, "SELECT kind, status, amount, version FROM cases") == [
        {"kind": "not_received", "status": "waiting_seller", "amount": "12.50", "version": 1}
    ]
    assert select(store, "SELECT rating, sku FROM reviews") == [{"rating": 2.0, "sku": "LAMP-1"}]


def test_a_change_keeps_the_payload_before(source, select, store, case, review):
    source.bring(case, review)
    counts = source.bring(
        replace(case, status=CaseStatus.CLOSED, outcome="REFUNDED", raw=b"second"),
        replace(review, reply="We are sorry", raw=b"second"),
    )
    source.bring(replace(case, status=CaseStatus.OPEN, raw=b"third"))

    assert (counts["case", "edited"], counts["review", "edited"]) == (1, 1)
    assert select(store, "SELECT status, version FROM cases") == [{"status": "open", "version": 3}]
    kept = select(store, "SELECT kind, version, raw FROM item_versions ORDER BY kind, version")
    assert [(row["kind"], row["version"], bytes(row["raw"])) for row in kept] == [
        ("cases", 1, b"first"), ("cases", 2, b"second"), ("reviews", 1, b"first"),
    ]  # fmt: skip


def test_stock_is_what_it_is_now(source, select, store):
    source.bring(StockLevel(source_id="s1", sku="LAMP-1", quantity=3))
    source.bring(StockLevel(source_id="s1", sku="LAMP-1", quantity=0))
    assert select(store, "SELECT sku, quantity FROM stock_levels") == [
        {"sku": "LAMP-1", "quantity": 0}
    ]


def test_their_buyer_is_the_customer_of_the_order(source, select, store, make, case, review):
    source.bring(make.order(), case, review)
    owners = "SELECT customer_id FROM orders UNION SELECT customer_id FROM cases"
    assert len(select(store, f"{owners} UNION SELECT customer_id FROM reviews")) == 1


def test_a_buyer_whom_nobody_can_tell_is_no_customer(source, select, store, case):
    source.bring(replace(case, buyer=Party()))
    assert select(store, "SELECT customer_id FROM cases") == [{"customer_id": None}]


def test_one_case_twice_in_a_batch_is_an_edit(source, select, store, case):
    source.bring(case, replace(case, status=CaseStatus.CLOSED))
    assert select(store, "SELECT status, version FROM cases") == [
        {"status": "closed", "version": 2}
    ]


def test_an_orders_timeline_tells_of_them(source, store, make, case, review):
    source.bring(make.order(placed_at=make.at(-20)), case, replace(review, reply="Sorry!"))
    entries = {entry["kind"]: entry for entry in store.look.subject(ORDER)["timeline"]}

    told = "not_received, waiting_seller: ITEM_NOT_RECEIVED - Where is my lamp?"
    assert entries["case"]["text"] == told
    assert entries["case"]["respond_by"] == make.at(4)
    assert (entries["review"]["text"], entries["review"]["reply"]) == (
        "2 of 5: Came late",
        "Sorry!",
    )
