"""What a watch says of a parcel, and how it says that it has found something."""

from datetime import datetime, timedelta

import msgspec

from syncd.config import Kind
from syncd.model import Cause, Finding, ParcelFacts, Severity

DAY = timedelta(days=1)


class Judgement(msgspec.Struct, frozen=True):
    """What one watch says of one parcel."""

    finding: Finding | None = None
    due_at: datetime | None = None
    """When it could say something else without any news; None: not before there is news."""


QUIET = Judgement()
"""Nothing found, and nothing will be unless there is news."""


def found(
    parcel: ParcelFacts,
    kind: Kind,
    cause: Cause,
    since: datetime,
    evidence: str,
    **figures: float,
) -> Judgement:
    """A trouble that the buyer should hear of."""
    return Judgement(
        Finding(
            kind=kind.value,
            cause=cause,
            fingerprint=fingerprint(parcel, kind, since),
            since=since,
            evidence=evidence,
            severity=Severity.TELL,
            figures=dict(figures),
        )
    )


def fingerprint(parcel: ParcelFacts, kind: Kind, since: datetime) -> str:
    """What makes it the same trouble when it is seen again.

    The onset is part of it: a parcel that moves on and stops again is in new trouble.
    """
    return f"{kind}:{parcel.account_id}:{parcel.source_id}:{since:%Y%m%dT%H%M%S}"


def in_days(span: timedelta) -> str:
    """A span in words, such as ``1.5 days``."""
    return f"{span / DAY:g} days"
