"""Which parcel is the worst."""

from datetime import timedelta

import pytest

from syncd.model import AtRisk, KnownFinding, Milestone, ParcelFacts, ParcelState
from syncd.rules.board import CLAIM_IS_NEAR, days_to, worst, worst_first


@pytest.fixture
def risk(make):
    """A parcel at risk; days count from now."""

    def one(number, *, severity="tell", promise=None, protection=None, since=-5):
        day = lambda value: None if value is None else make.at(value)  # noqa: E731  read aloud
        found = KnownFinding(
            kind="no_movement", cause="delay", severity=severity, since=make.at(since),
            evidence="still", opened_at=make.at(since), closed_at=None,
        )  # fmt: skip
        parcel = ParcelFacts(
            shipment_id=number, account_id=1, source_id=str(number), order_id="o",
            tracking_number=f"TN{number}", carrier=None, seen_at=make.at(-20),
            state=ParcelState(milestone=Milestone.IN_TRANSIT),
            deliver_by=day(promise), protection_ends_at=day(protection),
        )  # fmt: skip
        return AtRisk(subject=parcel, account="shop", country="DE", findings=(found,))

    return one


def order(make, *risks):
    return [each.subject.number for each in worst_first(risks, make.at())]


def test_what_a_person_must_act_on_goes_before_what_the_buyer_hears_and_notes(make, risk):
    assert order(
        make,
        risk(1, severity="note", promise=-30, protection=1),
        risk(2, severity="tell", promise=-30, protection=1),
        risk(3, severity="act", promise=9),
    ) == [3, 2, 1]


def test_protection_that_ends_soon_goes_before_a_promise_broken_for_long(make, risk):
    assert order(make, risk(1, promise=-30), risk(2, protection=6), risk(3, protection=2)) == [
        3,
        2,
        1,
    ]


@pytest.mark.parametrize("ends", [-0.01, CLAIM_IS_NEAR / timedelta(days=1) + 0.01])
def test_protection_that_is_over_or_far_off_changes_nothing(make, risk, ends):
    assert order(make, risk(1, promise=-3, protection=ends), risk(2, promise=-4)) == [2, 1]


def test_the_longest_broken_promise_first_and_none_at_all_last(make, risk):
    risks = (risk(1), risk(2, promise=5), risk(3, promise=-1), risk(4, promise=-9))
    assert order(make, *risks) == [4, 3, 2, 1]


def test_of_equals_the_oldest_trouble_goes_first(make, risk):
    assert order(make, risk(1, since=-2), risk(2, since=-8)) == [2, 1]


def test_the_reason_is_the_most_urgent_finding_then_the_oldest(make, risk):
    early, late, urgent = (
        risk(1, since=-9).findings[0],
        risk(1, since=-2).findings[0],
        risk(1, since=-1, severity="act").findings[0],
    )
    assert worst([late, early]) is early
    assert worst([early, urgent]) is urgent
    assert worst([]) is None


def test_days_to_a_time(make):
    assert days_to(make.at(2.25), make.at()) == 2.2
    assert days_to(make.at(-3), make.at()) == -3
    assert days_to(None, make.at()) is None
