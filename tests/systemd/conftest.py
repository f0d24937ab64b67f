"""One machine for all tests of the service: booted, installed, and left behind as it came."""

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import installation
from machine import Machine, missing

UNIT = "syncd.service"
CONFIG = """
[daemon]
stop_timeout = "8s"

[accounts.probe]
connector = "probe"
intervals = { messages = "1s" }
"""
# Only how long things take: what is tested is the unit as it is shipped.
QUICK = """
[Service]
WatchdogSec=3
RestartSec=500ms
"""


class Service:
    """The service in its machine, brought into a known state before each test."""

    def __init__(self, machine):
        self.machine = machine
        self.since = 0.0

    def configure(self, options="", text=None):
        """Write the config: the probe account with these options, or `text`."""
        self.machine.write("/etc/syncd/syncd.toml", CONFIG + options if text is None else text)

    def drop_in(self, name, text):
        """Add to the unit; taken back before the next test."""
        self.machine.write(f"/etc/systemd/system/{UNIT}.d/{name}.conf", text)
        self.machine.check("systemctl", "daemon-reload")

    def fresh(self):
        """Stopped, without state or drop-ins of another test, the journal read from here on."""
        self.machine.run("systemctl", "stop", UNIT)
        self.machine.run("systemctl", "reset-failed", UNIT)
        self.machine.check("rm", "-rf", f"/etc/systemd/system/{UNIT}.d", "/var/lib/syncd")
        self.drop_in("quick", QUICK)
        self.configure()
        self.since = time.time()

    def systemctl(self, verb):
        """What came of ``systemctl VERB syncd``."""
        return self.machine.run("systemctl", verb, UNIT)

    def start(self):
        """Start it; it has to become ready."""
        self.machine.check("systemctl", "start", UNIT)

    def show(self, *properties):
        """What systemd knows about it."""
        return self.machine.show(UNIT, *properties)

    def journal(self, *matches):
        """What was written since the test began."""
        return self.machine.journal(UNIT, self.since, *matches)

    def await_journal(self, text, seconds=20.0):
        """Wait until the journal has `text`."""
        until = time.monotonic() + seconds
        while text not in self.journal():
            assert time.monotonic() < until, f"{text!r} is not in the journal:\n{self.journal()}"
            time.sleep(0.1)

    def await_state(self, seconds=20.0, **wanted):
        """Wait until systemd knows these properties of it."""
        self.machine.wait_until(f"{wanted}", lambda: self.show(*wanted) == wanted, seconds)

    def command(self, *arguments):
        """What came of ``sudo -u syncd syncd ARGUMENTS``; sudo itself may not be installed."""
        return self.machine.run(
            *("setpriv", "--reuid=syncd", "--regid=syncd", "--init-groups", "--reset-env"),
            *("/opt/syncd/bin/syncd", *arguments),
        )

    def sql(self, query, file="syncd.db"):
        """One value from its store."""
        program = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])"
        done = self.machine.check(
            "/opt/syncd/bin/python", "-c", program, f"/var/lib/syncd/{file}", query
        )
        return done.strip()


@pytest.fixture(scope="session")
def machine():
    reason = missing() or installation.missing()
    if reason:
        pytest.skip(reason)
    with Machine() as machine:
        installation.install(machine)
        yield machine


@pytest.fixture
def service(machine):
    service = Service(machine)
    service.fresh()
    yield service
    machine.run("systemctl", "kill", "--signal=KILL", UNIT)  # a failed test may leave it hanging
    machine.run("systemctl", "stop", UNIT)
