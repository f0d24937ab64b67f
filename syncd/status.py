"""How things stand, read from the store alone."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from syncd import clock
from syncd.config import StaleSource
from syncd.model import OutboxState
from syncd.sources import STREAM, source_of
from syncd.store import Store, StreamHealth

if TYPE_CHECKING:  # `syncd status` should not pay for connectors and templates
    from syncd.accounts import Runtime
    from syncd.plugins import Plugins

# The states of an account, the worst first.
_WORST = ("stopped", "failing", "not_permitted", "unpolled", "ok", "removed")


def line(runtime: "Runtime") -> str:
    """One line for ``systemctl status``: ``12 accounts, 1 failing (ebay-de: 401 …), outbox 3``."""
    healths = runtime.store.accounts.health()
    failing = _failing(runtime, healths)
    parts = [f"{len(runtime.accounts)} accounts"]
    if failing:
        name, reason = next(iter(failing.items()))
        more = f" and {len(failing) - 1} more" if len(failing) > 1 else ""
        parts.append(f"{len(failing)} failing ({name}: {reason[:60]}{more})")
    if refused := _not_permitted(runtime, healths):
        parts.append(f"not permitted: {', '.join(refused)}")
    if runtime.stale:
        parts.append(f"stale: {', '.join(sorted(runtime.stale))}")
    if runtime.lateness is not None and runtime.lateness[0].jumped:
        parts.append(f"lateness up {runtime.lateness[0].drift:.1f} times")
    depth = runtime.store.outbox.depth()
    waiting = sum(number for state, (number, _) in depth.items() if not OutboxState(state).final)
    parts.append(f"outbox {waiting}")
    return ", ".join(parts)


def _failing(runtime: "Runtime", healths: Iterable[StreamHealth]) -> dict[str, str]:
    failing = dict(runtime.broken)
    for health in healths:
        fails = health.failing_since and not health.not_permitted
        if health.account in runtime.accounts and (health.suspended_reason or fails):
            failing.setdefault(health.account, health.suspended_reason or health.error or "")
    return failing


def _not_permitted(runtime: "Runtime", healths: Iterable[StreamHealth]) -> list[str]:
    known = runtime.accounts
    refused = (each for each in healths if each.not_permitted and each.account in known)
    return [f"{each.account} {each.stream}" for each in refused]


def snapshot(
    store: Store, accounts: Mapping[str, str], settings: StaleSource | None = None
) -> dict[str, Any]:
    """Everything ``syncd status`` shows, as plain data; times are aware UTC.

    `accounts` are those that the config wants polled, each with its connector. An account is
    ``ok``, ``failing`` (a stream backs off), ``stopped`` (until its config or credential changes),
    ``not_permitted`` (the login does not cover a stream, the others go on), ``unpolled`` (no poll
    has ever begun) or ``removed`` (from the config, or switched off in it).
    ``stale`` are the streams of those accounts that have given no good answer for longer than
    `settings` allow.
    """
    now, allowed = clock.now(), settings or StaleSource()
    healths = store.accounts.health()
    streams = [_stream(health, now, accounts) for health in healths]
    return {
        "at": now,
        "store": store.database.shown,
        "accounts": _accounts(streams, accounts),
        "streams": streams,
        "stale": [*_stale(healths, accounts, allowed, now)],
        "outbox": _outbox(store, now),
        "findings": store.look.open_findings(),
        "quarantine": store.look.quarantined_per_stream(),
        "counts": store.look.counts(),
    }


def _stream(health: StreamHealth, now: datetime, accounts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "account": health.account,
        "connector": health.connector,
        "stream": health.stream,
        "state": _state(health, accounts),
        "succeeded_at": health.succeeded_at,
        "lag_seconds": _seconds(health.succeeded_at, now),
        "polled_at": health.polled_at,
        "failing_since": health.failing_since,
        "failures": health.failures,
        "error": health.suspended_reason or health.error,
        "retry_at": health.retry_at,
    }


def _stale(
    healths: Iterable[StreamHealth],
    accounts: Mapping[str, str],
    settings: StaleSource,
    now: datetime,
) -> Iterable[dict[str, Any]]:
    for health in healths:
        since = source_of(health.account, health).stale_since(settings, now)
        known = health.not_permitted and health.stream != STREAM  # told of the account already
        if since is not None and health.account in accounts and not known:
            yield {
                "account": health.account,
                "stream": health.stream,
                "stale_since": since,
                "succeeded_at": health.succeeded_at,
                "error": health.suspended_reason or health.error,
            }


def _state(health: StreamHealth, accounts: Mapping[str, str]) -> str:
    if health.account not in accounts:
        return "removed"
    if health.suspended_reason is not None:
        return "stopped"
    if health.not_permitted:
        return "not_permitted"
    return "ok" if health.failing_since is None else "failing"


def _accounts(
    streams: Iterable[Mapping[str, Any]], accounts: Mapping[str, str]
) -> list[dict[str, Any]]:
    found = {name: (connector, "unpolled") for name, connector in accounts.items()}
    for stream in streams:
        name, state = stream["account"], stream["state"]
        _, known = found.get(name, ("", "unpolled"))
        worse = state if known == "unpolled" else min(state, known, key=_WORST.index)
        found[name] = (stream["connector"], worse)
    return [
        {"account": name, "connector": connector, "state": state}
        for name, (connector, state) in sorted(found.items())
    ]


def _outbox(store: Store, now: datetime) -> dict[str, dict[str, Any]]:
    """By state; ``oldest_seconds`` is how long the oldest could have been sent already."""
    return {
        state: {"rows": number}
        | ({} if OutboxState(state).final else {"oldest_seconds": _seconds(oldest, now)})
        for state, (number, oldest) in store.outbox.depth().items()
    }


def _seconds(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else max(0.0, round((now - since).total_seconds(), 1))


def explain(found: Mapping[str, Any], plugins: "Plugins") -> dict[str, Any]:
    """`found` by `snapshot`, where each account that was never polled has a ``reason``.

    One whose connector has nothing to poll is ``ok``.
    """
    accounts = [
        _explained(one, plugins) if one["state"] == "unpolled" else one for one in found["accounts"]
    ]
    return {**found, "accounts": accounts}


def _explained(account: Mapping[str, Any], plugins: "Plugins") -> dict[str, Any]:
    name = account["connector"]
    kind = plugins.connectors.get(name)
    if kind is not None and not kind.streams:
        return {**account, "state": "ok", "reason": "it only sends"}
    if kind is None:
        why = f"no connector {name!r} is fit for use: `syncd connectors` tells why"
    else:
        why = "the daemon does not run, or could not make it: `syncd check-config` tells"
    return {**account, "reason": why}
