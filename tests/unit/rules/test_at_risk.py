"""A parcel that may come late: who hears of it, from which chance on, and in which words."""

from datetime import timedelta

import pytest

from syncd.model import Cause, Milestone, ParcelFacts, ParcelState, Reason, Severity
from syncd.model.lateness import Chance, Outlook
from syncd.rules.watches.at_risk import at_risk

DAY = timedelta(days=1)
GRACE = timedelta(days=1)


@pytest.fixture
def parcel(make):
    def facts(milestone=Milestone.IN_TRANSIT, promise=4.0, reason=None):
        return ParcelFacts(
            shipment_id=1, account_id=2, source_id="p1", order_id="o1", carrier="DHL",
            tracking_number="TN1", seen_at=make.at(-15),
            state=ParcelState(milestone=milestone, reason=reason),
            deliver_by=make.at(promise),
        )  # fmt: skip

    return facts


@pytest.fixture
def judged(parcel, make):
    """What is said of a parcel placed 21 days ago and promised in 4, with this chance."""

    def said(p=None, n=312.4, now=0.0, listed=False, lowest=0.5, **facts):
        chance = None if p is None else Chance(
            p=p, n=n, basis="DHL, CN>GB, promised 23 to 28 days", within_days=19,
            board=0.5, lowest=lowest, buyer=0.7, next_at=make.at(1),
        )  # fmt: skip
        outlook = Outlook(placed_at=make.at(-21), chance=chance, listed=listed)
        return at_risk(parcel(**facts), outlook, make.at(now), grace=GRACE)

    return said


def test_staff_sees_it_first_and_the_buyer_should_hear_of_it_from_a_higher_chance(judged):
    assert judged(0.49).finding is None
    board, buyer = judged(0.5).finding, judged(0.7).finding
    assert (board.kind, board.severity, board.cause) == ("at_risk", Severity.NOTE, Cause.DELAY)
    assert (buyer.kind, buyer.severity, buyer.cause) == ("likely_late", Severity.TELL, Cause.DELAY)


def test_of_a_parcel_that_is_lost_it_is_no_question(judged):
    assert judged(0.9, reason=Reason.WEATHER).finding is not None
    assert judged(0.9, reason=Reason.LOST).finding is None


def test_the_evidence_is_in_words_and_figures(judged):
    found = judged(0.62).finding
    assert found.evidence == (
        "62% of parcels like it (DHL, CN>GB, promised 23 to 28 days) that were still under way on "
        "day 21 of 25 came late; 95 % of them are delivered within 19 days (n=312)"
    )
    assert found.figures == {"p": 0.62, "n": 312.4, "day": 21, "of": 25}


def test_too_few_parcels_to_go_by_leave_it_to_the_promised_time_used(judged, make):
    # Of 25 days 75 % are over 18.75 days after placing, 90 % after 22.5.
    early = judged(0.99, n=29.9, now=-2.3)
    assert (early.finding, early.due_at) == (None, make.at(-2.25))
    board = judged(0.01, n=29.9, now=-2.25)
    assert (board.finding.kind, board.due_at) == ("at_risk", make.at(1.5))
    assert board.finding.evidence == (
        "still under way on day 19 of 25, 75% of the promised time; "
        "fewer than 30 parcels like it are known to go by"
    )
    buyer = judged(now=1.5)  # no model at all
    assert (buyer.finding.kind, buyer.due_at) == ("likely_late", make.at(5))


def test_the_same_risk_keeps_its_fingerprint_and_another_promise_is_another(judged):
    first, later = judged(0.6).finding, judged(0.65, now=1).finding
    assert first.fingerprint == later.fingerprint
    assert judged(0.6, promise=9.0).finding.fingerprint != first.fingerprint
    assert judged(0.8).finding.fingerprint != first.fingerprint


def test_it_stays_on_the_board_until_the_chance_is_clearly_lower(judged):
    assert judged(0.41).finding is None
    assert judged(0.41, listed=True).finding.kind == "at_risk"
    assert judged(0.39, listed=True).finding is None


def test_a_threshold_that_rises_takes_no_parcel_off_the_board(judged):
    # It came at 0.4, four days before the promise; today the threshold is 0.5.
    assert judged(0.4, lowest=0.4).finding is None
    assert judged(0.4, lowest=0.4, listed=True).finding.kind == "at_risk"
    assert judged(0.29, lowest=0.4, listed=True).finding is None


def test_it_is_looked_at_again_when_the_chance_can_be_another(judged, make):
    assert judged(0.2).due_at == make.at(1)
    assert judged(0.6).due_at == make.at(1)


def test_promise_passed_takes_over_where_it_speaks(judged):
    assert judged(1.0, now=4.5).finding.kind == "likely_late"
    over = judged(1.0, now=5)
    assert (over.finding, over.due_at) == (None, None)


@pytest.mark.parametrize("milestone", Milestone)
def test_a_parcel_that_is_nearly_there_or_has_another_end_is_not_at_risk(judged, milestone):
    quiet = {
        Milestone.UNKNOWN, Milestone.OUT_FOR_DELIVERY, Milestone.READY_FOR_PICKUP,
        Milestone.RETURNING,
    }  # fmt: skip
    assert (judged(0.9, milestone=milestone).finding is None) == (milestone in quiet)


def test_without_an_outlook_nothing_is_said(parcel, make):
    assert at_risk(parcel(), None, make.at(), grace=GRACE).due_at is None
