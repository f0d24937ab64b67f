"""What has to be done now and then: figures for Prometheus, and the store's own upkeep."""

from syncd import clock, log, metrics, sources
from syncd.accounts import Runtime
from syncd.connector import Capability
from syncd.model import OutboxState

_log = log.get("upkeep")


def housekeeping(runtime: Runtime) -> None:
    """Bring the gauges up to date and let the store tidy up."""
    _outbox_gauges(runtime)
    _look_gauges(runtime)
    _say_stale(runtime)
    runtime.store.database.tidy()


def _look_gauges(runtime: Runtime) -> None:
    accounts = runtime.accounts.values()
    followers = [a for a in accounts if Capability.TRACK_PARCELS in a.connector.capabilities]
    due = runtime.store.follows.waiting(clock.now()) if followers else {}
    for account in followers:
        metrics.LOOKS_DUE.labels(account.name).set(due.get(account.id, 0))


def _outbox_gauges(runtime: Runtime) -> None:
    depth = runtime.store.outbox.depth()
    for state in OutboxState:
        if not state.final:
            metrics.OUTBOX_DEPTH.labels(state.value).set(depth.get(state.value, (0,))[0])
    waiting = depth.get(OutboxState.PENDING.value)
    overdue = (clock.now() - waiting[1]).total_seconds() if waiting else 0.0
    metrics.OUTBOX_OLDEST.set(max(0.0, overdue))


def _say_stale(runtime: Runtime) -> None:
    """Say once that a source has gone stale, and once that it is back."""
    now, settings = clock.now(), runtime.settings.guards.stale_source
    stale = {
        source.account: source
        for source in sources.known(runtime).values()
        if (since := source.stale_since(settings, now)) is not None and since < now
    }
    for name in stale.keys() - runtime.stale:
        last = stale[name].succeeded_at
        _log.warning("stale source, alarms about silence wait", account=name, succeeded_at=last)
    for name in runtime.stale - stale.keys():
        _log.info("source is back, silence counts again", account=name)
    runtime.stale = set(stale)
