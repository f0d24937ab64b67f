"""Bringing a database to the present schema: an empty one by the tables, an old one by alembic."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from syncd.store.database import Database, NoStoreYet, StoreUnavailable
from syncd.store.tables import metadata

_MIGRATIONS = Path(__file__).parent / "migrations"
# As alembic makes it (alembic.ddl.impl).
_VERSION = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


def head() -> str:
    """The newest revision; a revision's id is the number its file name begins with."""
    names = (path.name for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))
    return max(name.partition("_")[0] for name in names)


def upgrade(database: Database) -> None:
    """Create the tables or bring them up to date; safe when several processes start at once.

    Raises StoreUnavailable where the database cannot be opened or written to, or a newer syncd has
    written it.
    """
    with _opening(database):
        with database.read() as connection:
            current = _current(connection)
        if _older(database, current):
            _bring_up(database)
        with database.write() as connection:  # a read-only file is told now, not by the first poll
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")


def require(database: Database) -> None:
    """Raises StoreUnavailable where the tables are not as this syncd knows them.

    NoStoreYet where there are none.
    """
    with _opening(database):
        with database.read() as connection:
            current = _current(connection)
        if current is None:
            raise NoStoreYet(_NOT_YET.format(database.shown))
        if _older(database, current):
            raise StoreUnavailable(
                f"{database.shown} has schema {current}, this syncd wants {head()}: restart the "
                "daemon, or run `syncd db upgrade` while it does not run"
            )


def require_file(url: str) -> None:
    """Raises NoStoreYet where `url` is an SQLite file that is not there.

    Opening it would make an empty one.
    """
    file = make_url(url).database
    if url.startswith("sqlite") and file and not Path(file).exists():
        raise NoStoreYet(_NOT_YET.format(url))


_NOT_YET = (
    "there is no store yet at {}: `syncd run` makes it when it first starts. Where there should be "
    "one, look at url in [store], and at which config this is (`syncd check-config`)"
)


@contextmanager
def _opening(database: Database) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        said = f"cannot open the store {database.shown}: {error.orig}"
        raise StoreUnavailable(said + _fix(database, str(error.orig))) from error


def _fix(database: Database, said: str) -> str:
    """What to do about SQLite's few words; PostgreSQL's say enough."""
    if not database.sqlite or not database.url.database:
        return ""
    file = Path(database.url.database)
    if "not a database" in said or "malformed" in said:
        return "; restore its backup, or name another file in [store] url"
    if file.is_dir():
        return "; it is a folder, and [store] url has to name a file"
    refused = next((each for each in (file, file.parent) if not _is_ours(each)), None)
    return f"; this user may not write to {refused}: run syncd as its owner" if refused else ""


def _is_ours(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK)


def _older(database: Database, current: str | None) -> bool:
    """Whether the schema is to be migrated; raises StoreUnavailable where it is a newer one."""
    if current is not None and current > head():
        raise StoreUnavailable(
            f"{database.shown} has schema {current}, this syncd knows only {head()}: "
            "install the newer syncd again, or restore the backup made before it"
        )
    return current != head()


def _current(connection: Connection) -> str | None:
    """The schema's revision; None where there is no schema yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return str(found) if found is not None else None


def _bring_up(database: Database) -> None:
    with database.write(durable=True) as connection:
        _alone(connection)
        current = _current(connection)
        if current is None:
            _create(connection)
        elif current != head():
            _migrate(connection)


def _create(connection: Connection) -> None:
    """What the migrations would make of an empty database, without importing alembic.

    That takes a quarter of a second.
    """
    metadata.create_all(connection, checkfirst=False)
    connection.exec_driver_sql(_VERSION)
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": head()})


def _migrate(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  seldom needed, and slow
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _alone(connection: Connection) -> None:
    """Let no other process migrate meanwhile; SQLite's write transaction does so by itself."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7379633)")  # "syncd" on a phone
