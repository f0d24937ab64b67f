"""What people see when they look: one timeline of all that belongs together."""

import pytest

from syncd.model import Cause, Direction, Finding, NewNotice, OutboxState, Receipt
from syncd.model import Draft as Drafted

ORDER = "12-00001-00001"


def timeline(store, subject):
    return store.look.subject(subject)["timeline"]


@pytest.fixture
def told(source, store, make):
    """An order, its parcel, a conversation, a finding and the message that told it."""
    source.bring(make.order(promise=1, placed_at=make.at(-20)), make.shipment())
    source.bring(make.event(-12, text="Accepted", location="Leipzig"))
    source.bring(make.message(thread_id="t1", order_ids=(ORDER,), text="Where is it?"))
    with store.watch.batch(make.at(2), 10) as tx:
        (parcel,) = tx.parcels
        late = Finding(
            kind="promise_passed", cause=Cause.DELAY, fingerprint="f1", since=make.at(1),
            evidence="promised by 2026-03-11",
        )  # fmt: skip
        tx.open([(parcel.shipment_id, late)])
    notice = NewNotice(
        key="k1", account_id=source.id, recipient=make.buyer, language="en", order_id=ORDER,
        not_before=make.at(2), shipment_id=parcel.shipment_id, finding="f1", cause="delay",
    )  # fmt: skip
    store.outbox.queue(notice, make.at(2))
    (row,) = store.outbox.rows()
    draft = Drafted(text="It is late", subject="Your order", buyer=make.buyer)
    store.outbox.sent(row, Receipt(source_id="o1", accepted_at=make.at(3)), draft)
    return store


def test_an_orders_timeline_holds_everything_in_order(told):
    kinds = [entry["kind"] for entry in timeline(told, ORDER)]
    assert kinds == ["order", "shipment", "tracking", "message", "finding", "sent"]


def test_a_tracking_number_and_a_conversation_lead_to_the_same(told):
    whole = timeline(told, ORDER)
    (talk,) = told.look.conversations()

    assert timeline(told, "TN1") == whole
    assert timeline(told, str(talk["id"])) == whole


def test_entries_say_who_when_and_what(told, make):
    entries = {entry["kind"]: entry for entry in timeline(told, ORDER)}

    assert entries["message"]["text"] == "Where is it?"
    assert entries["message"]["who"] == "Ann to shop"
    assert (entries["tracking"]["text"], entries["tracking"]["place"]) == (
        "in_transit: Accepted", "Leipzig",
    )  # fmt: skip
    assert entries["finding"]["text"] == "promised by 2026-03-11"
    assert (entries["sent"]["text"], entries["sent"]["who"]) == ("It is late", "syncd by shop")
    assert entries["sent"]["at"] == make.at(3)


def test_an_order_known_only_from_messages_leads_to_them(source, store, make):
    source.bring(make.message(thread_id="t1", order_ids=("99-99999-99999",)))

    assert [entry["kind"] for entry in timeline(store, "99-99999-99999")] == ["message"]


@pytest.mark.parametrize(
    "subject", ["", "nothing", "0", "9" * 40, "²", "%", "'; DROP TABLE orders"]
)
def test_what_is_unknown_has_no_timeline(told, subject):
    assert timeline(told, subject) == []


class TestConversations:
    def test_the_one_spoken_in_last_comes_first(self, source, store, make):
        for number, day in (("1", 1), ("2", 3), ("3", 2)):
            source.bring(make.message(number, day, thread_id=f"t{number}", subject=number))

        assert [talk["subject"] for talk in store.look.conversations()] == ["2", "3", "1"]
        assert [talk["subject"] for talk in store.look.conversations(limit=1)] == ["2"]

    def test_they_can_be_found_by_account_and_words(self, source, source_of, store, make):
        source.bring(make.message("1", thread_id="a", text="100% broken lamp"))
        source_of(store, "mail").bring(make.message("2", thread_id="b", text="Broken cable"))

        def found(**wanted):
            return [talk["account"] for talk in store.look.conversations(**wanted)]

        assert found(account="mail") == ["mail"]
        assert sorted(found(text="BROKEN")) == ["mail", "shop"]
        assert found(text="100%") == ["shop"]
        assert found(text="lamp", account="mail") == []


def test_counts_and_figures(told):
    counts = told.look.counts()
    assert {name: counts[name] for name in ("messages", "orders", "shipments", "findings")} == {
        "messages": 1, "orders": 1, "shipments": 1, "findings": 1,
    }  # fmt: skip
    assert told.look.open_findings() == {"promise_passed": 1}
    assert set(told.outbox.depth()) == {OutboxState.SENT}


def test_who_spoke_is_told_by_direction(source, store, make):
    source.bring(make.message("1", thread_id="t", direction=Direction.OUTBOUND))
    (talk,) = store.look.conversations()

    assert timeline(store, str(talk["id"]))[0]["who"] == "shop to Ann"
