"""Polling one stream of one account: claim it, write what comes, settle how it ended."""

import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta

import msgspec
import tenacity

from syncd import clock, log, metrics, process, turns
from syncd.accounts import Account
from syncd.connector import (
    MAX_RETRY_AFTER,
    AuthFailed,
    NotPermitted,
    Rejected,
    SecretUnavailable,
    Unavailable,
)
from syncd.ingest.batches import transactions
from syncd.ingest.known import Counts
from syncd.ingest.looks import Looks
from syncd.ingest.salvage import salvage
from syncd.model import BadItem, Item, Message, Order
from syncd.store import Claim, StaleClaim, Store

_log = log.get("ingest")

# Longer than any single page should take; each written batch proves life by itself.
LEASE = timedelta(minutes=10)

_BACK_OFF = tenacity.wait_exponential(multiplier=15, max=1800) + tenacity.wait_random(0, 10)


class PollResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a poll ended."""

    outcome: str
    """ok, cut_off, busy (another process polls it), auth_failed, not_permitted (the login does not
    cover the stream), unavailable, rejected (the source refuses what it is asked) or bug."""
    counts: Counts
    retry_at: datetime | None = None
    error: str | None = None


def poll(
    account: Account, stream: str, store: Store, stopping: threading.Event | None = None
) -> PollResult:
    """Poll `stream` until it has nothing more, or `stopping` is set between two batches.

    Every way it can end is a result, in the store, the log and the metrics. Raises only what the
    store raises where it cannot be reached or cannot work.
    """
    with (
        log.bound(account=account.name, stream=stream),
        metrics.timed_poll(account.name, stream),
        turns.sharing(),
    ):
        result = _claimed(account, stream, store, stopping or threading.Event())
    metrics.POLLS.labels(account.name, stream, result.outcome).inc()
    return result


def _claimed(account: Account, stream: str, store: Store, stopping: threading.Event) -> PollResult:
    claim = store.accounts.claim(
        account.id, stream, owner=process.name(), now=clock.now(), lease=LEASE
    )
    counts: Counts = Counter()
    if claim is None:
        return PollResult(outcome="busy", counts=counts)
    try:
        outcome = _run(account, claim, store, stopping, counts)
    except StaleClaim as error:
        _log.warning("poll superseded", reason=str(error))
        return PollResult(outcome="cut_off", counts=counts)
    except store.database.gone:
        raise  # the job tells of it, once: neither the connector nor its source is to blame
    except Exception as error:  # noqa: BLE001  the job boundary: every failure has its recovery
        return _failed(account, claim, store, error, counts)
    store.accounts.succeeded(claim, clock.now())
    metrics.succeeded(account.name, stream)
    if claim.failures:
        _log.info("recovered", failed_polls=claim.failures)
    return PollResult(outcome=outcome, counts=counts)


def _run(
    account: Account, claim: Claim, store: Store, stopping: threading.Event, counts: Counts
) -> str:
    batches = account.connector.poll(claim.stream, claim.cursor)
    with closing(transactions(batches, stopping)) as several:
        for together, begun_at in several:
            turns.take()
            items, looks = together.items, Looks(together.looked, together.unanswered, begun_at)
            written = salvage(store, claim, account.platform, items, together.cursor, looks=looks)
            counts.update(written)
            _count(account.name, claim.stream, written, items)
            _count_looks(account.name, looks)
    return "cut_off" if stopping.is_set() else "ok"


def _count(account: str, stream: str, written: Counts, items: Sequence[Item]) -> None:
    for (kind, result), number in written.items():
        if number:
            metrics.ITEMS.labels(account, stream, kind, result).inc(number)
    newest = max(filter(None, map(_moment, items)), default=None)
    if newest is not None:
        metrics.stored(account, stream, newest)
    bad = [item for item in items if isinstance(item, BadItem)]
    if bad:
        _log.warning("quarantined", items=len(bad), first=bad[0].source_id, reason=bad[0].reason)


def _count_looks(account: str, looks: Looks) -> None:
    if looks.had or looks.unanswered:
        metrics.LOOKS.labels(account, "answered").inc(len(looks.had))
        metrics.LOOKS.labels(account, "unanswered").inc(len(looks.unanswered))


def _moment(item: Item) -> datetime | None:
    if isinstance(item, Message):
        moment: datetime | None = item.sent_at
    else:
        moment = item.placed_at if isinstance(item, Order) else None
    return moment if isinstance(moment, datetime) and moment.tzinfo is not None else None


def _failed(
    account: Account, claim: Claim, store: Store, error: Exception, counts: Counts
) -> PollResult:
    now = clock.now()
    outcome = _outcome(error)
    retry_at = now + _delay(error, claim.failures + 1)
    store.accounts.failed(claim, error, now=now, retry_at=retry_at)
    metrics.failed(account.name, error, down=outcome != "not_permitted")
    changed = claim.was_permitted == (outcome == "not_permitted")
    first = claim.failures == 0 or changed
    if outcome == "auth_failed":  # several streams may be refused at once
        first = store.accounts.suspend(account.id, str(error), now)
    _tell(outcome, error, first=first)
    text = f"{type(error).__name__}: {error}"
    return PollResult(outcome=outcome, counts=counts, retry_at=retry_at, error=text)


def _outcome(error: Exception) -> str:
    if isinstance(error, AuthFailed | SecretUnavailable):
        return "auth_failed"
    if isinstance(error, NotPermitted):
        return "not_permitted"
    if isinstance(error, Rejected):
        return "rejected"
    return "unavailable" if isinstance(error, Unavailable) else "bug"


def _tell(outcome: str, error: Exception, *, first: bool) -> None:
    """Once when it begins to fail; the recovery is told once too."""
    if not first:
        return
    if outcome == "auth_failed":
        _log.error("login refused, account counts as stopped until it is mended", error=str(error))
    elif outcome == "not_permitted":
        _log.error("not permitted, this stream stops and is tried again in a day", error=str(error))
    elif outcome == "bug":
        _log.error("bug in the connector, backing off", exc_info=error)
    elif outcome == "rejected":
        _log.error("source refuses what it is asked, backing off", error=str(error))
    else:
        _log.warning("source unavailable, backing off", error=str(error))


def _delay(error: Exception, failures: int) -> timedelta:
    if isinstance(error, NotPermitted):
        return timedelta(seconds=MAX_RETRY_AFTER)
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    state.attempt_number = failures
    asked = getattr(error, "retry_after", None)
    return timedelta(seconds=_BACK_OFF(state) if asked is None else min(asked, MAX_RETRY_AFTER))
