"""The model on the store's parcels: days counted back from each promise, a batch judged at once."""

from datetime import UTC, date, datetime, timedelta
from time import process_time

import numpy as np
import pytest

from syncd.model.lateness import NOT_YET, ParcelTimes
from syncd.rules.lateness import NEVER, Bars, Settings, chances, fit, from_json, history_of, learn
from syncd.rules.lateness.parcels import drift
from syncd.rules.lateness.replay import operational, replay
from syncd.rules.lateness.thresholds import BOARD, tightened, timely, worth_telling

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000
BARS = Bars(0.5, 0.7)


def us(days, hour):
    """Microseconds of an hour of these day numbers."""
    since = (days - EPOCH.toordinal()) * 24 * HOUR
    return np.where(days >= NEVER, NOT_YET, since + hour * HOUR).tolist()


@pytest.fixture(scope="session")
def times():
    """The store's columns of a history: promises end at `end` o'clock UTC."""

    def columns(history, end=23):
        return ParcelTimes(
            list(range(history.size)), us(history.placed, end - 12), us(history.handed, end - 3),
            us(history.delivered, end - 1), us(history.promised, end),
            ["DHL"] * history.size, [""] * history.size,
            [history.lanes[lane].origin for lane in history.lane.tolist()],
            [history.lanes[lane].destination for lane in history.lane.tolist()],
        )  # fmt: skip

    return columns


@pytest.fixture(scope="session")
def shop(simulate, times):
    """(what is known at 03:00 of a day, that time, the parcels then under way)."""
    history = simulate(seed=3)
    day = int(history.placed.max()) - 60
    known = history.known_at(day)
    under_way = known.take((known.delivered == NEVER) & (known.promised >= day))
    now = datetime.fromordinal(day).replace(tzinfo=UTC, hour=3)
    return times(known), now, times(under_way)


def test_days_are_those_of_the_history_whatever_hour_promises_end_at(simulate, times):
    history = simulate(seed=5, orders=500)
    for end in (23, 20, 15):
        same = history_of(times(history, end))
        for name in ("placed", "handed", "delivered", "promised"):
            assert np.array_equal(getattr(same, name), getattr(history, name)), (end, name)


def test_a_delivery_after_the_promised_hour_is_late_and_before_it_is_not():
    promised = 20_000 * 24 * HOUR + 7 * HOUR
    delivered = [promised, promised + 1]
    both = ParcelTimes(
        [1, 2], [promised - 99 * HOUR] * 2, [NOT_YET] * 2, delivered, [promised] * 2,
        *[[""] * 2] * 4,
    )  # fmt: skip
    assert history_of(both).late.tolist() == [False, True]


def test_what_is_kept_tells_window_and_n_and_is_the_model(shop):
    times, now, open_parcels = shop
    kept, model = learn(times, now, Settings())
    assert (kept.fitted_at, kept.n) == (now, model.n)
    assert kept.n >= 0.99 * len(times.placed)
    assert kept.since.toordinal() == model.since
    again = from_json(kept.tables)
    one, other = (chances(each, open_parcels, now, BARS, drift=1.0) for each in (model, again))
    assert one == other
    assert len(one) > 250


def test_a_chance_is_the_model_s_own(shop):
    times, now, open_parcels = shop
    _, model = learn(times, now, Settings())
    history = history_of(open_parcels)
    found = chances(model, open_parcels, now, BARS, drift=1.0)
    day = np.full(history.size, now.toordinal())
    # At 03:00 a promise that ends at 23:00 has begun its day four hours ago.
    scores = model.score(history, np.arange(history.size), day)
    assert [found[i].p for i in range(history.size)] == pytest.approx(scores.p, abs=1e-4)
    assert {each.basis.split(",")[0] for each in found.values() if each.n > 100} == {"DHL"}


def test_the_next_look_is_on_the_first_day_that_could_matter(shop):
    times, now, open_parcels = shop
    _, model = learn(times, now, Settings())
    found = chances(model, open_parcels, now, BARS, drift=1.0)
    calm = {i: each for i, each in found.items() if each.p < 0.2}
    assert len(calm) > 100
    for at in sorted({each.next_at for each in calm.values()})[:8]:
        then = chances(model, open_parcels, at, BARS, drift=1.0)
        day_before = chances(model, open_parcels, at - timedelta(hours=2), BARS, drift=1.0)
        due = [
            i
            for i, each in calm.items()
            if each.next_at == at and each.next_at - now > timedelta(1)
        ]
        assert all(then[i].p >= 0.25 for i in due)
        assert all(day_before[i].p < 0.25 for i in due)
    sure = [each for each in found.values() if each.p >= each.buyer]
    assert sure
    assert {each.next_at for each in sure} == {None}


def test_most_are_delivered_within_the_days_that_it_says(simulate, times):
    history = simulate(seed=3, strikes=0.0, august=1.0)
    day = int(history.placed.max()) - 60
    known = history.known_at(day)
    open_parcels = known.take((known.delivered == NEVER) & (known.promised >= day))
    now = datetime.fromordinal(day).replace(tzinfo=UTC, hour=3)
    _, model = learn(times(known), now, Settings())
    found = chances(model, times(open_parcels), now, Bars(0.2, 0.7), drift=1.0)
    told = [(i, each) for i, each in found.items() if each.within_days and each.n > 200]
    assert len(told) > 5
    for i, each in told:
        window = int(open_parcels.window[i])
        alike = known.take((known.window == window) & (known.placed < day - 60))
        took = alike.delivered - alike.placed
        assert 0.8 <= float(np.mean(took <= each.within_days)) <= 1, each


def test_a_time_of_drift_raises_the_thresholds(shop):
    times, now, open_parcels = shop
    _, model = learn(times, now, Settings())
    calm, struck = (
        next(iter(chances(model, open_parcels, now, BARS, drift=each).values()))
        for each in (1.9, 4.0)
    )
    assert calm.board == 0.5 < struck.board
    assert calm.buyer < struck.buyer < 1


def test_the_buyer_is_told_by_the_backtest_s_rule(shop):
    times, now, open_parcels = shop
    _, model = learn(times, now, Settings())
    found = chances(model, open_parcels, now, BARS, drift=3.0)
    left = history_of(open_parcels).promised - now.toordinal()
    bars = worth_telling(tightened(np.array(0.7), np.array(3.0)), left)
    assert [found[i].buyer for i in sorted(found)] == pytest.approx(bars[sorted(found)], abs=1e-4)
    assert len({each.buyer for each in found.values()}) == 3
    assert all(each.board <= each.buyer for each in found.values())


def test_the_daemon_tells_buyers_on_the_days_on_which_the_backtest_does(simulate, times):
    history = history_of(times(simulate(seed=3, strikes=0.0, august=1.0)))
    replayed = replay(history)
    assert replayed.months["2018-03"].drift < 2
    judged = replayed.history
    first, after = (date(2018, month, 1).toordinal() for month in (3, 4))
    model, told = fit(history, first), 0
    for day in range(first + 5, after + 20):
        placed = (judged.placed >= first) & (judged.placed < min(after, day))
        rows = np.flatnonzero(placed & (judged.delivered >= day) & (judged.promised > day))
        now = datetime.fromordinal(day).replace(tzinfo=UTC, hour=3)
        found = chances(model, times(judged.take(rows).known_at(day)), now, BARS, drift=1.0)
        says = {i for i, each in found.items() if each.p >= each.buyer}
        alarm = replayed.alarms["buyer"][rows]  # its first day; a hand-over then may calm it
        assert set(np.flatnonzero(alarm == day)) <= says <= set(np.flatnonzero(alarm <= day))
        told += len(says)
    assert told > 50


def test_the_board_is_calibrated_as_the_backtest_calibrates_it(simulate):
    history = simulate(seed=3)
    months = replay(history).months
    name = sorted(months)[9]
    first = datetime.fromisoformat(f"{name}-01").toordinal()
    assert months[name].operational != BOARD
    assert operational(history, first, Settings()) == months[name].operational


def test_nothing_of_later_days_changes_the_threshold(simulate):
    history = simulate(seed=3)
    day = int(history.placed.max()) - 60
    assert operational(history, day, Settings()) == operational(
        history.known_at(day), day, Settings()
    )
    assert operational(history.take(history.placed < 0), day, Settings()) == BOARD


def test_a_calibrated_board_weighs_chances_by_the_days_left(shop):
    times, now, open_parcels = shop
    kept, model = learn(times, now, Settings())
    assert 0.3 < kept.board < 0.8
    found = chances(model, open_parcels, now, Bars(kept.board, 0.7, calibrated=True), drift=1.0)
    left = history_of(open_parcels).promised - now.toordinal()
    for i, chance in found.items():
        listed = chance.p >= chance.board
        worth = timely(np.array([chance.p]), left[[i]])[0]
        if abs(worth - kept.board) > 0.001:
            assert listed == (worth >= kept.board or chance.p >= 0.7)
    bars = {int(days): found[i].board for i, days in enumerate(left) if i in found}
    assert bars[4] < bars[3] < bars[1]
    assert {chance.lowest for chance in found.values()} == {bars[4]}
    assert max(bars.values()) <= 0.7


def test_a_jump_of_lateness_is_measured_against_the_time_before(simulate):
    calm, struck = (simulate(seed=1, strikes=each, august=1.0) for each in (0.0, 4.0))
    day = 736_330 + 445
    assert drift(calm, day, Settings()) < 2
    assert drift(struck, day, Settings()) > 2
    assert drift(struck.take(struck.placed > day - 30), day, Settings()) == 1.0


def test_two_thousand_parcels_take_no_time(shop, benchmark_ms):
    times, now, open_parcels = shop
    _, model = learn(times, now, Settings())
    rows = [i % len(open_parcels.placed) for i in range(2000)]
    batch = ParcelTimes(*([column[i] for i in rows] for column in open_parcels))
    assert benchmark_ms(lambda: chances(model, batch, now, BARS, drift=1.0)) < 50


@pytest.fixture
def benchmark_ms():
    """The best of five runs, in milliseconds of this process's own time."""

    def best(work):
        def once():
            began = process_time()
            work()
            return (process_time() - began) * 1000

        return min(once() for _ in range(5))

    return best
