"""All watches on one parcel: what they find together, and when they look again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.config import FOR_BUYERS, FOR_STAFF, Kind, Watches
from syncd.config.watches import FORECAST, NEWS
from syncd.model import Milestone, ParcelFacts, ParcelState, Reason, Severity
from syncd.model.lateness import Outlook
from syncd.rules.watches import each, judge

SECOND = timedelta(seconds=1)


class TestWhoIsLookedAt:
    @pytest.mark.parametrize("milestone", [Milestone.DELIVERED, Milestone.CANCELLED])
    def test_a_parcel_at_its_end_is_nobodys_business(self, parcel, make, milestone):
        assert judge(parcel(milestone, promise=1), Watches(), make.at(99)) == ([], None)

    def test_one_that_came_back_is_for_a_while(self, parcel, make):
        back = parcel(Milestone.RETURNED, promise=1)
        found, due = judge(back, Watches(), make.at(6))
        assert ([finding.kind for finding in found], due) == (["returned"], make.at(7))
        assert judge(back, Watches(), make.at(7)) == ([], None)

    def test_one_without_a_number_is_asked_for_only(self, parcel, make):
        untracked = parcel(promise=1, tracking_number=None)
        assert judge(untracked, Watches(), make.at(99)) == ([], None)
        assert each(untracked, Watches(), make.at(99)).keys() == {"late_dispatch"}

    def test_every_table_of_the_config_has_its_watch(self, parcel, make):
        cancelled = parcel(Milestone.CANCELLED, unreplaced_since=make.at())
        said = {name for one in (parcel(), cancelled) for name in each(one, Watches(), make.at())}
        of_orders = {"out_of_stock"}
        assert said == {*Watches.model_fields} - of_orders


class TestTogether:
    def test_all_watches_speak(self, parcel, make):
        found, due = judge(parcel(promise=1), Watches(), make.at(14))
        assert {finding.kind for finding in found} == {"no_movement", "promise_passed"}
        assert due == make.at(30)

    def test_the_earliest_limit_is_when_to_judge_again(self, parcel, make):
        found, due = judge(parcel(promise=2), Watches(), make.at(1))
        assert (found, due) == ([], make.at(3))

    def test_every_kind_is_for_somebody(self):
        assert FOR_STAFF | FORECAST | NEWS | {*FOR_BUYERS} == {*Kind}
        assert not FOR_STAFF & {*FOR_BUYERS}


days = st.none() | st.integers(-20, 20)
REASONS = [None, Reason.DOCUMENTS, Reason.LOST, Reason.DAMAGED, Reason.ABSENT]


@given(
    moments=st.fixed_dictionaries(
        dict.fromkeys(
            (
                "last",
                "ship_by",
                "promise",
                "protection",
                "eta",
                "before",
                "pickup",
                "number",
                "unreplaced",
            ),
            days,
        )
    ),
    milestone=st.sampled_from(Milestone),
    reason=st.sampled_from(REASONS),
    countries=st.sampled_from([(None, None), ("CN", "DE"), ("DE", "DE"), ("CN", "SA")]),
    number=st.sampled_from(["TN1", None]),
    day=st.floats(0, 30),
)
def test_nothing_changes_before_it_is_due_again(
    make, moments, milestone, reason, countries, number, day
):
    at = {name: None if when is None else make.at(when) for name, when in moments.items()}
    moved = at["last"] if milestone.physical else None
    facts = ParcelFacts(
        shipment_id=1, account_id=2, source_id="p1", order_id="o1", carrier=None,
        tracking_number=number, seen_at=make.at(-1), ship_by=at["ship_by"],
        deliver_by=at["promise"], protection_ends_at=at["protection"],
        number_before=at["number"] and "TN0", number_since=at["number"], unreplaced_since=at["unreplaced"],
        origin_country=countries[0], destination_country=countries[1],
        state=ParcelState(
            milestone=milestone, milestone_at=at["last"], reason=reason, first_scan_at=moved,
            last_movement_at=moved, last_event_at=at["last"], pickup_by=at["pickup"], eta=at["eta"],
            eta_before=at["before"], eta_since=at["eta"] and make.at(-2),
        ),
    )  # fmt: skip
    found, due = judge(facts, Watches(), make.at(day))
    told = {f.fingerprint for f in found}
    assert len(told) == len(found)
    assert all((f.severity is Severity.ACT) for f in found if f.kind in FOR_STAFF)

    assert due is None or due > make.at(day)
    just_before = make.at(120) if due is None else due - SECOND
    again, _ = judge(facts, Watches(), max(just_before, make.at(day)))
    assert {f.fingerprint for f in again} == told
    if due is not None:
        then, _ = judge(facts, Watches(), due)
        assert {f.fingerprint for f in then} != told


@given(
    own=st.fixed_dictionaries(
        dict.fromkeys(
            ("shipped_at", "ship_by", "deliver_by", "protection_ends_at", "number_since"), days
        )
    ),
    state=st.fixed_dictionaries(
        dict.fromkeys(
            (
                "milestone_at", "first_scan_at", "last_movement_at", "last_event_at", "eta",
                "eta_before", "eta_since", "pickup_by",
            ),
            days,
        )
    ),
    milestone=st.sampled_from(Milestone),
    reason=st.sampled_from([None, *Reason]),
    number=st.sampled_from(["TN1", None]),
    status=st.sampled_from([None, "shipped", "delivered", "cancelled"]),
    placed=st.none() | st.integers(-40, -1),
    day=st.floats(0, 30),
)  # fmt: skip
def test_those_that_are_not_asked_would_have_said_nothing(
    make, own, state, milestone, reason, number, status, placed, day
):
    known, its = (
        {name: None if when is None else make.at(when) for name, when in given.items()}
        for given in (own, state)
    )
    facts = ParcelFacts(
        shipment_id=1, account_id=2, source_id="p1", order_id="o1", carrier=None,
        tracking_number=number, seen_at=make.at(-1), order_status=status, number_before="TN0",
        origin_country="CN", destination_country="DE", **known,
        state=ParcelState(milestone=milestone, reason=reason, **its),
    )  # fmt: skip
    outlook = None if placed is None else Outlook(placed_at=make.at(placed))
    said = each(facts, Watches(), make.at(day), outlook).values()
    found, due = judge(facts, Watches(), make.at(day), outlook)
    assert found == [one.finding for one in said if one.finding]
    assert due == min((one.due_at for one in said if one.due_at), default=None)
