from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from time import perf_counter

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from syncd.model.lateness import FEWEST
from syncd.rules.lateness import (
    NEVER,
    History,
    Lane,
    Order,
    Settings,
    day_of,
    fit,
    from_json,
    to_json,
)

PLAIN = Settings(half_life=1e12, shrinkage=0.0, by_weekday=False, hand_over=False)
MONDAY = date(2026, 3, 2)
AS_OF = date(2027, 1, 1).toordinal()


def day(n: int) -> date:
    return MONDAY + timedelta(days=n)


def order(placed: int, took: int | None, *, window: int = 5, handed: int | None = None) -> Order:
    return Order(
        placed_at=day(placed),
        promised_at=day(placed + window),
        handed_over_at=None if handed is None else day(placed + handed),
        delivered_at=None if took is None else day(placed + took),
    )


def many(orders: list[Order], times: int = 10) -> History:
    """Enough of the same orders to be believed without a look at others."""
    return History.of(orders * times)


def test_equals_kaplan_and_meier_by_hand():
    # Ten orders promised within 5 days take 1, 2, 2, 3, 4, 5, 6, 8 days; two are never delivered.
    took = [1, 2, 2, 3, 4, 5, 6, 8, None, None]
    model = fit(many([order(0, each) for each in took]), AS_OF, PLAIN)
    still = {1: 10, 2: 9, 3: 7, 4: 6, 5: 5}  # not delivered at 00:00 of the nth day
    for waited, waiting in still.items():
        estimate = model.p_late(order(0, None), day(waited))
        assert estimate.p == pytest.approx(4 / waiting, abs=1e-5)


def test_orders_under_way_count_as_waiting_until_the_snapshot():
    # Known on the 4th day: 2 delivered on day 1, 1 on day 2, of the three others nothing yet; and
    # three placed two days later, of which one came after a day.
    early = [order(0, 1), order(0, 1), order(0, 2), *[order(0, None)] * 3]
    late = [order(2, 1), *[order(2, None)] * 2]
    model = fit(many([*early, *late], 20), day(4).toordinal(), PLAIN)
    # Day 1: 3 of 9 at risk; day 2: 1 of 4 (the later ones have not seen their second day whole);
    # day 3: none of 3; days 4 and 5 were seen by nobody, so that nothing is known to happen then.
    assert model.p_late(order(10, None), day(11)).p == pytest.approx(6 / 9 * 3 / 4, abs=1e-5)
    assert model.p_late(order(10, None), day(12)).p == pytest.approx(3 / 4, abs=1e-5)


def test_leaving_out_orders_under_way_would_be_wrong():
    fast = [order(n, 2) for n in range(60)]
    stuck = [order(n, None) for n in range(60)]
    model = fit(History.of([*fast, *stuck]), day(61).toordinal(), PLAIN)
    assert model.p_late(order(61, None), day(62)).p > 0.4


def test_an_order_counts_half_after_the_half_life():
    old = [order(-90, 1)] * 100  # all delivered on the first day
    new = [order(0, None)] * 100  # none ever
    snapshot = day(30).toordinal()
    half = fit(History.of([*old, *new]), snapshot, msgspec.structs.replace(PLAIN, half_life=90))
    assert half.p_late(order(0, None), day(1)).p == pytest.approx(1 / 1.5, abs=1e-4)
    same = fit(History.of([*old, *new]), snapshot, PLAIN)
    assert same.p_late(order(0, None), day(1)).p == pytest.approx(1 / 2, abs=1e-4)


def test_a_small_group_is_drawn_to_its_parent_and_a_tiny_one_not_used():
    def lane(origin: str, took: int | None, times: int) -> list[Order]:
        made = msgspec.structs.replace(order(0, took), origin=origin, destination="DE")
        return [made] * times

    orders = [*lane("CN", 1, 2000), *lane("IT", None, 40), *lane("FR", None, 20)]
    model = fit(History.of(orders), AS_OF, msgspec.structs.replace(PLAIN, shrinkage=20))
    asked = {
        origin: model.p_late(lane(origin, None, 1)[0], day(1)) for origin in ("CN", "IT", "FR")
    }
    assert asked["CN"].p < 0.1
    # 40 own days at risk without a delivery, 20 borrowed at the parent's chance of about 0.97.
    assert asked["IT"].p == pytest.approx(1 - 20 * 0.97 / 60, abs=0.03)
    assert asked["IT"].n_eff == pytest.approx(40)
    assert asked["IT"].group == "IT>DE, promised 5 to 6 days"
    assert asked["FR"].group == "promised 5 to 6 days"
    assert asked["FR"].p < 0.1


def test_with_too_few_orders_the_estimate_says_so():
    model = fit(many([order(0, 2)], 29), AS_OF)
    assert model.p_late(order(0, None), day(1)).n_eff < FEWEST
    assert fit(many([order(0, 2)], 30), AS_OF).p_late(order(0, None), day(1)).n_eff >= FEWEST


def test_nothing_known_is_not_usable():
    model = fit(History.of([]), AS_OF)
    assert model.n == 0
    assert model.p_late(order(0, None), day(1)).n_eff == 0


def test_once_the_promised_day_is_over_it_is_late(simulate):
    model = fit(simulate(orders=500), AS_OF)
    assert model.p_late(order(0, None), day(5)).p < 1
    assert model.p_late(order(0, None), day(6)).p == 1


def test_before_hand_over_the_chance_is_what_hand_over_and_carrier_leave():
    # Handed over after 1 day or 4 and then 2 days on the way; 1 in 20 is never seen again.
    quick, slow = order(0, 3, window=6, handed=1), order(0, 6, window=6, handed=4)
    orders = [*[quick] * 10, *[slow] * 9, order(0, None, window=6, handed=1)]
    plain = msgspec.structs.replace(PLAIN, hand_over=True)
    model = fit(many(orders, 50), AS_OF, plain)
    waiting = order(0, None, window=6)
    # Until day 4 there is time; on day 6 it is too late, while a parcel under way may still come.
    assert model.p_late(waiting, day(2)).p < 0.15
    assert model.p_late(waiting, day(4)).p < 0.15
    assert model.p_late(waiting, day(6)).p > 0.9
    under_way = msgspec.structs.replace(waiting, handed_over_at=day(4))
    assert model.p_late(under_way, day(6)).p < 0.15


def test_a_hand_over_that_was_not_recorded_is_not_one_that_has_not_happened():
    # Four in ten are never scanned at the hand-over, and come on day 3 or 5 like the others.
    seen = [order(0, took, window=6, handed=1) for took in (3, 5, 5) for _ in range(2)]
    unseen = [order(0, took, window=6) for took in (3, 5)]
    lost = order(0, None, window=6, handed=1)
    plain = msgspec.structs.replace(PLAIN, hand_over=True)
    model = fit(many([*seen, *unseen, *unseen, lost], 50), AS_OF, plain)
    assert model.transit is not None
    silent = order(0, None, window=6)  # on day 4 all that are lost have been handed over
    assert model.p_late(silent, day(4)).p < 0.05
    assert model.p_late(msgspec.structs.replace(silent, handed_over_at=day(1)), day(4)).p > 0.1


def test_where_hand_overs_are_not_recorded_they_are_not_looked_at(simulate):
    history = simulate(hand_over=False, orders=2000)
    model = fit(history, int(history.placed.max()))
    assert model.transit is None
    told = order(0, None, window=12, handed=3)
    assert model.p_late(told, day(8)) == model.p_late(order(0, None, window=12), day(8))


def test_a_carrier_that_rests_on_sundays_has_no_sunday_in_its_chances():
    # Promised for a Sunday, delivered any weekday before or on the Monday after.
    rng = np.random.default_rng(1)
    sundays = [order(7 * (n % 40), int(rng.choice([4, 5, 7])), window=6) for n in range(600)]
    saturdays = [order(7 * (n % 40), int(rng.choice([2, 3, 5, 7])), window=5) for n in range(600)]
    history = History.of([*sundays, *saturdays])
    aware = fit(history, AS_OF, msgspec.structs.replace(PLAIN, by_weekday=True))
    blind = fit(history, AS_OF, PLAIN)
    on_sunday = order(0, None, window=6)  # nothing comes on a Sunday: it is late for certain
    assert aware.p_late(on_sunday, day(6)).p > blind.p_late(on_sunday, day(6)).p + 0.05
    on_saturday = order(0, None, window=5)  # half of those left come, half on Monday
    assert abs(aware.p_late(on_saturday, day(5)).p - 0.5) < abs(
        blind.p_late(on_saturday, day(5)).p - 0.5
    )


windows = st.integers(2, 50)


@hypothesis_settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 200), windows, st.none() | st.integers(0, 90), st.integers(0, 3)),
        min_size=1,
        max_size=80,
    ),
    asked=windows,
    hand_over=st.booleans(),
)
def test_is_a_probability_and_never_falls_while_nothing_happens(rows, asked, hand_over):
    """Within one state: a hand-over, being news, may lower it."""
    orders = [
        order(
            placed,
            took,
            window=window,
            handed=None if not hand_over or took is None else min(took, 2),
        )
        for placed, window, took, _ in rows
    ]
    times = max(times for *_, times in rows) * 10 + 1
    model = fit(many(orders, times), day(150).toordinal())
    for handed in (None, 0) if hand_over else (None,):
        open_order = order(160, None, window=asked, handed=handed)
        chances = [model.p_late(open_order, day(160 + n)).p for n in range(1, asked + 2)]
        assert all(0 <= p <= 1 for p in chances)
        assert all(a <= b + 1e-9 for a, b in pairwise(chances))


def test_the_future_does_not_change_a_model(simulate):
    history = simulate(seed=3, orders=4000)
    day_then = int(np.quantile(history.placed, 0.6))
    rng = np.random.default_rng(5)
    later = np.where(history.delivered >= day_then, day_then + rng.integers(0, 90), 0)
    other = msgspec.structs.replace(
        history,
        delivered=np.where(history.delivered >= day_then, later, history.delivered),
        handed=np.where(history.handed >= day_then, NEVER, history.handed),
        promised=np.where(history.placed >= day_then, history.promised + 9, history.promised),
    )
    assert to_json(fit(history, day_then)) == to_json(fit(other, day_then))


def test_json_keeps_everything(simulate):
    history = simulate(seed=2, orders=3000)
    until = int(history.placed.max())
    model = fit(history, until)
    kept = to_json(model)
    again = from_json(kept)
    index = np.flatnonzero(history.placed > until - 60)
    days = history.placed[index] + 5
    assert np.array_equal(model.score(history, index, days).p, again.score(history, index, days).p)
    told = msgspec.json.decode(kept)
    assert told["until"] == date.fromordinal(until).isoformat()
    assert told["since"] == date.fromordinal(int(history.placed.min())).isoformat()
    assert told["n"] == int((history.placed < until).sum())


def test_a_model_kept_with_other_promise_windows_is_not_used(simulate):
    kept = msgspec.json.decode(to_json(fit(simulate(orders=300), AS_OF)))
    assert from_json(msgspec.json.encode(kept | {"windows": [7, 14]})) is None
    del kept["windows"]
    assert from_json(msgspec.json.encode(kept)) is None


def test_json_that_is_no_model_is_refused():
    with pytest.raises(msgspec.ValidationError, match="since"):
        from_json(b"{}")


def test_one_by_one_is_as_all_at_once(simulate):
    history = simulate(seed=2, orders=3000)
    until = int(np.quantile(history.placed, 0.8))
    model = fit(history, until)
    for row in range(history.size - 40, history.size):
        lane = history.lanes[history.lane[row]]
        now = int(history.placed[row]) + 2
        then = history.handed[row] < now
        asked = Order(
            placed_at=date.fromordinal(int(history.placed[row])),
            promised_at=date.fromordinal(int(history.promised[row])),
            handed_over_at=date.fromordinal(int(history.handed[row])) if then else None,
            origin=lane.origin,
            destination=lane.destination,
        )
        alone = model.p_late(asked, date.fromordinal(now))
        together = model.score(history, np.array([row]), np.array([now]))
        assert alone.p == pytest.approx(together.p[0])
        assert alone.n_eff == pytest.approx(together.n_eff[0])


def test_a_day_is_the_promises_day():
    china = timezone(timedelta(hours=8))
    late_evening = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    in_china = datetime(2026, 3, 9, 0, 0, tzinfo=china)
    assert day_of(late_evening, in_china) == date(2026, 3, 2).toordinal()
    assert day_of(late_evening, date(2026, 3, 9)) == date(2026, 3, 1).toordinal()
    assert day_of(date(2026, 3, 1), in_china) == date(2026, 3, 1).toordinal()
    plain = late_evening.replace(tzinfo=None)
    assert day_of(plain, in_china) == date(2026, 3, 1).toordinal()


def test_a_hand_over_outside_of_its_order_is_moved_into_it():
    early, late = order(0, 3, handed=-2), order(0, 3, handed=7)
    history = History.of([early, late])
    assert list(history.handed) == [day(0).toordinal(), day(3).toordinal()]


def test_a_hundred_thousand_orders_are_learnt_from_in_a_second(simulate):
    history = simulate(orders=100_000)
    began = perf_counter()
    model = fit(history, int(history.placed.max()))
    took = perf_counter() - began
    assert model.n > 99_000
    assert took < 5, f"{took:.1f} s; a quiet machine takes 0.3 s"


def test_words_for_groups():
    lane = Lane("DHL", "Paket", "CN", "DE")
    made = Order(
        placed_at=day(0),
        promised_at=day(40),
        carrier=lane.carrier,
        service=lane.service,
        origin=lane.origin,
        destination=lane.destination,
    )
    model = fit(many([msgspec.structs.replace(made, delivered_at=day(20))], 50), AS_OF)
    assert model.p_late(made, day(3)).group == "DHL/Paket, CN>DE, promised 36 days or more"
