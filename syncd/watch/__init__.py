"""Judging what is due: parcels, and the orders that have none yet."""

from collections.abc import Callable
from datetime import datetime

from syncd import clock, outages
from syncd.accounts import Runtime
from syncd.watch import orders, parcels
from syncd.watch.findings import Batch

__all__ = ["BATCH", "judge_batch", "run"]

# One transaction's worth: long enough to be cheap, short enough for a poll not to wait on.
BATCH = 2000


def run(runtime: Runtime) -> int:
    """Judge every parcel and order that is due now; returns how many were judged."""
    judged = _all(runtime, parcels.judge_batch) + _all(runtime, orders.judge_batch)
    outages.end(runtime, clock.now())
    return judged


def judge_batch(runtime: Runtime, limit: int = BATCH) -> int:
    """Judge up to `limit` due parcels in one transaction; returns how many were due."""
    return parcels.judge_batch(runtime, limit).judged


def _all(runtime: Runtime, judge_batch: Callable[[Runtime, int, datetime | None], Batch]) -> int:
    judged, batch = 0, judge_batch(runtime, BATCH, None)
    while batch.judged:
        judged += batch.judged
        if batch.judged < BATCH:
            break
        batch = judge_batch(runtime, BATCH, batch.until)
    return judged
