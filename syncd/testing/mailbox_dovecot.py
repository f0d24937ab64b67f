"""A real Dovecot on loopback without root, for tests and benchmarks of what speaks IMAP.

It needs the program (``apt-get install dovecot-imapd``); `missing` says whether it is there. Where
the caller is root it runs as ``nobody``, since Dovecot opens no mailbox for root.
"""

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from syncd import clock

_CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
listen = 127.0.0.1
{tls}
disable_plaintext_auth = no
auth_mechanisms = plain login
first_valid_uid = 1
first_valid_gid = 0
protocols = imap
mail_location = maildir:{home}/mail/%u
mail_fsync = never
mailbox_list_index = yes
mail_max_userip_connections = 50
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
  mailbox Drafts {{
    special_use = \\Drafts
    auto = create
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""
_TLS = """
ssl = yes
ssl_cert = <{home}/tls.pem
ssl_key = <{home}/tls.pem
ssl_dh =
"""
_PATIENCE_SECONDS = 10.0


def missing() -> str | None:
    """Why there is no Dovecot here; None where there is one."""
    return None if _program() else "dovecot is not installed (apt-get install dovecot-imapd)"


class Dovecot:
    """An IMAP server with one user. Use it as a context manager.

    `certificate` is a PEM file with certificate and key for TLS: STARTTLS on `port`, and TLS from
    the first byte on `tls_port`.
    """

    def __init__(self, address: str, password: str, certificate: Path | None = None) -> None:
        self.address = address
        self.password = password
        self.port = _free_port()
        self.tls_port = _free_port() if certificate else 0
        self._certificate = certificate
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        # Not below a test's own folder: nobody may not pass through another user's.
        self.home = Path(tempfile.mkdtemp(prefix="dovecot-"))

    @property
    def maildir(self) -> Path:
        """The INBOX; Sent is the folder ``.Sent`` in it."""
        return self.home / "mail" / self.address

    def __enter__(self) -> Self:
        (self.home / "mail").mkdir()
        if self._certificate:
            shutil.copy(self._certificate, self.home / "tls.pem")
        (self.home / "passwd").write_text(f"{self.address}:{self.password}\n")
        (self.home / "dovecot.conf").write_text(self._config())
        self._give_away(self.home, *self.home.rglob("*"))
        root = os.geteuid() == 0
        self._process = subprocess.Popen(  # noqa: S603  the installed server, with our own config
            [str(_program()), "-F", "-c", str(self.home / "dovecot.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.home,
            user=self._account.pw_uid if root else None,
            group=self._account.pw_gid if root else None,
            extra_groups=[] if root else None,
            start_new_session=True,
        )
        self._await_start()
        return self

    def __exit__(self, *_: object) -> None:
        # With all its processes, and nothing of it is kept; asked to end it takes a second.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def fill(self, mails: list[bytes], folder: str = "") -> None:
        """Put mails into INBOX, or a folder such as ``.Sent``, as a delivery program would."""
        into = self.maildir / folder
        for name in ("", "cur", "new", "tmp"):
            (into / name).mkdir(parents=True, exist_ok=True)
            self._give_away(into / name)
        for number, raw in enumerate(mails):
            # The server sees a mail when it is whole, as Maildir wants it.
            unfinished = into / "tmp" / f"{clock.now().timestamp():.6f}.{number:06d}.loopback"
            unfinished.write_bytes(raw.replace(b"\r\n", b"\n"))
            self._give_away(unfinished)
            unfinished.rename(into / "new" / unfinished.name)

    def _give_away(self, *paths: Path) -> None:
        """Make files the server's own."""
        if os.geteuid() == 0:
            for path in paths:
                os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _config(self) -> str:
        group = self._account.pw_gid
        return _CONFIG.format(
            home=self.home,
            user=self._account.pw_name,
            group=_group_name(group),
            uid=self._account.pw_uid,
            gid=group,
            port=self.port,
            tls_port=self.tls_port,
            tls=_TLS.format(home=self.home) if self._certificate else "ssl = no",
        )

    def _await_start(self) -> None:
        end = clock.monotonic() + _PATIENCE_SECONDS
        while clock.monotonic() < end:
            if _listens(self.port):
                return
            clock.sleep(0.05)
        log = self.home / "dovecot.log"
        said = log.read_text()[-1000:] if log.exists() else "no log"
        raise TimeoutError(f"Dovecot did not start: {said}")


def _program() -> str | None:
    return shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))


def _group_name(number: int) -> str:
    return grp.getgrgid(number).gr_name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
