import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model.lateness import BOARD, BUYER
from syncd.rules.lateness import drift_ratio, tightened
from syncd.rules.lateness.thresholds import (
    FAIR,
    FAIR_TO_TELL,
    FALSE_ALARMS,
    operational,
    timely,
    worth_telling,
)


def test_half_of_the_jump_beyond_a_doubling_is_made_up_for():
    assert tightened(np.array(0.5), np.array(8.0)) == pytest.approx(2 / 3)


@given(st.floats(0.05, 0.95), st.floats(0.01, 100), st.floats(1, 10))
def test_tightening_never_loosens(threshold, drift, more):
    once = float(tightened(np.array(threshold), np.array(drift)))
    again = float(tightened(np.array(threshold), np.array(drift * more)))
    assert threshold - 1e-12 <= once <= again <= 0.95 + 1e-12


def test_up_to_a_doubling_nothing_is_changed():
    assert tightened(np.array(0.5), np.array(1.99)) == 0.5


def test_drift_is_the_odds_ratio_of_many_promises():
    ratio = drift_ratio(np.array(200_000.0), np.array(1_000_000.0), np.array(0.1))
    assert ratio == pytest.approx((0.2 / 0.8) / (0.1 / 0.9), rel=1e-3)


def test_a_few_late_promises_are_no_drift():
    assert drift_ratio(np.array(2.0), np.array(4.0), np.array(0.08)) < 1.7
    assert drift_ratio(np.array(0.0), np.array(0.0), np.array(0.08)) == pytest.approx(1)


def test_the_operational_threshold_is_drawn_a_third_of_the_way_to_the_boards():
    highest = np.linspace(0, 1, 1001)  # that share of the on-time orders was ever above the rest
    odds = ((1 - FALSE_ALARMS) / FALSE_ALARMS) ** (2 / 3)
    assert operational(highest) == pytest.approx(odds / (1 + odds), abs=0.001)
    assert operational(highest * 0 + 0.5) == pytest.approx(0.5)


def test_without_enough_orders_the_operational_threshold_is_the_boards():
    assert operational(np.full(49, 0.99)) == BOARD


def test_an_alarm_may_be_wrong_more_often_while_there_is_time_to_act_on_it():
    days = np.arange(0, 12)
    weighed = timely(np.full(12, 0.5), days)
    assert (weighed[3:5] > 0.5).all()
    assert (weighed[:3] < 0.5).all()
    assert (weighed[5:] < 0.5).all()
    for begins, fair in FAIR:
        assert timely(np.array([fair]), np.array([begins]))[0] == pytest.approx(0.5)
    assert np.all(np.diff(timely(np.linspace(0, 1, 50), np.full(50, 4))) >= 0)


def test_buyers_are_told_earlier_only_when_it_is_nearly_certain():
    bars = worth_telling(BUYER, np.arange(0, 12))
    assert np.all(np.diff(bars) >= 0)  # who has been told stays told as the promise comes nearer
    assert bars[1] < BUYER < bars[2]
    for begins, fair in FAIR_TO_TELL:
        assert bars[begins] == pytest.approx(fair)


@given(st.floats(0.05, 0.95), st.integers(0, 60))
def test_a_higher_bar_of_the_buyer_s_is_higher_on_every_day(bar, left):
    one, other = (float(worth_telling(each, np.array(left))) for each in (bar, bar + 0.01))
    assert 0 < one < other < 1
