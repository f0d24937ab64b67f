"""The watches: whether a parcel is in trouble, since when, and when to look again.

Each watch is a pure function of one parcel's facts, its settings and the time. A parcel that has
arrived, or was sent back or cancelled, is nobody's business any more.
"""

from datetime import datetime, timedelta

import msgspec

from syncd.config import Kind, NoMovement, PromisePassed, Trouble, Watches
from syncd.model import Cause, Finding, Milestone, ParcelFacts, Severity


class Judgement(msgspec.Struct, frozen=True):
    """What one watch says of one parcel."""

    finding: Finding | None = None
    due_at: datetime | None = None
    """When it could say something else without any news; None: not before there is news."""


_QUIET = Judgement()
_DAY = timedelta(days=1)

# Where the carrier has said what is wrong, silence is no trouble of its own; a parcel that waits
# to be fetched does not move either.
_EXPLAINS_SILENCE = frozenset(
    {
        Milestone.CUSTOMS_HOLD,
        Milestone.EXCEPTION,
        Milestone.READY_FOR_PICKUP,
        Milestone.RETURNING,
    }
)
_REPORTED = {
    Milestone.CUSTOMS_HOLD: (Kind.CUSTOMS_HOLD, Cause.CUSTOMS, "held by customs"),
    Milestone.ATTEMPT_FAILED: (
        Kind.ATTEMPT_FAILED,
        Cause.ATTEMPT_FAILED,
        "delivery attempt failed",
    ),
    Milestone.EXCEPTION: (Kind.EXCEPTION, Cause.EXCEPTION, "exception reported by the carrier"),
}


def judge(
    parcel: ParcelFacts, watches: Watches, now: datetime
) -> tuple[list[Finding], datetime | None]:
    """All watches on one parcel: the findings that hold now, and when to judge again."""
    said = each(parcel, watches, now).values()
    findings = [judgement.finding for judgement in said if judgement.finding]
    due = [judgement.due_at for judgement in said if judgement.due_at]
    return findings, min(due, default=None)


def each(parcel: ParcelFacts, watches: Watches, now: datetime) -> dict[str, Judgement]:
    """What each watch says of a parcel, by its table in the config; empty where none looks at it."""
    if parcel.state.milestone.terminal or parcel.tracking_number is None:
        return {}
    return {
        "no_movement": no_movement(parcel, watches.no_movement, now),
        "promise_passed": promise_passed(parcel, watches.promise_passed, now),
        "trouble": trouble(parcel, watches.trouble, now),
    }


def no_movement(parcel: ParcelFacts, settings: NoMovement, now: datetime) -> Judgement:
    """A parcel under way that no carrier has scanned for `settings.after`."""
    last = parcel.state.last_movement_at
    if not settings.enabled or last is None or parcel.state.milestone in _EXPLAINS_SILENCE:
        return _QUIET
    if now < last + settings.after:
        return Judgement(due_at=last + settings.after)
    days = (now - last) // _DAY
    evidence = (
        f"no scan for {days} days (since {last:%Y-%m-%d}); expected within {_days(settings.after)}"
    )
    return _found(parcel, Kind.NO_MOVEMENT, Cause.DELAY, last, evidence, days_silent=days)


def promise_passed(parcel: ParcelFacts, settings: PromisePassed, now: datetime) -> Judgement:
    """A parcel still under way when the time promised to the buyer is over."""
    promised = parcel.deliver_by
    if not settings.enabled or promised is None:
        return _QUIET
    if now < promised + settings.grace:
        return Judgement(due_at=promised + settings.grace)
    days = (now - promised) // _DAY
    evidence = f"promised by {promised:%Y-%m-%d}, not delivered {days} days later"
    return _found(parcel, Kind.PROMISE_PASSED, Cause.DELAY, promised, evidence, days_late=days)


def trouble(parcel: ParcelFacts, settings: Trouble, now: datetime) -> Judgement:
    """A parcel about which the carrier's latest word is a trouble."""
    del now  # said by the carrier, so it holds from the moment it is known
    reported = _REPORTED.get(parcel.state.milestone)
    if not settings.enabled or reported is None or reported[0] not in settings.causes:
        return _QUIET
    kind, cause, words = reported
    since = parcel.state.milestone_at or parcel.seen_at
    return _found(parcel, kind, cause, since, f"{words} on {since:%Y-%m-%d}")


def _found(
    parcel: ParcelFacts,
    kind: Kind,
    cause: Cause,
    since: datetime,
    evidence: str,
    **figures: float,
) -> Judgement:
    # The onset is part of it: a parcel that moves on and stops again is in new trouble.
    fingerprint = f"{kind}:{parcel.account_id}:{parcel.source_id}:{since:%Y%m%dT%H%M%S}"
    return Judgement(
        Finding(
            kind=kind.value,
            cause=cause,
            fingerprint=fingerprint,
            since=since,
            evidence=evidence,
            severity=Severity.TELL,
            figures=dict(figures),
        )
    )


def _days(span: timedelta) -> str:
    return f"{span / _DAY:g} days"
