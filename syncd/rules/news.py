"""Good news: what a buyer is told of that is no trouble.

News are told where a playbook wants them and never kept as findings: a parcel that has left or
arrived is nothing that anybody has to see to.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from syncd.config import Kind
from syncd.model import Cause, Finding, Milestone, ParcelFacts, Severity

NEWS_CAUSES = frozenset({Cause.SHIPPED.value, Cause.ARRIVED.value})

# Long enough for a night and a source that is down, too short for what syncd finds at its start.
_RECENT = timedelta(days=2)


def news(parcel: ParcelFacts, now: datetime) -> Finding | None:
    """That the carrier has the parcel, or has delivered it, within the last two days."""
    state = parcel.state
    if parcel.called_off:
        return None
    if state.milestone is Milestone.DELIVERED and _recent(state.milestone_at, now):
        return _told(parcel, Kind.ARRIVED, Cause.ARRIVED, state.milestone_at, "delivered")
    over = state.milestone.terminal or parcel.order_over
    if not over and _recent(state.first_scan_at, now):
        return _told(parcel, Kind.SHIPPED, Cause.SHIPPED, state.first_scan_at, "first scan")
    return None


def overtaken(
    cause: str | None, milestone: Milestone, later: Collection[str], *, called_off: bool = False
) -> str | None:
    """Why news that waited are not worth telling any more; None where they still are.

    `milestone` is where the parcel is by now, `later` the causes of notices about it that came
    after these news: each of them tells number, site and latest event as well. `called_off` says
    that the order was, or was paid back.
    """
    if called_off:
        return "the order was called off or paid back"
    if cause == Cause.SHIPPED and (milestone.terminal or milestone is Milestone.RETURNING):
        return f"by now the parcel is {milestone.replace('_', ' ')}"
    if cause == Cause.SHIPPED and later:
        return f"a later notice says more ({', '.join(sorted(later))})".replace("_", " ")
    if cause == Cause.ARRIVED and milestone is not Milestone.DELIVERED:
        return f"by now the parcel is {milestone.replace('_', ' ')} again"
    return None


def _recent(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now - moment <= _RECENT


def _told(
    parcel: ParcelFacts, kind: Kind, cause: Cause, since: datetime | None, words: str
) -> Finding:
    assert since is not None, "news happened at some time"
    return Finding(
        kind=kind.value,
        cause=cause,
        fingerprint=f"{kind}:{parcel.account_id}:{parcel.source_id}",
        since=since,
        evidence=f"{words} on {since:%Y-%m-%d}",
        severity=Severity.NOTE,
    )
