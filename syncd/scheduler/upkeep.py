"""What has to be done now and then: figures for Prometheus, and the store's own upkeep."""

from syncd import clock, metrics
from syncd.accounts import Runtime
from syncd.model import OutboxState


def housekeeping(runtime: Runtime) -> None:
    """Bring the gauges up to date and let the store tidy up."""
    _outbox_gauges(runtime)
    runtime.store.database.tidy()


def _outbox_gauges(runtime: Runtime) -> None:
    depth = runtime.store.outbox.depth()
    for state in OutboxState:
        if not state.final:
            metrics.OUTBOX_DEPTH.labels(state.value).set(depth.get(state.value, (0,))[0])
    waiting = depth.get(OutboxState.PENDING.value)
    overdue = (clock.now() - waiting[1]).total_seconds() if waiting else 0.0
    metrics.OUTBOX_OLDEST.set(max(0.0, overdue))
