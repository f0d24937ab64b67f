"""What syncd concludes from the facts: a finding, with its evidence in words."""

from datetime import datetime
from enum import StrEnum

from msgspec import field

from syncd.model.base import Value


class Cause(StrEnum):
    """What a finding means to the buyer; a parcel is written about once per cause."""

    DELAY = "delay"
    CUSTOMS = "customs"
    ATTEMPT_FAILED = "attempt_failed"
    EXCEPTION = "exception"
    LOST = "lost"
    """It will not come, as its carrier says."""
    PICKUP = "pickup"
    RETURNING = "returning"
    NUMBER_CHANGED = "number_changed"
    DISPATCH = "dispatch"
    """It has not left: the seller's own affair, told to the buyer where a playbook wants that."""
    STOCK = "stock"
    """Goods are missing: the same."""
    CANCELLED = "cancelled"
    """It was cancelled at the carrier: the same, as syncd cannot know what becomes of it."""
    PROTECTION = "protection"
    """The seller's own affair, which no buyer is told of as such."""
    SHIPPED = "shipped"
    """No trouble at all."""
    ARRIVED = "arrived"
    """The end of one."""


class Severity(StrEnum):
    """Who should look: nobody yet, the buyer should hear, or a person must act."""

    NOTE = "note"
    TELL = "tell"
    ACT = "act"


class Finding(Value, frozen=True, kw_only=True):
    """One trouble with one subject, stated by a watch.

    `fingerprint` stays the same for the same trouble however often it is seen, so that it is
    told once; `since` is when the trouble began, not when it was noticed.
    """

    kind: str
    """The watch that states it."""
    cause: Cause
    fingerprint: str
    since: datetime
    evidence: str
    """For people: what was seen, against what was to be expected."""
    severity: Severity = Severity.TELL
    figures: dict[str, float | str] = field(default_factory=dict)
    """The numbers behind the words, for machines."""
