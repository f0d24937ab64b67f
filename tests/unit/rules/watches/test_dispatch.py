"""Parcels that the carrier should have by now: a matter for staff."""

from datetime import timedelta

import pytest

from syncd.config import LateDispatch, NoFirstScan
from syncd.model import Cause, Milestone, Severity
from syncd.rules.watches.dispatch import late_dispatch, no_first_scan

SECOND = timedelta(seconds=1)
LABEL = Milestone.PRE_SHIPMENT


@pytest.fixture
def label(parcel):
    """A parcel announced at `make.at()`, which no carrier has yet."""
    return lambda **fields: parcel(LABEL, 0, **fields)


class TestLateDispatch:
    settings = LateDispatch(ahead=timedelta(days=1))

    def test_it_warns_ahead_and_is_late_exactly_at_the_end(self, label, make):
        far, near, late = (
            late_dispatch(label(ship_by=4), self.settings, at)
            for at in (make.at(3) - SECOND, make.at(3), make.at(4))
        )
        assert (far.finding, far.due_at) == (None, make.at(3))
        assert (near.finding.kind, near.due_at) == ("ship_by_near", make.at(4))
        assert (late.finding.kind, late.due_at) == ("late_dispatch", None)
        for said in (near.finding, late.finding):
            assert (said.cause, said.severity) == (Cause.DISPATCH, Severity.ACT)
        assert late.finding.evidence == (
            f"was to be handed over by {make.at(4):%Y-%m-%d} 12:00 UTC, no scan by the carrier yet"
        )

    def test_where_the_shop_says_it_was_sent_nobody_is_warned_ahead(self, label, make):
        sent = label(ship_by=4, shipped_at=make.at(3))
        near = late_dispatch(sent, self.settings, make.at(4) - SECOND)
        assert (near.finding, near.due_at) == (None, make.at(4))
        assert late_dispatch(sent, self.settings, make.at(4)).finding.kind == "late_dispatch"

    def test_without_a_number_that_is_what_it_lacks(self, parcel, make):
        nothing = parcel(Milestone.UNKNOWN, None, ship_by=1, tracking_number=None, shipped_at=None)
        found = late_dispatch(nothing, self.settings, make.at(2)).finding
        assert "no tracking number yet" in found.evidence

    @pytest.mark.parametrize(
        ("milestone", "last", "shipped_at", "late"),
        [
            pytest.param(Milestone.IN_TRANSIT, 0, 0, False, id="scanned"),
            pytest.param(Milestone.EXCEPTION, 0, None, False, id="in trouble, so scanned"),
            pytest.param(LABEL, 0, 0, True, id="the shop says sent, the carrier has a label"),
            pytest.param(LABEL, 0, None, True, id="a label"),
            pytest.param(Milestone.CANCELLED, 0, 0, True, id="a label that was cancelled"),
            pytest.param(Milestone.UNKNOWN, None, 0, False, id="the shop says sent, no carrier asked"),
            pytest.param(Milestone.UNKNOWN, None, None, True, id="nothing said at all"),
        ],
    )  # fmt: skip
    def test_it_is_handed_over_by_the_carriers_word_else_by_the_shops(
        self, parcel, make, milestone, last, shipped_at, late
    ):
        sent = None if shipped_at is None else make.at(shipped_at)
        facts = parcel(milestone, last, ship_by=1, shipped_at=sent)
        assert (late_dispatch(facts, self.settings, make.at(5)).finding is not None) == late

    def test_a_parcel_just_heard_of_gets_time_to_be_asked_about(self, label, make):
        fresh = label(ship_by=-9, seen_at=make.at())
        said = late_dispatch(fresh, self.settings, make.at(0.25))
        assert (said.finding, said.due_at) == (None, make.at(0.5))
        assert late_dispatch(fresh, self.settings, make.at(0.5)).finding.kind == "late_dispatch"

    @pytest.mark.parametrize(
        ("settings", "ship_by"), [(LateDispatch(enabled=False), 1), (LateDispatch(), None)]
    )
    def test_switched_off_or_without_an_end_it_is_quiet(self, label, make, settings, ship_by):
        said = late_dispatch(label(ship_by=ship_by), settings, make.at(99))
        assert (said.finding, said.due_at) == (None, None)


class TestNoFirstScan:
    settings = NoFirstScan(after=timedelta(days=2))
    countries = {"origin_country": "CN", "destination_country": "DE"}  # noqa: RUF012  read only

    @pytest.mark.parametrize(
        ("sent", "limit"),
        [
            pytest.param(0, 2, id="Tuesday to Thursday"),
            pytest.param(3, 7, id="Friday to Tuesday"),
            pytest.param(24, 29.5, id="on Good Friday: from Tuesday to the end of Wednesday"),
        ],
    )
    def test_two_working_days_after_it_was_sent(self, label, make, sent, limit):
        facts = label(shipped_at=make.at(sent), **self.countries)
        before = no_first_scan(facts, self.settings, make.at(limit) - SECOND)
        assert (before.finding, before.due_at) == (None, make.at(limit))

        found = no_first_scan(facts, self.settings, make.at(limit)).finding
        assert (found.kind, found.severity) == ("no_first_scan", Severity.ACT)
        assert found.since == make.at(sent)
        assert found.evidence.endswith("expected within 2 working days")

    def test_where_the_shop_tells_no_time_the_label_counts(self, label, make):
        assert no_first_scan(label(), self.settings, make.at(1)).due_at == make.at(2)

    @pytest.mark.parametrize("milestone", sorted({*Milestone} - {LABEL}))
    def test_nothing_else_is_a_label_without_a_scan(self, parcel, make, milestone):
        unheard_of = {"last_event_at": None} if milestone is Milestone.UNKNOWN else {}
        facts = parcel(milestone, 0, state=unheard_of)
        assert no_first_scan(facts, self.settings, make.at(99)).finding is None

    def test_it_can_be_switched_off(self, label, make):
        off = NoFirstScan(enabled=False)
        assert no_first_scan(label(), off, make.at(99)).finding is None
