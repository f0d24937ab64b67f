"""No alarm about silence while nobody listens."""

from datetime import timedelta

import pytest
import structlog

from syncd import ingest, status, watch
from syncd.config import FreshLook, Guards, StaleSource
from syncd.connector import Unavailable
from syncd.model import Milestone
from syncd.scheduler.upkeep import housekeeping

HOUR = timedelta(hours=1)


@pytest.fixture
def guarded(world):
    guards = Guards(stale_source=StaleSource(after=24 * HOUR), fresh_look=FreshLook(enabled=False))
    world.configure(guards=guards)
    return world


def poll(world, *, fails=False):
    if fails:
        world.connectors["shop"].feed("tracking", Unavailable("down"))
    return ingest.poll(world.account(), "tracking", world.store)


def found(world):
    watch.run(world.runtime)
    return world.store.look.open_findings()


def test_a_source_that_never_answered_keeps_silence_from_counting(guarded, make, time):
    guarded.bring(make.order(promise=-3), make.shipment(), make.event(-4))
    assert found(guarded) == {}

    poll(guarded)
    assert found(guarded) == {}, "not due again yet"
    time(timedelta(seconds=15))
    assert found(guarded) == {"promise_passed": 1}


def test_what_the_carrier_says_itself_is_told_all_the_same(guarded, make):
    guarded.bring(make.order(promise=-3), make.shipment(), make.event(-1, Milestone.ATTEMPT_FAILED))
    assert found(guarded) == {"attempt_failed": 1}


def test_an_outage_opens_nothing_and_closes_nothing(guarded, make, time):
    poll(guarded)
    guarded.bring(make.order(promise=-3), make.shipment(), make.event(-4))
    assert found(guarded) == {"promise_passed": 1}

    time(12 * 24 * HOUR)  # by now it would be found not to have moved
    poll(guarded, fails=True)
    guarded.bring(make.event(-3.9, Milestone.UNKNOWN))
    assert found(guarded) == {"promise_passed": 1}

    time(HOUR)
    poll(guarded)
    assert found(guarded) == {"promise_passed": 1, "no_movement": 1}


def test_an_account_that_follows_the_parcel_counts_too(guarded, make, time):
    guarded.add("carrier")
    guarded.bring(make.order(promise=-3), make.shipment(), make.event(-4))
    follow(guarded, "carrier")
    ingest.poll(guarded.account("carrier"), "tracking", guarded.store)

    assert found(guarded) == {"promise_passed": 1}


def test_one_that_cannot_be_made_tells_nothing(guarded, make, time):
    guarded.connectors["shop"].streams = {"orders": HOUR}
    guarded.add("carrier")
    guarded.bring(make.order(promise=-3), make.shipment(), make.event(-4))
    follow(guarded, "carrier")
    guarded.remove("carrier")

    assert found(guarded) == {}


def test_it_is_said_once_and_once_that_it_is_over(guarded, time):
    poll(guarded)
    time(25 * HOUR)
    runtime = guarded.runtime
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            housekeeping(runtime)
        assert "stale: shop" in status.line(runtime)
        poll(guarded)
        for _ in range(3):
            housekeeping(runtime)
    assert "stale" not in status.line(runtime)
    assert [(line["event"].split(",")[0], line["account"]) for line in logs] == [
        ("stale source", "shop"), ("source is back", "shop"),
    ]  # fmt: skip


def follow(world, account):
    with world.store.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO follows (tracking_number, account_id, look_at) VALUES ('TN1', ?, 0)",
            (world.account(account).id,),
        )
