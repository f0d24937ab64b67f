"""What the buyer was promised, and until when they are protected."""

from datetime import timedelta

import pytest

from syncd.config import EtaSlipped, PromisePassed, ProtectionEnding
from syncd.model import Cause, Milestone, Reason, Severity
from syncd.rules.watches.promise import eta_slipped, promise_passed, protection_ending

SECOND = timedelta(seconds=1)


class TestPromisePassed:
    settings = PromisePassed(grace=timedelta(days=1))

    def test_it_is_late_exactly_when_the_grace_is_over(self, parcel, make):
        before = promise_passed(parcel(promise=3), self.settings, make.at(4) - SECOND)
        assert (before.finding, before.due_at) == (None, make.at(4))

        found = promise_passed(parcel(promise=3), self.settings, make.at(4)).finding
        assert (found.kind, found.since) == ("promise_passed", make.at(3))
        assert found.evidence == f"promised by {make.at(3):%Y-%m-%d}, not delivered 1 day later"

    def test_without_a_promise_nothing_is_late(self, parcel, make):
        said = promise_passed(parcel(), self.settings, make.at(99))
        assert (said.finding, said.due_at) == (None, None)

    def test_even_a_parcel_that_was_never_scanned_can_be(self, parcel, make):
        late = parcel(Milestone.UNKNOWN, last=None, promise=3)
        assert promise_passed(late, self.settings, make.at(5)).finding is not None

    @pytest.mark.parametrize(
        ("milestone", "reason"),
        [
            (Milestone.READY_FOR_PICKUP, None),
            (Milestone.RETURNING, None),
            (Milestone.EXCEPTION, Reason.LOST),
        ],
    )
    def test_what_no_longer_comes_to_the_buyer_is_not_late(self, parcel, make, milestone, reason):
        facts = parcel(milestone, promise=3, state={"reason": reason})
        assert promise_passed(facts, self.settings, make.at(9)).finding is None

    def test_it_can_be_switched_off(self, parcel, make):
        off = PromisePassed(enabled=False)
        assert promise_passed(parcel(promise=3), off, make.at(99)).finding is None


class TestEtaSlipped:
    settings = EtaSlipped(by=timedelta(days=1), confirmed_after=timedelta(hours=12))

    @pytest.fixture
    def estimated(self, parcel, make):
        """A parcel promised for day 5, with its estimate, and the one before."""

        def facts(eta, before=None, promise=5):
            return parcel(
                promise=promise,
                state={
                    "eta": make.at(eta),
                    "eta_before": None if before is None else make.at(before),
                    "eta_since": make.at(1),
                },
            )

        return facts

    @pytest.mark.parametrize(
        ("eta", "before", "found_at"),
        [
            pytest.param(6, None, 1.5, id="once it has stood for half a day"),
            pytest.param(6, 4, 1.5, id="was in time before"),
            pytest.param(7, 6, 1, id="too late the second time: at once"),
            pytest.param(6 - 0.01, 7, None, id="less than a day late"),
            pytest.param(4, 7, None, id="in time again"),
        ],
    )
    def test_two_looks_have_to_say_so(self, estimated, make, eta, before, found_at):
        facts = estimated(eta, before)
        if found_at is None:
            said = eta_slipped(facts, self.settings, make.at(4))
            assert (said.finding, said.due_at) == (None, None)
            return
        early = eta_slipped(facts, self.settings, make.at(found_at) - SECOND)
        assert (early.finding, early.due_at) == (None, make.at(found_at))
        found = eta_slipped(facts, self.settings, make.at(found_at)).finding
        assert (found.kind, found.cause) == ("eta_slipped", Cause.DELAY)
        assert found.evidence == (
            f"the carrier estimates {make.at(eta):%Y-%m-%d}, promised by {make.at(5):%Y-%m-%d}: "
            f"{eta - 5} day{'' if eta == 6 else 's'} late"
        )

    def test_a_further_slip_is_the_same_trouble_until_there_is_another_promise(
        self, estimated, make
    ):
        said = [
            eta_slipped(facts, self.settings, make.at(3)).finding.fingerprint
            for facts in (estimated(7), estimated(9, 7), estimated(9, 7, promise=6))
        ]
        assert said[0] == said[1] != said[2]

    def test_an_estimate_of_the_promised_day_is_no_slip_however_strict(self, estimated, make):
        strict = EtaSlipped(by=timedelta(0), confirmed_after=timedelta(0))
        assert eta_slipped(estimated(5), strict, make.at(4)).finding is None
        assert eta_slipped(estimated(5.1), strict, make.at(4)).finding is not None

    def test_without_a_promise_or_switched_off_it_is_quiet(self, estimated, make):
        off = EtaSlipped(enabled=False)
        assert eta_slipped(estimated(9), off, make.at(4)).finding is None
        assert eta_slipped(estimated(9, promise=None), self.settings, make.at(4)).finding is None


class TestProtectionEnding:
    settings = ProtectionEnding(ahead=timedelta(days=5))

    def test_staff_hear_of_it_ahead(self, parcel, make):
        before = protection_ending(parcel(protection=9), self.settings, make.at(4) - SECOND)
        assert (before.finding, before.due_at) == (None, make.at(4))

        found = protection_ending(parcel(protection=9), self.settings, make.at(4)).finding
        assert (found.kind, found.cause, found.severity) == (
            "protection_ending", Cause.PROTECTION, Severity.ACT,
        )  # fmt: skip
        assert f"{make.at(9):%Y-%m-%d}" in found.evidence

    def test_longer_protection_is_another_trouble_later(self, parcel, make):
        one = protection_ending(parcel(protection=9), self.settings, make.at(9)).finding
        assert protection_ending(parcel(protection=19), self.settings, make.at(9)).finding is None
        two = protection_ending(parcel(protection=19), self.settings, make.at(15)).finding
        assert one.fingerprint != two.fingerprint

    def test_unknown_or_switched_off_it_is_quiet(self, parcel, make):
        off = ProtectionEnding(enabled=False)
        assert protection_ending(parcel(protection=9), off, make.at(99)).finding is None
        assert protection_ending(parcel(), self.settings, make.at(99)).finding is None
