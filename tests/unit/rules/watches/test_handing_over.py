"""Parcels that wait for the buyer, and those that go back."""

from datetime import timedelta

import pytest

from syncd.config import AwaitingPickup, PickupEnding, Returning
from syncd.model import Cause, Milestone, Severity
from syncd.rules.watches.handing_over import awaiting_pickup, pickup_ending, returning

SECOND = timedelta(seconds=1)
WAITING = Milestone.READY_FOR_PICKUP


class TestAwaitingPickup:
    settings = AwaitingPickup(after=timedelta(days=2))

    def test_the_buyer_is_told_on_the_second_day(self, parcel, make):
        before = awaiting_pickup(parcel(WAITING), self.settings, make.at(2) - SECOND)
        assert (before.finding, before.due_at) == (None, make.at(2))

        found = awaiting_pickup(parcel(WAITING), self.settings, make.at(2)).finding
        assert (found.kind, found.cause, found.severity) == (
            "awaiting_pickup", Cause.PICKUP, Severity.TELL,
        )  # fmt: skip
        assert "kept until" not in found.evidence

    def test_the_last_day_is_evidence_where_it_is_known(self, parcel, make):
        kept = parcel(WAITING, state={"pickup_by": make.at(9)})
        evidence = awaiting_pickup(kept, self.settings, make.at(3)).finding.evidence
        assert evidence.endswith(f"kept until {make.at(9):%Y-%m-%d}")

    @pytest.mark.parametrize(("last_day", "told_on"), [(9, 2), (3, 1), (1, 0)])
    def test_the_buyer_is_told_in_time_for_the_last_day(self, parcel, make, last_day, told_on):
        kept = parcel(WAITING, state={"pickup_by": make.at(last_day)})
        before = awaiting_pickup(kept, self.settings, make.at(told_on) - SECOND)
        assert (before.finding, before.due_at) == (None, make.at(told_on))
        said = awaiting_pickup(kept, self.settings, make.at(told_on))
        assert said.finding is not None
        assert said.due_at == make.at(last_day)

    def test_nobody_is_sent_for_a_parcel_that_is_not_kept_any_more(self, parcel, make):
        kept = parcel(WAITING, state={"pickup_by": make.at(4)})
        assert awaiting_pickup(kept, self.settings, make.at(4) - SECOND).finding is not None
        assert awaiting_pickup(kept, self.settings, make.at(4)).finding is None


class TestPickupEnding:
    settings = PickupEnding(ahead=timedelta(days=2), kept=timedelta(days=7))

    @pytest.mark.parametrize(
        ("told", "limit"),
        [pytest.param(None, 5, id="as usual"), pytest.param(12, 10, id="by the carrier's word")],
    )
    def test_staff_hear_of_it_before_the_last_day(self, parcel, make, told, limit):
        kept = parcel(WAITING, state={"pickup_by": None if told is None else make.at(told)})
        before = pickup_ending(kept, self.settings, make.at(limit) - SECOND)
        assert (before.finding, before.due_at) == (None, make.at(limit))

        found = pickup_ending(kept, self.settings, make.at(limit)).finding
        assert (found.kind, found.severity) == ("pickup_ending", Severity.ACT)
        assert f"kept until {make.at(limit + 2):%Y-%m-%d}" in found.evidence
        assert found.figures == {"days_waiting": limit}


class TestReturning:
    settings = Returning(lasts=timedelta(days=7))

    def test_on_its_way_back_it_is_trouble_for_as_long_as_that_takes(self, parcel, make):
        for day in (0, 99):
            said = returning(parcel(Milestone.RETURNING), self.settings, make.at(day))
            assert (said.finding.kind, said.finding.cause) == ("returning", Cause.RETURNING)
            assert (said.finding.severity, said.due_at) == (Severity.ACT, None)

    def test_back_it_is_for_a_while(self, parcel, make):
        back = parcel(Milestone.RETURNED)
        said = returning(back, self.settings, make.at(7) - SECOND)
        assert (said.finding.kind, said.due_at) == ("returned", make.at(7))
        assert returning(back, self.settings, make.at(7)).finding is None


@pytest.mark.parametrize(
    ("watch", "settings", "milestones"),
    [
        (awaiting_pickup, AwaitingPickup, {WAITING}),
        (pickup_ending, PickupEnding, {WAITING}),
        (returning, Returning, {Milestone.RETURNING, Milestone.RETURNED}),
    ],
)
class TestQuiet:
    def test_no_other_milestone_is_of_concern(self, parcel, make, watch, settings, milestones):
        found = {m for m in Milestone if watch(parcel(m), settings(), make.at(6)).finding}
        assert found == milestones

    def test_it_can_be_switched_off(self, parcel, make, watch, settings, milestones):
        for milestone in milestones:
            off = settings(enabled=False)
            assert watch(parcel(milestone), off, make.at(6)).finding is None
