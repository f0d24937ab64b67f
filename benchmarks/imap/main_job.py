"""The main job on real input: a whole mailbox pulled from Dovecot, joined to its orders and stored.

Every mail has to be stored, or quarantined with a reason; a second pull has to store nothing, nor a
third one that begins anew; the order numbers that the mails name have to be joined to the orders.
What is stored is counted in the database. Exits with 1 where one is not so.
"""

import argparse
import json
import multiprocessing
import re
import sqlite3
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from corpus import mails

from syncd import config, ingest, plugins
from syncd.accounts import Runtime
from syncd.ingest.write import write
from syncd.model import Order, OrderStatus, Party
from syncd.store import Store
from syncd.testing.accounts import mail_account, write_secrets
from syncd.testing.mailbox_dovecot import Dovecot, missing

ADDRESS, PASSWORD = "shop@shop.example", "secret"
ORDER = re.compile(rb"Subject: Order (\S+)")

# Nothing is sent.
NO_SMTP_PORT = 9


def opened(folder, port):
    """A runtime as the daemon would have it."""
    write_secrets(folder, {"mail-password": PASSWORD})
    path = folder / "syncd.toml"
    mail = mail_account(folder, address=ADDRESS, imap_port=port, smtp_port=NO_SMTP_PORT)
    path.write_text(f'[store]\nurl = "sqlite:///{folder}/syncd.db"\n\n{mail}')
    found = plugins.load()
    return Runtime.open(config.load(path, found.connectors), found)


def seed_orders(store, raws):
    """The orders that the mails are about, as a marketplace account would have brought them."""
    now = datetime.now(UTC)
    account = store.accounts.register("shop", "sandbox", now)
    claim = store.accounts.claim(
        account, "orders", owner="benchmark", now=now, lease=timedelta(minutes=5)
    )
    orders = [
        Order(
            source_id=ORDER.search(raw)[1].decode(),
            placed_at=now,
            status=OrderStatus.SHIPPED,
            buyer=Party(id=f"buyer-{number}"),
        )
        for number, raw in enumerate(raws)
    ]
    with store.ingest.batch(claim, now) as tx:
        write(tx, "sandbox", orders)


def pull(runtime):
    """One poll of the mailbox: what came of it, seconds and CPU seconds."""
    began, cpu = time.perf_counter(), time.process_time()
    result = ingest.poll(runtime.accounts["mail"], "messages", runtime.store)
    if result.outcome != "ok":
        sys.exit(f"the poll ended as {result.outcome}: {result.error}")
    counts = {}
    for (_, how), number in result.counts.items():
        counts[how] = counts.get(how, 0) + number
    return counts, time.perf_counter() - began, time.process_time() - cpu


def forget(folder):
    """Have the next pull begin with the first mail."""
    with closing(sqlite3.connect(folder / "syncd.db")) as connection, connection:
        connection.execute("UPDATE cursors SET cursor = '{}'")


def in_store(folder):
    """Mails that are stored, quarantined ones with and without a reason, and orders joined."""
    with closing(sqlite3.connect(folder / "syncd.db")) as connection:
        return connection.execute(
            "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM quarantine),"
            " (SELECT count(*) FROM quarantine WHERE reason = ''),"
            " (SELECT count(DISTINCT o.source_id) FROM orders o JOIN conversation_orders c"
            " ON c.order_source_id = o.source_id)"
        ).fetchone()


def peak_mb():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def job(folder, port):
    """Three pulls, in a process that holds nothing else, and what is stored after the first."""
    runtime = opened(folder, port)
    try:
        first, found, again = pull(runtime), in_store(folder), pull(runtime)
        forget(folder)
        return first, found, again, pull(runtime), peak_mb()
    finally:
        runtime.close()


def run(count):
    """Fill, pull, pull again; the figures."""
    raws, origin = mails(count)
    with Dovecot(ADDRESS, PASSWORD) as server, tempfile.TemporaryDirectory() as name:
        server.fill(raws)
        folder = Path(name)
        with closing(Store(f"sqlite:///{folder}/syncd.db")) as store:
            seed_orders(store, raws)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            first, found, again, anew, peak = pool.submit(job, folder, server.port).result()
        finally_there = in_store(folder)
    (_, seconds, cpu), (stored, quarantined, unexplained, orders) = first, found
    return {
        "mails": count,
        "origin": "real mails" if origin.startswith("real") else origin,
        "stored": stored,
        "quarantined": quarantined,
        "quarantined_without_reason": unexplained,
        "lost": count - stored - quarantined,
        "second_pull_stored": _written(again),
        "pull_from_the_beginning_stored": _written(anew) + finally_there[0] - stored,
        "orders_joined": orders,
        "mails_per_second": round(count / seconds),
        "mails_per_cpu_second": round(count / cpu),
        "second_pull_seconds": round(again[1], 3),
        "pull_from_the_beginning_seconds": round(anew[1], 3),
        "peak_mb": round(peak),
    }


def _written(pulled):
    counts = pulled[0]
    return counts.get("new", 0) + counts.get("edited", 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mails", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if reason := missing():
        sys.exit(f"skipped: {reason}")
    found = run(options.mails)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            print(f"{name.replace('_', ' '):28} {value}")
    none = (
        "lost", "quarantined_without_reason", "second_pull_stored", "pull_from_the_beginning_stored",
    )  # fmt: skip
    wrong = any(found[name] for name in none)
    sys.exit(1 if wrong or found["orders_joined"] < found["stored"] else 0)


if __name__ == "__main__":
    main()
