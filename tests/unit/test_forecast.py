"""The lateness model at work: learnt from the store at night, kept, and used to judge parcels."""

import subprocess
import sys
from datetime import UTC, datetime, time, timedelta

import msgspec
import pytest
from structlog.testing import capture_logs

from syncd import forecast, watch
from syncd.config import Lateness
from syncd.forecast import Learner
from syncd.model import Milestone, OrderStatus, Shipment, Window
from syncd.store.lateness import KEPT

DAY = timedelta(days=1)


@pytest.fixture
def parcels(make):
    """Parcels promised 10 days after placing: parcels(number, placed on day, took days or None)."""
    number = 0

    def items(count, placed, took=None, **order):
        nonlocal number
        for _ in range(count):
            number += 1
            name, tracking = f"o{number}", f"TN{number}"
            promise = Window(latest=make.at(placed + 10))
            yield make.order(name, placed_at=make.at(placed), deliver_by=promise, **order)
            yield make.shipment(f"p{number}", tracking, name, shipped_at=make.at(placed + 1))
            yield make.event(placed + 1, number=tracking)
            if took is not None:
                yield make.event(placed + took, Milestone.DELIVERED, tracking)

    return items


@pytest.fixture
def bring(world, parcels):
    """Bring such parcels; returns their tracking numbers."""

    def brought(*args, **order):
        items = list(parcels(*args, **order))
        world.bring(*items)
        return [each.tracking_number for each in items if isinstance(each, Shipment)]

    return brought


@pytest.fixture
def runtime(world):
    world.configure(lateness=Lateness())
    return world.runtime


@pytest.fixture
def forecasting(runtime):
    return Learner(runtime)


@pytest.fixture
def round_(world, runtime):
    def judge():
        runtime.settings = world.settings  # a playbook may have come
        watch.run(runtime)
        return findings(world)

    return judge


@pytest.fixture
def known(world, parcels):
    """A year in which six parcels of seven take 4 to 8 days, and one takes 14."""
    weeks = [
        each
        for week in range(2, 40)
        for took in (4, 5, 6, 7, 8, 8, 14)
        for each in parcels(2, -7 * week, took)
    ]
    world.bring(*weeks)


def findings(world):
    return world.store.look.open_findings()


class TestLearning:
    def test_it_is_learnt_at_the_start_and_then_once_a_night(
        self, world, runtime, known, forecasting, time
    ):
        store = world.store.lateness
        forecasting.run()
        first = store.fitted_at()
        assert runtime.lateness[0].fitted_at == first

        time(timedelta(hours=14, minutes=59))  # 02:59 of the next day
        forecasting.run()
        assert store.fitted_at() == first
        time(timedelta(minutes=1))
        forecasting.run()
        assert store.fitted_at() == first + timedelta(hours=15)

    def test_what_is_kept_tells_window_n_and_settings(
        self, world, runtime, known, forecasting, make
    ):
        forecasting.run()
        kept = world.store.lateness.latest()
        assert kept.n == 38 * 14
        assert kept.since.date() == make.at(-7 * 39).date()
        assert kept.base_rate == pytest.approx(1 / 7, abs=0.01)
        assert kept.drift == pytest.approx(1, abs=0.2)
        assert b'"half_life":90' in kept.settings
        assert 0.05 < kept.board < 0.95
        assert kept == runtime.lateness[0]

    def test_a_few_models_are_kept(self, world, runtime, known, forecasting, time, select):
        for _ in range(KEPT + 2):
            forecasting.run()
            time(DAY)
        rows = select(world.store, "SELECT fitted_at FROM lateness_models ORDER BY fitted_at")
        assert len(rows) == KEPT
        latest = world.store.lateness.latest().fitted_at
        assert latest == world.store.lateness.fitted_at() == runtime.lateness[0].fitted_at

    def test_another_process_s_model_is_taken_over(self, world, runtime, known, forecasting):
        forecasting.run()
        fitted_at = world.store.lateness.fitted_at()
        runtime.lateness = None
        Learner(runtime).run()
        assert runtime.lateness[0].fitted_at == fitted_at == world.store.lateness.fitted_at()

    def test_a_model_of_an_older_syncd_is_not_used_but_fitted_anew(
        self, world, runtime, known, forecasting, monkeypatch
    ):
        with monkeypatch.context() as older:
            older.setattr("syncd.rules.lateness.kept.WINDOWS", (7, 14))
            forecasting.run()
        assert forecast.latest(world.store) is None
        runtime.lateness = None
        Learner(runtime).run()
        assert runtime.lateness is not None
        assert forecast.latest(world.store) is not None

    def test_with_too_few_parcels_there_is_none_and_an_hour_passes_between_two_tries(
        self, world, bring, forecasting, time
    ):
        bring(29, -30, 5)
        forecasting.run()
        assert world.store.lateness.latest() is None
        bring(1, -30, 5)
        forecasting.run()
        assert world.store.lateness.latest() is None
        time(timedelta(hours=1))
        forecasting.run()
        assert world.store.lateness.latest().n == 30

    def test_switched_off_it_learns_nothing(self, world, known):
        world.configure(lateness=Lateness(enabled=False))
        Learner(world.runtime).run()
        assert world.store.lateness.latest() is None

    def test_what_says_nothing_of_delivery_times_is_left_out(self, world, bring, make, forecasting):
        bring(40, -30, 5)
        bring(5, -30, 5, status=OrderStatus.CANCELLED)
        returned = bring(5, -30)
        world.bring(*[make.event(-10, Milestone.RETURNED, number) for number in returned])
        world.bring(make.order("x", promise=-5), make.shipment("x", "TNX", "x"))  # never scanned
        forecasting.run()
        assert world.store.lateness.latest().n == 40

    def test_a_jump_is_told_once_and_so_is_its_end(
        self, world, runtime, known, bring, forecasting, time
    ):
        for placed in range(-30, -12, 2):
            bring(10, placed, 12)
        with capture_logs() as logs:
            for _ in range(2):
                forecasting.run()
                time(DAY)
        jumps = [line for line in logs if line["event"] == "lateness has jumped"]
        assert [line["log_level"] for line in jumps] == ["warning"]
        assert jumps[0]["odds_ratio"] > 2
        assert runtime.lateness[0].jumped
        time(40 * DAY)
        with capture_logs() as logs:
            forecasting.run()
        assert [line["event"] for line in logs].count("lateness is as before") == 1


class TestJudging:
    def test_before_anything_is_learnt_the_promised_time_used_decides(
        self, world, bring, forecasting, time, round_
    ):
        bring(1, -7)
        assert round_() == {}
        time(DAY / 2)
        assert round_() == {"at_risk": 1}
        time(1.5 * DAY)
        assert round_() == {"likely_late": 1}

    def test_then_the_chance_does_and_says_so(
        self, world, known, bring, forecasting, select, round_
    ):
        forecasting.run()
        bring(1, -6.9)
        bring(1, -8.9)
        assert round_() == {"likely_late": 1}
        (said,) = select(world.store, "SELECT kind, evidence, severity FROM findings")
        assert said["severity"] == "tell"
        assert "came late; 95 % of them" not in said["evidence"]  # a seventh is late
        assert "still under way on day 9 of 10 came late (n=" in said["evidence"]

    def test_the_kept_model_s_own_threshold_decides_unless_the_config_has_one(
        self, world, known, bring, forecasting, runtime, round_
    ):
        forecasting.run()
        kept, model = runtime.lateness
        (number,) = bring(1, -7.6)
        runtime.lateness = msgspec.structs.replace(kept, board=0.2), model
        assert round_() == {"at_risk": 1}, "a third is enough"

        world.configure(lateness=Lateness(board=0.6))
        with world.store.database.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO shipment_dues SELECT id, 0 FROM shipments WHERE tracking_number=?"
                " ON CONFLICT DO UPDATE SET due_at = 0",
                (number,),
            )
        assert round_() == {}

    def test_it_is_judged_again_as_the_days_pass_without_news(
        self, world, known, bring, forecasting, time, round_
    ):
        forecasting.run()
        bring(1, -4.9)
        found = []
        for _ in range(6):
            found.append("/".join(round_()))
            time(DAY)
        assert found[0] == ""
        assert found[-2:] == ["likely_late", "likely_late"]
        assert sorted(found) in (sorted(found), found)

    def test_the_buyer_hears_of_it_once_and_only_where_a_playbook_wants_it(
        self, world, known, bring, forecasting, time, round_
    ):
        forecasting.run()
        world.playbook()
        bring(1, -8.9)
        assert (round_(), world.outbox()) == ({"likely_late": 1}, [])

        world.playbook("early", when=("likely_late",))
        bring(1, -8.9)
        round_()
        assert [row.cause for row in world.outbox()] == ["delay"]
        time(4 * DAY)
        assert round_() == {"promise_passed": 2}
        assert [row.cause for row in world.outbox()] == ["delay", "delay"]  # one each

    def test_it_is_over_when_the_parcel_arrives(
        self, world, known, bring, make, forecasting, round_
    ):
        forecasting.run()
        (number,) = bring(1, -8.9)
        round_()
        world.bring(make.event(-0.1, Milestone.DELIVERED, number))
        assert round_() == {}


def test_after_a_restart_the_kept_model_judges_from_the_first_parcel_on(
    world, known, bring, forecasting
):
    forecasting.run()
    restarted = world.runtime
    assert restarted.lateness is None
    bring(1, -7.6)  # 76 % of the promised time is used, and the chance is a third
    watch.run(restarted)
    assert restarted.lateness is not None
    assert findings(world) == {}


def test_last_night_is_the_last_time_it_was_that_hour_in_utc():
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert forecast.last_night(time(3), noon) == datetime(2026, 3, 10, 3, tzinfo=UTC)
    assert forecast.last_night(time(12), noon) == noon
    assert forecast.last_night(time(13), noon) == datetime(2026, 3, 9, 13, tzinfo=UTC)


def test_numpy_is_imported_when_a_model_is_there_and_not_before():
    code = (
        "import sys; import syncd.daemon.engine, syncd.watch, syncd.forecast, syncd.cli;"
        "print('numpy' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"
