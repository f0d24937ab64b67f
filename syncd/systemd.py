"""What a service says to systemd and gets from it: readiness, watchdog, credentials.

Protocol: sd_notify(3) and systemd.exec(5). Silent where there is no systemd.
"""

import os
import socket
from pathlib import Path

from syncd import clock


def notify(*assignments: str) -> bool:
    """Send ``NAME=VALUE`` lines to the service manager; False where there is none to hear them."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    if address.startswith("@"):  # the abstract namespace is written with "@"
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.connect(address)
        sock.sendall("\n".join(assignments).encode())
    return True


def reloading() -> bool:
    """Say that a reload has begun; ``MONOTONIC_USEC`` is what ``Type=notify-reload`` waits for."""
    return notify("RELOADING=1", f"MONOTONIC_USEC={int(clock.monotonic() * 1_000_000)}")


def watchdog_seconds() -> float | None:
    """How often systemd wants to hear from us, or None where it has set no watchdog for us."""
    usec = os.environ.get("WATCHDOG_USEC", "")
    pid = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not usec.isdigit() or pid != str(os.getpid()):
        return None
    return int(usec) / 1_000_000


def under_journald() -> bool:
    """Whether standard error is connected to the journal, and not just that of some parent."""
    stderr = os.fstat(2)
    return os.environ.get("JOURNAL_STREAM") == f"{stderr.st_dev}:{stderr.st_ino}"


def credential_path(name: str) -> Path | None:
    """Where the credential `name` lies, or None if the service was given no credentials folder."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(folder) / name if folder else None
