"""Orders whose times cannot be true: real exports have some such rows. Pure."""

from datetime import date
from typing import NamedTuple

from syncd.rules.lateness import Order

_LONGEST_YEARS = 2
_HAPPENED = ("placed_at", "handed_over_at", "delivered_at")


class Impossible(NamedTuple):
    """Why an order cannot be as it is told."""

    reason: str
    columns: tuple[str, ...]
    """The columns whose values do not fit, together or with the calendar."""


def impossible(order: Order, today: date) -> Impossible | None:
    """What is wrong with the times of `order`, looked at on the day `today`."""
    return _promise(order) or _way(order) or _ahead(order, today)


def _ahead(order: Order, today: date) -> Impossible | None:
    """One such day would be the last of the data: all that is open would count as late by then."""
    ahead = tuple(
        name
        for name in _HAPPENED
        if (at := getattr(order, name)) is not None and _before(today, at)
    )
    return Impossible("dated in the future", ahead) if ahead else None


def _promise(order: Order) -> Impossible | None:
    placed, promised = order.placed_at, order.promised_at
    if _before(promised, placed) or _years_after(promised, placed):
        reason = "promised before it was placed, or years after"
        return Impossible(reason, ("placed_at", "promised_at"))
    return None


def _way(order: Order) -> Impossible | None:
    placed, delivered = order.placed_at, order.delivered_at
    if delivered is not None and _before(delivered, placed):
        return Impossible("delivered before it was placed", ("placed_at", "delivered_at"))
    for name in ("handed_over_at", "delivered_at"):
        at = getattr(order, name)
        if at is not None and _years_after(at, placed):
            reason = "handed over or delivered years after it was placed"
            return Impossible(reason, ("placed_at", name))
    return None


def _years_after(one: date, other: date) -> bool:
    return one.year - other.year > _LONGEST_YEARS


def _before(one: date, other: date) -> bool:
    """By the day as written, a day's slack for zones."""
    return one.toordinal() + 1 < other.toordinal()
