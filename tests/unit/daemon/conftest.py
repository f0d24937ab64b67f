"""An engine without a store, and the service manager's end of the notify socket."""

import secrets
import signal
import socket
from collections import deque
from contextlib import closing
from threading import Condition, Thread

import pytest

from syncd import clock
from syncd.scheduler import Received


class FakeEngine:
    """Does nothing, and remembers in which order it was asked to."""

    def __init__(self, name="first", *, accounts=("ebay-de",), listen=None, drains=True):
        self.name = name
        self.accounts = frozenset(accounts)
        self.broken = {}
        self.listen = listen
        self.push_listen = None
        self.pushed = []
        self.stop_timeout = 2.0
        self.calls = []
        self.drains = drains
        self.line = f"{name}: 1 accounts"
        self.store_down = False
        self.last_beat = None

    def start(self):
        self.calls.append("start")

    def receive(self, account, push):
        self.pushed.append(account)
        return Received("woke")

    def beat(self):
        return clock.monotonic() if self.last_beat is None else self.last_beat

    def describe(self):
        if self.store_down:
            raise OSError("disk I/O error")
        return self.line

    def stop(self, timeout):
        self.calls.append("stop")
        return self.drains

    def close(self):
        self.calls.append("close")


class ScriptedSignals:
    """Hands out what a test wrote down, and SIGTERM when that is used up.

    A callable in the script is called and counts as a tick without a signal.
    """

    def __init__(self, *script):
        self.script = deque(script)
        self.stopping = False

    def wait(self, seconds):
        del seconds
        following = self.script.popleft() if self.script else signal.SIGTERM
        self.stopping = self.stopping or following is signal.SIGTERM
        if isinstance(following, signal.Signals):
            return following
        following()
        return None


class Manager:
    """Reads what a service says on its notify socket, as promptly as systemd does."""

    def __init__(self, sock):
        self.said = []
        self._sock = sock
        self._ended = False
        self._news = Condition()
        self._thread = Thread(target=self._read)
        self._thread.start()

    def hear(self):
        """All that was said so far, one entry for each datagram."""
        mark = secrets.token_hex(8)
        self._sock.sendto(mark.encode(), self._sock.getsockname())
        with self._news:
            assert self._news.wait_for(lambda: mark in self.said, 10)
            self.said.remove(mark)
            return list(self.said)

    def await_(self, text, seconds=10.0, times=1):
        """Wait until that many datagrams begin with `text`; returns the first."""
        with self._news:
            if not self._news.wait_for(lambda: len(self._begins(text)) >= times, seconds):
                raise AssertionError(f"{text!r} was not said within {seconds} s: {self.said}")
            return self._begins(text)[0]

    def close(self):
        self._ended = True
        self._thread.join()

    def _begins(self, text):
        return [datagram for datagram in self.said if datagram.startswith(text)]

    def _read(self):
        self._sock.settimeout(0.05)
        while not self._ended:
            try:
                datagram = self._sock.recv(4096).decode()
            except TimeoutError:
                continue
            with self._news:
                self.said.append(datagram)
                self._news.notify_all()


@pytest.fixture
def manager(tmp_path, monkeypatch):
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock:
        sock.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        manager = Manager(sock)
        yield manager
        manager.close()


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def make_engine():
    return FakeEngine


@pytest.fixture
def scripted():
    return ScriptedSignals
