"""Silence is measured in working days, against the part of the way that the parcel is on."""

from datetime import timedelta

import pytest

from syncd.config import NoMovement, PresumedLost
from syncd.model import Cause, Milestone, Severity
from syncd.rules.watches.silence import no_movement, presumed_lost

SECOND = timedelta(seconds=1)
WAITS = {Milestone.CUSTOMS_HOLD, Milestone.READY_FOR_PICKUP, Milestone.RETURNING}
UNSEEN = {milestone for milestone in Milestone if not milestone.physical}

within = {"origin_country": "DE", "destination_country": "DE"}
abroad = {"origin_country": "CN", "destination_country": "DE"}


class TestNoMovement:
    settings = NoMovement(after=timedelta(days=5), between_countries=timedelta(days=10))

    # The last scan is on Tuesday, 10 March 2026, unless `last` moves it.
    @pytest.mark.parametrize(
        ("milestone", "countries", "last", "limit"),
        [
            pytest.param(Milestone.IN_TRANSIT, within, 0, 7, id="five working days: a week"),
            pytest.param(Milestone.IN_TRANSIT, abroad, 0, 14, id="ten: two weeks"),
            pytest.param(Milestone.ARRIVED_DESTINATION, abroad, 0, 7, id="has arrived"),
            pytest.param(Milestone.EXPORT_CUSTOMS, {}, 0, 14, id="nobody knows whence"),
            # Good Friday and Easter Monday; in China, Qingming on Monday, 6 April 2026.
            pytest.param(Milestone.IN_TRANSIT, within, 22, 31, id="over Easter"),
            # A Saturday counts as the Monday's first hour.
            pytest.param(Milestone.IN_TRANSIT, within, 4, 12.5, id="since a Saturday"),
        ],
    )
    def test_it_is_silence_exactly_at_the_limit(
        self, parcel, make, milestone, countries, last, limit
    ):
        silent = parcel(milestone, last, **countries)
        before = no_movement(silent, self.settings, make.at(limit) - SECOND)
        assert (before.finding, before.due_at) == (None, make.at(limit))

        found = no_movement(silent, self.settings, make.at(limit)).finding
        assert (found.kind, found.cause, found.since) == ("no_movement", Cause.DELAY, make.at(last))
        assert found.severity is Severity.TELL

    def test_the_evidence_says_how_long_and_what_was_expected(self, parcel, make):
        found = no_movement(parcel(**within), self.settings, make.at(9.5)).finding
        assert found.evidence == (
            f"no scan for 9 days (since {make.at():%Y-%m-%d}); expected within 5 working days"
        )
        assert found.figures == {"days_silent": 9}

    @pytest.mark.parametrize("milestone", Milestone)
    def test_what_explains_silence_is_no_trouble(self, parcel, make, milestone):
        said = no_movement(parcel(milestone), self.settings, make.at(30))
        explained = {*WAITS, *UNSEEN, Milestone.EXCEPTION}
        assert (said.finding is None) == (milestone in explained)

    def test_a_parcel_nobody_ever_had_in_hand_is_not_silent(self, parcel, make):
        said = no_movement(parcel(last=None), self.settings, make.at(30))
        assert (said.finding, said.due_at) == (None, None)

    def test_the_same_silence_keeps_its_fingerprint_and_the_next_gets_another(self, parcel, make):
        first = no_movement(parcel(), self.settings, make.at(18)).finding
        later = no_movement(parcel(), self.settings, make.at(30)).finding
        moved_on = no_movement(parcel(last=10), self.settings, make.at(30)).finding
        assert first.fingerprint == later.fingerprint
        assert moved_on.fingerprint != first.fingerprint

    def test_it_can_be_switched_off(self, parcel, make):
        off = NoMovement(enabled=False)
        assert no_movement(parcel(), off, make.at(99)).finding is None


class TestPresumedLost:
    settings = PresumedLost(after=timedelta(days=30))

    def test_staff_hear_of_it_exactly_at_the_limit(self, parcel, make):
        before = presumed_lost(parcel(), self.settings, make.at(30) - SECOND)
        assert (before.finding, before.due_at) == (None, make.at(30))

        found = presumed_lost(parcel(), self.settings, make.at(30)).finding
        assert (found.kind, found.severity) == ("presumed_lost", Severity.ACT)
        assert found.evidence.startswith("no scan for 30 days")

    @pytest.mark.parametrize("milestone", Milestone)
    def test_one_that_waits_for_somebody_is_not_lost(self, parcel, make, milestone):
        said = presumed_lost(parcel(milestone), self.settings, make.at(99))
        assert (said.finding is None) == (milestone in WAITS | UNSEEN)

    def test_it_can_be_switched_off(self, parcel, make):
        off = PresumedLost(enabled=False)
        assert presumed_lost(parcel(), off, make.at(99)).finding is None
