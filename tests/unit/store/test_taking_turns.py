"""A poll's thread that waits for the database waits in nobody's turn."""

import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest

from syncd import turns
from syncd.ingest import poll
from syncd.ingest.batches import LARGEST_BYTES
from syncd.ingest.salvage import salvage
from syncd.store import Store
from syncd.testing.scripted import batch

LONG = 30.0


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", LONG)


def taken():
    with turns.sharing():
        return turns.take()


@pytest.fixture
def is_free(monkeypatch):
    """Whether another poll would get its turn now."""

    def ask():
        with monkeypatch.context() as hurried, ThreadPoolExecutor(1) as pool:
            hurried.setattr(turns, "PATIENCE_SECONDS", 0.05)
            return pool.submit(taken).result(LONG)

    return ask


def test_what_is_planned_and_written_to_sqlite_is_one_turn_and_the_commit_none(
    sqlite_store, is_free
):
    with turns.sharing():
        turns.take()
        with sqlite_store.database.planned() as (_, begin):
            assert not is_free()
            begin()
            assert not is_free()
        assert is_free()


def test_what_goes_wrong_in_between_ends_with_the_poll(sqlite_store, is_free):
    def go_wrong():
        with turns.sharing():
            turns.take()
            with sqlite_store.database.write():
                raise ValueError("of a test")

    with pytest.raises(ValueError, match="of a test"):
        go_wrong()
    assert is_free()


@pytest.mark.postgres
def test_what_postgresql_works_for_a_poll_is_nobodys_turn(postgres_url, is_free):
    store = Store(postgres_url)
    with turns.sharing():
        turns.take()
        with store.database.planned():
            assert is_free()
    store.close()


def test_what_a_connector_waits_for_by_itself_is_nobodys_turn(world, make, is_free):
    free = []

    def ask():
        free.append(is_free())

    messages = batch(make.message(raw=b"x" * LARGEST_BYTES), page=1)
    world.connectors["shop"].feed("messages", ask, messages, ask)
    assert poll(world.account(), "messages", world.store).outcome == "ok"
    assert free == [True, True]


def test_what_a_poll_writes_is_its_turn(world, make, is_free, monkeypatch):
    free = []

    def noting(*given, **more):
        free.append(is_free())
        return salvage(*given, **more)

    monkeypatch.setattr(import_module("syncd.ingest.poll"), "salvage", noting)
    world.connectors["shop"].feed("messages", batch(make.message(), page=1))
    assert poll(world.account(), "messages", world.store).outcome == "ok"
    assert free == [False]
    assert is_free()


def test_who_waits_for_another_writer_waits_in_nobodys_turn(sqlite_store, is_free):
    database, writing = sqlite_store.database, threading.Event()

    def wait_and_write():
        with turns.sharing():
            assert turns.take()
            writing.set()
            with database.write():
                return is_free()

    with ThreadPoolExecutor(1) as pool:
        with database.write():
            waiting = pool.submit(wait_and_write)
            assert writing.wait(LONG)
            assert _in_time(is_free)
        assert not waiting.result(LONG)  # it has its turn again


def _in_time(question):
    return any(question() for _ in range(100))
