"""Parcels that may miss their promise, before they do."""

from datetime import datetime, timedelta

from syncd.config import Kind
from syncd.model import Cause, Milestone, ParcelFacts, Reason, Severity
from syncd.model.lateness import Chance, Outlook
from syncd.rules.watches.judgement import DAY, QUIET, Judgement, found

# It is nearly there, has an end of its own that another watch sees to, or nothing is known of it.
_NO_QUESTION = frozenset(
    {
        Milestone.UNKNOWN,
        Milestone.OUT_FOR_DELIVERY,
        Milestone.READY_FOR_PICKUP,
        Milestone.RETURNING,
    }
)

STAYS = 0.1
"""How far the chance has to fall below the lowest threshold before a parcel leaves the board again.

A threshold that rises as the promise comes nearer takes nothing off the board, only news does; and
one night's model differs a little from the next one's; staff should not see it come and go.
"""


def at_risk(
    parcel: ParcelFacts, outlook: Outlook | None, now: datetime, *, grace: timedelta
) -> Judgement:
    """A parcel that may miss its promise: `at_risk` for staff, then `likely_late` for buyers too.

    Where its chance rests on too few parcels, the used share of the promised time decides. It holds
    until `grace` after the promise, when `promise_passed` takes over.
    """
    promised = parcel.deliver_by
    if outlook is None or promised is None:
        return QUIET
    state = parcel.state
    if state.milestone in _NO_QUESTION or state.reason is Reason.LOST or now >= promised + grace:
        return QUIET
    chance = outlook.chance
    if chance is None or chance.n < outlook.fewest:
        return _by_share(parcel, promised, outlook, now, over=promised + grace)
    return _by_chance(parcel, promised, outlook, chance, now, over=promised + grace)


def _by_chance(
    parcel: ParcelFacts,
    promised: datetime,
    outlook: Outlook,
    chance: Chance,
    now: datetime,
    *,
    over: datetime,
) -> Judgement:
    due = chance.next_at if chance.next_at and chance.next_at > now else over
    board = chance.lowest - STAYS if outlook.listed else chance.board
    if chance.p < board:
        return Judgement(due_at=due)
    day, window = _days(outlook, promised, now)
    evidence = (
        f"{chance.p:.0%} of parcels like it ({chance.basis}) that were still under way on day {day} "
        f"of {window} came late{_usual(chance)} (n={chance.n:.0f})"
    )
    return _found(
        parcel, promised, evidence, now, due, buyer=chance.p >= chance.buyer,
        p=chance.p, n=chance.n, day=day, of=window,
    )  # fmt: skip


def _usual(chance: Chance) -> str:
    if chance.within_days is None:
        return ""
    return f"; 95 % of them are delivered within {chance.within_days} days"


def _by_share(
    parcel: ParcelFacts,
    promised: datetime,
    outlook: Outlook,
    now: datetime,
    *,
    over: datetime,
) -> Judgement:
    window = promised - outlook.placed_at
    board = outlook.placed_at + outlook.board_used * window
    if now < board:
        return Judgement(due_at=board)
    buyer = outlook.placed_at + outlook.buyer_used * window
    day, days = _days(outlook, promised, now)
    used = min((now - outlook.placed_at) / window, 1.0)
    evidence = (
        f"still under way on day {day} of {days}, {used:.0%} of the promised time; "
        f"fewer than {outlook.fewest} parcels like it are known to go by"
    )
    return _found(
        parcel, promised, evidence, now, buyer if now < buyer else over, buyer=now >= buyer,
        used=round(used, 3), day=day, of=days,
    )  # fmt: skip


def _found(
    parcel: ParcelFacts,
    promised: datetime,
    evidence: str,
    now: datetime,
    due_at: datetime,
    *,
    buyer: bool,
    **figures: float,
) -> Judgement:
    kind, severity = (Kind.LIKELY_LATE, Severity.TELL) if buyer else (Kind.AT_RISK, Severity.NOTE)
    return found(
        parcel, kind, Cause.DELAY, now, evidence,
        severity=severity, onset=promised, due_at=due_at, **figures,
    )  # fmt: skip


def _days(outlook: Outlook, promised: datetime, now: datetime) -> tuple[int, int]:
    """The present day of the promised ones, and how many there are; counted back from the end."""
    window = max(1, -((outlook.placed_at - promised) // DAY))
    return min(window, max(1, window - (promised - now) // DAY)), window
