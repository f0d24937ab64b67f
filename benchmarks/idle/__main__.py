"""10,000 accounts with nothing new, polled once a minute, beside the bare HTTP request.

Then real connectors on fakes of their platforms: what an account of each costs.

``python -m benchmarks.idle --help``; what is measured is told in benchmarks/README.md.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.idle.platforms import PLATFORMS
from benchmarks.measuring import SYNCD, Goal, Report, progress, run
from benchmarks.servers import end_on_sigterm, postgresql, web

# Of each goal, per 10,000 polls a minute.
SHARE_OF_A_CORE = 0.6
KB_PER_ACCOUNT = 60.0
LATE_MS = 500.0
POLLS_PER_MINUTE = 10_000


def report(
    found: dict[str, Any],
    floor: dict[str, Any],
    connectors: dict[str, dict[str, Any]],
    wanted: argparse.Namespace,
) -> Report:
    """Figures and goals; the share of a core is scaled to 10,000 polls a minute."""
    out = Report(
        f"{wanted.accounts} accounts polled every {wanted.interval:g} s for {wanted.seconds:g} s, "
        f"{'TLS' if wanted.tls else 'no TLS'}, {wanted.store}",
        ("figure", "value"),
    )
    out.figures = {**found, "floor_cpu_ms_per_poll": floor["cpu_ms_per_poll"]}
    out.rows = [(name, f"{value:,.2f}") for name, value in out.figures.items()]
    share = found["cpu_ms_per_poll"] / 1000 * POLLS_PER_MINUTE / 60
    expected = 60 / wanted.interval * wanted.accounts
    out.goals = [
        Goal("share of a core for 10,000 polls a minute", SHARE_OF_A_CORE, share, at_least=False),
        Goal("memory per idle account", KB_PER_ACCOUNT, found["kb_per_account"], at_least=False,
             unit=" KB"),
        Goal("start jitter, p99", LATE_MS, found["late_ms_p99"], at_least=False, unit=" ms"),
        Goal("polls made of those planned", 0.9, found["polls_per_minute"] / expected),
    ]  # fmt: skip
    for name, cost in connectors.items():
        _add(out, name, cost)
    return out


def _add(out: Report, name: str, cost: dict[str, Any]) -> None:
    """A connector's figures and goals."""
    out.figures[name] = cost
    polls = ", ".join(f"{stream} {ms:.1f}" for stream, ms in cost["cpu_ms"].items())
    out.rows += [
        (f"{name}: CPU of a poll, ms", polls),
        (f"{name}: requests a round", f"{cost['requests_per_round']:g}"),
    ]
    out.goals += [
        Goal(f"{name}: memory per idle account", KB_PER_ACCOUNT, cost["kb_per_account"],
             at_least=False, unit=" KB"),
        Goal(f"{name}: share of a core for 10,000 accounts", SHARE_OF_A_CORE,
             cost["share_at_own_intervals"], at_least=False),
    ]  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.idle", description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--interval", type=float, default=60.0, help="seconds between two polls")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to count")
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument(
        "--connectors",
        nargs="*",
        choices=sorted(PLATFORMS),
        default=sorted(PLATFORMS),
        help="the real ones to measure; default: all",
    )
    parser.add_argument("--connector-accounts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5, help="of all accounts of a connector")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a goal is not met")
    return parser.parse_args()


def _measure(stack: ExitStack, wanted: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syncd-bench-")))
    home.chmod(0o755)
    pages = home / "pages"
    pages.mkdir()
    (pages / "news.json").write_text('{"items":[]}', encoding="utf-8")
    base_url = stack.enter_context(web(pages, home, tls=wanted.tls))
    trust = {"SSL_CERT_FILE": str(home / "cert.pem")} if wanted.tls else {}
    store = f"sqlite:///{home}/store.db"
    if wanted.store == "postgresql":
        server = stack.enter_context(postgresql(home / "postgresql"))
        if server is None:
            raise SystemExit("PostgreSQL is not installed here: apt-get install postgresql")
        store = server.fresh("bench")
    progress("the floor")
    floor = run(SYNCD, "benchmarks.idle.case_floor", base_url, "200", "10", env=trust)
    progress(f"{wanted.accounts} accounts, about {wanted.interval * 1.1 + wanted.seconds:.0f} s")
    figures = (wanted.accounts, wanted.interval, wanted.seconds)
    case = "benchmarks.idle.case_daemon"
    found = run(SYNCD, case, base_url, store, *map(str, figures), env=trust)
    return {**found.said, "peak_mb": found.peak_mb}, dict(floor.said)


def _connectors(wanted: argparse.Namespace) -> dict[str, dict[str, Any]]:
    found = {}
    for name in wanted.connectors:
        progress(f"{name}, {wanted.connector_accounts} accounts")
        with tempfile.TemporaryDirectory(prefix="syncd-bench-") as home:
            figures = (wanted.connector_accounts, wanted.rounds)
            case = "benchmarks.idle.case_connectors"
            done = run(SYNCD, case, name, f"sqlite:///{home}/store.db", *map(str, figures))
        found[name] = dict(done.said)
    return found


def main() -> int:
    """Measure, print, and say by the exit code whether the goals are met."""
    wanted = _arguments()
    end_on_sigterm()
    with ExitStack() as stack:
        found, floor = _measure(stack, wanted)
    result = report(found, floor, _connectors(wanted), wanted)
    result.show(as_json=wanted.json, name="idle")
    return result.exit_code(strict=wanted.strict)


if __name__ == "__main__":
    sys.exit(main())
