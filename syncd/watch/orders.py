"""Judging the orders that wait to be sent and are due."""

from collections.abc import Collection
from datetime import datetime
from fnmatch import fnmatchcase

import msgspec

from syncd import clock
from syncd.accounts import Runtime
from syncd.config import Kind
from syncd.model import Finding, Lack, OrderFacts
from syncd.rules.guards import OF_ORDERS
from syncd.rules.watches import judge_order, lacking
from syncd.sources import ORDERS, STOCK, known
from syncd.store import WaitingTransaction
from syncd.watch.answers import answerable, notices
from syncd.watch.findings import Batch, Opened, earliest, hold_back, said, settle

_OF_STOCK = frozenset({Kind.OUT_OF_STOCK})


def judge_batch(runtime: Runtime, limit: int, since: datetime | None = None) -> Batch:
    """Judge up to `limit` orders in one transaction that have been due `since` or later."""
    now, waiting = clock.now(), runtime.store.waiting
    if not waiting.any_due(now):
        return Batch(0, now)
    with waiting.batch(now, limit, since) as tx:
        lacks, watches = _lacks(runtime, tx), runtime.settings.watches
        opened = tx.open_findings()
        found = {
            order.number: judge_order(
                _known(order, opened), watches, now, lacks.get(order.number, ())
            )
            for order in tx.orders
        }
        new = settle(tx, tx.orders, opened, found)
        new, again = _held_back(runtime, tx, new, now)
        tx.plan({i: earliest(due, *again.get(i, ())) for i, (_, due) in found.items()})
        tx.open((order.order_number, finding) for order, finding in new)
        told = answerable(runtime, new)
        addressees = tx.addressees([order for order, _ in told])
        queued = tx.queue(notices(runtime, told, addressees)) if told else 0
        tx.withdraw()
    said("order", len(found), [finding for _, finding in new], queued)
    return Batch(len(found), tx.until)


def _known(order: OrderFacts, opened: Opened) -> OrderFacts:
    """The order with the kinds of its open findings, with which their fingerprints begin."""
    kinds = frozenset(each.partition(":")[0] for each in opened.get(order.number, ()))
    return msgspec.structs.replace(order, troubles=kinds) if kinds else order


def _lacks(runtime: Runtime, tx: WaitingTransaction) -> dict[int, tuple[Lack, ...]]:
    """What cannot be had for the waiting orders that share goods with those that are due."""
    settings = runtime.settings.watches.out_of_stock
    found: dict[int, tuple[Lack, ...]] = {}
    for account_id, stock in tx.stock().items() if settings.enabled else ():
        account = runtime.by_id(account_id)
        name = account.name if account else ""
        on_hand = any(fnmatchcase(name, pattern) for pattern in settings.on_hand)
        found |= lacking(tx.demands(account_id, stock), stock, on_hand=on_hand)
    return found


def _held_back(
    runtime: Runtime, tx: WaitingTransaction, new: list[tuple[OrderFacts, Finding]], now: datetime
) -> tuple[list[tuple[OrderFacts, Finding]], dict[int, list[datetime]]]:
    """What may open now, and when to judge again what may not: the shop or stock is not read."""
    again: dict[int, list[datetime]] = {}
    for stream, kinds in ((ORDERS, OF_ORDERS), (STOCK, _OF_STOCK)):
        stale = _stale(runtime, stream, [order for order, f in new if f.kind in kinds], now)
        new, later = hold_back(runtime, tx, new, stale=stale, kinds=kinds, now=now)
        for number, moment in later.items():
            again.setdefault(number, []).append(moment)
    return new, again


def _stale(
    runtime: Runtime, stream: str, orders: Collection[OrderFacts], now: datetime
) -> dict[int, datetime]:
    """Those of the orders whose shop's stream was not read for too long, each with since when."""
    if not orders:
        return {}
    settings, heard = runtime.settings.guards.stale_source, known(runtime, stream)
    found = {
        order.number: heard[order.account_id].stale_since(settings, now)
        for order in orders
        if order.account_id in heard
    }
    return {number: since for number, since in found.items() if since is not None}
