"""What a watch says of a parcel, and how it says that it has found something."""

from datetime import datetime, timedelta

import msgspec

from syncd.config import Kind
from syncd.model import Cause, Finding, ParcelFacts, Severity, Subject
from syncd.model.parcels import FURTHEST_AHEAD

DAY = timedelta(days=1)

_ONSET = "%Y%m%dT%H%M%S"


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """What one watch says of one parcel."""

    finding: Finding | None = None
    due_at: datetime | None = None
    """When it could say something else without any news; None: not before there is news."""


QUIET = Judgement()
"""Nothing found, and nothing will be unless there is news."""


def found(
    subject: Subject,
    kind: Kind,
    cause: Cause,
    since: datetime,
    evidence: str,
    *,
    severity: Severity = Severity.TELL,
    onset: datetime | None = None,
    due_at: datetime | None = None,
    **figures: float | str,
) -> Judgement:
    """A trouble since `since`: one the buyer should hear of, or by `severity` one for staff.

    `onset` is what makes it another trouble than an earlier one of its kind, where that is not
    `since`; `due_at` when it will be over without any news.
    """
    finding = Finding(
        kind=kind.value,
        cause=cause,
        fingerprint=fingerprint(subject, kind, onset or since),
        since=since,
        evidence=evidence,
        severity=severity,
        figures=dict(figures),
    )
    return Judgement(finding, due_at)


def fingerprint(subject: Subject, kind: Kind, onset: datetime) -> str:
    """What makes it the same trouble when it is seen again.

    The onset is part of it: a parcel that moves on and stops again is in new trouble.
    """
    return f"{kind}:{subject.name}:{onset:{_ONSET}}"


def corrected(known: str, told: str) -> bool:
    """Whether two fingerprints are of one trouble that is told now with another time of that day.

    A scan gets its zone later, or a promise is moved by some hours.
    """
    (one, before), (other, after) = (each.rsplit(":", 1) for each in (known, told))
    if one != other:
        return False
    apart = datetime.strptime(before, _ONSET) - datetime.strptime(after, _ONSET)  # noqa: DTZ007  both UTC
    return abs(apart) <= FURTHEST_AHEAD


def countries(parcel: ParcelFacts) -> tuple[str | None, ...]:
    """Whose week-ends and public holidays a parcel has to wait for."""
    origin, destination = parcel.origin_country, parcel.destination_country
    return (destination,) if origin in {None, destination} else (origin, destination)


def in_days(span: timedelta, *, working: bool = False) -> str:
    """A span in words, such as ``1.5 days``."""
    return f"{span / DAY:g} {'working ' if working else ''}{'day' if span == DAY else 'days'}"
