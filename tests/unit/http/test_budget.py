"""A platform is never asked more often than it allows, by however many threads."""

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd import clock
from syncd.connector import MAX_RETRY_AFTER
from syncd.http import Budget, BudgetSpent, HttpClient, shared_budget
from syncd.testing.server import Answer, FakeServer, Fault, route


class Time:
    """Real time as far as budgets go: it moves when somebody sleeps."""

    def __init__(self):
        self.seconds = 1000.0
        self.slept = []
        self.lock = threading.Lock()

    def monotonic(self):
        return self.seconds

    def sleep(self, seconds):
        with self.lock:
            self.slept.append(seconds)
            self.seconds += seconds


@pytest.fixture
def time(monkeypatch):
    faked = Time()
    monkeypatch.setattr(clock, "monotonic", faked.monotonic)
    monkeypatch.setattr(clock, "sleep", faked.sleep)
    return faked


def test_a_burst_goes_at_once_and_then_one_by_one(time):
    budget = Budget(rate=2, burst=3)
    for _ in range(5):
        budget.take()
    assert time.slept == [0.5, 0.5]


def test_a_long_wait_is_the_schedulers(time):
    budget = Budget(rate=0.0056, burst=1)
    budget.take()
    with pytest.raises(BudgetSpent, match="limit of requests") as spent:
        budget.take()
    assert spent.value.retry_after == pytest.approx(178.6, abs=0.1)
    assert time.slept == []


def test_what_was_refused_costs_nothing(time):
    budget = Budget(rate=0.1, burst=1)
    budget.take()
    for _ in range(3):
        with pytest.raises(BudgetSpent) as spent:
            budget.take()
    assert spent.value.retry_after == pytest.approx(10)
    time.seconds += 10
    budget.take()


def test_it_fills_up_to_its_burst_and_no_further(time):
    budget = Budget(rate=1, burst=2, patience=0)
    time.seconds += 3600
    budget.take()
    budget.take()
    with pytest.raises(BudgetSpent):
        budget.take()


def test_a_learnt_rate_holds_from_then_on(time):
    budget = Budget(rate=0.01, burst=1)
    budget.take()
    time.seconds += 50  # half a turn, at the rate of before
    budget.learn(0.5)
    budget.take()
    assert time.slept == [1.0]


def test_nonsense_is_not_learnt(time):
    budget = Budget(rate=0.5, burst=1)
    budget.take()
    budget.learn(0)
    budget.learn(-1)
    budget.take()
    assert time.slept == [2.0]


def test_a_pause_holds_everybody(time):
    budget = Budget(rate=10, burst=5)
    budget.pause(60)
    with pytest.raises(BudgetSpent) as spent:
        budget.take()
    assert spent.value.retry_after == pytest.approx(60)
    time.seconds += 60
    budget.take()


@pytest.mark.parametrize("asked", [1e9, float("inf")])
def test_no_pause_is_longer_than_a_day(time, asked):
    budget = Budget(rate=10, burst=5)
    budget.pause(asked)
    with pytest.raises(BudgetSpent):
        budget.take()
    time.seconds += MAX_RETRY_AFTER
    budget.take()


def test_a_pause_without_a_time_is_one_turn_long(time):
    budget = Budget(rate=0.5, burst=5)
    budget.pause(None)
    budget.take()
    assert time.slept == [2.0]


def test_a_rate_learnt_in_a_pause_leaves_its_end_alone(time):
    budget = Budget(rate=10, burst=5)
    budget.pause(60)
    budget.learn(0.1)
    with pytest.raises(BudgetSpent) as spent:
        budget.take()
    assert spent.value.retry_after == pytest.approx(60)
    time.seconds += 60
    budget.take()
    assert time.slept == []


def test_a_shorter_pause_does_not_end_a_longer_one(time):
    budget = Budget(rate=10, burst=5)
    budget.pause(60)
    for shorter in (10, None):
        budget.pause(shorter)
        with pytest.raises(BudgetSpent) as spent:
            budget.take()
        assert spent.value.retry_after == pytest.approx(60)


RATES = st.floats(0.001, 1000)
MOMENTS = st.floats(0, 200)
STEPS = st.one_of(
    st.tuples(st.just("pass"), MOMENTS),
    st.tuples(st.just("take"), st.none()),
    st.tuples(st.just("learn"), RATES),
    st.tuples(st.just("pause"), st.none() | MOMENTS),
)


def refused(budget):
    """How long one is to wait; None where one got a turn."""
    try:
        budget.take()
    except BudgetSpent as spent:
        return spent.retry_after
    return None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rate=RATES, burst=st.floats(1, 50), steps=st.lists(STEPS, max_size=40))
def test_whatever_happens_it_lets_through_what_is_allowed_and_no_pause_is_cut(
    time, rate, burst, steps
):
    budget = Budget(rate, burst, patience=0)
    allowed, opens = burst, 0.0
    for what, value in [*steps, ("take", None)]:
        if what == "pass":
            time.seconds += value
            allowed += value * rate
        elif what == "learn":
            budget.learn(value)
            rate = value
        elif what == "pause":
            budget.pause(value)
            opens = max(opens, time.seconds + (value or 0))
        else:
            left, wait = max(0.0, opens - time.seconds), refused(budget)
            if wait is None:
                allowed -= 1
                assert allowed >= -1e-6
                assert left <= 1e-6
            else:
                assert left - 1e-6 <= wait <= left + 1 / rate + 1e-6


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rate=RATES,
    seconds=st.floats(1, 1000),
    learnt=st.lists(st.tuples(st.floats(0, 1), RATES), max_size=5),
)
def test_a_pause_is_over_when_it_was_said_to_be_at_any_rate(time, rate, seconds, learnt):
    budget, began = Budget(rate, burst=5, patience=0), time.seconds
    budget.pause(seconds)
    for part, new in sorted(learnt):
        time.seconds = began + part * seconds * 0.99
        budget.learn(new)
        with pytest.raises(BudgetSpent) as spent:
            budget.take()
        assert spent.value.retry_after == pytest.approx(began + seconds - time.seconds)
    time.seconds = began + seconds
    budget.take()
    with pytest.raises(BudgetSpent):  # one, and not as many as it can hold
        budget.take()


def test_many_threads_wait_for_different_turns(time, monkeypatch):
    budget = Budget(rate=1, burst=1, patience=100)
    monkeypatch.setattr(clock, "sleep", time.slept.append)
    threads = [threading.Thread(target=budget.take) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(time.slept) == [1, 2, 3, 4]


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_an_impossible_budget_is_refused(rate, burst):
    with pytest.raises(ValueError, match="rate over 0"):
        Budget(rate, burst)


def test_one_name_is_one_budget():
    assert shared_budget("shop:app-1", 1) is shared_budget("shop:app-1", 1)
    assert shared_budget("shop:app-1", 1) is not shared_budget("shop:app-2", 1)


class Shop(FakeServer):
    @route("GET", "/thing")
    def thing(self, request):
        return Answer.json({})


def test_a_client_keeps_to_its_budget_and_a_call_to_its_own(time):
    whole, own = Budget(0.001, 1), Budget(0.001, 2)
    with Shop() as shop:
        client = HttpClient(shop.url, budget=whole)
        client.get("/thing")
        with pytest.raises(BudgetSpent):
            client.get("/thing")
        client.get("/thing", budget=own)
        client.get("/thing", budget=own)
        with pytest.raises(BudgetSpent):
            client.get("/thing", budget=own)
        client.close()
        assert len(shop.requests) == 3


def test_after_too_many_requests_the_others_wait_too(time):
    budget = Budget(100, 100)
    with Shop() as shop:
        shop.fail(Fault.RATE_LIMITED, retry_after=30)
        client, other = HttpClient(shop.url, budget=budget), HttpClient(shop.url, budget=budget)
        with pytest.raises(Exception, match="429"):
            client.get("/thing")
        with pytest.raises(BudgetSpent):
            other.get("/thing")
        client.close()
        other.close()
        assert len(shop.requests) == 1
