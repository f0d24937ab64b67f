"""The schema is what the tables say, wherever it comes from, whoever else brings it up to date."""

import multiprocessing
import random
import sqlite3
import time
from contextlib import closing

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import text

from syncd.store import Database, Store, StoreUnavailable, schema
from syncd.store.database import _pragmas
from syncd.store.schema import head, upgrade
from syncd.store.tables import metadata

_POSTGRESQL = """
SELECT 'column', table_name, column_name, data_type, is_nullable, column_default
 FROM information_schema.columns WHERE table_schema = current_schema();
SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = current_schema();
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
 FROM pg_constraint WHERE connamespace = current_schema()::regnamespace;
SELECT 'option', relname, reloptions::text FROM pg_class
 WHERE relnamespace = current_schema()::regnamespace
"""


@pytest.fixture
def database(empty_url):
    opened = Database(empty_url)
    yield opened
    opened.close()


def migrate(database, to="head"):
    """By the migrations alone, from an empty database on."""
    config = Config()
    config.set_main_option("script_location", str(schema._MIGRATIONS))
    with database.write(durable=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def described(database):
    """All that the database says of its tables, but for the order of their columns."""
    with database.read() as connection:
        ask = connection.exec_driver_sql
        if not database.sqlite:
            return {tuple(row) for query in _POSTGRESQL.split(";") for row in ask(query)}
        found = {("sql", *_sorted(row)) for row in ask("SELECT type, name, sql FROM sqlite_master")}
        for (table,) in list(ask("SELECT name FROM sqlite_master WHERE type = 'table'")):
            found |= {(table, *row[1:]) for row in ask(f"PRAGMA table_xinfo({table})")}
            found |= {(table, *row[1:]) for row in ask(f"PRAGMA index_list({table})")}
        return found


def _sorted(row):
    """What is in a statement; a column that was added later stands at its end."""
    kind, name, sql = row
    words = (sql or "").replace('"', " ").replace(",", " ").replace("(", " ( ").replace(")", " ) ")
    return kind, name, *sorted(words.split())


def test_a_new_database_is_as_the_migrations_would_make_it(database):
    upgrade(database)
    made = described(database)
    with database.write(durable=True) as connection:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))

    migrate(database)

    assert described(database) == made


@pytest.mark.parametrize("since", ["0001", "0003"])
def test_an_old_database_is_migrated(database, since):
    migrate(database, since)

    upgrade(database)

    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def insert(connection, table, **row):
    row |= {"account_id": 1, "content_hash": b"x", "seen_at": 1}
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)


def test_parcels_learn_what_is_known_of_their_orders(database):
    migrate(database, "0008")
    with database.write() as connection:
        order = {"status": "cancelled", "placed_at": 5, "shipping_method": "Express"}
        insert(connection, "orders", source_id="o1", **order)
        insert(connection, "shipments", source_id="s1", order_source_id="o1")
        insert(connection, "shipments", source_id="s2", order_source_id="o2")

    upgrade(database)

    with database.read() as connection:
        known = "SELECT order_status, placed_at, shipping_method FROM shipments ORDER BY source_id"
        rows = connection.exec_driver_sql(known).all()
    assert rows == [("cancelled", 5, "Express"), (None, None, None)]


def test_numbers_that_are_written_otherwise_can_be_compared(database):
    migrate(database, "0011")
    written = {"RR123456785DE": None, "RR 123456785 DE": "RR123456785DE", None: None, "---": None,
               "rr123456785de": "RR123456785DE", "RR\u200b123456785DE": "RR123456785DE",
               "RR\uff11\uff12\uff13456785DE": "RR123456785DE", "1/2": None}  # fmt: skip
    with database.write() as connection:
        for place, number in enumerate(written):
            insert(connection, "shipments", source_id=f"s{place}", order_source_id="o",
                   tracking_number=number)  # fmt: skip
        for number, talk in (("RR123456785DE", 7), ("RR123456785DE", 8), ("XX123456785DE", 9)):
            connection.execute(text(
                "INSERT INTO conversation_numbers (tracking_number, conversation_id)"
                f" VALUES ('{number}', {talk})"
            ))  # fmt: skip
        connection.execute(text("INSERT INTO conversation_orders VALUES ('o', 8)"))

    upgrade(database)

    with database.read() as connection:
        known = "SELECT tracking_number, plain_number FROM shipments ORDER BY id"
        assert dict(connection.exec_driver_sql(known).all()) == written
        links = "SELECT order_source_id, conversation_id FROM conversation_orders ORDER BY 2"
        assert connection.exec_driver_sql(links).all() == [("o", 7), ("o", 8)]


def test_what_was_due_stays_due_when_that_goes_into_tables_of_its_own(database):
    migrate(database, "0006")
    with database.write() as connection:
        for table, number, due_at in (("shipments", 7, 100), ("shipments", 8, None),
                                      ("orders", 7, 200), ("orders", 9, None)):  # fmt: skip
            more = (
                {"order_source_id": "o1"}
                if table == "shipments"
                else {"status": "unshipped", "placed_at": 1}
            )
            insert(connection, table, source_id=f"s{number}", id=number, due_at=due_at, **more)

    upgrade(database)

    with database.read() as connection:
        ask = connection.exec_driver_sql
        assert ask("SELECT shipment_id, due_at FROM shipment_dues").all() == [(7, 100)]
        assert ask("SELECT order_id, due_at FROM order_dues").all() == [(7, 200)]
        assert ask("SELECT count(*) FROM shipments").scalar() == 2
        assert ask("SELECT source_id FROM orders ORDER BY id").scalars().all() == ["s7", "s9"]


def test_conversations_of_messages_that_were_sent_before_get_their_orders(database):
    migrate(database, "0005")
    with database.write() as connection:
        for number, purpose in ((1, "notice"), (2, "extension"), (3, "notice")):
            row = {"id": number, "key": f"k{number}", "purpose": purpose, "order": f"o{number}",
                   "message": "m1" if number < 3 else "m3"}  # fmt: skip
            connection.execute(text(
                "INSERT INTO outbox (id, key, account_id, state, purpose, order_source_id, "
                "created_at, not_before) VALUES (:id, :key, 1, 'sent', :purpose, :order, 1, 1)"
            ), row)  # fmt: skip
            connection.execute(text(
                "INSERT INTO deliveries (outbox_id, at, outcome, source_id) "
                "VALUES (:id, 1, 'sent', :message)"
            ), row)  # fmt: skip
        for account, source_id, talk in ((1, "m1", 11), (2, "m3", 12)):  # another account's m3
            connection.execute(text(
                "INSERT INTO messages (account_id, source_id, conversation_id, direction, kind, "
                "sent_at, content_hash, version, seen_at) VALUES (:account, :source_id, :talk, "
                "'outbound', 'human', 1, :digest, 1, 1)"
            ), {"account": account, "source_id": source_id, "talk": talk, "digest": b"x"})  # fmt: skip

    upgrade(database)

    with database.read() as connection:
        links = connection.exec_driver_sql("SELECT * FROM conversation_orders").all()
        assert links == [("o1", 11)]


def test_an_empty_database_gets_the_tables(database):
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


def test_two_processes_may_switch_a_new_file_to_wal_at_once(tmp_path):
    """SQLite refuses one in a hundred at once, however long it was told to wait."""
    spawn = multiprocessing.get_context("spawn")
    barrier, ended = spawn.Barrier(2), spawn.SimpleQueue()
    several = [
        spawn.Process(target=_switch, args=(tmp_path, seed, barrier, ended)) for seed in range(2)
    ]
    for process in several:
        process.start()
    for process in several:
        process.join()
    assert [ended.get() for _ in several] == ["", ""]


def _switch(folder, seed, barrier, ended):
    """Runs in another process: opens the same new files at nearly the same instants as its twin."""
    chance, refused = random.Random(seed), ""
    for number in range(400):
        barrier.wait()
        until = time.perf_counter() + chance.random() * 0.002
        while time.perf_counter() < until:
            pass
        with closing(sqlite3.connect(folder / str(number), isolation_level=None)) as opened:
            try:
                _pragmas(opened, None)
                opened.execute("BEGIN IMMEDIATE")
                opened.execute("CREATE TABLE IF NOT EXISTS it (id)")
                opened.execute("COMMIT")
            except sqlite3.OperationalError as error:
                refused = str(error)
    ended.put(refused)


def _open(url):
    """Runs in another process; an exception is handed to the test."""
    Store(url).close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(StoreUnavailable, match=r"cannot create .*file.*\[store\] url"):
        Store(f"sqlite:///{tmp_path / 'file' / 'syncd.db'}")


def test_nobody_else_may_read_a_new_store(tmp_path):
    folder = tmp_path / "state" / "syncd"
    store = Store(f"sqlite:///{folder / 'syncd.db'}")
    modes = {path.name: path.stat().st_mode & 0o777 for path in [folder, *folder.iterdir()]}
    store.close()
    assert modes == {
        "syncd": 0o700, "syncd.db": 0o600, "syncd.db-wal": 0o600, "syncd.db-shm": 0o600,
    }  # fmt: skip


def test_the_rights_that_somebody_gave_stay_as_they_are(tmp_path):
    (tmp_path / "shared").mkdir(mode=0o755)
    file = tmp_path / "shared" / "syncd.db"
    file.touch(mode=0o644)
    Store(f"sqlite:///{file}").close()
    assert [path.stat().st_mode & 0o777 for path in (file.parent, file)] == [0o755, 0o644]


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "syncd.db").write_text("these are not the bytes of a database" * 100)

    with pytest.raises(StoreUnavailable, match=r"syncd\.db: .*; restore its backup, or name"):
        Store(f"sqlite:///{tmp_path / 'syncd.db'}")


def test_a_folder_in_place_of_a_file_is_told(tmp_path):
    with pytest.raises(StoreUnavailable, match=r"; it is a folder, and \[store\] url has to"):
        Store(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("closed", ["syncd.db", "."])
def test_a_file_or_folder_that_this_user_may_not_write_to_is_named(tmp_path, monkeypatch, closed):
    """Root may write everywhere, so what the system and SQLite say of it is made up."""
    file = tmp_path / "syncd.db"
    refused = (tmp_path / closed).resolve()
    monkeypatch.setattr("os.access", lambda path, _: path != refused)

    monkeypatch.setattr(schema, "_current", lambda found: found.exec_driver_sql("SELECT nothing"))
    said = rf"; this user may not write to {refused}: run syncd as its owner"
    with pytest.raises(StoreUnavailable, match=said):
        Store(f"sqlite:///{file}")


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path):
    url = f"postgresql://syncd:hunter2@/syncd?host={tmp_path}"

    with pytest.raises(StoreUnavailable) as refused:
        Store(url)

    assert str(tmp_path) in str(refused.value)
    assert "hunter2" not in str(refused.value)
