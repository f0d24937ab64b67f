"""A private PostgreSQL server for one test process: loopback only, gone with the process."""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

import psycopg

_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB")
_PR_SET_PDEATHSIG = 1


class NoPostgres(Exception):
    """The programs are not there; the text says which."""


class Postgres:
    """A server that listens on a Unix socket in a folder of its own."""

    def __init__(self):
        self._programs = _programs()
        self._user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
        self._folder = Path(tempfile.mkdtemp(prefix="syncd-pg-"))
        if self._user:
            shutil.chown(self._folder, self._user)
        self._data = self._folder / "data"
        self._numbers = count()
        self._run("initdb", "-D", self._data, "-U", "syncd", "-A", "trust", "-E", "UTF8",
                  "--no-locale", "--no-sync", "--no-instructions")  # fmt: skip
        self._server = self._start()
        self._wait()

    def url(self, name):
        return f"postgresql://syncd@/{name}?host={self._folder}"

    def create(self):
        """A new, empty database; returns its name."""
        name = f"t{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        return name

    def clear(self, name, tables):
        """Empty a database's tables, whoever is still connected; a tenth of a new one's time."""
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        deletes = "".join(f"; DELETE FROM {table}" for table in tables)
        self._execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}{deletes}", name
        )

    def drop(self, name):
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self):
        self._server.send_signal(signal.SIGINT)  # fast shutdown: sessions are cut off
        try:
            self._server.wait(20)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program, *arguments):
        subprocess.run(
            [self._programs / program, *arguments], user=self._user, cwd=self._folder,
            check=True, capture_output=True, env={"LC_ALL": "C", "PATH": os.defpath},
        )  # fmt: skip

    def _start(self):
        settings = [part for setting in _QUICK for part in ("-c", setting)]
        with (self._folder / "log").open("wb") as log:
            return subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, "-k", self._folder,
                 "-c", "listen_addresses=", *settings],
                user=self._user, cwd=self._folder, stdout=log, stderr=log,
                env={"LC_ALL": "C", "PATH": os.defpath}, preexec_fn=_end_with_parent,  # noqa: PLW1509  no threads yet
            )  # fmt: skip

    def _wait(self):
        until = time.monotonic() + 30
        while True:
            try:
                return self._execute("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > until or self._server.poll() is not None:
                    self.close()
                    raise
                time.sleep(0.02)

    def _execute(self, sql, name="postgres"):
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(sql)


def _programs():
    """The folder of the newest installed server."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name)
    )
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] * bool(on_path) + folders
    for folder in reversed(folders):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres("no PostgreSQL server is installed (package postgresql)")


def _end_with_parent():
    """A killed test process must not leave a server behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
