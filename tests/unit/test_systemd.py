"""The sd_notify protocol against a socket bound as systemd does, and the environment it sets."""

import os
import re
import secrets
import socket
from contextlib import closing
from pathlib import Path

import pytest

from syncd import systemd


@pytest.fixture
def manager(tmp_path, monkeypatch):
    """The service manager's end of the notify socket."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield sock


def test_notify_sends_one_datagram_with_a_line_for_each_assignment(manager):
    assert systemd.notify("READY=1", "STATUS=12 accounts, 0 failing") is True
    assert manager.recv(1024) == b"READY=1\nSTATUS=12 accounts, 0 failing"


def test_notify_speaks_to_the_abstract_namespace(monkeypatch):
    name = f"syncd-test-{secrets.token_hex(8)}"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock:
        sock.bind(f"\0{name}")
        sock.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        systemd.notify("WATCHDOG=1")
        assert sock.recv(1024) == b"WATCHDOG=1"


def test_notify_is_silent_without_a_manager(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert systemd.notify("READY=1") is False


def test_reloading_tells_the_monotonic_time_in_microseconds(manager):
    assert systemd.reloading() is True
    said = manager.recv(1024).decode()
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", said)


@pytest.mark.parametrize(
    ("usec", "pid", "expected"),
    [
        ("30000000", None, 30.0),
        pytest.param("500000", str(os.getpid()), 0.5, id="its own"),
        ("30000000", "1", None),  # meant for another process of the service
        ("", None, None),
        ("soon", None, None),
        (None, None, None),
    ],
)
def test_watchdog_seconds(monkeypatch, usec, pid, expected):
    for name, value in (("WATCHDOG_USEC", usec), ("WATCHDOG_PID", pid)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert systemd.watchdog_seconds() == expected


def test_under_journald_only_where_it_is_our_own_standard_error(monkeypatch):
    stderr = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{stderr.st_dev}:{stderr.st_ino}")
    assert systemd.under_journald() is True
    # Inherited, as in a terminal that the desktop started as a service.
    monkeypatch.setenv("JOURNAL_STREAM", f"{stderr.st_dev}:{stderr.st_ino + 1}")
    assert systemd.under_journald() is False
    monkeypatch.delenv("JOURNAL_STREAM")
    assert systemd.under_journald() is False


def test_credential_path(monkeypatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/syncd.service")
    assert systemd.credential_path("shop-de") == Path("/run/credentials/syncd.service/shop-de")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert systemd.credential_path("shop-de") is None
