"""The outbox's states: who may take a row, when, and what is never done twice."""

import subprocess
import sys
from contextlib import closing
from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine
from sqlalchemy.event import listen, remove

from syncd import process
from syncd.model import (
    Cause,
    Draft,
    Finding,
    Milestone,
    NewNotice,
    OutboxState,
    Party,
    Receipt,
    Severity,
)
from syncd.store import Store, notices

LEASE = timedelta(minutes=2)
ANN = Party(id="buyer-1", name="Ann", email="ann@example.org")


@pytest.fixture
def notice(source, make):
    """A notice with what a test does not care about filled in."""

    def new(key="k1", day=0.0, **fields):
        fields = {"account_id": source.id, "recipient": ANN, "language": "de", **fields}
        return NewNotice(key=key, not_before=make.at(day), **fields)

    return new


@pytest.fixture
def box(store, notice, make):
    """The store's outbox with one pending row."""
    store.outbox.queue(notice(), make.at())
    return store.outbox


@pytest.fixture
def draft():
    return Draft(text="It is late", subject="Your order", buyer=ANN)


def take(box, make, owner="me", day=0.0, limit=10):
    return box.claim(owner, now=make.at(day), lease=LEASE, limit=limit)


def lost(box, make, owner="me", day=0.0):
    return box.claim_unsettled(owner, now=make.at(day), lease=LEASE, limit=10)


def state(box):
    (row,) = box.rows()
    return row.state


class TestQueue:
    def test_a_key_is_queued_once(self, box, notice, make):
        assert box.queue(notice("k2"), make.at()) is True
        assert box.queue(notice("k1", template="other"), make.at()) is False
        assert sorted((row.key, row.template) for row in box.rows()) == [("k1", None), ("k2", None)]

    def test_what_was_queued_comes_back(self, box, make, source):
        (row,) = box.rows()
        assert (row.recipient, row.language, row.account, row.account_id) == (
            ANN, "de", "shop", source.id,
        )  # fmt: skip
        assert (row.created_at, row.not_before, row.attempts) == (make.at(), make.at(), 0)

    @pytest.mark.parametrize("ended", [OutboxState.SENT, OutboxState.FAILED, OutboxState.CANCELLED])
    def test_what_has_ended_is_not_queued_again(self, box, notice, make, ended):
        (row,) = take(box, make)
        box.ended(row, ended, "done", make.at())

        assert box.queue(notice(), make.at(1)) is False
        assert state(box) is ended

    def test_an_obsolete_row_takes_up_new_trouble(self, box, notice, make):
        (row,) = take(box, make)
        box.ended(row, OutboxState.OBSOLETE, "the trouble is over", make.at())

        assert box.queue(notice(day=3, template="delay"), make.at(2)) is True
        (row,) = box.rows()
        assert (row.state, row.not_before, row.template) == (
            OutboxState.PENDING, make.at(3), "delay",
        )  # fmt: skip

    @pytest.mark.postgres
    def test_only_one_of_two_rounds_takes_an_obsolete_row_up(
        self, postgres_url, source_of, make, draft, monkeypatch
    ):
        store = Store(postgres_url)
        account = source_of(store).id
        again = NewNotice(
            key="k1", account_id=account, recipient=ANN, language="de", not_before=make.at()
        )
        box = store.outbox
        box.queue(again, make.at())
        (row,) = take(box, make)
        box.ended(row, OutboxState.OBSOLETE, "the trouble is over", make.at())
        take_up = notices._taken_up

        def slowly(connection, keys):
            """Meanwhile another round takes it up, and it is sent."""
            monkeypatch.setattr(notices, "_taken_up", take_up)
            box.queue(again, make.at())
            for mine in take(box, make):
                box.mark_in_flight(mine, draft, owner="me", now=make.at(), lease=LEASE)
                box.sent(mine, Receipt(source_id="out-1", accepted_at=make.at()), draft)
            return take_up(connection, keys)

        monkeypatch.setattr(notices, "_taken_up", slowly)
        with closing(store):
            assert box.queue(again, make.at()) is False
            assert state(box) is OutboxState.SENT


class TestClaim:
    def test_a_row_is_taken_when_it_is_due_and_not_before(self, box, notice, make):
        box.queue(notice("later", day=1), make.at())

        assert [row.key for row in take(box, make)] == ["k1"]
        assert [row.key for row in take(box, make, day=1)] == ["k1", "later"]

    def test_a_row_is_taken_by_one(self, box, make):
        assert len(take(box, make, "a")) == 1
        assert take(box, make, "b") == []
        assert take(box, make, "a") == []

    def test_after_the_lease_another_may_take_it(self, box, make):
        take(box, make, "a")
        just_before = (LEASE - timedelta(seconds=1)) / timedelta(days=1)

        assert take(box, make, "b", just_before) == []
        assert len(take(box, make, "b", LEASE / timedelta(days=1))) == 1

    def test_the_longest_due_are_taken_first_up_to_the_limit(self, store, notice, make):
        for hour in (3, 1, 2):
            store.outbox.queue(notice(f"{hour} h", day=-hour / 24), make.at())

        assert [row.key for row in take(store.outbox, make, limit=2)] == ["3 h", "2 h"]

    @pytest.mark.parametrize(
        "waiting", [s for s in OutboxState if s not in {OutboxState.PENDING, OutboxState.CLAIMED}]
    )
    def test_nothing_else_is_taken(self, store, notice, make, waiting):
        store.outbox.queue(notice(state=waiting), make.at())

        assert take(store.outbox, make, day=100) == []


class TestInFlight:
    def test_the_step_is_taken_once(self, box, make, draft):
        (row,) = take(box, make)

        assert box.mark_in_flight(row, draft, owner="me", now=make.at(), lease=LEASE) is True
        assert box.mark_in_flight(row, draft, owner="me", now=make.at(), lease=LEASE) is False
        (row,) = box.rows()
        assert (row.state, row.attempts, row.text) == (OutboxState.IN_FLIGHT, 1, "It is late")

    def test_who_lost_the_lease_cannot_send(self, box, make, draft):
        (row,) = take(box, make, "slow")
        take(box, make, "quick", day=1)

        assert box.mark_in_flight(row, draft, owner="slow", now=make.at(1), lease=LEASE) is False
        assert box.mark_in_flight(row, draft, owner="quick", now=make.at(1), lease=LEASE) is True

    def test_a_row_in_flight_is_never_claimed_for_sending(self, box, make, draft):
        (row,) = take(box, make)
        box.mark_in_flight(row, draft, owner="me", now=make.at(), lease=LEASE)

        assert take(box, make, "other", day=100) == []
        assert lost(box, make, "other") == []
        assert [r.id for r in lost(box, make, "other", day=1)] == [row.id]
        assert lost(box, make, "third", day=1) == []

    def test_asking_again_waits_until_then(self, box, make, draft):
        (row,) = take(box, make)
        box.mark_in_flight(row, draft, owner="me", now=make.at(), lease=LEASE)
        box.keep_asking(row, make.at(1), "HTTP 503")

        assert lost(box, make, day=0.9) == []
        assert [r.reason for r in lost(box, make, day=1)] == ["HTTP 503"]

    def test_it_tells_since_when_its_outcome_is_open(self, box, make, draft):
        (row,) = take(box, make, day=5)
        box.mark_in_flight(row, draft, owner="me", now=make.at(5), lease=LEASE)

        assert [r.not_before for r in lost(box, make, day=6)] == [make.at(5)]


@pytest.fixture
def synced():
    """How SQLite was told to sync at each commit: 2 is FULL, 1 may lose the last ones."""
    levels = []

    def executing(connection, cursor, statement, *_):
        if statement == "COMMIT":
            levels.extend(connection.connection.execute("PRAGMA synchronous").fetchone())

    listen(Engine, "before_cursor_execute", executing)
    yield levels
    remove(Engine, "before_cursor_execute", executing)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_each_step_of_a_send_survives_a_power_cut(box, make, draft, synced):
    """A mark or receipt that a cut undoes would have the message sent twice."""
    synced.clear()
    (row,) = take(box, make)
    box.mark_in_flight(row, draft, owner="me", now=make.at(), lease=LEASE)
    lost(box, make, day=1)
    box.sent(row, Receipt(source_id="m9", accepted_at=make.at()), draft)
    box.ended(row, OutboxState.PERSON, "because", make.at())
    assert synced == [2, 2, 2, 2, 2]


class TestSettling:
    def test_a_receipt_ends_it_with_what_was_said(self, box, make, draft, select, store):
        (row,) = take(box, make)
        box.mark_in_flight(row, draft, owner="me", now=make.at(), lease=LEASE)
        box.sent(row, Receipt(source_id="out-1", accepted_at=make.at(1)), draft)

        assert state(box) is OutboxState.SENT
        (proof,) = select(store, "SELECT outcome, source_id, subject, text FROM deliveries")
        assert tuple(proof.values()) == ("sent", "out-1", "Your order", "It is late")
        assert lost(box, make, day=9) == []

    def test_putting_off_forgets_the_text_that_did_not_go_out(self, box, make, draft):
        (row,) = take(box, make)
        box.mark_in_flight(row, draft, owner="me", now=make.at(), lease=LEASE)
        box.postpone(row, make.at(2), "HTTP 503")

        assert take(box, make, day=1.9) == []
        (row,) = take(box, make, day=2)
        assert (row.text, row.reason, row.attempts) == (None, "HTTP 503", 1)

    def test_rerouting_makes_it_another_accounts(self, box, make, source_of, store, select):
        mail = source_of(store, "mail")
        (row,) = take(box, make)
        box.reroute(row, mail.id, "shop: no messages to this buyer", make.at())

        (row,) = take(box, make)
        assert (row.account, row.conversation_id) == ("mail", None)
        (trace,) = select(store, "SELECT outcome, detail FROM deliveries")
        assert trace == {"outcome": "rerouted", "detail": "shop: no messages to this buyer"}


class TestDecide:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (OutboxState.HELD, OutboxState.PENDING),
            (OutboxState.HELD, OutboxState.CANCELLED),
            (OutboxState.PENDING, OutboxState.CANCELLED),
            (OutboxState.PERSON, OutboxState.PENDING),
            (OutboxState.PERSON, OutboxState.SENT),
            (OutboxState.FAILED, OutboxState.PENDING),
        ],
    )
    def test_a_person_decides_and_it_is_kept_who(self, store, notice, make, select, before, after):
        store.outbox.queue(notice(state=before), make.at())
        (row,) = store.outbox.rows()

        assert store.outbox.decide(row.id, after, actor="eve", now=make.at(2)) is True
        assert state(store.outbox) is after
        (trace,) = select(store, "SELECT actor, action, subject FROM audit")
        assert tuple(trace.values()) == ("eve", f"outbox.{after}", f"outbox:{row.id}")

    @pytest.mark.parametrize("before", [OutboxState.IN_FLIGHT, OutboxState.SENT])
    def test_what_is_on_its_way_or_sent_stays_so(self, store, notice, make, select, before):
        store.outbox.queue(notice(state=before), make.at())
        (row,) = store.outbox.rows()

        done = store.outbox.decide(row.id, OutboxState.PENDING, actor="eve", now=make.at())

        assert done is False
        assert state(store.outbox) is before
        assert select(store, "SELECT actor FROM audit") == []

    def test_by_what_a_text_was_approved_is_known_until_another_decision(self, box, make):
        (row,) = take(box, make)
        pending = OutboxState.PENDING
        box.decide(row.id, pending, actor="eve", now=make.at(2), text="Late", detail="seen")
        (approved,) = box.rows()
        assert (box.approval(row), box.approval(approved)) == (None, "seen")
        assert box.approval(replace(approved, created_at=make.at(3))) is None

        box.decide(row.id, pending, actor="eve", now=make.at(3))
        assert box.approval(approved) is None

    def test_cancelling_a_claimed_row_stops_its_sender(self, box, make, draft):
        (row,) = take(box, make)
        box.decide(row.id, OutboxState.CANCELLED, actor="eve", now=make.at())

        assert box.mark_in_flight(row, draft, owner="me", now=make.at(), lease=LEASE) is False
        assert state(box) is OutboxState.CANCELLED


class TestDeadOwners:
    def test_what_a_dead_process_held_is_free_at_once(self, box, make):
        dead = subprocess.run(
            [sys.executable, "-c", "from syncd import process; print(process.name())"],
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip
        take(box, make, dead)

        gone = {owner for owner in box.holders() if process.is_dead(owner)}
        box.expire(gone, make.at())

        assert gone == {dead}
        assert len(take(box, make, "me")) == 1

    def test_the_living_and_those_elsewhere_are_waited_for(self, box, make):
        take(box, make, process.name())

        assert box.holders() == {process.name()}
        assert not process.is_dead(process.name())
        assert not process.is_dead("another-host:1:12345")
        assert not process.is_dead("not a name at all")

    def test_a_pid_used_again_is_another_process(self):
        host, pid, ticks = process.name().rsplit(":", 2)
        assert process.is_dead(f"{host}:{pid}:{int(ticks) - 1}")

    def test_expiring_one_holder_leaves_the_others_alone(self, box, notice, make):
        take(box, make, "a")
        box.queue(notice("k2"), make.at())
        take(box, make, "b")
        box.expire({"a"}, make.at())

        assert [row.key for row in take(box, make, "c")] == ["k1"]


def test_depth_tells_how_many_wait_and_since_when(box, notice, make):
    box.queue(notice("k2", day=-2), make.at())
    box.queue(notice("k3", state=OutboxState.HELD, day=4), make.at())

    assert box.depth() == {"pending": (2, make.at(-2)), "held": (1, make.at(4))}


def test_rows_are_listed_the_newest_first(box, notice, make):
    box.queue(notice("k2", state=OutboxState.HELD), make.at())
    box.queue(notice("k3"), make.at())
    ids = {row.key: row.id for row in box.rows()}

    assert [row.key for row in box.rows(states=[OutboxState.PENDING])] == ["k3", "k1"]
    assert [row.key for row in box.rows(ids=[ids["k2"]])] == ["k2"]
    assert [row.key for row in box.rows(limit=1)] == ["k3"]


class TestStory:
    def story(self, store, make):
        with store.watch.batch(make.at(1000), 10) as tx:
            (parcel,) = tx.parcels
        return store.stories.parcel(parcel.shipment_id)

    def test_it_tells_the_latest_event_in_the_carriers_own_time(self, source, store, make, time):
        time(timedelta(days=2))
        source.bring(make.order(promise=4), make.shipment(tracking_url="https://dhl.example/TN1"))
        source.bring(
            make.event(2, text="Sorted", location="Leipzig", utc_offset_minutes=480),
            make.event(1, text="Accepted"),
        )
        story = self.story(store, make)

        assert (story.tracking_number, story.carrier, story.account) == ("TN1", "DHL", "shop")
        assert (story.event_text, story.event_place) == ("Sorted", "Leipzig")
        assert story.event_local == make.at(2).replace(tzinfo=None)
        assert (story.deliver_by, story.destination_country) == (make.at(4), "DE")

    def test_another_parcels_event_under_the_same_number_is_not_told(self, source, store, make):
        """A number that a carrier has given out again."""
        source.bring(make.event(-300, Milestone.DELIVERED, text="Delivered to neighbour"))
        source.bring(make.order(placed_at=make.at(-3)), make.shipment())

        assert self.story(store, make).event_text is None

    def test_without_any_event_it_says_so(self, source, store, make):
        source.bring(make.shipment())
        story = self.story(store, make)

        assert (story.event_local, story.event_text, story.deliver_by) == (None, None, None)


class TestThread:
    order = "12-00001-00001"

    @pytest.fixture
    def thread(self, store, notice, make):
        def of(account, conversation=None, **about):
            number = len(store.outbox.rows())
            about = {"order_id": self.order, "conversation_id": conversation, **about}
            store.outbox.queue(notice(f"t{number}", **about), make.at())
            return store.stories.thread(account.id, store.outbox.rows()[0])

        return of

    def test_a_mail_thread_goes_on_with_its_last_mail(self, thread, source, make):
        source.bring(make.order())
        source.bring(
            make.message("1", message_id="a@x", subject="Lamp", order_ids=(self.order,)),
            make.message("2", 1, message_id="b@x", references=("a@x",), subject="Re: Lamp"),
        )
        found = thread(source)

        assert (found.last_message_id, found.references) == ("b@x", ("a@x", "b@x"))
        assert found.subject == "Re: Lamp"

    def test_a_platforms_thread_goes_on_by_its_id(self, thread, source, make):
        source.bring(make.order(), make.message(thread_id="t1", order_ids=(self.order,)))

        assert thread(source).thread_id == "t1"

    def test_the_given_conversation_comes_before_a_later_one_about_the_order(
        self, thread, source, store, make
    ):
        source.bring(make.order())
        source.bring(make.message("1", thread_id="t1", order_ids=(self.order,)))
        source.bring(make.message("2", 1, thread_id="t2", order_ids=(self.order,)))
        first = min(talk["id"] for talk in store.look.conversations())

        assert thread(source).thread_id == "t2"
        assert thread(source, first).thread_id == "t1"

    def test_a_stranger_who_names_the_order_is_not_answered_in_the_buyers_stead(
        self, thread, source, make
    ):
        mallory = Party(email="mallory@example.net")
        source.bring(make.order())
        source.bring(make.message(message_id="m@x", buyer=mallory, order_ids=(self.order,)))

        assert thread(source).last_message_id is None

    def test_another_accounts_conversation_cannot_go_on_here(
        self, thread, source, source_of, store, make
    ):
        source.bring(make.order(), make.message(thread_id="t1", order_ids=(self.order,)))
        mail = source_of(store, "mail", "imap")

        assert thread(mail, 1).thread_id is None


class TestFindingOpen:
    def found(self, source, kind, cause=Cause.DELAY):
        return Finding(
            kind=kind, cause=cause, fingerprint=f"{kind}-{source.id}", since=source.now,
            evidence="late",
        )  # fmt: skip

    def test_a_notice_holds_as_long_as_any_trouble_of_its_cause(self, source, store, make, notice):
        source.now = make.at()
        source.bring(make.order(), make.shipment())
        with store.watch.batch(make.at(1), 10) as tx:
            (parcel,) = tx.parcels
            number = parcel.shipment_id
            tx.open((number, self.found(source, kind)) for kind in ("no_movement", "promise"))
            fingerprint = self.found(source, "no_movement").fingerprint
            tx.queue([notice(shipment_id=number, cause="delay", finding=fingerprint)])
            ids = tx.open_findings()[number]
        assert [row.finding_open for row in store.outbox.rows()] == [True]

        with store.watch.batch(make.at(1), 10) as tx:
            tx.close([ids[fingerprint]])
        assert [row.finding_open for row in store.outbox.rows()] == [True]

        with store.watch.batch(make.at(1), 10) as tx:
            tx.close(list(ids.values()))
        assert [row.finding_open for row in store.outbox.rows()] == [False]

    def test_what_is_only_on_the_staffs_board_keeps_no_message_due(
        self, source, store, make, notice
    ):
        source.now = make.at()
        source.bring(make.order(), make.shipment())
        likely, board = self.found(source, "likely_late"), self.found(source, "at_risk")
        with store.watch.batch(make.at(1), 10) as tx:
            number = tx.parcels[0].shipment_id
            tx.open([(number, likely), (number, replace(board, severity=Severity.NOTE))])
            tx.queue([notice(shipment_id=number, cause="delay", finding=likely.fingerprint)])
            tx.close([tx.open_findings()[number][likely.fingerprint]])
        assert [row.finding_open for row in store.outbox.rows()] == [False]

    def test_but_what_a_playbook_told_the_buyer_of_does(self, source, store, make, notice):
        source.now = make.at()
        source.bring(make.order(), make.shipment())
        board = replace(self.found(source, "at_risk"), severity=Severity.NOTE)
        with store.watch.batch(make.at(1), 10) as tx:
            number = tx.parcels[0].shipment_id
            tx.open([(number, board)])
            tx.queue([notice(shipment_id=number, cause="delay", finding=board.fingerprint)])
        assert [row.finding_open for row in store.outbox.rows()] == [True]

    def test_new_trouble_that_came_while_it_was_given_up_is_not_lost(
        self, source, store, make, notice
    ):
        source.now = make.at()
        source.bring(make.order(), make.shipment())
        first, second = self.found(source, "no_movement"), self.found(source, "promise_passed")
        told = {"cause": "delay", "not_before": make.at()}
        with store.watch.batch(make.at(1), 10) as tx:
            number = tx.parcels[0].shipment_id
            tx.open([(number, first)])
            tx.queue([replace(notice(shipment_id=number, finding=first.fingerprint), **told)])
            tx.close([tx.open_findings()[number][first.fingerprint]])
        (row,) = take(store.outbox, make)
        with store.watch.batch(make.at(1), 10) as tx:
            tx.open([(number, second)])
            tx.queue([replace(notice(shipment_id=number, finding=second.fingerprint), **told)])
        store.outbox.ended(row, OutboxState.OBSOLETE, "the trouble is over", make.at())

        assert [row.key for row in take(store.outbox, make, day=1)] == ["k1"]

    def test_one_without_a_finding_always_holds(self, box):
        assert [row.finding_open for row in box.rows()] == [True]
