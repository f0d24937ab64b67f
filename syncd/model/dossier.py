"""All that is known of one parcel, for people who ask about it."""

from datetime import datetime, timedelta

from syncd.model.base import Value
from syncd.model.outbox import OutboxState
from syncd.model.parcels import Milestone, ParcelFacts, Reason
from syncd.model.waiting import Subject


class Scan(Value, frozen=True, kw_only=True):
    """One event of a parcel as its carrier told it."""

    local: datetime
    """Naive: the wall-clock time the carrier wrote."""
    utc_offset: timedelta | None
    """None where the carrier did not tell its zone."""
    milestone: Milestone
    reason: Reason | None
    text: str
    place: str | None
    carrier: str | None
    account: str
    """The account that brought it."""


class KnownFinding(Value, frozen=True, kw_only=True):
    """A finding of a parcel, open or over."""

    kind: str
    cause: str
    severity: str
    since: datetime
    evidence: str
    opened_at: datetime
    closed_at: datetime | None


class KnownNotice(Value, frozen=True, kw_only=True):
    """A row of the outbox about a parcel, and when it was told."""

    id: int
    state: OutboxState
    purpose: str
    account: str
    cause: str | None
    language: str
    title: str | None
    """The subject, else the template."""
    created_at: datetime
    not_before: datetime
    told_at: datetime | None
    reason: str | None


class Follower(Value, frozen=True, kw_only=True):
    """An account that looks the parcel up at a carrier or a tracking service."""

    account: str | None
    """None where it has still to be found out whose business the parcel is."""
    looked_at: datetime | None
    next_look_at: datetime
    asked_at: datetime | None
    """Since when somebody waits for a look; None where nobody does."""


class Dossier(Value, frozen=True, kw_only=True):
    """One parcel with everything that is kept about it, the oldest first."""

    tracking_number: str
    parcel: ParcelFacts | None
    """None where its scans are known and no shop has told of the shipment."""
    account: str | None = None
    """The account of the shop that told of it."""
    country: str | None = None
    """Where it goes, as the order or else the shipment says."""
    order_known: bool = False
    due_at: datetime | None = None
    """When the watches look at it next without news."""
    scans: tuple[Scan, ...] = ()
    findings: tuple[KnownFinding, ...] = ()
    notices: tuple[KnownNotice, ...] = ()
    followers: tuple[Follower, ...] = ()


class AtRisk(Value, frozen=True, kw_only=True):
    """A parcel, or an order that has none yet, with its open findings, as the board shows it."""

    subject: Subject
    account: str
    country: str | None
    findings: tuple[KnownFinding, ...]
    """Open ones, the oldest first; empty where nothing is wrong with it."""
    told_at: datetime | None = None
    """When the buyer last got a message about it."""
