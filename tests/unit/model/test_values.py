"""What the model's own small decisions promise."""

from datetime import datetime

import pytest

from syncd.model import Milestone, OutboxState, Receipt, Verdict, event_fingerprint
from syncd.model.base import Value

LOCAL = datetime(2026, 3, 10, 14, 5)  # noqa: DTZ001  a carrier's wall clock


def test_a_value_cannot_be_changed_and_is_compared_by_content(make):
    one, two = make.message(), make.message()

    assert one == two
    with pytest.raises(AttributeError):
        one.text = "changed"


def test_every_value_names_its_fields():
    class Point(Value, frozen=True, kw_only=True):
        x: int

    with pytest.raises(TypeError):
        Point(1)


def test_a_scan_polled_again_gets_the_same_fingerprint():
    assert event_fingerprint("TN1", LOCAL, "Sorted ") == event_fingerprint("TN1", LOCAL, "Sorted")


@pytest.mark.parametrize(
    "other",
    [
        ("TN2", LOCAL, "Sorted", None),
        ("TN1", LOCAL.replace(minute=6), "Sorted", None),
        ("TN1", LOCAL, "Sorted!", None),
        ("TN1", LOCAL, "Sorted", "S"),
    ],
)
def test_another_scan_gets_another(other):
    assert event_fingerprint("TN1", LOCAL, "Sorted") != event_fingerprint(*other)


def test_an_end_is_an_end_and_data_is_no_movement():
    assert {m for m in Milestone if m.terminal} == {
        Milestone.DELIVERED, Milestone.RETURNED, Milestone.CANCELLED,
    }  # fmt: skip
    assert {m for m in Milestone if not m.physical} == {
        Milestone.UNKNOWN, Milestone.PRE_SHIPMENT, Milestone.CANCELLED,
    }  # fmt: skip


def test_final_states_are_those_after_which_nothing_happens_by_itself():
    assert {state for state in OutboxState if state.final} == {
        OutboxState.SENT, OutboxState.FAILED, OutboxState.CANCELLED, OutboxState.OBSOLETE,
    }  # fmt: skip


def test_verdicts(make):
    assert Verdict.yes().allowed
    later = Verdict.later(make.at(), "once a day")
    assert (later.allowed, later.not_before, later.reason) == (False, make.at(), "once a day")
    never = Verdict.never("no messages")
    assert (never.allowed, never.not_before, never.reason) == (False, None, "no messages")
    assert Receipt(source_id="1", accepted_at=make.at()).detail == ""
