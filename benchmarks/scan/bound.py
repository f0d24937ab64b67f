"""The bound: the same rows found, written back and noted by the bare driver, two rules and no more.

No open findings looked up, no buyers, guards or playbooks. One transaction for all of them.
"""

import sqlite3
from typing import Any

import psycopg

from benchmarks.scan.world import DAY, NOW_US

_DUE = (
    "SELECT id, milestone, last_movement_at, deliver_by FROM shipment_dues"
    " JOIN shipments ON id=shipment_id WHERE due_at <= {} ORDER BY due_at"
)
_FOUND = (
    "INSERT INTO findings (fingerprint, kind, cause, severity, shipment_id, since, evidence, figures,"
    " opened_at) VALUES (?, ?, 'delay', 'tell', ?, ?, ?, '{}', ?)"
)
_COLUMNS = "fingerprint, kind, cause, severity, shipment_id, since, evidence, figures, opened_at"


def bound_round(path: str) -> int:
    """Judge what is due in the database at this SQLite path or PostgreSQL URL; how many it was."""
    return _postgresql(path) if path.startswith("postgresql") else _sqlite(path)


def _judged(rows: list[Any]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    plan, found = [], []
    for number, _, moved, promised in rows:
        due = NOW_US + 30 * DAY
        for kind, since, after in (("no_movement", moved, 7), ("promise_passed", promised, 1)):
            if since + after * DAY <= NOW_US:
                days = (NOW_US - since) // DAY
                found.append((f"{kind}:{number}", kind, number, since, f"{days} days", NOW_US))
            else:
                due = min(due, since + after * DAY)
        plan.append((due, number))
    return plan, found


def _sqlite(path: str) -> int:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute("BEGIN IMMEDIATE")
    rows = db.execute(_DUE.format("?"), (NOW_US,)).fetchall()
    plan, found = _judged(rows)
    db.executemany("UPDATE shipment_dues SET due_at=? WHERE shipment_id=?", plan)
    db.executemany(_FOUND, found)
    db.execute("COMMIT")
    db.close()
    return len(rows)


def _postgresql(url: str) -> int:
    with psycopg.connect(url) as db:
        due = f"{_DUE.format('%s')} FOR UPDATE OF shipment_dues SKIP LOCKED"
        rows = db.execute(due, (NOW_US,)).fetchall()
        plan, found = _judged(rows)
        db.execute(
            "INSERT INTO shipment_dues (due_at, shipment_id)"
            " SELECT * FROM unnest(%s::bigint[], %s::bigint[])"
            " ON CONFLICT (shipment_id) DO UPDATE SET due_at=excluded.due_at",
            ([due for due, _ in plan], [number for _, number in plan]),
        )
        with db.cursor().copy(f"COPY findings ({_COLUMNS}) FROM STDIN") as copy:
            for key, kind, number, since, evidence, at in found:
                copy.write_row((key, kind, "delay", "tell", number, since, evidence, "{}", at))
    return len(rows)
