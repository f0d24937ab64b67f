"""The schema is what the tables say, wherever it comes from and whoever else brings it up to date."""

import multiprocessing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from syncd.store import Database, Store, StoreUnavailable
from syncd.store.schema import head, upgrade
from syncd.store.tables import metadata


@pytest.fixture
def database(empty_url):
    opened = Database(empty_url)
    yield opened
    opened.close()


def test_migrating_an_empty_database_gives_the_tables(database):
    upgrade(database)

    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_second_start_changes_nothing(database):
    upgrade(database)
    upgrade(database)

    with database.read() as connection:
        versions = connection.execute(text("SELECT version_num FROM alembic_version")).scalars()
        assert list(versions) == [head()]


def test_a_newer_schema_is_refused_with_both_versions_and_what_to_do(database):
    upgrade(database)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num='9999'"))

    with pytest.raises(StoreUnavailable) as refused:
        upgrade(database)

    said = str(refused.value)
    assert "9999" in said
    assert head() in said
    assert "install the newer syncd" in said


def test_several_processes_may_start_on_an_empty_database_at_once(empty_url):
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(2) as pool:
        assert pool.map(_open, [empty_url] * 2, chunksize=1) == [None] * 2
        pool.close()
        pool.join()


def _open(url):
    """Runs in another process; an exception is handed to the test."""
    Store(url).close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(StoreUnavailable, match=r"cannot create .*file.*\[store\] url"):
        Store(f"sqlite:///{tmp_path / 'file' / 'syncd.db'}")


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "syncd.db").write_text("these are not the bytes of a database" * 100)

    with pytest.raises(StoreUnavailable, match=r"syncd\.db"):
        Store(f"sqlite:///{tmp_path / 'syncd.db'}")


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path):
    url = f"postgresql://syncd:hunter2@/syncd?host={tmp_path}"

    with pytest.raises(StoreUnavailable) as refused:
        Store(url)

    assert str(tmp_path) in str(refused.value)
    assert "hunter2" not in str(refused.value)
