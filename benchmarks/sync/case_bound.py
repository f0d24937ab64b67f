"""The bound: aiohttp, msgspec and the bare driver; conversation, message and cursor upserted.

No identities, threads, versions, orders, fences or claims. PostgreSQL's rows are copied as text, or
in its binary form where asked. ``case_bound BASE_URL STORE_URL [binary]``
"""

import asyncio
import json
import sqlite3
import sys
import time
from typing import Protocol

import aiohttp
import msgspec
import psycopg

from benchmarks.sync import feed
from benchmarks.sync.payload import RawPage, Row

BATCH = 5000

_page = msgspec.json.Decoder(RawPage)
_row = msgspec.json.Decoder(Row)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (id {serial}, account_id INTEGER NOT NULL,
  external_id TEXT NOT NULL, last_at BIGINT NOT NULL, UNIQUE (account_id, external_id));
CREATE TABLE IF NOT EXISTS messages (id {serial}, account_id INTEGER NOT NULL,
  external_id TEXT NOT NULL, conversation_id INTEGER NOT NULL, sent_at BIGINT NOT NULL,
  sender TEXT NOT NULL, order_id TEXT, topic TEXT, body TEXT NOT NULL, attachments TEXT, raw {blob},
  UNIQUE (account_id, external_id));
CREATE INDEX IF NOT EXISTS messages_by_conversation ON messages (conversation_id, sent_at);
CREATE TABLE IF NOT EXISTS cursors (account_id INTEGER PRIMARY KEY, page INTEGER NOT NULL);
"""
_CONVERSATION_CLASH = (
    "ON CONFLICT (account_id, external_id) DO UPDATE SET last_at=excluded.last_at "
    "WHERE conversations.last_at < excluded.last_at"
)
_MESSAGE_CLASH = (
    "ON CONFLICT (account_id, external_id) DO UPDATE SET sent_at=excluded.sent_at, "
    "body=excluded.body, topic=excluded.topic WHERE messages.sent_at < excluded.sent_at"
)
_CURSOR = "INSERT INTO cursors VALUES ({0}, {0}) ON CONFLICT (account_id) DO UPDATE SET page=excluded.page"
_BINARY = " WITH (FORMAT BINARY)"
_TYPES = ("int4", "text", "text", "int8", "text", "text", "text", "text", "text", "bytea")

Rows = list[tuple[object, ...]]


class Sink(Protocol):
    """Where messages go."""

    def write(self, rows: Rows, cursors: dict[int, int]) -> None: ...


class SQLite:
    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA.format(serial="INTEGER PRIMARY KEY", blob="BLOB"))

    def write(self, rows: Rows, cursors: dict[int, int]) -> None:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        db.executemany(
            f"INSERT INTO conversations (account_id, external_id, last_at) VALUES (?, ?, ?) "
            f"{_CONVERSATION_CLASH}",
            [(key[0], key[1], at) for key, at in _conversations(rows).items()],
        )
        db.executemany(
            "INSERT INTO messages (account_id, external_id, conversation_id, sent_at, sender, "
            "order_id, topic, body, attachments, raw) VALUES (?1, ?2, (SELECT id FROM conversations "
            f"WHERE account_id=?1 AND external_id=?3), ?4, ?5, ?6, ?7, ?8, ?9, ?10) {_MESSAGE_CLASH}",
            rows,
        )
        db.executemany(_CURSOR.format("?"), list(cursors.items()))
        db.execute("COMMIT")


class PostgreSQL:
    def __init__(self, url: str, *, binary: bool) -> None:
        self._binary = binary
        self._db = psycopg.connect(url)
        self._db.execute(_SCHEMA.format(serial="BIGSERIAL PRIMARY KEY", blob="BYTEA"))
        self._db.execute(
            "CREATE TEMP TABLE incoming (account_id INTEGER, external_id TEXT, thread TEXT, "
            "sent_at BIGINT, sender TEXT, order_id TEXT, topic TEXT, body TEXT, attachments TEXT, raw BYTEA) "
            "ON COMMIT DELETE ROWS"
        )
        self._db.commit()

    def write(self, rows: Rows, cursors: dict[int, int]) -> None:
        with self._db.transaction(), self._db.cursor() as cursor:
            with cursor.copy(f"COPY incoming FROM STDIN{_BINARY if self._binary else ''}") as copy:
                if self._binary:
                    copy.set_types(_TYPES)
                for row in rows:
                    copy.write_row(row)
            cursor.execute(
                "INSERT INTO conversations (account_id, external_id, last_at) SELECT account_id, "
                f"thread, max(sent_at) FROM incoming GROUP BY 1, 2 {_CONVERSATION_CLASH}"
            )
            cursor.execute(
                "INSERT INTO messages (account_id, external_id, conversation_id, sent_at, sender, "
                "order_id, topic, body, attachments, raw) SELECT i.account_id, i.external_id, (SELECT "
                "c.id FROM conversations c WHERE c.account_id=i.account_id AND "
                "c.external_id=i.thread), i.sent_at, i.sender, i.order_id, i.topic, i.body, "
                f"i.attachments, i.raw FROM incoming i {_MESSAGE_CLASH}"
            )
            cursor.executemany(_CURSOR.format("%s"), list(cursors.items()))


def _conversations(rows: Rows) -> dict[tuple[object, object], object]:
    found: dict[tuple[object, object], object] = {}
    for row in rows:
        key = row[0], row[2]
        if found.get(key, 0) < row[3]:
            found[key] = row[3]
    return found


async def _pull(
    session: aiohttp.ClientSession, base_url: str, account: int, out: "asyncio.Queue[object]"
) -> None:
    page: int | None = 0
    while page is not None:
        async with session.get(f"{base_url}/{feed.name(account)}/{page}.json") as reply:
            found = _page.decode(await reply.read())
        rows: Rows = [
            (account, row.id, row.thread_id, int(row.created_at.timestamp() * 1_000_000),
             row.sender.id, row.order_id, row.topic, row.body,
             ",".join(file.name for file in row.attachments) or None, bytes(raw))
            for raw in found.items
            for row in [_row.decode(raw)]
        ]  # fmt: skip
        await out.put((account, page, rows))
        page = found.next


async def _write(sink: Sink, queue: "asyncio.Queue[object]") -> int:
    rows: Rows = []
    cursors: dict[int, int] = {}
    written = 0
    while (found := await queue.get()) is not None:
        account, page, some = found
        rows += some
        cursors[account] = page
        if len(rows) >= BATCH:
            await asyncio.to_thread(sink.write, rows, cursors)
            written += len(rows)
            rows, cursors = [], {}
    if rows:
        await asyncio.to_thread(sink.write, rows, cursors)
    return written + len(rows)


async def pull(base_url: str, sink: Sink) -> int:
    """Pull every account into `sink`; returns the number of messages."""
    queue: asyncio.Queue[object] = asyncio.Queue(maxsize=100)
    writer = asyncio.create_task(_write(sink, queue))
    async with aiohttp.ClientSession() as session:
        pulls = (_pull(session, base_url, account, queue) for account in range(feed.ACCOUNTS))
        await asyncio.gather(*pulls)
    await queue.put(None)
    return await writer


def main(base_url: str, store_url: str, how: str = "text") -> None:
    kind, _, place = store_url.partition("://")
    sink: Sink = (
        SQLite(place[1:]) if kind == "sqlite" else PostgreSQL(store_url, binary=how == "binary")
    )
    began = time.perf_counter()
    written = asyncio.run(pull(base_url, sink))
    print(json.dumps({"seconds": time.perf_counter() - began, "written": written}))


if __name__ == "__main__":
    main(*sys.argv[1:])
