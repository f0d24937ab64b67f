"""When a parcel is in trouble: at the limit exactly, and never where something explains it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.config import Kind, NoMovement, PromisePassed, Trouble, Watches
from syncd.model import Cause, Milestone, ParcelFacts, ParcelState
from syncd.rules.watches import judge, no_movement, promise_passed, trouble

SECOND = timedelta(seconds=1)
WEEK = timedelta(days=7)
EXPLAINED = {
    Milestone.CUSTOMS_HOLD, Milestone.EXCEPTION, Milestone.READY_FOR_PICKUP, Milestone.RETURNING,
}  # fmt: skip


@pytest.fixture
def parcel(make):
    """A parcel last scanned at `make.at()` unless a test says otherwise."""

    def facts(milestone=Milestone.IN_TRANSIT, last=0.0, promise=None, **fields):
        moved = None if last is None else make.at(last)
        fields = {"tracking_number": "TN1", **fields}
        return ParcelFacts(
            shipment_id=1, account_id=2, source_id="p1", order_id="o1", carrier="DHL",
            state=ParcelState(milestone=milestone, milestone_at=moved, last_movement_at=moved),
            seen_at=make.at(-1), deliver_by=None if promise is None else make.at(promise), **fields,
        )  # fmt: skip

    return facts


class TestNoMovement:
    settings = NoMovement(after=WEEK)

    def test_it_is_silence_exactly_at_the_limit(self, parcel, make):
        before = no_movement(parcel(), self.settings, make.at(7) - SECOND)
        assert (before.finding, before.due_at) == (None, make.at(7))

        found = no_movement(parcel(), self.settings, make.at(7)).finding
        assert (found.kind, found.cause, found.since) == ("no_movement", Cause.DELAY, make.at())

    def test_the_evidence_says_how_long_and_what_was_expected(self, parcel, make):
        found = no_movement(parcel(), self.settings, make.at(9.5)).finding
        assert found.evidence == (
            f"no scan for 9 days (since {make.at():%Y-%m-%d}); expected within 7 days"
        )
        assert found.figures == {"days_silent": 9}

    @pytest.mark.parametrize("milestone", Milestone)
    def test_what_explains_silence_is_no_trouble(self, parcel, make, milestone):
        said = no_movement(parcel(milestone), self.settings, make.at(30))
        assert (said.finding is None) == (milestone in EXPLAINED)

    def test_a_parcel_nobody_ever_had_in_hand_is_not_silent(self, parcel, make):
        said = no_movement(parcel(last=None), self.settings, make.at(30))
        assert (said.finding, said.due_at) == (None, None)

    def test_the_same_silence_keeps_its_fingerprint_and_the_next_gets_another(self, parcel, make):
        first = no_movement(parcel(), self.settings, make.at(8)).finding
        later = no_movement(parcel(), self.settings, make.at(20)).finding
        moved_on = no_movement(parcel(last=10), self.settings, make.at(20)).finding
        assert first.fingerprint == later.fingerprint
        assert moved_on.fingerprint != first.fingerprint

    def test_it_can_be_switched_off(self, parcel, make):
        off = NoMovement(enabled=False)
        assert no_movement(parcel(), off, make.at(99)).finding is None


class TestPromisePassed:
    settings = PromisePassed(grace=timedelta(days=1))

    def test_it_is_late_exactly_when_the_grace_is_over(self, parcel, make):
        before = promise_passed(parcel(promise=3), self.settings, make.at(4) - SECOND)
        assert (before.finding, before.due_at) == (None, make.at(4))

        found = promise_passed(parcel(promise=3), self.settings, make.at(4)).finding
        assert (found.kind, found.since) == ("promise_passed", make.at(3))
        assert found.evidence == f"promised by {make.at(3):%Y-%m-%d}, not delivered 1 days later"

    def test_without_a_promise_nothing_is_late(self, parcel, make):
        said = promise_passed(parcel(), self.settings, make.at(99))
        assert (said.finding, said.due_at) == (None, None)

    def test_even_a_parcel_that_was_never_scanned_can_be(self, parcel, make):
        late = parcel(Milestone.UNKNOWN, last=None, promise=3)
        assert promise_passed(late, self.settings, make.at(5)).finding is not None

    def test_it_can_be_switched_off(self, parcel, make):
        off = PromisePassed(enabled=False)
        assert promise_passed(parcel(promise=3), off, make.at(99)).finding is None


class TestTrouble:
    @pytest.mark.parametrize(
        ("milestone", "kind", "cause"),
        [
            (Milestone.CUSTOMS_HOLD, Kind.CUSTOMS_HOLD, Cause.CUSTOMS),
            (Milestone.ATTEMPT_FAILED, Kind.ATTEMPT_FAILED, Cause.ATTEMPT_FAILED),
            (Milestone.EXCEPTION, Kind.EXCEPTION, Cause.EXCEPTION),
        ],
    )
    def test_the_carriers_own_word_counts_at_once(self, parcel, make, milestone, kind, cause):
        found = trouble(parcel(milestone), Trouble(), make.at()).finding
        assert (found.kind, found.cause, found.since) == (kind, cause, make.at())
        assert f"{make.at():%Y-%m-%d}" in found.evidence

    @pytest.mark.parametrize(
        "milestone",
        sorted(
            {*Milestone} - {Milestone.CUSTOMS_HOLD, Milestone.ATTEMPT_FAILED, Milestone.EXCEPTION}
        ),
    )
    def test_no_other_word_does(self, parcel, make, milestone):
        assert trouble(parcel(milestone), Trouble(), make.at()).finding is None

    def test_only_the_causes_that_are_wanted(self, parcel, make):
        wanted = Trouble(causes=(Kind.CUSTOMS_HOLD,))
        assert trouble(parcel(Milestone.EXCEPTION), wanted, make.at()).finding is None
        assert trouble(parcel(Milestone.CUSTOMS_HOLD), wanted, make.at()).finding is not None

    def test_a_second_failed_attempt_is_new_trouble(self, parcel, make):
        one, two = (
            trouble(parcel(Milestone.ATTEMPT_FAILED, last=day), Trouble(), make.at(5)).finding
            for day in (1, 2)
        )
        assert one.fingerprint != two.fingerprint


class TestJudge:
    @pytest.mark.parametrize("milestone", [m for m in Milestone if m.terminal])
    def test_a_parcel_at_its_end_is_nobodys_business(self, parcel, make, milestone):
        assert judge(parcel(milestone, promise=1), Watches(), make.at(99)) == ([], None)

    def test_nor_is_one_without_a_number(self, parcel, make):
        untracked = parcel(promise=1, tracking_number=None)
        assert judge(untracked, Watches(), make.at(99)) == ([], None)

    def test_all_watches_speak(self, parcel, make):
        found, due = judge(parcel(promise=1), Watches(), make.at(8))
        assert {finding.kind for finding in found} == {"no_movement", "promise_passed"}
        assert due is None

    def test_the_earliest_limit_is_when_to_judge_again(self, parcel, make):
        found, due = judge(parcel(promise=2), Watches(), make.at(1))
        assert (found, due) == ([], make.at(3))


@given(
    last=st.none() | st.integers(-20, 0),
    promise=st.none() | st.integers(-20, 20),
    milestone=st.sampled_from(Milestone),
    day=st.floats(0, 30),
)
def test_nothing_changes_before_it_is_due_again(make, last, promise, milestone, day):
    moved = None if last is None else make.at(last)
    facts = ParcelFacts(
        shipment_id=1, account_id=2, source_id="p1", order_id="o1", carrier=None,
        tracking_number="TN1", seen_at=make.at(-1),
        state=ParcelState(milestone=milestone, milestone_at=moved, last_movement_at=moved),
        deliver_by=None if promise is None else make.at(promise),
    )  # fmt: skip
    found, due = judge(facts, Watches(), make.at(day))

    assert due is None or due > make.at(day)
    just_before = make.at(60) if due is None else due - SECOND
    again, _ = judge(facts, Watches(), max(just_before, make.at(day)))
    assert {f.fingerprint for f in again} == {f.fingerprint for f in found}
    if due is not None:
        then, _ = judge(facts, Watches(), due)
        assert len(then) > len(found)
