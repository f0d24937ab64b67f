"""The daemon as a process under load: it starts, stops, shares its store and meets a full disk."""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, closing

import counting
import killing
import pytest
from traps import Daemon, syncd

from syncd.store import Store

# Of processor time: how long it takes by the clock depends on who else is at work here.
READY_SECONDS = 1.5
MEMORY_MB = 150
_AS_ROOT = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@pytest.fixture
def stage(tmp_path):
    """Receivers, load and a daemon, none of them started; the store is there, and empty."""
    url = f"sqlite:///{tmp_path}/store/syncd.db"
    Store(url).close()
    with ExitStack() as stack:
        stage = killing.Stage(stack, tmp_path, url, "daemon")
        yield stage
        if stage.load.is_alive():
            stage.load.stop()


@pytest.fixture
def working(stage):
    """The same, at work."""
    stage.daemon.start()
    stage.load.start()
    return stage


def assert_good(figures):
    assert {name: figures[name] for name in counting.MUST_BE_ZERO} == dict.fromkeys(
        counting.MUST_BE_ZERO, 0
    )
    assert figures["exit_code"] == 0


def problems(daemon):
    return [entry for entry in daemon.entries() if entry.get("level") == "error"]


def recovered(daemon):
    return {each["job"] for each in daemon.entries() if each.get("event") == "job recovered"}


def verb(stage, *arguments):
    return subprocess.run(
        [*syncd(stage.config), *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def refusal(stage, prefix=(), limit=None):
    """Exit code and problems of a daemon that cannot start."""
    done = subprocess.run(
        [*prefix, *syncd(stage.config), "run"],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=limit,
    )
    said = [json.loads(line) for line in done.stderr.splitlines()]
    return done.returncode, [each.get("problem", each) for each in said]


def test_it_is_ready_quickly_and_stays_small(working, record_property):
    for _ in range(4):
        working.daemon.stop()
        working.daemon.start()
    time.sleep(10)
    working.load.stop()
    killing.await_quiet(working)
    figures = killing.stop_and_count(working)
    daemon = working.daemon
    ready, busy, peak = min(daemon.ready_seconds), min(daemon.ready_cpu_seconds), daemon.peak_mb
    sys.stdout.write(
        f"ready after {ready:.2f} s ({busy:.2f} s of processor time) at best, {peak:.0f} MB\n"
    )
    record_property("ready_s", ready)
    record_property("ready_cpu_s", busy)
    record_property("peak_mb", peak)
    assert_good(figures)
    assert busy < READY_SECONDS
    assert peak < MEMORY_MB


def test_sigterm_under_load_lets_everything_end(working):
    time.sleep(3)
    began = time.monotonic()
    assert working.daemon.stop() == 0
    assert time.monotonic() - began < 10
    assert working.daemon.events("stopped") == 1
    assert working.daemon.events("drain cut off") == 0
    with closing(Store(working.url)) as store, store.database.read() as connection:
        states = set(connection.exec_driver_sql("SELECT state FROM outbox").scalars())
        holders = set(connection.exec_driver_sql("SELECT owner FROM cursors").scalars())
    assert "sent" in states
    assert not states & {"claimed", "in_flight"}
    assert holders == {None}


def test_two_daemons_on_one_store_do_each_thing_once(working):
    second = Daemon(working.config, working.folder / "second.log")
    try:
        second.start()
        time.sleep(6)
        working.load.stop()
        killing.await_quiet(working)
        time.sleep(2)
        assert second.stop() == 0
    finally:
        second.close()
    assert_good(killing.stop_and_count(working))
    assert problems(working.daemon) == problems(second) == []
    assert working.daemon.events("sent") + second.events("sent") == sum(
        working.truth.notices()[1].values()
    )


def test_a_killed_neighbour_leaves_nothing_undone(working):
    second = Daemon(working.config, working.folder / "second.log")
    try:
        second.start()
        time.sleep(2)
        second.kill()
    finally:
        second.close()
    working.daemon.kill()
    working.daemon.start()
    working.load.stop()
    killing.await_quiet(working)
    assert_good(killing.stop_and_count(working))


def test_polling_by_hand_beside_it_disturbs_nothing(working):
    for account in ("ebay", "market", "mail", "tracking"):
        done = verb(working, "poll", account, "--json")
        assert done.returncode in {0, 69}, done.stderr
        outcomes = {row["outcome"] for row in json.loads(done.stdout)}
        assert outcomes <= {"ok", "busy"}
    assert verb(working, "status").returncode in {0, 1}
    working.load.stop()
    killing.await_quiet(working)
    assert_good(killing.stop_and_count(working))
    assert problems(working.daemon) == []


def test_a_store_that_may_not_be_written_is_refused_by_name(stage):
    prefix = ()
    if os.geteuid() == 0:
        prefix = _AS_ROOT
        if shutil.which("setpriv") is None:
            pytest.skip("root may write everything, and there is no setpriv to give that up")
    file = stage.folder / "store" / "syncd.db"
    file.chmod(0o444)
    code, (problem,) = refusal(stage, prefix)
    file.chmod(0o644)
    assert code == 69
    assert problem == (
        f"cannot open the store sqlite:///{file}: attempt to write a readonly database; this user "
        f"may not write to {file}: run syncd as its owner"
    )


def test_a_disk_that_is_full_at_the_start_is_told(stage):
    file = stage.folder / "store" / "syncd.db"
    file.unlink()

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    code, (problem,) = refusal(stage, limit=limit)
    assert code == 69
    assert f"cannot open the store sqlite:///{file}: " in problem


def test_a_disk_that_fills_up_stops_nothing_for_good(working):
    time.sleep(3)
    pid = working.daemon.process.pid
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    time.sleep(4)
    assert working.daemon.process.poll() is None
    failed = [entry["job"] for entry in problems(working.daemon) if "job" in entry]
    assert failed
    assert len(failed) == len(set(failed)), "each is told once"
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    working.load.stop()
    seldom = {"lateness", "housekeeping"}  # have their next turn half a minute later
    until = time.monotonic() + 20
    while missing := set(failed) - recovered(working.daemon) - seldom:
        assert time.monotonic() < until, missing
        time.sleep(0.2)
    # What it had in hand with the disk full waits for its lease; a new life takes it up at once.
    assert working.daemon.stop() == 0
    working.daemon.start()
    killing.await_quiet(working)
    assert_good(killing.stop_and_count(working))
