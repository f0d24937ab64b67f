"""Tracking numbers that buyers write, and the orders whose parcels have them."""

import threading

import pytest
from sqlalchemy import event

from syncd.ingest.write import write

NUMBER, OTHER = "LX123456785CN", "RR123456785DE"
TIMES = {"asked first": False, "sent first": True}


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


@pytest.mark.parametrize("sent_first", TIMES.values(), ids=TIMES)
def test_question_and_parcel_that_are_written_at_the_same_time_find_each_other(
    source, make, store, links, sent_first
):
    """The second transaction begins before the first is over, and cannot see it yet."""
    streams = [("messages", asked(make)), ("orders", make.shipment("p1", NUMBER, "o1"))]
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
    event.listen(store.database.engine, "before_cursor_execute", note)
    source.bring(asked(make), asked(make, "m2", "Where is my lamp?"))
    event.remove(store.database.engine, "before_cursor_execute", note)
    assert said
    assert not [sql for sql in said if "conversation_numbers" in sql]
