"""Tracking numbers that buyers write, and the orders whose parcels have them."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, event

from syncd.ingest.write import write
from syncd.store.parcels import ParcelWriter

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NUMBER, OTHER = "LX123456785CN", "RR123456785DE"
TIMES = {"asked first": False, "sent first": True}
FULL_WIDTH = NUMBER.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
SPELLINGS = [  # of the shop, and of the buyer
    ("LX 123 456 785 CN", NUMBER),
    (NUMBER, "LX\u200b123\u200b456785CN"),
    ("lx123456785cn", "LX123-456-785CN"),
    ("LX123456785CN\u200b", FULL_WIDTH),
    (FULL_WIDTH, "LX 123456785 CN"),
]


@pytest.fixture
def links(store):
    """The orders of each conversation, the oldest conversation first."""

    def found():
        talks = sorted(store.look.conversations(), key=lambda talk: talk["id"])
        return [talk["orders"] for talk in talks]

    return found


def asked(make, source_id="m1", text=f"Where is {NUMBER}?", **fields):
    return make.message(source_id, text=text, thread_id=f"t-{source_id}", **fields)


def test_a_parcel_that_is_read_after_the_question_is_what_it_is_about(source, make, links):
    source.bring(asked(make))
    assert links() == [[]]
    source.bring(make.shipment("p1", NUMBER, "o1"), stream="orders")
    assert links() == [["o1"]]


def test_only_who_named_the_number_is_about_its_order(source, make, links):
    source.bring(
        asked(make, "m1", f"{NUMBER} or {OTHER}?"),
        asked(make, "m2", f"{OTHER}?"),
        asked(make, "m3", "Where is my lamp?"),
        asked(make, "m4", f"Order 12-34567-89012, {NUMBER}?"),
    )
    source.bring(make.shipment("p1", NUMBER, "o1"), stream="orders")
    source.bring(make.shipment("p2", OTHER, "o2"), make.shipment("p3", None, "o3"), stream="orders")
    assert links() == [["o1", "o2"], ["o2"], [], ["12-34567-89012"]]


def test_of_two_numbers_the_unknown_one_waits_for_its_parcel(source, make, links):
    source.bring(make.shipment("p1", NUMBER, "o1"), stream="orders")
    source.bring(asked(make, "m1", f"{NUMBER} or {OTHER}?"))
    assert links() == [["o1"]]
    source.bring(make.shipment("p2", OTHER, "o2"), stream="orders")
    assert links() == [["o1", "o2"]]


def test_a_parcel_that_gets_the_number_later_counts(source, make, links):
    source.bring(asked(make))
    source.bring(make.shipment("p1", None, "o1"), stream="orders")
    assert links() == [[]]
    source.bring(make.shipment("p1", NUMBER, "o1"), stream="orders")
    assert links() == [["o1"]]


@pytest.mark.parametrize("asked_first", [True, False])
@pytest.mark.parametrize(("shops", "buyers"), SPELLINGS)
def test_however_shop_and_buyer_spell_the_number(
    source, store, make, links, select, shops, buyers, asked_first
):
    sent = lambda: source.bring(make.shipment("p1", shops, "o1"), stream="orders")  # noqa: E731
    ask = lambda: source.bring(asked(make, text=f"Where is {buyers}?"))  # noqa: E731
    for bring in (ask, sent) if asked_first else (sent, ask):
        bring()
    assert links() == [["o1"]]
    [row] = select(store, "SELECT tracking_number FROM shipments")
    assert row["tracking_number"] == shops


def test_a_number_that_is_corrected_is_compared_as_it_stands_now(source, store, make, links):
    source.bring(make.shipment("p1", OTHER.lower(), "o1"), stream="orders")
    source.bring(make.shipment("p1", "LX 123 456 785 CN", "o1"), stream="orders")
    source.bring(asked(make, "m1"), asked(make, "m2", f"{OTHER}?"))
    assert links() == [["o1"], []]
    source.bring(make.shipment("p1", OTHER, "o1"), stream="orders")
    assert links() == [["o1"], ["o1"]]


@pytest.mark.parametrize("written", ["-", " ", "N/A", None])
def test_what_is_no_number_is_nobodys(source, store, make, links, written):
    source.bring(make.shipment("p1", written, "o1"), stream="orders")
    source.bring(asked(make, text="N/A - "))
    assert links() == [[]]


def test_numbers_are_looked_up_by_an_index(store):
    """Whatever the spelling, and among a million parcels."""
    plans = []
    note = lambda _, __, sql, values, *___: plans.append((sql, values))  # noqa: E731
    event.listen(store.database.engine, "before_cursor_execute", note)
    with store.database.read() as connection:
        ParcelWriter(connection, 1, NOON).orders_of([NUMBER])
        sql, values = plans[-1]
        if not store.database.sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        asks = "EXPLAIN QUERY PLAN " if store.database.sqlite else "EXPLAIN "
        told = " ".join(map(str, connection.exec_driver_sql(asks + sql, values).all()))
    event.remove(store.database.engine, "before_cursor_execute", note)
    assert "ix_shipments_tracking_number" in told
    assert "ix_shipments_plain_number" in told


def test_the_parcel_may_be_of_any_account(source, source_of, store, make, links):
    source.bring(asked(make))
    source_of(store, "other").bring(make.shipment("p1", NUMBER, "o1"), stream="orders")
    assert links() == [["o1"]]


def test_everything_again_changes_nothing(source, make, links):
    for _ in range(2):
        source.bring(asked(make))
        source.bring(make.shipment("p1", NUMBER, "o1"), stream="orders")
    assert links() == [["o1"]]


def test_question_and_parcel_may_come_in_one_batch(source, make, links):
    source.bring(asked(make), make.shipment("p1", NUMBER, "o1"))
    assert links() == [["o1"]]


@pytest.mark.parametrize("number", [NUMBER, "lx 123456785 cn"])
@pytest.mark.parametrize("sent_first", TIMES.values(), ids=TIMES)
def test_question_and_parcel_that_are_written_at_the_same_time_find_each_other(
    source, make, store, links, sent_first, number
):
    """The second transaction begins before the first is over, and cannot see it yet."""
    streams = [("messages", asked(make)), ("orders", make.shipment("p1", number, "o1"))]
    (stream, first), (other, second) = reversed(streams) if sent_first else streams
    bringing = threading.Thread(target=lambda: source.bring(second, stream=other))
    with store.ingest.batch(source.claim(stream), make.at()) as tx:
        write(tx, "scripted", [first])
        bringing.start()
        bringing.join(0.5)
    bringing.join()
    assert links() == [["o1"]]


def test_a_parcel_that_comes_while_the_question_is_planned_is_found(source, make, store, links):
    with store.ingest.batch(source.claim(), make.at()) as tx:
        begin = tx.begin

        def begin_late():
            source.bring(make.shipment("p1", NUMBER, "o1"), stream="orders")
            begin()

        tx.begin = begin_late
        write(tx, "scripted", [asked(make)])
    assert links() == [["o1"]]


def test_messages_without_such_numbers_cost_nothing(source, make, store):
    said = []
    note = lambda *told: said.append(told[2])  # noqa: E731  the event's signature is its own
    source.bring(make.shipment("p1", NUMBER, "o1"), stream="orders")
    event.listen(Engine, "before_cursor_execute", note)
    source.bring(asked(make), asked(make, "m2", "Where is my lamp?"))
    event.remove(Engine, "before_cursor_execute", note)
    assert said
    assert not [sql for sql in said if "conversation_numbers" in sql]
