"""What the carrier itself reports."""

from datetime import timedelta

import pytest

from syncd.config import AttemptFailed, CarrierException, CustomsHold, LostOrDamaged
from syncd.model import Cause, Milestone, Reason, Severity
from syncd.rules.watches.reported import attempt_failed, customs_hold, exception, lost_or_damaged

SECOND = timedelta(seconds=1)
ASKED = {Reason.DOCUMENTS, Reason.PAYMENT_DUE, Reason.PROHIBITED}
GONE = {Reason.LOST, Reason.DAMAGED}


class TestCustomsHold:
    settings = CustomsHold(after=timedelta(days=2))

    @pytest.mark.parametrize("reason", [None, *Reason])
    def test_at_once_where_something_is_asked_for_else_after_two_working_days(
        self, parcel, make, reason
    ):
        # Held on a Thursday: Friday and Monday are the two working days.
        held = parcel(Milestone.CUSTOMS_HOLD, 2, state={"reason": reason})
        limit = 2 if reason in ASKED else 6
        before = customs_hold(held, self.settings, make.at(limit) - SECOND)
        assert (before.finding, before.due_at) == (None, make.at(limit))

        found = customs_hold(held, self.settings, make.at(limit)).finding
        assert (found.kind, found.cause, found.since) == (
            "customs_hold", Cause.CUSTOMS, make.at(2),
        )  # fmt: skip
        assert ("asked for" in found.evidence or "not allowed" in found.evidence) == (
            reason in ASKED
        )

    @pytest.mark.parametrize("milestone", sorted({*Milestone} - {Milestone.CUSTOMS_HOLD}))
    def test_ordinary_customs_are_no_trouble(self, parcel, make, milestone):
        assert customs_hold(parcel(milestone), self.settings, make.at(99)).finding is None

    def test_it_can_be_switched_off(self, parcel, make):
        held = parcel(Milestone.CUSTOMS_HOLD)
        assert customs_hold(held, CustomsHold(enabled=False), make.at(99)).finding is None


@pytest.mark.parametrize(
    ("watch", "settings", "milestone", "cause"),
    [
        (attempt_failed, AttemptFailed, Milestone.ATTEMPT_FAILED, Cause.ATTEMPT_FAILED),
        (exception, CarrierException, Milestone.EXCEPTION, Cause.EXCEPTION),
    ],
)
class TestTheCarriersWord:
    def test_it_counts_at_once_and_says_why(self, parcel, make, watch, settings, milestone, cause):
        wrong = parcel(milestone, state={"reason": Reason.NOT_COLLECTED})
        found = watch(wrong, settings(), make.at()).finding
        assert (found.kind, found.cause, found.since) == (milestone.value, cause, make.at())
        assert found.evidence.endswith(f"on {make.at():%Y-%m-%d} (not collected)")

    def test_no_other_milestone_counts(self, parcel, make, watch, settings, milestone, cause):
        for other in {*Milestone} - {milestone}:
            assert watch(parcel(other), settings(), make.at()).finding is None
        assert watch(parcel(milestone), settings(), make.at()).finding.cause is cause

    def test_a_second_time_is_new_trouble(self, parcel, make, watch, settings, milestone, cause):
        one, two = (
            watch(parcel(milestone, last=day), settings(), make.at(5)).finding for day in (1, 2)
        )
        assert one.fingerprint != two.fingerprint
        assert {one.cause, two.cause} == {cause}

    def test_it_can_be_switched_off(self, parcel, make, watch, settings, milestone, cause):
        wrong = parcel(milestone)
        assert watch(wrong, settings(enabled=False), make.at()).finding is None
        assert watch(wrong, settings(), make.at()).finding.cause is cause


class TestLostOrDamaged:
    @pytest.mark.parametrize("reason", [None, *Reason])
    def test_it_is_said_by_one_watch_only(self, parcel, make, reason):
        wrong = parcel(Milestone.EXCEPTION, state={"reason": reason})
        gone = lost_or_damaged(wrong, LostOrDamaged(), make.at()).finding
        other = exception(wrong, CarrierException(), make.at()).finding
        assert (gone is not None, other is not None) == (reason in GONE, reason not in GONE)

    @pytest.mark.parametrize("reason", sorted(GONE))
    @pytest.mark.parametrize("milestone", [Milestone.ATTEMPT_FAILED, Milestone.RETURNING])
    def test_at_whatever_stage_and_staff_must_act(self, parcel, make, milestone, reason):
        found = lost_or_damaged(
            parcel(milestone, state={"reason": reason}), LostOrDamaged(), make.at()
        ).finding
        cause = Cause.LOST if reason is Reason.LOST else Cause.EXCEPTION
        assert (found.kind, found.severity, found.cause) == (reason.value, Severity.ACT, cause)

    def test_it_can_be_switched_off(self, parcel, make):
        wrong = parcel(Milestone.EXCEPTION, state={"reason": Reason.LOST})
        assert lost_or_damaged(wrong, LostOrDamaged(enabled=False), make.at()).finding is None
