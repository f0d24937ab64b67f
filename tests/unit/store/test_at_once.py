"""Several polls write at the same time, as a daemon's threads and a command beside it do."""

import threading
from collections import Counter
from datetime import timedelta
from time import sleep

import pytest

from syncd.ingest.messages import plan_messages
from syncd.ingest.write import write
from syncd.model import Direction, Draft, NewNotice, Party, Receipt
from syncd.store import Store, TryAgain

BUYERS = 40


def at_once(*work):
    """Run all at the same time; returns what they raised."""
    ready, raised = threading.Barrier(len(work)), []

    def run(one):
        ready.wait()
        try:
            one()
        except Exception as error:  # noqa: BLE001  handed to the test
            raised.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def buyer(number):
    return Party(id=f"u{number}", email=f"{number}@example.org")


def test_two_accounts_that_meet_the_same_buyers_make_them_once(source, source_of, store, make):
    other = source_of(store, "other")

    def bring(account, numbers, prefix):
        for start in range(0, BUYERS, 8):
            account.bring(
                *(
                    make.message(f"{prefix}{n}", n / 100, buyer=buyer(n), thread_id=f"t{n}")
                    for n in numbers[start : start + 8]
                )
            )

    forth, back = list(range(BUYERS)), list(reversed(range(BUYERS)))
    raised = at_once(lambda: bring(source, forth, "a"), lambda: bring(other, back, "b"))

    assert raised == []
    assert store.look.counts()["messages"] == 2 * BUYERS
    assert store.look.counts()["customers"] == BUYERS


@pytest.mark.parametrize(
    "met", [Party(id="u1", email="1@example.org"), Party(id="u3")], ids=["are one", "are known"]
)
def test_a_plan_does_not_hold_where_its_buyers_turned_out_otherwise(
    source, source_of, store, make, met
):
    other = source_of(store, "other")
    source.bring(make.message("m1", buyer=Party(email="1@example.org"), thread_id="t1"))
    source.bring(make.message("m2", buyer=Party(id="u1"), thread_id="t2"))
    who = [Party(email="1@example.org"), Party(id="u1"), Party(id="u3")]
    news = {f"n{n}": make.message(f"n{n}", buyer=buyer) for n, buyer in enumerate(who)}

    def write():
        with store.ingest.batch(source.claim(), make.at()) as tx:
            planned = plan_messages(tx, "scripted", news, Counter())
            if not other.brought:
                other.brought = other.bring(make.message("o1", buyer=met, thread_id="t1"))
            tx.begin()
            planned()

    other.brought = None
    with pytest.raises(TryAgain):
        write()
    write()
    assert store.look.counts()["customers"] == (2 if met.email else 3)
    assert store.look.counts()["messages"] == 6


def test_orders_and_events_of_the_same_parcels_do_not_lock_each_other_out(source, store, make):
    numbers = range(40)
    source.bring(*(make.shipment(f"p{n}", f"TN{n}", f"o{n}") for n in numbers))

    def orders():
        source.bring(*(make.order(f"o{n}", promise=1) for n in numbers), stream="orders")

    def events():
        source.bring(
            *(make.event(1, number=f"TN{n}") for n in reversed(numbers)), stream="tracking"
        )

    def again():
        source.bring(
            *(make.order(f"o{n}", promise=2) for n in reversed(numbers)), stream="messages"
        )

    assert at_once(orders, events, again) == []
    with store.watch.batch(make.at(100), 100) as tx:
        assert len(tx.parcels) == 40
        assert all(parcel.deliver_by and parcel.state.last_event_at for parcel in tx.parcels)


@pytest.mark.parametrize("first", ["the shipment", "the order"])
def test_a_shipment_and_its_order_that_come_at_once_know_each_other(source, store, make, first):
    shipment, order = make.shipment(), make.order(promise=3)
    items = {"the shipment": [shipment, order], "the order": [order, shipment]}[first]
    other = threading.Thread(target=lambda: source.bring(items[1], stream="orders"))

    with store.ingest.batch(source.claim(), make.at()) as tx:
        write(tx, "scripted", items[:1])
        other.start()
        sleep(0.2)  # it waits, or writes without having seen the first
    other.join()

    with store.watch.batch(make.at(100), 100) as watching:
        (parcel,) = watching.parcels
    assert (parcel.deliver_by, parcel.order_status) == (make.at(3), order.status)


def test_one_stream_is_claimed_by_one_of_many(source, store, make):
    claims = []

    def claim(owner):
        claims.append(source.claim(owner=owner))

    owners = [f"host{n}:1:1" for n in range(6)]
    assert at_once(*(lambda owner=owner: claim(owner) for owner in owners)) == []
    assert sum(one is not None for one in claims) == 1


def test_the_same_account_may_be_registered_by_many(store, make):
    ids = []
    raised = at_once(
        *(
            lambda: ids.append(store.accounts.register("new", "scripted", make.at()))
            for _ in range(6)
        )
    )

    assert raised == []
    assert len(set(ids)) == 1


def test_a_row_is_claimed_by_one_of_many_senders(source, store, make):
    for number in range(30):
        notice = NewNotice(
            key=f"k{number}", account_id=source.id, recipient=buyer(1), language="en",
            not_before=make.at(),
        )  # fmt: skip
        store.outbox.queue(notice, make.at())
    taken = []

    def take(owner):
        while rows := store.outbox.claim(owner, now=make.at(), lease=timedelta(1), limit=3):
            taken.extend(row.key for row in rows)

    raised = at_once(*(lambda owner=f"w{n}": take(owner) for n in range(4)))
    assert raised == []
    assert sorted(taken) == sorted(f"k{number}" for number in range(30))


def test_one_process_tidies_while_another_writes(sqlite_url, time, make, source_of):
    """The statistics are read and then written; a writer in between is waited for."""
    writing, tidying = Store(sqlite_url), Store(sqlite_url)
    source_of(writing).bring(*(make.message(f"m{n}", thread_id="t1") for n in range(200)))
    held = threading.Event()

    def write():
        with writing.database.write() as connection:
            connection.exec_driver_sql("UPDATE messages SET subject='new'")
            held.set()
            sleep(0.3)

    writer = threading.Thread(target=write)
    with tidying.database.write() as connection:  # what was asked for is worth statistics
        connection.exec_driver_sql("SELECT count(*) FROM messages WHERE conversation_id=1")
    writer.start()
    held.wait()
    try:
        tidying.database.tidy()
    finally:
        writer.join()
        with tidying.database.read() as connection:
            known = connection.exec_driver_sql("SELECT count(*) FROM sqlite_stat1").scalar()
        writing.close()
        tidying.close()
    assert known


def test_a_receipt_and_the_message_it_names_find_each_other(source, store, make):
    """Whichever is written last sees the other, so that the conversation gets its order."""
    rounds = range(8)
    for number in rounds:
        notice = NewNotice(
            key=f"k{number}", account_id=source.id, recipient=make.buyer, language="en",
            not_before=make.at(), order_id=f"o{number}",
        )  # fmt: skip
        store.outbox.queue(notice, make.at())
    rows = {row.order_id: row for row in store.outbox.rows()}
    draft = Draft(text="It is late", buyer=make.buyer)

    def settle(number):
        receipt = Receipt(source_id=f"m{number}", accepted_at=make.at())
        store.outbox.sent(rows[f"o{number}"], receipt, draft)

    def read(number):
        written = {"thread_id": f"t{number}", "direction": Direction.OUTBOUND}
        source.bring(make.message(f"m{number}", **written))

    for number in rounds:
        assert at_once(lambda n=number: settle(n), lambda n=number: read(n)) == []
    assert sorted(talk["orders"] for talk in store.look.conversations()) == [
        [f"o{number}"] for number in rounds
    ]
