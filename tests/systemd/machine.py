"""A real systemd as PID 1 of a throw-away container that sees a copy-on-write view of this machine.

`Machine` boots it by systemd-nspawn and runs commands in it by nsenter. Its mounts live in a mount
namespace of their own, so nothing is left of it when the process ends, however that happens. It has
only a loopback network, and starts nothing of the host's but what basic.target needs.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

# What runs in the new mount namespace: the overlay, then the preparation, then the container.
# Of systemd's own services, tmpfiles' tmp.conf would empty /tmp, in which the upper layer lies.
_BOOT = """
set -euo pipefail
box=$1; shift
mount -t proc proc /proc
mount -t tmpfs -o mode=0755 tmpfs "$box"
mkdir -p "$box"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$box/upper,workdir=$box/work" "$box/root"
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
rm -f "$box"/root/etc/systemd/system/*.wants/*
mkdir -p "$box/root/etc/tmpfiles.d" "$box/root/var/log/journal"
ln -sf /dev/null "$box/root/etc/tmpfiles.d/tmp.conf"
rm -rf "$box"/root/var/log/journal/*
exec systemd-nspawn --quiet --directory="$box/root" --boot --register=no --keep-unit \
  --private-network --link-journal=no --capability=all --machine="$1" \
  systemd.unit=basic.target systemd.show_status=no
"""
# In PID and mount namespaces of its own that end with the tests, even where those are killed:
# systemd-nspawn killed by itself would leave the machine running.
_ALONE = (
    *("setpriv", "--pdeathsig=KILL"),
    *("unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child=KILL"),
)
_NEEDED = ("setpriv", "systemd-nspawn", "nsenter", "unshare", "mount")


def missing() -> str | None:
    """Why no machine can be booted here, or None if one can be tried."""
    if os.geteuid() != 0:
        return "booting a real systemd needs root"
    absent = [program for program in _NEEDED if shutil.which(program) is None]
    if absent:
        return f"{', '.join(absent)} not installed (Debian: apt-get install systemd-container)"
    if subprocess.run([*_ALONE, "true"], capture_output=True, check=False).returncode != 0:
        return "root may not make namespaces and mounts here, as in an unprivileged container"
    return None


class Machine:
    """One booted container; use it as a context manager."""

    def __init__(self) -> None:
        self.name = f"syncd-systemd-{secrets.token_hex(4)}"  # a host name: no "_" as of mkdtemp
        self.box = Path(tempfile.gettempdir()) / self.name
        self.box.mkdir(mode=0o700)
        self._console = self.box.with_suffix(".console")
        self._alone: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def __enter__(self) -> Self:
        try:
            self._boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._alone is not None:
            self._alone.kill()
            self._alone.wait()
        self._console.unlink(missing_ok=True)
        shutil.rmtree(self.box)  # an empty folder: what was mounted on it is gone already

    @property
    def root(self) -> Path:
        """The machine's root folder, as seen from here."""
        return Path(f"/proc/{self._leader}/root")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file in the machine, making its folder where need be."""
        target = self.root / path.removeprefix("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        target.chmod(mode)

    def run(self, *command: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a command in the machine, whatever becomes of it."""
        return subprocess.run(
            ["nsenter", f"--target={self._leader}", "--all", "--wdns=/", *command],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
        )

    def check(self, *command: str, timeout: float = 60.0) -> str:
        """Run a command that has to succeed; what it printed."""
        done = self.run(*command, timeout=timeout)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        """What systemd knows about a unit."""
        lines = self.check("systemctl", "show", unit, f"--property={','.join(properties)}")
        return dict(line.split("=", 1) for line in lines.splitlines())

    def journal(self, unit: str, since: float, *matches: str) -> str:
        """What a unit wrote, and what systemd wrote about it, after `since` in Unix time.

        Not after a cursor: journalctl 252 skips one entry too many where the cursor's own is not
        of the unit.
        """
        self.check("journalctl", "--sync")
        about = (f"--unit={unit}", f"--since=@{since:.6f}", *matches)
        return self.check("journalctl", "--no-pager", "--output=cat", *about)

    def wait_until(self, what: str, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait until `condition` holds; fails with what the machine's console shows."""
        until = time.monotonic() + seconds
        while not condition():
            console = self._console.read_text()
            assert time.monotonic() < until, f"not within {seconds} s: {what}\n{console}"
            time.sleep(0.05)

    def _boot(self) -> None:
        unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
        with self._console.open("wb") as console:
            self._alone = subprocess.Popen(
                [*_ALONE, "bash", "-c", _BOOT, "boot", str(self.box), self.name],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
                env={
                    "PATH": os.environ["PATH"],
                    "SYSTEMD_NSPAWN_TMPFS_TMP": "0",
                    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": str(int(unified)),
                },
            )
        self.wait_until("systemd came up", self._is_up, 60)

    def _is_up(self) -> bool:
        assert self._alone is not None
        if self._alone.poll() is not None:
            raise AssertionError(f"systemd did not come up:\n{self._console.read_text()}")
        self._leader = _child(_child(self._alone.pid))  # unshare, systemd-nspawn, systemd
        return bool(self._leader) and self._started()

    def _started(self) -> bool:
        state = self.run("systemctl", "is-active", "basic.target")
        return state.stdout.strip() == "active"


def _child(pid: int) -> int:
    """The first child of a process; 0 where it has none, or is not there."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return 0
    return int((children.split() or ["0"])[0])
