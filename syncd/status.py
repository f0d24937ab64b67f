"""How things stand, read from the store alone."""

from typing import Any

from syncd import clock
from syncd.accounts import Runtime
from syncd.model import OutboxState
from syncd.store import StreamHealth


def line(runtime: Runtime) -> str:
    """One line for ``systemctl status``: ``12 accounts, 1 failing (ebay-de: 401 …), outbox 3``."""
    failing = _failing(runtime)
    parts = [f"{len(runtime.accounts)} accounts"]
    if failing:
        name, reason = next(iter(failing.items()))
        more = f" and {len(failing) - 1} more" if len(failing) > 1 else ""
        parts.append(f"{len(failing)} failing ({name}: {reason[:60]}{more})")
    depth = runtime.store.outbox.depth()
    waiting = sum(number for state, (number, _) in depth.items() if not OutboxState(state).final)
    parts.append(f"outbox {waiting}")
    return ", ".join(parts)


def snapshot(runtime: Runtime) -> dict[str, Any]:
    """Everything ``syncd status`` shows, as plain data."""
    store = runtime.store
    return {
        "at": clock.now().isoformat(),
        "streams": [_stream(health) for health in store.accounts.health()],
        "left_out": dict(runtime.broken),
        "counts": store.look.counts(),
        "findings": store.look.open_findings(),
        "outbox": {state: number for state, (number, _) in store.outbox.depth().items()},
    }


def _failing(runtime: Runtime) -> dict[str, str]:
    failing = dict(runtime.broken)
    for health in runtime.store.accounts.health():
        if health.account in runtime.accounts and (health.suspended_reason or health.failing_since):
            failing.setdefault(health.account, health.suspended_reason or health.error or "")
    return failing


def _stream(health: StreamHealth) -> dict[str, Any]:
    state = "ok"
    if health.failing_since is not None:
        state = "failing"
    if health.suspended_reason is not None:
        state = "stopped"
    return {
        "account": health.account,
        "connector": health.connector,
        "stream": health.stream,
        "state": state,
        "succeeded_at": health.succeeded_at and health.succeeded_at.isoformat(),
        "failures": health.failures,
        "error": health.suspended_reason or health.error,
        "retry_at": health.retry_at and health.retry_at.isoformat(),
    }
