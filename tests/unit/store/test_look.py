"""What people see when they look: one timeline of all that belongs together."""

from datetime import UTC, timedelta

import pytest

from syncd.model import (
    Case,
    CaseKind,
    CaseStatus,
    Cause,
    Direction,
    Finding,
    Milestone,
    NewNotice,
    OutboxState,
    Party,
    Receipt,
)
from syncd.model import Draft as Drafted
from syncd.store.look import AmbiguousOrder

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


def test_a_parcel_of_which_only_a_forecast_spoke_was_not_found_late(told):
    assert told.look.parcels_found_late(besides=("at_risk",)) == 1
    assert told.look.parcels_found_late(besides=("at_risk", "promise_passed")) == 0


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


def test_scans_of_a_number_that_is_used_again_are_told_of_the_parcel_that_had_them(
    source, store, make, time
):
    source.bring(make.order("old", placed_at=make.at(-10)), make.shipment("p-old", order="old"))
    source.bring(make.event(-3, Milestone.DELIVERED))
    time(timedelta(days=100))
    source.bring(make.shipment("p-new", order="new", shipped_at=None))
    for scanned in (None, 99):
        source.bring(*[make.event(day) for day in (scanned,) if day])
        found = {order: store.look.subject(order, "order") for order in ("old", "new")}
        latest = [one["parcels"][0]["latest"] for one in found.values()]
        days = [one and one["local"].replace(tzinfo=UTC) for one in latest]
        assert days == [make.at(-3), scanned and make.at(scanned)]
        scans = {
            order: [each["at"] for each in one["timeline"] if each["kind"] == "tracking"]
            for order, one in found.items()
        }
        assert scans == {"old": [make.at(-3)], "new": [make.at(scanned)] if scanned else []}
    number = store.look.subject("TN1", "parcel")["timeline"]
    assert [each["at"] for each in number if each["kind"] == "tracking"] == [
        make.at(-3),
        make.at(99),
    ]


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

    def test_and_by_whom_they_are_with_and_what_about(self, source, store, make):
        ann = Party(id="b-1", name="Ann Lee", email="a.lee@mail.example")
        bob = Party(name="Bob", email="bob@mail.example")
        source.bring(make.message("1", buyer=ann, subject="Lamp", thread_id="a"))
        source.bring(make.message("2", buyer=bob, subject="Cable", thread_id="b"))
        source.bring(
            make.message("3", 1, thread_id="b", buyer=Party(name="Robert", email=bob.email))
        )
        for text, subject in (("ann l", "Lamp"), ("LEE@mail", "Lamp"), ("cabl", "Cable"),
                              ("robert", "Cable"), ("email:", None), ("b-1", None)):  # fmt: skip
            found = [talk["subject"] for talk in store.look.conversations(text=text)]
            assert found == [subject] * (subject is not None), text


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


class TestWhatSyncdSent:
    """The platform shows it among its messages: nobody wants to read it twice."""

    @pytest.fixture
    def read_back(self, source, told, make):
        """The platform has the message under the receipt's id, in a conversation of its own."""
        source.bring(
            make.message("o1", 3, thread_id="t2", direction=Direction.OUTBOUND, text="It is late.")
        )
        return told

    def test_it_is_there_once_as_sent_with_the_platforms_id(self, read_back, make):
        story = timeline(read_back, ORDER)

        assert [e["kind"] for e in story].count("message") == 1
        (sent,) = (entry for entry in story if entry["kind"] == "sent")
        assert (sent["source_id"], sent["at"]) == ("o1", make.at(3))
        assert sent["read_back_at"] == make.at()
        assert sent["conversation"] != story[3]["conversation"]

    def test_before_the_platform_shows_it_it_has_its_id_already(self, told):
        (sent,) = (entry for entry in timeline(told, ORDER) if entry["kind"] == "sent")
        assert sent["source_id"] == "o1"
        assert "read_back_at" not in sent

    def test_another_accounts_message_of_the_same_id_is_another(self, source_of, told, make):
        other = source_of(told, "other")
        other.bring(make.message("o1", 3, thread_id="t9", order_ids=(ORDER,), text="Mine"))

        story = timeline(told, ORDER)
        assert [e["text"] for e in story if e["kind"] == "message"] == ["Where is it?", "Mine"]
        assert "read_back_at" not in next(e for e in story if e["kind"] == "sent")

    def test_a_request_has_no_message_whatever_its_receipt_is_called(self, source, told, make):
        asked = NewNotice(
            key="k2", account_id=source.id, recipient=make.buyer, language="en", order_id=ORDER,
            not_before=make.at(2), purpose="extension",
        )  # fmt: skip
        told.outbox.queue(asked, make.at(2))
        row = told.outbox.rows()[0]
        draft = Drafted(text="More time", buyer=make.buyer)
        told.outbox.sent(row, Receipt(source_id="m1", accepted_at=make.at(3)), draft)

        assert [e["kind"] for e in timeline(told, ORDER)].count("message") == 1


class TestTheConversationOfANotice:
    """One that a notice opened names no order: the receipt tells which it is about."""

    def opened(self, source, make):
        source.bring(
            make.message("o1", 3, thread_id="t2", direction=Direction.OUTBOUND, text="It is late")
        )

    def send(self, store, source, make):
        with store.database.read() as connection:
            number = connection.exec_driver_sql("SELECT id FROM orders").scalar()
        notice = NewNotice(
            key="k1", account_id=source.id, recipient=make.buyer, language="en", order_id=ORDER,
            not_before=make.at(2), order_number=number,
        )  # fmt: skip
        store.outbox.queue(notice, make.at(2))
        (row,) = store.outbox.rows()
        draft = Drafted(text="It is late", subject="Your order", buyer=make.buyer)
        store.outbox.sent(row, Receipt(source_id="o1", accepted_at=make.at(3)), draft)
        return row

    @pytest.mark.parametrize("sent_first", [True, False])
    def test_it_is_linked_whichever_is_known_first(self, source, store, make, sent_first):
        source.bring(make.order())
        steps = [self.send, lambda *_: self.opened(source, make)]
        for step in steps if sent_first else reversed(steps):
            step(store, source, make)
        source.bring(make.message("r1", 4, thread_id="t2", text="When, then?"))

        found = store.look.subject(ORDER)
        assert [talk["orders"] for talk in found["conversations"]] == [[ORDER]]
        assert [e["kind"] for e in found["timeline"]] == ["order", "sent", "message"]
        (row,) = store.outbox.rows()
        assert store.stories.thread(source.id, row).thread_id == "t2"

    def test_the_buyers_answer_there_leads_to_the_order(self, source, store, make):
        source.bring(make.order(), make.shipment())
        self.send(store, source, make)
        self.opened(source, make)
        source.bring(make.message("r1", 4, thread_id="t2", text="When, then?"))

        (talk,) = store.look.conversations()
        found = store.look.subject(str(talk["id"]))
        assert [one["id"] for one in found["orders"]] == [ORDER]
        (parcel,) = found["parcels"]
        assert store.watch.addressee(parcel["shipment"]).conversation_id == talk["id"]

    def test_a_message_about_no_order_links_nothing(self, source, store, make):
        notice = NewNotice(key="k1", account_id=source.id, recipient=make.buyer, language="en",
                           not_before=make.at(2), purpose="test", text="Hello")  # fmt: skip
        store.outbox.queue(notice, make.at(2))
        (row,) = store.outbox.rows()
        draft = Drafted(text="Hello", buyer=make.buyer)
        store.outbox.sent(row, Receipt(source_id="o1", accepted_at=make.at(3)), draft)
        self.opened(source, make)

        (talk,) = store.look.conversations()
        assert talk["orders"] == []


class TestOrdersOfTheSameIdInTwoAccounts:
    bob = Party(id="buyer-2", name="Bob", email="bob@example.org")

    @pytest.fixture
    def two(self, source, source_of, store, make):
        """Ann's order in shop and Bob's in the other one, with a parcel, talk and a case each."""
        other = source_of(store, "other", "elsewhere")
        for of, buyer, number in ((source, make.buyer, "TN1"), (other, self.bob, "TN2")):
            source_id = f"p{number}"
            of.bring(
                make.order(ORDER, buyer=buyer), make.shipment(source_id, number),
                make.message("m", thread_id="t", buyer=buyer, order_ids=(ORDER,), text=number),
                make.event(-1, number=number),
                Case(source_id="c", kind=CaseKind.RETURN, status=CaseStatus.OPEN, buyer=buyer,
                     opened_at=make.at(), order_id=ORDER, reason=number),
            )  # fmt: skip
        return store

    def test_nobody_gets_a_mixture(self, two):
        with pytest.raises(AmbiguousOrder) as raised:
            two.look.subject(ORDER)
        assert [(each["account"], each["buyer"]) for each in raised.value.candidates] == [
            ("other", "Bob"), ("shop", "Ann"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("account", "buyer", "number"), [("shop", "Ann", "TN1"), ("other", "Bob", "TN2")]
    )
    def test_each_account_has_its_own(self, two, account, buyer, number):
        found = two.look.subject(ORDER, account=account)
        assert [order["buyer"] for order in found["orders"]] == [buyer]
        assert [parcel["tracking_number"] for parcel in found["parcels"]] == [number]
        assert [talk["account"] for talk in found["conversations"]] == [account]
        said = [e["text"] for e in found["timeline"] if e["kind"] == "message"]
        assert said == [number]
        (case,) = (e["text"] for e in found["timeline"] if e["kind"] == "case")
        assert number in case

    def test_parcels_and_conversations_lead_to_their_own_order(self, two):
        for talk in two.look.conversations():
            (order,) = two.look.subject(str(talk["id"]))["orders"]
            assert order["account"] == talk["account"]
        (order,) = two.look.subject("TN2")["orders"]
        assert order["buyer"] == "Bob"

    def test_a_mail_is_about_the_order_of_its_customer(self, two, source_of, make):
        mail = source_of(two, "mail", "imap")
        mail.bring(make.message("1", message_id="a@x", order_ids=(ORDER,), text="Ann's mail"))
        stranger = Party(email="carrier@example.net")
        mail.bring(
            make.message("2", message_id="b@x", order_ids=(ORDER,), buyer=stranger, text="Which?")
        )

        def said(account):
            story = two.look.subject(ORDER, account=account)["timeline"]
            return [e["text"] for e in story if e["kind"] == "message"]

        assert sorted(said("shop")) == ["Ann's mail", "TN1", "Which?"]
        assert sorted(said("other")) == ["TN2", "Which?"]

    def test_requests_of_one_are_not_the_others(self, two, source, make):
        asked = NewNotice(
            key="k", account_id=source.id, recipient=make.buyer, language="en", order_id=ORDER,
            not_before=make.at(), purpose="extension",
        )  # fmt: skip
        two.outbox.queue(asked, make.at())
        assert len(two.look.subject(ORDER, account="shop")["notices"]) == 1
        assert two.look.subject(ORDER, account="other")["notices"] == []

    def test_one_buyer_in_both_is_answered_in_the_right_one(self, source, source_of, store, make):
        other = source_of(store, "other", "elsewhere")
        for day, of, number in ((0, source, "TN1"), (1, other, "TN2")):
            of.bring(
                make.order(ORDER), make.shipment("p", number),
                make.message("m", day, thread_id="t", order_ids=(ORDER,)),
            )  # fmt: skip
        for account in (source, other):
            (parcel,) = store.look.subject("TN1" if account is source else "TN2")["parcels"]
            addressee = store.watch.addressee(parcel["shipment"])
            assert addressee.conversation_account_id == account.id

    def test_an_account_that_has_none_of_that_id(self, two, source_of):
        source_of(two, "mail", "imap")
        assert two.look.subject(ORDER, account="mail")["kind"] is None
        assert two.look.subject(ORDER, account="nobody")["kind"] is None
