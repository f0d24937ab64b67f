"""The daemon under test as a process, and traps that kill it at the very point of a delivery."""

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

READY_SECONDS = 30.0


class Point(StrEnum):
    """Where in a delivery the daemon dies, seen from the receiver."""

    LOST = "lost"
    """The whole message has arrived, and is thrown away."""
    LATE = "late"
    """It has arrived, and is accepted some seconds after the daemon's death."""
    ACCEPTED = "accepted"
    """It is accepted, and nobody is left to hear that."""
    BEGUN = "begun"
    """The delivery has begun; the message itself has not been sent yet (mail only)."""


class Daemon:
    """``syncd run`` with one config, started as often as needed; its log goes on in one file."""

    def __init__(self, config, log):
        self.log = log
        self.process = None
        self.ready_seconds = []
        self._config = config
        self._notify = Path(config).with_name("notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._notify))

    def start(self, *, wait=True):
        """Start it; with `wait` until it says that it is ready."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "syncd", "--config", str(self._config), "run"],
                env={**os.environ, "NOTIFY_SOCKET": str(self._notify)},
                stdin=subprocess.DEVNULL,
                stderr=log,
            )
        if wait:
            self._await_ready()
            self.ready_seconds.append(time.monotonic() - began)

    def kill(self):
        """SIGKILL; it is dead when this returns. Any thread may call it."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=30.0):
        """SIGTERM; gives the exit code."""
        self.process.terminate()
        return self.process.wait(seconds)

    def close(self):
        if self.process is not None:
            self.kill()
        self._socket.close()

    def events(self, name):
        """How often it has logged an event, in all its lives."""
        return sum(entry.get("event") == name for entry in self.entries())

    def entries(self):
        for line in self.log.read_text().splitlines():
            with suppress(ValueError):  # a line that was cut off by a kill
                yield json.loads(line)

    def _await_ready(self):
        self._forget_news()
        until = time.monotonic() + READY_SECONDS
        self._socket.settimeout(0.2)
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode}, see {self.log}")
            with suppress(TimeoutError):
                if b"READY=1" in self._socket.recv(4096):
                    return
        raise AssertionError(f"not ready after {READY_SECONDS} s, see {self.log}")

    def _forget_news(self):
        """What an earlier life has said; this one cannot have said anything so early."""
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                self._socket.recv(4096)


class Trap:
    """Armed with a receiver and a point, it kills the daemon when a delivery passes there."""

    def __init__(self, kill):
        self._kill = kill
        self._armed = None
        self._skip = 0
        self._lock = threading.Lock()
        self._sprung = threading.Event()

    def await_(self, receiver, point, seconds, skip=0):
        """Arm it, let the first `skip` pass, and wait; whether somebody stepped into it in time."""
        with self._lock:
            self._sprung.clear()
            self._armed, self._skip = (receiver, point), skip
        self._sprung.wait(seconds)
        with self._lock:
            self._armed = None
        return self._sprung.is_set()

    def springs(self, receiver, point):
        """A delivery passes; True, with the daemon dead, where the trap was armed for that."""
        with self._lock:
            if self._armed != (receiver, point):
                return False
            self._skip -= 1
            if self._skip >= 0:
                return False
            self._armed = None
            self._kill()
            self._sprung.set()
            return True


def seed_of(text):
    """A generator of its own for each part, so that one part's draws do not move another's."""
    return random.Random(text)
