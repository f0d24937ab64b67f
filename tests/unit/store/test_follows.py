"""Who follows which parcel, what is due for a look, and what a look changes."""

from datetime import timedelta

import pytest

from syncd import clock
from syncd.ingest.looks import Looks
from syncd.ingest.salvage import salvage
from syncd.model import Address, BadItem, Milestone, ParcelRef
from syncd.store import follows

NOW = clock.now


@pytest.fixture
def tracker(source_of, store):
    """An aggregator's account beside the shop."""
    made = source_of(store, "tracker", "seventeentrack")
    store.follows.declare({made.id: None}, clock.now())
    return made


def routed(store, *accounts):
    """Give every number that waits to `accounts`; returns how many there were."""
    total = 0
    while count := store.follows.route(lambda _: accounts, clock.now()):
        total += count
    return total


def due(store, account):
    routed(store, account.id)
    return [ref.tracking_number for ref in store.follows.due(account.id, clock.now())]


def look(store, account, *numbers, items=(), unanswered=(), begun_at=None):
    """A poll of the tracker that asked about `numbers`, and about those `unanswered` in vain."""
    claim, looks = account.claim("tracking"), Looks(numbers, unanswered, begun_at)
    salvage(store, claim, account.platform, items, {}, looks=looks)
    store.accounts.succeeded(claim, clock.now())


class TestWhatIsDue:
    def test_a_new_parcel_is_due_at_once_the_most_urgent_first(self, source, store, make, tracker):
        source.bring(make.order("a", promise=9), make.order("b", promise=3, ship_to=Address(
            country="GB", postcode="AB1")), make.order("c"))  # fmt: skip
        source.bring(
            make.shipment("p-a", "TN-A", order="a"),
            make.shipment("p-b", "TN-B", order="b", carrier="Evri", origin_country="CN"),
            make.shipment("p-c", "TN-C", order="c"),
            make.shipment("p-none", None, order="b"),
            make.shipment("p-done", "TN-D", order="b"),
            make.event(1, Milestone.DELIVERED, "TN-D"),
        )

        assert due(store, tracker) == ["TN-B", "TN-A", "TN-C"]
        assert store.follows.due(tracker.id, clock.now())[0] == ParcelRef(
            tracking_number="TN-B", carrier="Evri", origin_country="CN",
            destination_country="GB", postcode="AB1",
        )  # fmt: skip
        assert store.follows.waiting(clock.now()) == {tracker.id: 3}

    def test_one_number_is_due_once(self, source, store, make, tracker):
        source.bring(make.shipment("p1"), make.shipment("p2", order="12-00002-00002"))
        assert due(store, tracker) == ["TN1"]

    @pytest.mark.parametrize(("days", "listed"), [(90, ["TN1"]), (90.01, [])])
    def test_what_nobody_has_heard_of_for_ninety_days_is_left(
        self, source, store, make, tracker, time, days, listed
    ):
        source.bring(make.shipment(), make.event(0))
        routed(store, tracker.id)
        time(timedelta(days=days))
        assert due(store, tracker) == listed
        assert store.follows.waiting(clock.now()) == ({tracker.id: 1} if listed else {})

    def test_what_was_shipped_long_before_it_was_first_seen_is_not_followed(
        self, source, store, make, tracker
    ):
        source.bring(make.shipment(shipped_at=make.at(-91)))
        assert due(store, tracker) == []

    def test_nothing_is_noted_where_nobody_follows_parcels(self, source, store, make, select):
        source.bring(make.shipment())
        assert select(store, "SELECT * FROM follows") == []


class TestLooks:
    def test_what_was_not_looked_at_stays_due(self, source, store, make, tracker):
        source.bring(make.shipment("p1", "TN1"), make.shipment("p2", "TN2"))
        due(store, tracker)
        look(store, tracker, "TN1")
        assert due(store, tracker) == ["TN2"]

    def test_the_wait_grows_while_there_is_no_news(self, source, store, make, tracker, time):
        source.bring(make.shipment())
        waits = []
        for _ in range(5):
            assert due(store, tracker) == ["TN1"]
            look(store, tracker, "TN1")
            waits.append(hours_until_due(store, tracker, time))
        assert waits == sorted(waits)
        assert [round(wait / waits[0]) for wait in waits] == [1, 2, 4, 8, 8]

    def test_news_makes_it_short_again(self, source, store, make, tracker, time):
        source.bring(make.shipment())
        due(store, tracker)
        for _ in range(3):
            look(store, tracker, "TN1")
            time(timedelta(minutes=1))
        look(store, tracker, "TN1", items=[make.event(0)])
        first = hours_until_due(store, tracker, time)
        look(store, tracker, "TN1", items=[make.event(0)])  # the same again is no news
        assert hours_until_due(store, tracker, time) == pytest.approx(2 * first, rel=0.05)

    def test_what_has_arrived_is_looked_at_no_more(self, source, store, make, tracker, select):
        source.bring(make.shipment())
        due(store, tracker)
        look(store, tracker, "TN1", items=[make.event(0, Milestone.DELIVERED)])
        assert select(store, "SELECT * FROM follows") == []

    def test_nor_is_what_another_source_says_has_arrived(
        self, source, store, make, tracker, select
    ):
        source.bring(make.shipment())
        due(store, tracker)
        source.bring(make.event(0, Milestone.DELIVERED))
        assert due(store, tracker) == []
        assert select(store, "SELECT * FROM follows") == []

    @pytest.mark.parametrize(
        ("first", "goes_on"), [(Milestone.PRE_SHIPMENT, False), (Milestone.IN_TRANSIT, True)]
    )
    def test_what_was_cancelled_is_where_the_carrier_has_it(
        self, source, store, make, tracker, time, first, goes_on
    ):
        """It brings it on all the same, or back; a mere label is done with."""
        source.bring(make.shipment())
        due(store, tracker)
        cancelled = make.event(-1, first), make.event(0, Milestone.CANCELLED)
        look(store, tracker, "TN1", items=cancelled)
        time(timedelta(days=1))
        assert due(store, tracker) == (["TN1"] if goes_on else [])

    def test_a_number_of_two_parcels_is_followed_until_both_are_there(
        self, source, store, make, tracker
    ):
        source.bring(make.shipment("p1"), make.order("late", placed_at=make.at(2)))
        source.bring(make.shipment("p2", order="late", shipped_at=None))
        due(store, tracker)
        look(store, tracker, "TN1", items=[make.event(1, Milestone.DELIVERED)])
        assert store.follows.looked_at(["TN1"])
        assert store.follows.look_now(["TN1"], clock.now()) == {"TN1"}
        assert due(store, tracker) == ["TN1"]

    def test_also_where_more_is_due_than_one_poll_is_given(
        self, source, store, make, tracker, monkeypatch
    ):
        monkeypatch.setattr(follows, "_DUE_AT_ONCE", 1)
        source.bring(make.order(promise=3), make.order("late", placed_at=make.at(2), promise=9))
        source.bring(make.shipment("p1"), make.event(1, Milestone.DELIVERED))
        source.bring(make.shipment("p2", order="late", shipped_at=None))
        assert due(store, tracker) == due(store, tracker) == ["TN1"]

    def test_looks_at_what_is_not_followed_change_nothing(self, source, store, make, tracker):
        source.bring(make.shipment())
        look(store, tracker, "TN1", "TN2", "odd\x00")
        assert store.follows.looked_at(["TN1", "TN2"]) == {}
        assert due(store, tracker) == ["TN1"]

    def test_looks_count_where_one_item_cannot_be_stored(self, source, store, make, tracker):
        source.bring(make.shipment(), make.shipment("p2", "TN2"))
        due(store, tracker)
        unstorable = make.event(0, number="TN2", text="\x00")
        look(store, tracker, "TN1", "TN2", items=[make.event(0), unstorable])
        assert due(store, tracker) == []

    def test_what_was_not_answered_waits_without_a_look(self, source, store, make, tracker, time):
        source.bring(make.shipment())
        due(store, tracker)
        store.follows.look_now(["TN1"], clock.now())
        look(store, tracker, unanswered=["TN1"])
        assert store.follows.asked() == {}
        assert store.follows.looked_at(["TN1"]) == {}
        assert hours_until_due(store, tracker, time) == pytest.approx(3, rel=0.1)

    def test_a_number_that_can_be_read_again_leaves_quarantine(
        self, source, store, make, tracker, select
    ):
        source.bring(make.shipment())
        due(store, tracker)
        open_ones = "SELECT source_id FROM quarantine WHERE resolved_at IS NULL"
        for _ in range(2):
            bad = BadItem(source_id="TN1", reason="odd")
            look(store, tracker, items=[bad], unanswered=["TN1"])
            assert select(store, open_ones) == [{"source_id": "TN1"}]
        look(store, tracker, "TN1")
        assert select(store, open_ones) == []


def hours_until_due(store, tracker, time):
    """Move on to the moment when something falls due."""
    with store.database.read() as connection:
        (look_at,) = connection.exec_driver_sql("SELECT look_at FROM follows").scalars()
    wait = look_at / 1e6 - clock.now().timestamp()
    time(timedelta(seconds=wait - 1))
    assert due(store, tracker) == []
    time(timedelta(seconds=2))
    return round(wait / 3600, 3)


class TestLookNow:
    def test_it_comes_first_and_until_it_was_looked_at(self, source, store, make, tracker, time):
        source.bring(make.order("a", promise=3), make.order("b", promise=9))
        source.bring(
            make.shipment("p-a", "TN-A", order="a"), make.shipment("p-b", "TN-B", order="b")
        )
        due(store, tracker)
        look(store, tracker, "TN-B")
        before = clock.now()
        time(timedelta(minutes=1))

        assert store.follows.look_now(["tnb", "TN-X"], clock.now()) == {"TN-B"}
        assert store.follows.looked_at(["TN-A", "TN-B"]) == {"TN-B": before}
        assert store.follows.asked() == {tracker.id: clock.now()}
        assert due(store, tracker) == ["TN-B", "TN-A"]

        look(store, tracker, "TN-B")
        assert store.follows.looked_at(["TN-B"]) == {"TN-B": clock.now()}
        assert store.follows.asked() == {}
        assert due(store, tracker) == ["TN-A"]

    @pytest.mark.parametrize("answered", [True, False])
    def test_what_was_asked_for_during_a_look_is_looked_at_again(
        self, source, store, make, tracker, time, answered
    ):
        source.bring(make.shipment("p1", "TN1"), make.shipment("p2", "TN2"))
        assert due(store, tracker) == ["TN1", "TN2"]
        begun_at = clock.now()
        time(timedelta(seconds=1))
        store.follows.look_now(["TN1"], clock.now())
        time(timedelta(seconds=1))
        told = {"items": [make.event(0)]} if answered else {"unanswered": ("TN1",)}
        look(store, tracker, *(["TN1"] if answered else []), "TN2", begun_at=begun_at, **told)
        assert due(store, tracker) == ["TN1"]
        assert store.follows.asked().keys() == {tracker.id}

    def test_asking_again_is_no_later_asking(self, source, store, make, tracker, time):
        source.bring(make.shipment())
        due(store, tracker)
        first = clock.now()
        store.follows.look_now(["TN1"], first)
        time(timedelta(minutes=1))
        assert store.follows.look_now(["TN1"], clock.now()) == {"TN1"}
        assert store.follows.asked() == {tracker.id: first}

    def test_what_waits_for_its_account_is_not_followed_yet(self, source, store, make, tracker):
        source.bring(make.shipment())
        assert store.follows.look_now(["TN1"], clock.now()) == set()


class TestRouting:
    def test_another_config_shares_out_anew_what_is_under_way(
        self, source, source_of, store, make, tracker
    ):
        source.bring(make.shipment("p1", "TN1"), make.shipment("p2", "TN2"))
        due(store, tracker)
        look(store, tracker, "TN1", items=[make.event(0, Milestone.DELIVERED)])
        look(store, tracker, "TN2")
        dhl = source_of(store, "dhl", "dhl")
        routes = {tracker.id: None, dhl.id: frozenset({"dhl-de"})}

        assert store.follows.declare(routes, clock.now())
        assert not store.follows.declare(routes, clock.now())
        assert routed(store, dhl.id) == 1
        assert [r.tracking_number for r in store.follows.due(dhl.id, clock.now())] == ["TN2"]
        assert store.follows.due(tracker.id, clock.now() + timedelta(days=2)) == []

    def test_a_number_that_keeps_its_account_keeps_its_times(self, source, store, make, tracker):
        source.bring(make.shipment())
        due(store, tracker)
        look(store, tracker, "TN1")
        source.bring(make.shipment(carrier="Deutsche Post"))
        assert routed(store, tracker.id) == 1
        assert store.follows.looked_at(["TN1"]) == {"TN1": clock.now()}
        assert store.follows.due(tracker.id, clock.now()) == []

    def test_an_account_that_is_gone_looks_at_nothing(self, source, store, make, tracker, select):
        source.bring(make.shipment())
        due(store, tracker)
        assert store.follows.declare({}, clock.now())
        assert select(store, "SELECT * FROM follows") == []
        assert store.follows.waiting(clock.now()) == {}

    def test_more_than_one_transaction_holds_are_routed(self, source, store, make, tracker):
        source.bring(*(make.shipment(f"p{n}", f"TN{n}") for n in range(1001)))
        assert len(due(store, tracker)) == 1001

    def test_what_is_due_is_found_by_an_index(self, sqlite_store, select):
        plan = select(
            sqlite_store,
            "EXPLAIN QUERY PLAN SELECT tracking_number FROM follows"
            " WHERE account_id=1 AND look_at<=5",
        )
        assert "ix_follows_account_id_look_at" in plan[0]["detail"]
