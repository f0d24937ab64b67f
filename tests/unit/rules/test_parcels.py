"""A parcel's state is what its events say together, whenever each of them arrived."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syncd.model import Milestone, ParcelState, Reason, TrackingEvent, Window
from syncd.rules.parcels import USED_AGAIN_AFTER, as_read, occurred_at, remembering, state_of

events = st.builds(
    TrackingEvent,
    source_id=st.integers(0, 10**6).map(str),
    tracking_number=st.just("TN1"),
    occurred_local=st.integers(0, 12).map(lambda day: datetime(2026, 3, 1) + timedelta(days=day)),  # noqa: DTZ001
    utc_offset_minutes=st.sampled_from([None, 0, 480, -300]),
    milestone=st.sampled_from(Milestone),
    eta=st.none() | st.just(Window(latest=datetime(2026, 4, 1, tzinfo=UTC))),
)
histories = st.lists(events, max_size=8, unique_by=lambda event: event.source_id)


@given(histories.flatmap(lambda several: st.tuples(st.just(several), st.permutations(several))))
def test_any_order_of_arrival_gives_the_same_state(pair):
    assert state_of(pair[0]) == state_of(pair[1])


@given(histories)
def test_a_state_holds_what_its_events_say(several):
    state = state_of(several)
    physical = [occurred_at(event) for event in several if event.milestone.physical]

    assert state.first_scan_at == min(physical, default=None)
    assert state.last_movement_at == max(physical, default=None)
    assert state.last_event_at == max(map(occurred_at, several), default=None)
    assert (state.milestone is Milestone.UNKNOWN) == all(
        event.milestone is Milestone.UNKNOWN for event in several
    )


def test_an_event_without_an_offset_is_read_as_utc(make):
    event = make.event(1, utc_offset_minutes=None)
    assert occurred_at(event) == make.at(1)
    assert occurred_at(make.event(1, utc_offset_minutes=480)) == make.at(1) - timedelta(hours=8)


@given(events, st.integers(-24, 24 * 20))
def test_nothing_was_scanned_later_than_it_was_read(event, hours):
    seen_at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hours)
    told = as_read(event, seen_at)

    if occurred_at(event) - seen_at <= timedelta(hours=14):
        assert told is event
    else:
        assert occurred_at(told) == seen_at


def test_an_announcement_is_no_movement(make):
    state = state_of([make.event(1, Milestone.PRE_SHIPMENT)])

    assert (state.milestone, state.last_event_at) == (Milestone.PRE_SHIPMENT, make.at(1))
    assert state.last_movement_at is None
    assert state.first_scan_at is None


def test_late_old_news_does_not_take_a_parcel_back(make):
    state = state_of(
        [make.event(3, Milestone.DELIVERED), make.event(1, Milestone.OUT_FOR_DELIVERY)]
    )

    assert (state.milestone, state.milestone_at) == (Milestone.DELIVERED, make.at(3))


def test_data_sent_after_delivery_does_not_open_a_parcel_again(make):
    state = state_of([make.event(3, Milestone.DELIVERED), make.event(4, Milestone.PRE_SHIPMENT)])
    assert state.milestone is Milestone.DELIVERED


def test_a_scan_after_delivery_does(make):
    state = state_of([make.event(3, Milestone.DELIVERED), make.event(4, Milestone.RETURNING)])
    assert (state.milestone, state.milestone_at) == (Milestone.RETURNING, make.at(4))


def test_of_the_same_minute_the_stage_further_on_counts(make):
    both = [make.event(3, Milestone.DELIVERED), make.event(3, Milestone.OUT_FOR_DELIVERY)]
    assert state_of(both).milestone is Milestone.DELIVERED


def test_the_latest_estimate_counts_and_stays(make):
    eta = Window(earliest=make.at(8), latest=make.at(9))
    scans = [make.event(2, eta=Window(latest=make.at(5))), make.event(3, eta=eta), make.event(4)]
    assert state_of(scans).eta == make.at(9)


class TestNumberUsedAgain:
    def test_events_before_the_order_are_another_parcels(self, make):
        scans = [make.event(-200, Milestone.DELIVERED), make.event(1)]
        state = state_of(scans, since=make.at(-1))
        assert (state.milestone, state.first_scan_at) == (Milestone.IN_TRANSIT, make.at(1))

    def test_events_long_after_the_end_are_another_parcels(self, make):
        again = USED_AGAIN_AFTER + timedelta(days=1)
        scans = [make.event(0, Milestone.DELIVERED), make.event(again / timedelta(days=1))]
        assert state_of(scans) == state_of(scans[:1])

    def test_a_parcel_that_never_arrived_may_move_after_months(self, make):
        state = state_of([make.event(0), make.event(100)])
        assert state.last_movement_at == make.at(100)


class TestWhy:
    def test_a_reason_belongs_to_its_milestone(self, make):
        scans = [
            make.event(0, Milestone.CUSTOMS_HOLD, reason=Reason.DOCUMENTS),
            make.event(1, Milestone.CUSTOMS_HOLD),
        ]
        assert state_of(scans).reason is Reason.DOCUMENTS
        assert state_of([*scans, make.event(2)]).reason is None

    def test_said_again_with_more_of_it_that_counts(self, make):
        scans = [
            make.event(0, Milestone.READY_FOR_PICKUP),
            make.event(1, Milestone.READY_FOR_PICKUP, pickup_by=make.at(8), reason=Reason.ABSENT),
        ]
        state = state_of(scans)
        assert (state.milestone_at, state.reason) == (make.at(0), Reason.ABSENT)
        assert state.pickup_by == make.at(8)


class TestEstimates:
    def test_another_estimate_remembers_the_one_before(self, make):
        one = remembering(ParcelState(eta=make.at(5)), ParcelState(), make.at(1))
        assert (one.eta_before, one.eta_since) == (None, make.at(1))

        two = remembering(ParcelState(eta=make.at(7)), one, make.at(2))
        assert (two.eta_before, two.eta_since) == (make.at(5), make.at(2))

    def test_the_same_estimate_stays_as_old_as_it_is(self, make):
        one = ParcelState(eta=make.at(7), eta_before=make.at(5), eta_since=make.at(2))
        moved = ParcelState(eta=make.at(7), milestone=Milestone.IN_TRANSIT)
        again = remembering(moved, one, make.at(3))
        assert (again.eta_before, again.eta_since) == (make.at(5), make.at(2))
        assert again.milestone is Milestone.IN_TRANSIT


def test_no_events_are_no_state():
    assert state_of([]) == ParcelState()
