"""A buyer who watches a number that was replaced hears of the new one."""

from datetime import timedelta

import pytest

from syncd.config import NumberChanged
from syncd.model import Cause, Severity
from syncd.rules.watches.numbers import number_changed

SETTINGS = NumberChanged(lasts=timedelta(days=7))
SECOND = timedelta(seconds=1)


@pytest.fixture
def changed(parcel, make):
    """A parcel that was TN0 until `make.at()`."""
    return lambda **fields: parcel(number_before="TN0", number_since=make.at(), **fields)


def test_it_is_news_from_the_change_on_for_a_week(changed, make):
    for moment in (make.at(), make.at(7) - SECOND):
        said = number_changed(changed(), SETTINGS, moment)
        assert said.due_at == make.at(7)
        assert (said.finding.kind, said.finding.cause, said.finding.severity) == (
            "number_changed", Cause.NUMBER_CHANGED, Severity.TELL,
        )  # fmt: skip
        assert said.finding.evidence == f"TN0 was replaced by TN1 on {make.at():%Y-%m-%d}"
    assert number_changed(changed(), SETTINGS, make.at(7)).finding is None


def test_while_no_carrier_knows_the_new_one_there_is_nothing_to_tell(changed, make):
    said = number_changed(changed(last=None), SETTINGS, make.at(1))
    assert (said.finding, said.due_at) == (None, None)


def test_a_number_that_never_changed_is_no_news(parcel, make):
    assert number_changed(parcel(), SETTINGS, make.at(1)).finding is None


def test_it_can_be_switched_off(changed, make):
    assert number_changed(changed(), NumberChanged(enabled=False), make.at(1)).finding is None
