"""What a shipment's row knows: its order's promise and its own events, whichever comes first."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.model import Address, Milestone, Reason, Window

DAY = timedelta(days=1)


@pytest.fixture
def parcels(store, make):
    """The shipments that are due, as the watches see them, by source id."""

    def due():
        with store.watch.batch(make.at(1000), 100) as tx:
            return {parcel.source_id: parcel for parcel in tx.parcels}

    return due


class TestPromise:
    def test_the_orders_promise_reaches_a_shipment_that_comes_later(self, source, make, parcels):
        source.bring(
            make.order(promise=5, ship_by=Window(latest=make.at(1)), protection_ends_at=make.at(30))
        )
        source.bring(make.shipment())

        parcel = parcels()["p1"]
        assert (parcel.deliver_by, parcel.protection_ends_at) == (make.at(5), make.at(30))
        assert parcel.ship_by == make.at(1)
        assert parcel.destination_country == "DE"

    def test_and_one_that_came_before(self, source, make, parcels):
        source.bring(make.shipment())
        assert parcels()["p1"].deliver_by is None

        source.bring(
            make.order(promise=5, ship_by=Window(latest=make.at(1)), protection_ends_at=make.at(30))
        )

        parcel = parcels()["p1"]
        assert (parcel.deliver_by, parcel.protection_ends_at) == (make.at(5), make.at(30))
        assert parcel.ship_by == make.at(1)
        assert parcel.destination_country == "DE"

    def test_a_new_promise_takes_the_old_ones_place(self, source, make, parcels):
        source.bring(make.order(promise=5), make.shipment())
        source.bring(make.order(promise=9))

        assert parcels()["p1"].deliver_by == make.at(9)

    def test_the_carriers_own_country_stays(self, source, make, parcels):
        source.bring(make.shipment(destination_country="AT"))
        source.bring(make.order(ship_to=Address(country="DE")))

        assert parcels()["p1"].destination_country == "AT"

    def test_another_accounts_order_with_this_id_promises_nothing(
        self, source, source_of, store, make, parcels
    ):
        source.bring(make.shipment())
        source_of(store, "other").bring(make.order(promise=5))

        assert parcels()["p1"].deliver_by is None


class TestNumber:
    def test_the_number_before_is_kept_with_when_it_went(self, source, make, parcels):
        source.bring(make.shipment(number="TN1"))
        assert (parcels()["p1"].number_before, parcels()["p1"].number_since) == (None, None)

        source.bring(make.shipment(number="TN2"), make.event(-1, number="TN2"))
        parcel = parcels()["p1"]
        assert (parcel.tracking_number, parcel.number_before) == ("TN2", "TN1")
        assert parcel.number_since == make.at()

    def test_another_edit_leaves_it_and_another_number_takes_its_place(
        self, source, make, parcels, time
    ):
        for number, carrier in (("TN1", "DHL"), ("TN2", "DHL"), ("TN2", "GLS"), (None, "GLS")):
            source.bring(make.shipment(number=number, carrier=carrier))
            time(DAY)
        parcel = parcels()["p1"]
        assert (parcel.number_before, parcel.number_since) == ("TN1", make.at(1))

    def test_a_first_number_takes_nobodys_place(self, source, make, parcels):
        source.bring(make.shipment(number=None))
        source.bring(make.shipment(number="TN1"))
        assert parcels()["p1"].number_before is None


class TestWhatTheCarrierSays:
    def test_why_it_is_there_and_until_when_it_is_kept(self, source, make, parcels):
        told = {"reason": Reason.ABSENT, "pickup_by": make.at(7)}
        source.bring(make.shipment(), make.event(-1, Milestone.READY_FOR_PICKUP, **told))
        state = parcels()["p1"].state
        assert (state.reason, state.pickup_by) == (Reason.ABSENT, make.at(7))

        source.bring(make.event(-0.5, Milestone.DELIVERED))
        state = parcels()["p1"].state
        assert (state.reason, state.pickup_by) == (None, None)

    def test_the_estimate_before_is_kept_with_when_it_went(self, source, make, parcels, time):
        scan = {"source_id": "e1", "milestone": Milestone.IN_TRANSIT}
        source.bring(make.shipment(), make.event(-1, **scan, eta=Window(latest=make.at(3))))
        state = parcels()["p1"].state
        assert (state.eta, state.eta_before, state.eta_since) == (make.at(3), None, make.at())

        time(DAY)
        source.bring(make.event(-1, **scan, eta=Window(latest=make.at(5))))
        time(DAY)
        source.bring(make.event(-0.5))  # news without an estimate
        state = parcels()["p1"].state
        assert (state.eta, state.eta_before) == (make.at(5), make.at(3))
        assert state.eta_since == make.at(1)


class TestEvents:
    @pytest.fixture(autouse=True)
    def a_week_later(self, time):
        time(timedelta(days=7))

    def test_a_scan_of_the_future_counts_as_of_when_it_was_first_read(
        self, source, make, time, parcels
    ):
        """Else a parcel whose carrier once wrote the wrong year would be silent until then."""
        source.bring(make.shipment(), make.event(6), make.event(300, source_id="e300"))
        time(timedelta(days=1))
        source.bring(make.event(7.9, Milestone.OUT_FOR_DELIVERY))

        state = parcels()["p1"].state
        assert (state.milestone, state.last_movement_at) == (
            Milestone.OUT_FOR_DELIVERY, make.at(7.9),
        )  # fmt: skip

    def test_events_move_the_shipment(self, source, make, parcels):
        source.bring(make.shipment())
        source.bring(make.event(1, Milestone.ACCEPTED), make.event(2), stream="tracking")

        state = parcels()["p1"].state
        assert (state.milestone, state.milestone_at) == (Milestone.IN_TRANSIT, make.at(2))
        assert (state.first_scan_at, state.last_movement_at) == (make.at(1), make.at(2))

    def test_events_that_came_before_their_shipment_count(self, source, make, parcels):
        source.bring(make.event(1), make.event(2, eta=Window(latest=make.at(7))))
        source.bring(make.shipment())

        state = parcels()["p1"].state
        assert (state.first_scan_at, state.last_movement_at) == (make.at(1), make.at(2))
        assert state.eta == make.at(7)

    def test_another_account_may_follow_the_number(self, source, source_of, store, make, parcels):
        source.bring(make.shipment())
        source_of(store, "tracker", "seventeentrack").bring(make.event(1), stream="tracking")

        assert parcels()["p1"].state.milestone is Milestone.IN_TRANSIT

    def test_every_shipment_with_the_number_moves(self, source, source_of, store, make, parcels):
        """One parcel for two orders."""
        source.bring(make.shipment("p1"), make.shipment("p2", order="12-00002-00002"))
        source.bring(make.event(1))

        assert {p.state.milestone for p in parcels().values()} == {Milestone.IN_TRANSIT}

    def test_a_late_old_event_does_not_take_it_back(self, source, make, parcels):
        source.bring(make.shipment(), make.event(5, Milestone.DELIVERED))
        source.bring(make.event(3, Milestone.OUT_FOR_DELIVERY), make.event(1))

        state = parcels()["p1"].state
        assert (state.milestone, state.first_scan_at) == (Milestone.DELIVERED, make.at(1))

    def test_an_event_that_comes_again_corrected_counts_as_it_is_now(self, source, make, parcels):
        source.bring(make.shipment(), make.event(5, Milestone.DELIVERED, source_id="e1"))
        source.bring(make.event(5, Milestone.ATTEMPT_FAILED, source_id="e1"))

        assert parcels()["p1"].state.milestone is Milestone.ATTEMPT_FAILED

    def test_a_corrected_number_forgets_what_the_wrong_one_did(self, source, make, parcels):
        source.bring(make.shipment(number="TYPO"), make.event(3, Milestone.DELIVERED, "TYPO"))
        source.bring(make.event(1, number="RIGHT"))
        source.bring(make.shipment(number="RIGHT"))

        state = parcels()["p1"].state
        assert (state.milestone, state.last_event_at) == (Milestone.IN_TRANSIT, make.at(1))

    def test_a_corrected_number_without_any_event_is_a_fresh_start(self, source, make, parcels):
        source.bring(make.shipment(number="TYPO"), make.event(3, Milestone.DELIVERED, "TYPO"))
        source.bring(make.shipment(number="RIGHT"))

        state = parcels()["p1"].state
        assert (state.milestone, state.last_event_at) == (Milestone.UNKNOWN, None)

    def test_a_number_used_again_is_another_parcel(self, source, make, parcels):
        old = make.order("old", placed_at=make.at(-300))
        source.bring(old, make.shipment("p-old", order="old", shipped_at=make.at(-299)))
        source.bring(make.event(-290, Milestone.DELIVERED))
        new = make.order("new", placed_at=make.at(-2))
        source.bring(new, make.shipment("p-new", order="new", shipped_at=make.at(-1)))
        source.bring(make.event(1))

        states = {source_id: parcel.state for source_id, parcel in parcels().items()}
        assert states["p-old"].milestone is Milestone.DELIVERED
        assert states["p-old"].last_event_at == make.at(-290)
        assert states["p-new"].milestone is Milestone.IN_TRANSIT
        assert states["p-new"].first_scan_at == make.at(1)

    @pytest.mark.parametrize("told_of", [True, False], ids=["the last owner's parcel", "no other"])
    def test_a_number_used_again_before_its_order_is_known(
        self, source, make, parcels, time, told_of
    ):
        if told_of:
            source.bring(make.order("old", placed_at=make.at(-10)))
            source.bring(make.shipment("p-old", order="old"))
        source.bring(make.event(-5), make.event(-3, Milestone.DELIVERED))
        time(100 * DAY)
        source.bring(make.shipment("p-new", order="new", shipped_at=None))
        assert parcels()["p-new"].state.last_event_at is None
        source.bring(make.event(99))
        assert parcels()["p-new"].state.first_scan_at == make.at(99)
        if told_of:
            assert parcels()["p-old"].state.last_event_at == make.at(-3)

    def test_when_its_order_is_known_only_scans_after_that_are_its_own(
        self, source, make, parcels, store
    ):
        store.follows.declare({source.id: None}, make.at())
        source.bring(make.shipment("p1", order="new", shipped_at=None))
        source.bring(make.event(-40, Milestone.DELIVERED))
        store.follows.route(lambda _: [source.id], make.at())
        assert parcels()["p1"].state.milestone is Milestone.DELIVERED
        source.bring(make.order("new", placed_at=make.at(-1)))
        assert parcels()["p1"].state.last_event_at is None
        store.follows.route(lambda _: [source.id], make.at())
        assert [one.tracking_number for one in store.follows.due(source.id, make.at())] == ["TN1"]

    def test_news_makes_a_shipment_due(self, source, store, make, parcels):
        source.bring(make.shipment())
        with store.watch.batch(make.at(7), 10) as tx:
            tx.plan({parcel.shipment_id: None for parcel in tx.parcels})
        assert parcels() == {}

        source.bring(make.event(1))
        assert set(parcels()) == {"p1"}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_partition_into_polls_does_not_change_the_state(data, sqlite_store, source_of, make):
    several = [
        make.event(day, milestone)
        for day, milestone in enumerate(data.draw(st.lists(st.sampled_from(Milestone), max_size=6)))
    ]
    account = source_of(sqlite_store, data.draw(st.uuids().map(str)))
    number = account.platform + str(account.id)
    mixed = [
        make.event(day, event.milestone, number)
        for day, event in data.draw(st.permutations(list(enumerate(several))))
    ]
    items = [make.shipment(f"p{account.id}", number), *mixed]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(items)), max_size=3)))
    first = data.draw(st.booleans())
    order = items if first else items[::-1]
    for begin, end in zip([0, *cuts], [*cuts, len(items)], strict=True):
        account.bring(*order[begin:end])
    at_once = source_of(sqlite_store, f"once-{account.id}")
    once = f"{number}-once"
    at_once.bring(
        make.shipment(f"once{account.id}", once),
        *(make.event(day, event.milestone, once) for day, event in enumerate(several)),
    )

    with sqlite_store.watch.batch(make.at(1000), 10_000) as tx:
        states = {parcel.tracking_number: parcel.state for parcel in tx.parcels}
    assert states[number] == states[once]


def test_the_orders_of_tracking_numbers_are_known_whatever_account_has_them(
    source, source_of, store, make
):
    other = source_of(store, "other")
    source.bring(make.shipment("p1", "TN1", "o1"), make.shipment("p2", "TN1", "o2"))
    other.bring(make.shipment("p1", "TN3", "o3"), make.shipment("p2", None, "o4"))

    with store.ingest.batch(source.claim(), make.at()) as tx:
        tx.begin()
        found = tx.parcels.orders_of({"TN1", "TN2", "TN3"})
        assert found == {"TN1": ["o1", "o2"], "TN3": ["o3"]}
