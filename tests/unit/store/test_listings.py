"""Conversations about a listing, and the orders that the same buyer placed on it."""

import threading
from datetime import timedelta

import pytest

from syncd.ingest.write import write
from syncd.model import Case, CaseKind, CaseStatus, OrderLine, Party
from syncd.store import bulk, listings
from syncd.store.tables import cases, conversations, orders

LAMP, CABLE = "330000000001", "330000000002"


@pytest.fixture
def shop(source, make, store):
    """Brings messages and orders, and shows which conversations are about which orders."""

    class Shop:
        def ask(self, source_id="m1", day=0, listing=LAMP, thread="t1", account=source, **fields):
            listings = () if listing is None else (listing,)
            message = make.message(source_id, day, listing_ids=listings, thread_id=thread, **fields)
            account.bring(message)

        def order(self, source_id, *listings, account=source, **fields):
            lines = tuple(
                OrderLine(source_id=str(n), title="A thing", listing_id=listing)
                for n, listing in enumerate(listings)
            )
            account.bring(make.order(source_id, lines=lines, **fields), stream="orders")

        def complain(self, source_id="c1", day=0, listing=LAMP, **fields):
            fields = {"status": CaseStatus.OPEN, "buyer": make.buyer, **fields}
            case = Case(
                source_id=source_id,
                kind=CaseKind.NOT_RECEIVED,
                opened_at=make.at(day),
                listing_id=listing,
                **fields,
            )
            source.bring(case, stream="returns")

        def links(self):
            talks = sorted(store.look.conversations(), key=lambda talk: talk["id"])
            return {number: talk["orders"] for number, talk in enumerate(talks, 1)}

    return Shop()


def test_a_question_after_the_order_is_about_it(shop):
    shop.order("o1", CABLE, LAMP)
    shop.ask()
    assert shop.links() == {1: ["o1"]}


def test_an_order_after_the_question_is_what_it_is_about(shop):
    shop.ask()
    assert shop.links() == {1: []}
    shop.order("o1", LAMP)
    assert shop.links() == {1: ["o1"]}


def test_message_and_order_may_come_in_one_batch(source, make, shop):
    line = OrderLine(source_id="1", title="Lamp", listing_id=LAMP)
    source.bring(make.message(listing_ids=(LAMP,), thread_id="t1"), make.order("o1", lines=(line,)))
    assert shop.links() == {1: ["o1"]}


def test_a_listing_ordered_twice_leaves_it_open_which_is_meant(shop):
    shop.order("o1", LAMP)
    shop.ask()
    shop.order("o2", LAMP)
    assert shop.links() == {1: ["o1", "o2"]}


def test_an_order_of_two_listings_is_in_both_conversations(shop):
    shop.order("o1", LAMP, CABLE)
    shop.ask("m1", 0, LAMP, "t1")
    shop.ask("m2", 1, CABLE, "t2")
    assert shop.links() == {1: ["o1"], 2: ["o1"]}


def test_a_conversation_may_come_to_be_about_another_listing_too(shop):
    shop.order("o1", LAMP)
    shop.order("o2", CABLE)
    shop.ask("m1", 0, LAMP)
    shop.ask("m2", 1, CABLE)
    assert shop.links() == {1: ["o1", "o2"]}


def test_everything_again_changes_nothing(shop):
    for _ in range(2):
        shop.order("o1", LAMP)
        shop.ask()
    assert shop.links() == {1: ["o1"]}


@pytest.mark.parametrize("other", ["buyer", "listing", "none"])
def test_another_buyer_another_listing_and_none_are_not_it(shop, other):
    stranger = Party(id="buyer-2", name="Bob", email="bob@example.org")
    listing = {"buyer": LAMP, "listing": CABLE, "none": None}[other]
    shop.order("o1", listing, **({"buyer": stranger} if other == "buyer" else {}))
    shop.ask(listing=None if other == "none" else LAMP)
    assert shop.links() == {1: []}


def test_the_same_buyer_and_number_in_another_account_are_not_it(shop, source_of, store):
    other = source_of(store, "other")
    shop.order("o1", LAMP, account=other)
    shop.ask()
    assert shop.links() == {1: []}


def test_two_customers_who_turn_out_to_be_one_have_their_orders_found(source, make, shop):
    shop.order("o1", LAMP, buyer=Party(id="a7f3", phone="+4930123456"))
    shop.ask(buyer=Party(id="ann"))
    assert shop.links() == {1: []}
    source.bring(make.order("o9", buyer=Party(id="ann", phone="+4930123456")), stream="orders")
    assert shop.links() == {1: ["o1"]}


def test_two_names_of_one_buyer_are_one_customer(shop, store):
    shop.order("o1", LAMP, buyer=Party(id="ann"))
    shop.ask(buyer=Party(id="a7f3", other_ids=("ann",)))
    assert store.look.counts()["customers"] == 1
    assert shop.links() == {1: ["o1"]}


def test_message_and_order_that_are_written_at_the_same_time_find_each_other(
    source, make, store, shop
):
    """The order's transaction begins before the message's is over, and cannot see it yet."""
    shop.order("o0", CABLE)  # the buyer is known: nothing else makes one wait for the other
    line = OrderLine(source_id="1", title="Lamp", listing_id=LAMP)
    order = make.order("o1", lines=(line,))
    ordering = threading.Thread(target=lambda: source.bring(order, stream="orders"))
    with store.ingest.batch(source.claim(), make.at()) as tx:
        write(tx, "scripted", [make.message(listing_ids=(LAMP,), thread_id="t1")])
        ordering.start()
        ordering.join(timedelta(seconds=0.5).total_seconds())
    ordering.join()
    assert shop.links() == {1: ["o1"]}


def test_what_belongs_to_a_subject_is_found_over_the_listing(shop, store):
    shop.order("o1", LAMP)
    shop.ask(text="Where is it?")
    (talk,) = store.look.subject("o1")["conversations"]
    found = store.look.subject(str(talk["id"]), "conversation")
    assert [order["id"] for order in found["orders"]] == talk["orders"] == ["o1"]


@pytest.fixture
def complaints(store, column):
    """The order of each case."""
    return lambda: column(store, "cases", "order_source_id")


def test_a_case_about_a_listing_is_about_the_buyers_order_of_it(shop, store, complaints):
    shop.order("o1", LAMP)
    shop.complain()
    assert complaints() == {"c1": "o1"}
    told = [entry["kind"] for entry in store.look.subject("o1")["timeline"]]
    assert "case" in told


def test_an_order_that_is_read_after_the_case_is_found_too(shop, complaints):
    shop.complain()
    assert complaints() == {"c1": None}
    shop.order("o1", LAMP)
    assert complaints() == {"c1": "o1"}


def test_an_order_that_was_placed_after_the_case_is_not_it(shop, make, complaints):
    shop.order("o1", LAMP)
    shop.order("o2", LAMP, placed_at=make.at(1))
    shop.complain()
    assert complaints() == {"c1": "o1"}


def test_a_case_that_may_be_about_two_orders_is_about_none(shop, complaints):
    shop.order("o1", LAMP)
    shop.order("o2", LAMP)
    shop.complain()
    assert complaints() == {"c1": None}


def test_a_case_goes_on_under_its_order(shop, complaints):
    shop.order("o1", LAMP)
    shop.complain()
    shop.complain(status=CaseStatus.CLOSED)
    assert complaints() == {"c1": "o1"}


def test_a_case_that_names_its_order_stays_there(shop, complaints):
    shop.order("o1", LAMP)
    shop.complain(order_id="o2")
    assert complaints() == {"c1": "o2"}


def test_a_case_moves_with_its_customer(source, make, shop, complaints):
    shop.order("o1", LAMP, buyer=Party(id="a7f3", phone="+4930123456"))
    shop.complain(buyer=Party(id="ann"))
    assert complaints() == {"c1": None}
    source.bring(make.order("o9", buyer=Party(id="ann", phone="+4930123456")), stream="orders")
    assert complaints() == {"c1": "o1"}


@pytest.mark.parametrize(
    ("pairs", "column"),
    [
        (listings._PAIRS, conversations.c.id),
        (listings._PAIRS, orders.c.id),
        (listings._PAIRS, orders.c.customer_id),
        (listings._ORDERS_OF_CASES, cases.c.id),
        (listings._ORDERS_OF_CASES, orders.c.id),
        (listings._ORDERS_OF_CASES, orders.c.customer_id),
    ],
)
def test_no_index_leads_through_all_of_an_account(sqlite_store, pairs, column):
    """SQLite once looked at every order of the account for each conversation."""
    with sqlite_store.database.read() as connection:
        wanted = pairs.where(bulk.among(column, [1, 2]))
        made = wanted.compile(connection)
        values = made.construct_params({each: "[1,2]" for each in made.params if "param" in each})
        told = tuple(values[name] for name in made.positiontup)
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {made}", told)]
    whole = [step for step in plan if step.startswith("SCAN") and "VIRTUAL TABLE" not in step]
    assert whole == []
    assert not [step for step in plan if "(account_id=?)" in step or "(order_source_id=?)" in step]
