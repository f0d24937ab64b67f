"""Kills a daemon under load with SIGKILL, again and again, and counts what that has cost.

    python tests/system/killing.py --kills 50 --seed 1 --store sqlite

About half of the kills fall at random moments, some while it starts; the others exactly when a
receiver has got a message but not accepted it yet, or has accepted it but not said so. Prints the
figures, and exits with 1 if anything was lost, stored or told twice, or left for a person.
"""

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import counting
import receivers
from load import Load
from traps import Daemon, Point, Trap, seed_of

from syncd.store import Store
from syncd.testing.accounts import mail_account, shop_account, write_secrets
from syncd.testing.seventeentrack import KEY, Fake17Track

PATIENCE_SECONDS = 5.0
MOST_SKIPPED = 6
QUIET_SECONDS = 90.0
PUSH_SECONDS = 10.0
_RECEIVERS = ("ebay", "market", "mail")
_CONFIG = """
[store]
url = "{store}"

[metrics]
enabled = false

[quiet_hours]
enabled = false

[accounts.ebay]
connector = "ebay"
base_url = "{ebay.url}"
username = "{ebay.shop.seller}"
client_id = "{ebay.client_id}"
client_secret = {{ file = "{folder}/ebay-secret" }}
refresh_token = {{ file = "{folder}/ebay-token" }}
history_days = 4
shop_name = "Blue Lamp"
intervals = {{ messages = "1s", orders = "1s" }}

{market}
{mail}
[accounts.tracking]
connector = "seventeentrack"
api_key = {{ file = "{folder}/tracking-key" }}
base_url = "{track.base_url}"
intervals = {{ tracking = "1s" }}

[[playbooks]]
name = "tell-the-buyer"
when = ["no_movement", "promise_passed", "customs_hold", "attempt_failed", "exception", "damaged"]
tell = "buyer"
"""


class Stage:
    """The receivers, the load and the daemon, in `folder`."""

    def __init__(self, stack, folder, store_url, seed):
        self.url = store_url
        self.folder = folder
        self.record = receivers.Record(folder / "reached.jsonl")
        stack.callback(self.record.close)
        self.config = config = folder / "syncd.toml"
        self.daemon = Daemon(config, folder / "log")
        stack.callback(self.daemon.close)
        trap = Trap(self.daemon.kill)
        ebay = stack.enter_context(receivers.Ebay(trap, self.record))
        market = stack.enter_context(receivers.Market(trap, self.record))
        track = stack.enter_context(Fake17Track())
        box = stack.enter_context(receivers.mailbox())
        post = receivers.Post(trap, self.record, box, seed_of(f"post {seed}"))
        smtp = stack.enter_context(receivers.smtp(post))
        stack.callback(post.drained)
        config.write_text(
            _CONFIG.format(
                store=store_url, folder=folder, ebay=ebay, track=track,
                market=shop_account(folder, "market", market.url),
                mail=mail_account(
                    folder, address=receivers.ADDRESS, imap_port=box.imap_port,
                    smtp_port=smtp.port, sent_grace_s=2,
                ),
            )
        )  # fmt: skip
        write_secrets(folder, _secrets(ebay))
        self.box, self.trap = box, trap
        self.load = Load(
            ebay=ebay, track=track, market=market, box=box, record=self.record,
            chance=seed_of(f"load {seed}"),
        )  # fmt: skip
        self.truth = counting.Truth(
            ebay=ebay, market=market, post=post, load=self.load, record=self.record
        )

    def push(self):
        """Have parcels at 17TRACK looked at again, as its pushes do: else that takes hours."""
        numbers = Counter(number for number, _ in list(self.load.scans))
        store = Store(self.url)
        try:
            again = [number for number, scans in numbers.items() if scans > 1]
            store.follows.look_now(again, datetime.now(UTC))
        finally:
            store.close()


def _secrets(ebay):
    return {
        "ebay-secret": ebay.client_secret, "ebay-token": ebay.refresh_token,
        "market-token": "market", "mail-password": receivers.PASSWORD, "tracking-key": KEY,
    }  # fmt: skip


def kill_once(stage, chance):
    """Start the daemon and kill it in one of the ways; gives the way."""
    kind = chance.random()
    if kind < 0.15:
        stage.daemon.start(wait=False)
        time.sleep(chance.uniform(0.05, 1.5))
        way = "while it started"
    else:
        stage.daemon.start()
        way = "at random" if kind < 0.5 else _trapped(stage, chance)
        if way == "at random":
            time.sleep(chance.uniform(0.2, 3.0))
    stage.daemon.kill()
    return way


def _trapped(stage, chance):
    receiver = chance.choice(_RECEIVERS)
    points = [point for point in Point if point is not Point.BEGUN or receiver == "mail"]
    point = chance.choice(points)
    skip = chance.randrange(MOST_SKIPPED)
    if stage.trap.await_(receiver, point, PATIENCE_SECONDS, skip):
        return f"{receiver}: {point.value}"
    return "at random"


def run(folder, store_url, *, kills, seed, say):
    """Everything; gives the figures."""
    chance, ways = seed_of(f"kills {seed}"), Counter()
    began = time.monotonic()
    with ExitStack() as stack:
        stage = Stage(stack, folder, store_url, seed)
        Store(store_url).close()
        stage.load.start()
        try:
            for number in range(1, kills + 1):
                way = kill_once(stage, chance)
                ways[way] += 1
                stage.push()
                say(f"{number:3} killed ({way}), {stage.record.notices.total()} notices so far")
        finally:
            stage.load.stop()
        stage.daemon.start()
        settled = await_quiet(stage, say)
        figures = {
            "kills": kills, "seed": seed, "store": store_url.partition(":")[0],
            "mailbox": stage.box.kind, "ways": dict(ways), **stop_and_count(stage),
            "quiet_after_s": settled, "seconds": round(time.monotonic() - began, 1),
            "by_receiver": dict(stage.record.by_receiver),
            "found_sent": stage.daemon.events("found sent"),
            "peak_mb": round(stage.daemon.peak_mb),
            "ready_s": round(sorted(stage.daemon.ready_seconds)[len(stage.daemon.ready_seconds) // 2], 2),
        }  # fmt: skip
    figures["good"] = figures["exit_code"] == 0 and not any(
        figures[name] for name in counting.MUST_BE_ZERO
    )
    return figures


def await_quiet(stage, say=lambda _: None):
    """Seconds until all is stored and told, at most `QUIET_SECONDS`."""
    say("load ended, waiting for the daemon to be done")
    began = pushed = time.monotonic()
    stage.push()
    store = Store(stage.url)
    try:
        while (passed := time.monotonic() - began) < QUIET_SECONDS:
            if time.monotonic() - pushed > PUSH_SECONDS:
                stage.push()
                pushed = time.monotonic()
            if counting.quiet(store, stage.truth):
                break
            time.sleep(0.5)
    finally:
        store.close()
    return round(passed, 1)


def stop_and_count(stage):
    """Stop the daemon; its exit code and the figures."""
    # Long enough for a row that is told once to be told twice.
    time.sleep(2)
    code = stage.daemon.stop()
    return {"exit_code": code, **counting.count(stage.url, stage.truth)}


@contextmanager
def _store(kind, folder):
    if kind == "sqlite":
        yield f"sqlite:///{folder}/syncd.db"
        return
    spec = importlib.util.spec_from_file_location(
        "postgres", Path(__file__).parents[1] / "postgres.py"
    )
    programs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(programs)
    server = programs.Postgres()
    try:
        yield server.url(server.create())
    finally:
        server.close()


def _say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--json", action="store_true", help="the figures as JSON, nothing else")
    parser.add_argument("--keep", type=Path, help="work in this folder, and leave it behind")
    chosen = parser.parse_args(arguments)
    say = (lambda _: None) if chosen.json else _say
    with ExitStack() as stack:
        if chosen.keep:
            chosen.keep.mkdir(parents=True)
            folder = chosen.keep.resolve()
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syncd-kill-")))
        url = stack.enter_context(_store(chosen.store, folder))
        figures = run(folder, url, kills=chosen.kills, seed=chosen.seed, say=say)
    _say(json.dumps(figures, indent=None if chosen.json else 1))
    return 0 if figures["good"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
