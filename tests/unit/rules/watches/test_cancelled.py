"""Parcels that were cancelled at the carrier."""

from datetime import timedelta

import pytest

from syncd.config import Cancelled
from syncd.model import Cause, Milestone, Severity
from syncd.rules.watches.cancelled import cancelled

SETTINGS = Cancelled(after=timedelta(hours=6))


def test_it_counts_after_the_time_that_another_may_take(parcel, make):
    """From when the last one of the order was cancelled; each is in its own trouble."""
    facts = parcel(Milestone.CANCELLED, 0, unreplaced_since=make.at(3))
    before = cancelled(facts, SETTINGS, make.at(3.25) - timedelta(seconds=1))
    assert (before.finding, before.due_at) == (None, make.at(3.25))

    found = cancelled(facts, SETTINGS, make.at(3.25)).finding
    assert (found.kind, found.cause, found.severity) == ("cancelled", Cause.CANCELLED, Severity.ACT)
    assert (found.since, found.fingerprint) == (make.at(3), "cancelled:2:p1:20260310T120000")


@pytest.mark.parametrize("milestone", sorted({*Milestone} - {Milestone.CANCELLED}))
def test_nothing_else_was_cancelled(parcel, make, milestone):
    facts = parcel(milestone, 0, unreplaced_since=make.at())
    assert cancelled(facts, SETTINGS, make.at(99)).finding is None


def test_switched_off_or_replaced_it_is_quiet(parcel, make):
    facts = parcel(Milestone.CANCELLED, 0, unreplaced_since=make.at())
    assert cancelled(facts, Cancelled(enabled=False), make.at(99)).finding is None
    assert cancelled(parcel(Milestone.CANCELLED, 0), SETTINGS, make.at(99)).finding is None
