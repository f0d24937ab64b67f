"""``syncd run`` as a process: what it tells its manager, and how it ends."""

import json
import signal
import socket
import subprocess
import sys
from contextlib import closing
from urllib.request import urlopen

import pytest

CONFIG = """
[store]
url = "sqlite:///{folder}/syncd.db"

[metrics]
listen = "127.0.0.1:{port}"
"""


@pytest.fixture
def port():
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture
def config(tmp_path, port):
    path = tmp_path / "syncd.toml"
    path.write_text(CONFIG.format(folder=tmp_path, port=port))
    return path


def command(config):
    return [sys.executable, "-m", "syncd", "--config", str(config), "run"]


@pytest.fixture
def daemon(config, manager, tmp_path):
    """A running one; its log is in `tmp_path`."""
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command(config), stderr=log)
        manager.await_("READY=1", 30)
        yield process
        process.kill()
        process.wait()


def refused(config):
    """Exit code and problems of one that cannot start."""
    done = subprocess.run(
        command(config), stderr=subprocess.PIPE, text=True, check=False, timeout=30
    )
    entries = [json.loads(line) for line in done.stderr.splitlines()]
    return done.returncode, [each["problem"] for each in entries if each["event"] == "cannot start"]


@pytest.fixture
def log(tmp_path):
    """What it logged so far, but for what it thinks of third parties' connectors."""

    def entries():
        lines = (tmp_path / "log").read_text().splitlines()
        return [each for each in map(json.loads, lines) if each["event"] != "connector unfit"]

    return entries


def test_it_gets_ready_serves_health_and_ends_with_0_at_sigterm(daemon, manager, port, log):
    manager.await_("STATUS=0 accounts, outbox 0")
    with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        assert json.load(answer)["ok"] is True
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(20) == 0
    manager.await_("STOPPING=1")
    assert [entry["event"] for entry in log()] == ["started", "stopping", "stopped"]


def test_ctrl_c_stops_it_too(daemon):
    daemon.send_signal(signal.SIGINT)
    assert daemon.wait(20) == 0


def test_sighup_takes_a_good_config_and_refuses_a_bad_one(daemon, manager, config, log):
    good = config.read_text()
    config.write_text(good + "\n[daemon]\nworker = 3\n")
    daemon.send_signal(signal.SIGHUP)
    manager.await_("STATUS=0 accounts, outbox 0; reload refused for 1 problem(s)")
    config.write_text(good + "\n[daemon]\nworkers = 3\n")
    daemon.send_signal(signal.SIGHUP)
    manager.await_("READY=1", times=3)
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(20) == 0
    events = [entry["event"] for entry in log()]
    assert events == ["started", "reload refused", "reloaded", "stopping", "stopped"]
    (refused,) = [entry["problem"] for entry in log() if entry["event"] == "reload refused"]
    assert "daemon: unknown key 'worker'. Did you mean 'workers'?" in refused


def test_a_bad_config_ends_it_with_78_and_every_problem(config):
    config.write_text("[store]\nurls = 1\n[daemon]\nworker = 3\n")
    code, problems = refused(config)
    assert code == 78
    assert len(problems) == 2
    assert f"{config}:2: store: unknown key 'urls'" in problems[0]
    assert f"{config}:4: daemon: unknown key 'worker'" in problems[1]


def test_a_secret_that_is_not_there_ends_it_with_78(config, tmp_path):
    config.write_text(
        '[store]\nurl = "postgresql://syncd@127.0.0.1/syncd"\n'
        f'password = {{ file = "{tmp_path}/none" }}\n'
    )
    code, (problem,) = refused(config)
    assert code == 78
    assert (
        problem
        == f"{config}: store.password: cannot read the secret in {tmp_path}/none: No such file or directory"
    )


def test_a_database_that_does_not_answer_ends_it_with_69(config, port):
    config.write_text(f'[store]\nurl = "postgresql://syncd@127.0.0.1:{port}/syncd"\n')
    code, problems = refused(config)
    assert code == 69
    assert "127.0.0.1" in " ".join(problems)


def test_an_address_in_use_ends_it_with_69(config, port):
    with closing(socket.create_server(("127.0.0.1", port))):
        code, (problem,) = refused(config)
    assert code == 69
    assert f"127.0.0.1:{port}" in problem
