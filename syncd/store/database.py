"""Connections and transactions, alike for SQLite and PostgreSQL."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import tenacity
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from syncd import turns

# How long a writer waits for another process (a command beside the daemon) to end its transaction.
_BUSY_SECONDS = 30
_POOL_SIZE = 20

# The log is copied into the file at 16 MB, not at 4: a page that is written again and again, as
# those of an index are, is copied once (a twentieth of a pull's CPU; benchmarks/sync).
_PRAGMAS = (
    "foreign_keys=OFF", "cache_size=-16000", "temp_store=MEMORY", "wal_autocheckpoint=4000",
)  # fmt: skip

# The driver asks every None and every bytes whether it wants to be something else: two errors made
# and dropped each time, a tenth of writing a message. It does not ask what has an adapter.
_AS_IT_IS: dict[Any, None] = {}
sqlite3.register_adapter(type(None), _AS_IT_IS.get)
sqlite3.register_adapter(bytes, bytes)


class StoreUnavailable(Exception):
    """The database cannot be opened or is not syncd's; the text names it and what to do."""


class NoStoreYet(StoreUnavailable):
    """There is nothing at the URL; the text says what makes a store there."""


class Database:
    """One database: `read` and `write` give a connection inside a transaction.

    SQLite takes one writer at a time, so writers of this process queue on a lock instead of
    spinning on the file's; other processes are waited for by the busy time-out.
    """

    def __init__(self, url: str | URL, *, password: str | None = None) -> None:
        self.url = make_url(url)
        if password is not None:
            self.url = self.url.set(password=password)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite(self.url) if self.sqlite else _postgresql(self.url)
        self.gone = _gone(self.engine)
        """What it raises where it cannot be reached or cannot work: no fault of what is written."""
        # One connection for all that is written, which keeps the pages and statements of that: ten
        # that each did took 60 MB more.
        self._writer = _sqlite(self.url, connections=1) if self.sqlite else self.engine
        self._writing = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read a consistent picture from."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """A transaction, committed at the end of the block, rolled back by an exception.

        `durable` survives a power cut at once; without it a cut may undo the last transactions
        as a whole, which is right for what can be pulled again (SQLite only; PostgreSQL is
        always durable).
        """
        if not self.sqlite:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._alone(durable=durable) as connection:
            yield connection

    @contextmanager
    def planned(self) -> Iterator[tuple[Connection, Callable[[], Connection]]]:
        """A connection to look things up with, and what begins the transaction that then writes.

        The second gives the connection to go on with. What was looked up may have changed by then.
        SQLite's writers wait for each other only from there on, so that one can plan while another
        writes. The transaction is not durable.
        """
        if not self.sqlite:
            turns.end()  # most of the work is the server's
            with self.engine.begin() as connection:
                yield connection, lambda: connection
            return
        with ExitStack() as transaction:
            reading = self.engine.connect()
            transaction.callback(reading.close)

            def begin() -> Connection:
                reading.close()  # whoever waits for the writer holds nothing
                return transaction.enter_context(self._alone(durable=False))

            yield reading, begin

    @contextmanager
    def _alone(self, *, durable: bool) -> Iterator[Connection]:
        """SQLite's one writing transaction."""
        with self._only_writer(), self._writer.connect() as connection:
            _set_durable(connection, durable=durable)
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            turns.end()  # the disk's turn
            connection.exec_driver_sql("COMMIT")

    @contextmanager
    def _only_writer(self) -> Iterator[None]:
        if not self._writing.acquire(blocking=False):
            turns.end()
            self._writing.acquire()
            turns.take()
        try:
            yield
        finally:
            self._writing.release()

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return self.url.render_as_string(hide_password=True)

    def tidy(self) -> None:
        """Let the database refresh its statistics where it thinks that worth it."""
        if self.sqlite:
            # In a transaction that begins as a writer: it would read first and then want to write,
            # which SQLite refuses at once where another process has written in between.
            with self.write() as connection:
                connection.exec_driver_sql("PRAGMA optimize")

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()
        self._writer.dispose()


def _gone(engine: Engine) -> tuple[type[Exception], ...]:
    driver = engine.dialect.loaded_dbapi  # whose errors bulk statements raise as they are
    return (
        OperationalError, InterfaceError, PoolTimeoutError, driver.OperationalError,
        driver.InterfaceError,
    )  # fmt: skip


def _set_durable(connection: Connection, *, durable: bool) -> None:
    """The setting belongs to the connection, which is kept: it is told only what changes."""
    if connection.info.get("durable") is not durable:
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.info["durable"] = durable


def _sqlite(url: URL, connections: int = _POOL_SIZE) -> Engine:
    if url.database and url.database != ":memory:":
        _make_private(Path(url.database))
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=-1,
        connect_args={
            "check_same_thread": False,
            "timeout": _BUSY_SECONDS,
            "isolation_level": None,
        },
        # Transactions are begun by hand: the driver would begin a deferred one, which cannot wait.
        isolation_level="AUTOCOMMIT",
    )
    event.listen(engine, "connect", _pragmas)
    return engine


def _make_private(file: Path) -> None:
    """Have a file, and its folder, that nobody else may read if they are new: it holds mail.

    What SQLite puts beside the file gets the file's own rights.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            file.touch(mode=0o600)
    except OSError as error:
        raise StoreUnavailable(
            f"cannot create {file} for the store: {error.strerror}; "
            "set [store] url to a place this user may write to"
        ) from None


def _pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    _UNTIL_ALONE(cursor.execute, "PRAGMA journal_mode=WAL")
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


# A new file is switched to WAL by a process that has it for itself. Where two begin at once, SQLite
# refuses one of them without waiting, so that they do not wait for each other for ever.
_UNTIL_ALONE = tenacity.Retrying(
    stop=tenacity.stop_after_delay(_BUSY_SECONDS),
    wait=tenacity.wait_random(0.001, 0.05),
    retry=tenacity.retry_if_exception(lambda error: "database is locked" in str(error)),
    reraise=True,
)


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_SIZE,
        pool_pre_ping=True,
    )
    event.listen(engine, "connect", _plan_by_keys)
    event.listen(engine, "connect", _write_bytes_as_they_are)
    return engine


def _plan_by_keys(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Have some thousand rows found by their keys, and not by reading whole tables.

    A plan kept from when a table was nearly empty reads it wholly for each key: 100 x slower. And
    with the costs of rotating disks, for which PostgreSQL is set up, 300,000 orders were read for
    each 2,000 parcels that were judged: 92 us of the server's CPU for a parcel instead of 34.
    """
    cursor = connection.cursor()
    cursor.execute("SET plan_cache_mode = force_custom_plan")
    cursor.execute("SET random_page_cost = 1.1")
    connection.commit()
    cursor.close()


def _write_bytes_as_they_are(connection: Any, _: ConnectionPoolEntry) -> None:
    """Have bytes copied by psycopg's compiled part.

    For a column of them it would take the writer of DB-API's wrapper, which is Python: a
    microsecond for each message.
    """
    from psycopg.types.string import BytesBinaryDumper  # noqa: PLC0415  as in `bulk`

    connection.adapters.register_dumper(bytes, BytesBinaryDumper)
