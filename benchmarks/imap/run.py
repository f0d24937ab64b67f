"""How fast the mail connector pulls and parses a mailbox, beside floors and a peer in the same run.

Needs Dovecot (``apt-get install dovecot-imapd``); with mbsync (``isync``) it is the peer. Prints a
table, or JSON with ``--json``. Each pull runs in a fresh process; rounds are interleaved and the
median counts, because machines are noisy: compare ratios, not rates.
"""

import argparse
import imaplib
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from corpus import mails

from syncd.connector import Context
from syncd.testing.mailbox_dovecot import Dovecot, missing
from syncd_imap import ImapConfig, ImapConnector
from syncd_imap.parse import Envelope, NotAMail, Reader, parse_mail

ADDRESS, PASSWORD = "shop@shop.example", "secret"
BATCH = 500
IDLE_POLLS = 300

MBSYNC = """
IMAPAccount a
Host 127.0.0.1
Port {port}
User {user}
Pass {password}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account a

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX

Channel c
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
SyncState *
"""


def connector_of(port):
    """A connector on the benchmark's server."""
    os.environ["BENCH_PASSWORD"] = PASSWORD
    config = ImapConfig(
        address=ADDRESS,
        password={"env": "BENCH_PASSWORD"},
        imap_host="127.0.0.1",
        imap_port=port,
        imap_security="none",
        smtp_host="127.0.0.1",
        smtp_security="none",
    )
    return ImapConnector(config, Context(account="bench", now=lambda: datetime.now(UTC)))


def pull_by_connector(port, _):
    """Pulled and parsed to messages."""
    connector = connector_of(port)
    count = sum(len(batch.items) for batch in connector.poll("messages", {}))
    connector.close()
    return count


def pull_by_imaplib(port, count):
    """The floor: raw bytes by the standard library, nothing parsed."""
    imap = imaplib.IMAP4("127.0.0.1", port)
    imap.login(ADDRESS, PASSWORD)
    imap.select("INBOX", readonly=True)
    got = 0
    for first in range(1, count + 1, BATCH):
        _, answer = imap.uid("FETCH", f"{first}:{first + BATCH - 1}", "(UID BODY.PEEK[])")
        got += sum(isinstance(line, tuple) for line in answer)
    imap.logout()
    return got


def pull_by_mbsync(port, _):
    """The peer: to a Maildir with fsync (its default), nothing parsed."""
    folder = Path(tempfile.mkdtemp(prefix="mbsync-"))
    config = folder / "mbsyncrc"
    config.write_text(MBSYNC.format(port=port, user=ADDRESS, password=PASSWORD, folder=folder))
    try:
        subprocess.run(["mbsync", "-q", "-c", str(config), "c"], check=True, capture_output=True)
        return len(list((folder / "INBOX" / "new").iterdir())) + len(
            list((folder / "INBOX" / "cur").iterdir())
        )
    finally:
        shutil.rmtree(folder)


PULLS = {
    "imaplib, 500 per FETCH (floor)": pull_by_imaplib,
    "syncd: pulled and parsed": pull_by_connector,
    "mbsync, fsync": pull_by_mbsync,
}


def measured(name, port, count):
    """One pull in this process: mails, seconds, CPU seconds with children, peak MB without."""
    began, before = time.perf_counter(), _cpu()
    got = PULLS[name](port, count)
    return got, time.perf_counter() - began, _cpu() - before, _peak_mb()


def _cpu():
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)


def _peak_mb():
    """This process's own peak; `ru_maxrss` would be the parent's, inherited through the fork."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def fresh(name, port, count):
    """The same in a process of its own, so that memory and CPU are this pull's."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(measured, name, port, count).result()


def compare(names, port, count, rounds):
    """Interleaved rounds of each; the medians."""
    runs = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            runs[name].append(fresh(name, port, count))
    return {name: _row(several, count) for name, several in runs.items()}


def _row(runs, count):
    got = {run[0] for run in runs}
    if got != {count}:
        raise SystemExit(f"{got} mails instead of {count}: the comparison is worth nothing")
    middle = [statistics.median(column) for column in zip(*runs, strict=True)]
    return {
        "mails_per_s": round(count / middle[1]),
        "seconds": round(middle[1], 2),
        "cpu_s": round(middle[2], 2),
        "peak_mb": round(middle[3]),
    }


def parse_rate(raws):
    """Mails parsed per CPU second, without any server."""
    reader, envelope = Reader(own=frozenset({ADDRESS})), Envelope(arrived=datetime.now(UTC))
    began = time.process_time()
    for raw in raws:
        try:
            parse_mail(raw, envelope, reader)
        except NotAMail:
            continue
    return round(len(raws) / (time.process_time() - began))


def idle(port):
    """CPU and time of a poll that finds nothing new, on kept connections to two folders."""
    connector = connector_of(port)
    cursor = {}
    for batch in connector.poll("messages", {}):
        cursor = batch.cursor
    times, cpu = [], time.process_time()
    for _ in range(IDLE_POLLS):
        began = time.perf_counter()
        if list(connector.poll("messages", cursor)):
            raise SystemExit("an idle poll brought something")
        times.append(time.perf_counter() - began)
    cpu = (time.process_time() - cpu) / IDLE_POLLS
    connector.close()
    return {"cpu_ms": round(cpu * 1000, 3), "median_ms": round(statistics.median(times) * 1000, 3)}


@contextmanager
def far_away(port, rtt_ms):
    """The server behind a slow line; the port to ask."""
    proxy = Path(__file__).with_name("delay_proxy.py")
    with subprocess.Popen(
        [sys.executable, str(proxy), str(port), str(rtt_ms)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def run(options):
    """All measurements."""
    raws, origin = mails(options.mails)
    names = [name for name in PULLS if name != "mbsync, fsync" or shutil.which("mbsync")]
    with Dovecot(ADDRESS, PASSWORD) as server:
        server.fill(raws)
        fresh(names[0], server.port, options.mails)  # the server builds its index once
        result = {
            "mails": options.mails,
            "bytes": sum(map(len, raws)),
            "origin": origin,
            "parse_per_cpu_s": parse_rate(raws),
            "loopback": compare(names, server.port, options.mails, options.rounds),
            "idle": idle(server.port),
        }
        with far_away(server.port, options.rtt) as port:
            result[f"rtt_{options.rtt}_ms"] = compare(names, port, options.mails, options.rounds)
    return result


def show(result):
    """Print a table."""
    megabytes = result["bytes"] / 1e6
    print(f"{result['mails']} mails, {megabytes:.0f} MB, {result['origin']}")
    print(f"parse alone: {result['parse_per_cpu_s']} mails per CPU second")
    for name in (key for key, value in result.items() if isinstance(value, dict) and key != "idle"):
        print(f"\n{name:36} {'mails/s':>8} {'s':>7} {'CPU s':>7} {'MB':>5}")
        for what, row in result[name].items():
            print(
                f"  {what:34} {row['mails_per_s']:>8} {row['seconds']:>7} {row['cpu_s']:>7} {row['peak_mb']:>5}"
            )
    print(f"\nidle poll: {result['idle']['cpu_ms']} ms CPU, {result['idle']['median_ms']} ms")


def main():
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=20_000, help="mails in the mailbox")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each pull")
    parser.add_argument("--rtt", type=int, default=50, help="round trip of the slow line, ms")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if missing():
        raise SystemExit(missing())
    result = run(options)
    print(json.dumps(result, indent=2)) if options.json else show(result)


if __name__ == "__main__":
    main()
