"""The demo as a whole: the daemon's parts against the world, counted by the world itself."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from syncd import clock
from syncd.demo import Demo

FAULTLESS = ("duplicate_notices", "notices_missing_facts", "notices_in_wrong_language",
             "notices_in_quiet_hours", "notices_needless", "buyers_not_told", "items_missing",
             "items_stored_twice", "for_a_person")  # fmt: skip


@pytest.fixture
def demo(tmp_path):
    """Start `syncd demo` in a process group, a home and a temporary folder of its own."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "home").mkdir()
    started = []

    def start(*args, **env):
        env = {**os.environ, "TMPDIR": str(tmp_path / "tmp"), "HOME": str(tmp_path / "home"), **env}
        process = subprocess.Popen(
            [sys.executable, "-m", "syncd", "demo", *args], env=env, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_what_the_world_knows_is_what_is_counted(tmp_path):
    seen = []
    report = Demo(tmp_path, seconds=8, seed=2).run(lambda *told: seen.append(told))
    assert {name: getattr(report, name) for name in FAULTLESS} == dict.fromkeys(FAULTLESS, 0)
    assert report.faults == ()
    assert report.in_world == {name: getattr(report, name) for name in report.in_world}
    assert (report.orders, report.world_days) == (120, 30.0)
    assert report.late_found >= 20
    assert report.notices_sent == sum(report.notices_by_channel.values())
    assert report.notices_sent == sum(report.notices_by_language.values()) >= 20
    # What they are in: who reads Dutch, in which there are no texts, gets English.
    assert "nl" not in report.notices_by_language
    assert report.notices_by_language["en"] > 0
    assert set(report.examples) == {"order", "parcel", "outbox", "conversation", "quarantine"}
    assert [share for share, _, _ in seen] == sorted(share for share, _, _ in seen)
    assert abs((clock.now() - clock.system()).total_seconds()) < 5
    assert [thread for thread in threading.enumerate() if not thread.daemon] == [
        threading.main_thread()
    ]


def test_json_is_the_whole_output_and_what_is_kept_can_be_looked_at(demo, tmp_path):
    process = demo("--json", "--seconds", "5", "--keep", str(tmp_path / "kept"))
    out, err = process.communicate(timeout=100)
    assert (process.returncode, err) == (0, "")
    found = json.loads(out)
    assert {"messages", "orders", "shipments", "late_found", "notices_sent", "duplicate_notices",
            "notices_missing_facts", "quarantined"} <= set(found)  # fmt: skip
    order = found["examples"]["order"]
    shown = subprocess.run(
        [sys.executable, "-m", "syncd", "--config", tmp_path / "kept" / "syncd.toml", "show", order],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "told" in shown.stdout.partition("timeline")[0]
    assert order in shown.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing_behind(demo, tmp_path, number):
    process = demo("--seconds", "60")
    until = time.monotonic() + 60
    while not list((tmp_path / "tmp").glob("*/syncd.db")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(number)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "stopped"
    assert "Traceback" not in err
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((tmp_path / "home").iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_without_a_home_it_keeps_nothing(demo, tmp_path):
    process = demo("--seconds", "5", HOME="/dev/null")
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, out + err
    assert "notices reached buyers" in out
    assert "Nothing was kept: /dev/null" in err
    assert list((tmp_path / "tmp").iterdir()) == []
