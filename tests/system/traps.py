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


def syncd(config):
    """The command line up to the verb."""
    return [sys.executable, "-m", "syncd", "--config", str(config)]


class Daemon:
    """``syncd run`` with one config, started as often as needed; its log goes on in one file."""

    def __init__(self, config, log, prefix=()):
        """`prefix` is a command that runs it, such as setpriv."""
        self.log = log
        self.process = None
        self.ready_seconds = []
        self.ready_cpu_seconds = []
        self.peak_mb = 0.0
        self._config = config
        self._prefix = prefix
        self._readers = []

    def start(self, *, wait=True):
        """Start it; with `wait` until it says that it is ready."""
        began, ready = time.monotonic(), threading.Event()
        notify = self.log.with_suffix(".notify")
        notify.unlink(missing_ok=True)
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(str(notify))
        self.process = subprocess.Popen(
            [*self._prefix, *syncd(self._config), "run"],
            env={**os.environ, "NOTIFY_SOCKET": str(notify)},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        # By a pipe, as to the journal: the log has to outlive what a test does to its disk.
        self._readers = [
            threading.Thread(target=self._copy, args=(self.process.stderr,)),
            threading.Thread(target=_listen, args=(manager, self.process, ready)),
        ]
        for reader in self._readers:
            reader.start()
        if wait:
            self._await(ready)
            self.ready_seconds.append(time.monotonic() - began)
            self.ready_cpu_seconds.append(_cpu_seconds(self.process.pid))

    def kill(self):
        """SIGKILL; it is dead when this returns. Any thread may call it."""
        self.measure()
        self.process.kill()
        self._wait(None)

    def measure(self):
        """Note the most memory this life has taken so far (VmHWM of proc(5))."""
        with suppress(OSError, StopIteration):  # it may have ended
            lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
            line = next(line for line in lines if line.startswith("VmHWM"))
            self.peak_mb = max(self.peak_mb, int(line.split()[1]) / 1024)

    def stop(self, seconds=45.0):
        """SIGTERM; gives the exit code."""
        self.measure()
        self.process.terminate()
        return self._wait(seconds)

    def close(self):
        if self.process is not None:
            self.kill()

    def events(self, name):
        """How often it has logged an event, in all its lives."""
        return sum(entry.get("event") == name for entry in self.entries())

    def entries(self):
        for line in self.log.read_text().splitlines() if self.log.exists() else ():
            with suppress(ValueError):  # a line that was cut off by a kill
                yield json.loads(line)

    def _wait(self, seconds):
        code = self.process.wait(seconds)
        for reader in self._readers:
            reader.join()
        return code

    def _copy(self, pipe):
        with pipe, self.log.open("ab") as log:
            for line in pipe:
                log.write(line)
                log.flush()

    def _await(self, ready):
        until = time.monotonic() + READY_SECONDS
        while not ready.wait(0.01):
            if self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode}, see {self.log}")
            if time.monotonic() > until:
                raise AssertionError(f"not ready after {READY_SECONDS} s, see {self.log}")


def _listen(manager, process, ready):
    """Read all that one life says, as systemd does: a full queue would block it."""
    manager.settimeout(0.1)
    with manager:
        while process.poll() is None:
            with suppress(TimeoutError):
                if b"READY=1" in manager.recv(4096):
                    ready.set()


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


def _cpu_seconds(pid):
    """Processor time of a process and all its threads so far (fields 14 and 15 of proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def seed_of(text):
    """A generator of its own for each part, so that one part's draws do not move another's."""
    return random.Random(text)
