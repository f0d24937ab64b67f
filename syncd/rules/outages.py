"""Carrier outages: many parcels of one carrier and route late at once have one cause."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from syncd.config import Outage
from syncd.model import Cause, Finding, NewNotice, OutboxState, Party, Severity

KIND = "carrier_outage"
"""The kind of the finding; it is of no one parcel, so that no playbook answers it."""

# An outage is over when it is half of what makes one, lest it come and go with single parcels.
_OVER = 0.5


class Lane(NamedTuple):
    """A carrier on a route; an empty text stands for what is not known."""

    carrier: str
    origin: str
    destination: str

    def __str__(self) -> str:
        route = f"from {self.origin or '?'} to {self.destination or '?'}"
        return f"{self.carrier or 'unnamed carrier'} {route}"


def struck(
    late: Mapping[Lane, int],
    under_way: Mapping[Lane, int],
    known: Collection[Lane],
    settings: Outage,
) -> set[Lane]:
    """The lanes that have an outage: how many are newly `late`, of how many, and which had one."""
    return {
        lane
        for lane, number in late.items()
        if number >= (ease := _OVER if lane in known else 1) * settings.at_least
        and number >= ease * settings.share * under_way.get(lane, 0)
    }


def outage(lane: Lane, late: int, under_way: int, now: datetime, settings: Outage) -> Finding:
    """The finding that stands for all of them."""
    hours = settings.within.total_seconds() / 3600
    held = (
        "messages about it wait: `syncd outbox --state held`; " if settings.buyers == "hold" else ""
    )
    return Finding(
        kind=KIND,
        cause=Cause.DELAY,
        fingerprint=f"{KIND}:{':'.join(lane)}:{now:%Y%m%dT%H%M%S}",
        since=now,
        evidence=f"{late} of {under_way} parcels of {lane} fell silent or late within {hours:g} "
        f"hours; {held}ask the carrier",
        severity=Severity.ACT,
        figures={**lane._asdict(), "late": late, "under_way": under_way},
    )


def task(finding: Finding, account_id: int, now: datetime) -> NewNotice:
    """The one task for staff, by the account that one of the parcels came through."""
    return NewNotice(
        key=f"task:{finding.fingerprint}",
        account_id=account_id,
        state=OutboxState.PERSON,
        purpose="task",
        recipient=Party(),
        language="en",
        not_before=now,
        cause=finding.cause.value,
        text=finding.evidence,
        reason=finding.evidence,
    )
