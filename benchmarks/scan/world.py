"""A store full of open shipments, made by the database itself: ``world STORE_URL SHIPMENTS``.

Every tenth parcel that falls due has not moved for 15 days, every tenth is five days past its
promise; nothing is wrong with the others. Ids run from 1 to SHIPMENTS.
"""

import json
import sys
import time
from datetime import UTC, datetime

from sqlalchemy import Connection

from syncd.store import Store
from syncd.store.times import to_us

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOW_US = to_us(NOW)
DAY = 86_400_000_000
EVENTS = 10
STRIDE = 100
"""One of so many shipments is among those that a round finds due."""

_CHUNK = 100_000
_SERIES = {
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last})",
    "postgresql": "WITH s(n) AS (SELECT generate_series({first}::bigint, {last}::bigint))",
}
_HASH = {"sqlite": "x'00'", "postgresql": r"'\x00'::bytea"}
_ANY = f"(n + n / {STRIDE})"  # so that those which are due differ in everything
_COUNTRY = f"CASE {_ANY} % 4 WHEN 0 THEN 'DE' WHEN 1 THEN 'FR' WHEN 2 THEN 'ES' ELSE 'PL' END"
_TROUBLE = f"(n / {STRIDE}) % 10"
_PROMISE = f"{NOW_US} + CASE {_TROUBLE} WHEN 1 THEN -5 ELSE 3 + {_ANY} % 25 END * {DAY}"
# No two parcels were sent or scanned in the same second, while many are promised for the same day.
_SECOND = "(n * 7919 % 86400) * 1000000"
_MOVED = f"{NOW_US} - CASE {_TROUBLE} WHEN 0 THEN 15 ELSE {_ANY} % 3 END * {DAY} - {_SECOND}"
_SENT = f"{NOW_US} - 18 * {DAY} - {_SECOND}"
_BUYER = """'{"id":"b' || n || '","name":"Ann Example","email":"b' || n || '@example.org"}'"""

_ORDERS = f"""
INSERT INTO orders (account_id, source_id, status, placed_at, ship_by, deliver_by,
  protection_ends_at, country, postcode, buyer, content_hash, seen_at)
{{series}} SELECT 1, 'o' || (1000000000 + n), 'shipped', {_SENT} - 2 * {DAY}, {NOW_US} - 17 * {DAY},
  {_PROMISE}, {_PROMISE} + 20 * {DAY}, {_COUNTRY}, '10115', {_BUYER}, {{hash}}, {NOW_US} FROM s
"""
_SHIPMENTS = f"""
INSERT INTO shipments (id, account_id, source_id, order_source_id, tracking_number, carrier,
  origin_country, destination_country, shipped_at, content_hash, seen_at, milestone, milestone_at,
  first_scan_at, last_movement_at, last_event_at, ship_by, deliver_by, protection_ends_at,
  order_status, placed_at)
{{series}} SELECT n, 1, 'p' || (1000000000 + n), 'o' || (1000000000 + n),
  'LX' || (1000000000 + n) || 'CN', 'China Post', 'CN', {_COUNTRY}, {_SENT}, {{hash}},
  {NOW_US}, 'in_transit', {_MOVED}, {_SENT} + {DAY}, {_MOVED}, {_MOVED},
  {NOW_US} - 17 * {DAY}, {_PROMISE}, {_PROMISE} + 20 * {DAY},
  'shipped', {_SENT} - 2 * {DAY} FROM s
"""
_DUES = f"""
INSERT INTO shipment_dues (shipment_id, due_at)
{{series}} SELECT n, {NOW_US} + (1 + n % 30) * {DAY} FROM s
"""
_SCANS = f"""
INSERT INTO tracking_events (account_id, source_id, tracking_number, milestone, occurred_local,
  utc_offset_minutes, offset_source, occurred_at, text, code, carrier, location, country,
  content_hash, seen_at)
{{series}} SELECT 1, 'e' || (1000000000 + n) || '-' || k, 'LX' || (1000000000 + n) || 'CN', 'in_transit',
  '2026-02-1' || k || 'T12:00:00', 480, 'carrier', {_MOVED} - ({EVENTS} - 1 - k) * {DAY},
  'Departed from sorting centre', 'InTransit_Departure', 'China Post', 'Guangzhou', 'CN', {{hash}},
  {NOW_US} FROM s CROSS JOIN (SELECT 0 AS k{"".join(f" UNION ALL SELECT {k}" for k in range(1, EVENTS))}) AS each
"""


def fill(store: Store, shipments: int) -> None:
    """Fill an empty store whose account number 1 is the shop."""
    store.accounts.register("shop", "bench", NOW)
    if store.database.sqlite:
        with store.database.read() as connection:  # the pool has this one connection
            connection.exec_driver_sql("PRAGMA cache_size=-1000000")
    for first in range(1, shipments + 1, _CHUNK):
        with store.database.write() as connection:
            for statement in (_ORDERS, _SHIPMENTS, _DUES, _SCANS):
                _insert(connection, statement, first, min(first + _CHUNK - 1, shipments))
    tidy(store)


def _insert(connection: Connection, statement: str, first: int, last: int) -> None:
    kind = connection.dialect.name
    series = _SERIES[kind].format(first=first, last=last)
    # No parameters: SQLAlchemy would take the remainder signs for placeholders of psycopg.
    cursor = connection.connection.cursor()
    cursor.execute(statement.replace("{series}", series).replace("{hash}", _HASH[kind]))
    cursor.close()


def tidy(store: Store) -> None:
    """What autovacuum does in the course of a day: statistics, and room in the pages."""
    with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as alone:
        if store.database.sqlite:
            alone.exec_driver_sql("ANALYZE")
            alone.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            alone.exec_driver_sql("VACUUM ANALYZE")


def main(store_url: str, shipments: str) -> None:
    began = time.perf_counter()
    store = Store(store_url)
    fill(store, int(shipments))
    store.close()
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])
