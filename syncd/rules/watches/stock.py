"""Orders that cannot be served from stock."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from syncd.config import Kind, OutOfStock
from syncd.model import Cause, Demand, Lack, OrderFacts, Severity, Stock
from syncd.rules.watches.judgement import QUIET, Judgement, found


def lacking(
    demands: Iterable[Demand], stock: Mapping[str, Stock], *, on_hand: bool
) -> dict[int, tuple[Lack, ...]]:
    """What each waiting order of one account lacks, by the store's number of the order.

    The oldest orders are served first: what a large one lacks is kept for it, not given to a
    smaller one behind it. With `on_hand` the levels count what lies on the shelf, that of open
    orders included; else what can still be sold, so that goods are missing only where a level is
    below zero.
    """
    short: dict[int, list[Lack]] = {}
    for sku, wanted in _by_sku(demands).items():
        if sku not in stock:
            continue
        total = sum(each.quantity for each in wanted)
        left = stock[sku].quantity + (0 if on_hand else total)
        for demand in wanted:
            before, left = max(left, 0), left - demand.quantity
            if left < 0:
                lack = Lack(demand=demand, left=before, level=stock[sku])
                short.setdefault(demand.order_number, []).append(lack)
    return {number: tuple(lacks) for number, lacks in short.items()}


def _by_sku(demands: Iterable[Demand]) -> dict[str, list[Demand]]:
    wanted: dict[str, list[Demand]] = {}
    for demand in sorted(demands, key=lambda each: (each.placed_at, each.order_number)):
        wanted.setdefault(demand.sku, []).append(demand)
    return wanted


def out_of_stock(
    order: OrderFacts, lacks: tuple[Lack, ...], settings: OutOfStock, now: datetime
) -> Judgement:
    """An order of which goods have been missing for `settings.after`.

    A shelf's level and the orders that were served from it are not read in the same moment.
    """
    if not settings.enabled or not order.waits or not lacks:
        return QUIET
    since = max(order.seen_at, *(lack.level.changed_at for lack in lacks))
    confirmed = since if Kind.OUT_OF_STOCK in order.troubles else since + settings.after
    if now < confirmed:
        return Judgement(due_at=confirmed)
    evidence = "; ".join(_words(lack) for lack in lacks)
    items = ", ".join(lack.demand.title for lack in lacks)
    return found(
        order, Kind.OUT_OF_STOCK, Cause.STOCK, order.placed_at, evidence,
        severity=Severity.ACT, items=items,
    )  # fmt: skip


def _words(lack: Lack) -> str:
    demand, level = lack.demand, lack.level.quantity
    return (
        f"{demand.title} ({demand.sku}): {demand.quantity} ordered, {lack.left} left for it; "
        f"the stock is {level}, older orders come first"
    )
