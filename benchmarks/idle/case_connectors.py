"""A real connector on a fake of its platform, which has nothing new: what an account costs.

``case_connectors NAME STORE_URL ACCOUNTS ROUNDS``: everybody connects and polls once, then ROUNDS
of all accounts and streams count. One after the other: the scheduler's share is `case_daemon`'s to
tell.
"""

import gc
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from typing import Any

from benchmarks.idle.case_daemon import resident_kb
from benchmarks.idle.platforms import running
from syncd import ingest, log, plugins
from syncd.accounts import Runtime
from syncd.config import AccountSettings, Settings, StoreSettings
from syncd.connector import Connector
from syncd.http import Budget, observed
from syncd.plugins import Plugins


def opened(
    kind: type[Connector], options: dict[str, Any], store_url: str, accounts: int
) -> Runtime:
    """That many accounts of a connector, as a daemon holds them."""
    config = kind.Config.model_validate(options)
    names = [f"{kind.name}{number:05}" for number in range(accounts)]
    settings = Settings(
        store=StoreSettings(url=store_url),
        accounts={
            name: AccountSettings(name=name, connector=kind.name, options=config) for name in names
        },
    )
    return Runtime.open(settings, Plugins(connectors={kind.name: kind}))


def round_of(runtime: Runtime) -> Counter[str]:
    """Poll each stream of each account; gives the seconds of CPU by stream."""
    used: Counter[str] = Counter()
    for account in runtime.accounts.values():
        for stream in account.connector.streams:
            began = time.process_time()
            result = ingest.poll(account, stream, runtime.store)
            used[stream] += time.process_time() - began
            if result.outcome != "ok":
                raise SystemExit(f"{account.name} {stream}: {result.outcome} {result.error}")
    return used


def measure(runtime: Runtime, rounds: int) -> dict[str, Any]:
    """What a poll of each stream costs when there is nothing new."""
    used: Counter[str] = Counter()
    for _ in range(rounds):
        used.update(round_of(runtime))
    asked: list[str] = []
    with observed(lambda _, request, __: asked.append(request.path)):
        round_of(runtime)
    accounts = len(runtime.accounts)
    streams = next(iter(runtime.accounts.values())).connector.streams
    ms = {stream: 1000 * seconds / rounds / accounts for stream, seconds in used.items()}
    return {
        "cpu_ms_per_poll": sum(ms.values()) / len(ms),
        "cpu_ms": ms,
        "requests_per_round": len(asked) / accounts,
        "share_at_own_intervals": sum(
            10_000 * ms[stream] / 1000 / every.total_seconds() for stream, every in streams.items()
        ),
    }


def main(name: str, store_url: str, accounts: str, rounds: str) -> None:
    """Measure one connector; prints JSON."""
    log.configure(level="error")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # All accounts are one app's here, whose budget would have them wait for each other.
    Budget.take = lambda _: None  # type: ignore[method-assign]
    kind = plugins.load().connectors[name]
    with running(name) as fake, tempfile.TemporaryDirectory() as folder:
        os.environ.update(fake.environment)
        few = opened(kind, fake.settings, f"sqlite:///{folder}/few.db", 10)
        round_of(few)  # what every daemon loads, however many accounts it has
        few.close()
        gc.collect()
        empty = resident_kb()
        runtime = opened(kind, fake.settings, store_url, int(accounts))
        round_of(runtime)
        gc.collect()
        grown = (resident_kb() - empty) / int(accounts)
        found = measure(runtime, int(rounds))
        runtime.close()
    print(json.dumps({"kb_per_account": grown, **found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
