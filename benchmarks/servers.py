"""The servers a benchmark needs, started in a folder of their own and ended with it."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_NGINX = """
daemon off;
pid {home}/nginx.pid;
error_log stderr error;
worker_processes 1;
worker_rlimit_nofile {files};
events {{ worker_connections {files}; }}
http {{
  access_log off;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  default_type application/json;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 900s;
  keepalive_requests 100000000;
  server {{
    listen 127.0.0.1:{port} backlog=4096{tls};
    root {root};
  }}
}}
"""
_TLS = """ ssl;
    ssl_certificate {home}/cert.pem;
    ssl_certificate_key {home}/key.pem;
    ssl_session_cache off"""


def end_on_sigterm() -> None:
    """Let SIGTERM end us like an exit, so that what we started ends with us."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


@contextmanager
def web(root: Path, home: Path, *, tls: bool = False, files: int = 19000) -> Iterator[str]:
    """Serve the files under `root`; yields the base URL.

    By nginx where it is installed, else by a small server of our own (which knows no TLS).
    """
    port = _free_port()
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None and tls:
        raise SystemExit("TLS needs nginx: apt-get install nginx-light")
    if nginx is None:
        command = [sys.executable, "-m", "benchmarks.static_server", str(root), str(port)]
    else:
        if tls:
            make_certificate(home)
        config = home / "nginx.conf"
        text = _NGINX.format(
            home=home, root=root, port=port, files=files, tls=_TLS.format(home=home) if tls else ""
        )
        config.write_text(text, encoding="utf-8")
        command = [nginx, "-c", str(config), "-p", str(home)]
    with _process(command):
        _until(lambda: _answers(port), "the web server")
        yield f"http{'s' if tls else ''}://localhost:{port}" if tls else f"http://127.0.0.1:{port}"


def make_certificate(home: Path) -> None:
    """A certificate for localhost, which is its own authority: home/cert.pem, home/key.pem."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(home / "key.pem"), "-out", str(home / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip


class PostgreSQL:
    """A private server on loopback, which trusts whoever is on this machine."""

    def __init__(self, port: int, pid: int) -> None:
        self._port = port
        self._pid = pid

    def fresh(self, name: str) -> str:
        """An empty database called `name`, as a libpq URL."""
        self._run(f"DROP DATABASE IF EXISTS {name}")
        self._run(f"CREATE DATABASE {name}")
        # dlt asks for a password even where the server does not.
        return f"postgresql://bench:bench@127.0.0.1:{self._port}/{name}"

    def checkpoint(self) -> None:
        """Write everything out now, so that one case does not pay for another's pages."""
        self._run("CHECKPOINT")

    def cpu_seconds(self) -> float:
        """CPU time of the server and of all its backends so far."""
        ticks = os.sysconf("SC_CLK_TCK")
        return sum(_ticks(pid, own=pid == self._pid) for pid in self._pids()) / ticks

    def _pids(self) -> list[int]:
        children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text(encoding="ascii")
        return [self._pid, *map(int, children.split())]

    def _run(self, sql: str) -> None:
        psql = shutil.which("psql")
        place = f"postgresql://bench@127.0.0.1:{self._port}/postgres"
        command = [str(psql), "-X", "-q", "-c", sql, place]
        subprocess.run(command, check=True, capture_output=True)


def _ticks(pid: int, *, own: bool) -> int:
    """User and system time of a process (proc(5)), and of those it has waited for if `own`."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(value) for value in stat[11 : 15 if own else 13])


@contextmanager
def postgresql(home: Path) -> Iterator[PostgreSQL | None]:
    """A PostgreSQL server with fsync on; None where PostgreSQL is not installed.

    Where we are root it runs as ``postgres`` or ``nobody``, since it refuses to run as root.
    """
    initdb, server = shutil.which("initdb"), shutil.which("postgres")
    if initdb is None or server is None or shutil.which("psql") is None:
        yield None
        return
    user = _unprivileged()
    home.mkdir(mode=0o755)
    if user is not None:
        os.chown(home, user.pw_uid, user.pw_gid)
    data = home / "data"
    subprocess.run(
        [initdb, "-D", str(data), "-U", "bench", "-A", "trust", "--no-sync", "-E", "UTF8"],
        check=True, capture_output=True, cwd="/",
        **({} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}),
    )  # fmt: skip
    port = _free_port()
    options = {
        "listen_addresses": "127.0.0.1", "port": str(port),
        "unix_socket_directories": str(home), "shared_buffers": "1GB",
        "max_wal_size": "4GB", "fsync": "on", "synchronous_commit": "on", "max_connections": "60",
    }  # fmt: skip
    flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
    # SIGTERM would make it wait for whoever is still connected.
    command = [server, "-D", str(data), *flags]
    with _process(command, user=user, stop=signal.SIGINT) as child:
        found = PostgreSQL(port, child.pid)
        _until(lambda: _accepts(found), "PostgreSQL")
        yield found


def _accepts(server: PostgreSQL) -> bool:
    try:
        server.checkpoint()
    except subprocess.CalledProcessError:
        return False
    return True


def _unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


@contextmanager
def _process(
    command: list[str],
    *,
    user: pwd.struct_passwd | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator["subprocess.Popen[bytes]"]:
    become = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=_cwd(user), **become
    )
    try:
        yield child
    finally:
        child.send_signal(stop)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _cwd(user: pwd.struct_passwd | None) -> str:
    return "/" if user is not None else str(Path(__file__).resolve().parent.parent)


def _until(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise SystemExit(f"{what} did not start within {seconds:.0f} s")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
