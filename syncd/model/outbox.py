"""What syncd intends to say, and what became of it."""

from datetime import datetime
from enum import StrEnum

from syncd.model.base import Value
from syncd.model.items import Attachment, Party


class OutboxState(StrEnum):
    """Where a row of the outbox stands.

    ``pending -> claimed -> in_flight -> sent`` is the good way. A row found *claimed* after a crash
    is safe to send again; one found *in flight* is settled by asking the platform, or by a person.
    """

    HELD = "held"
    """Waits for somebody's approval."""
    PENDING = "pending"
    CLAIMED = "claimed"
    IN_FLIGHT = "in_flight"
    SENT = "sent"
    FAILED = "failed"
    """Refused for good, with the platform's reason."""
    PERSON = "person"
    """Only a person can go on: the outcome is unknown, the mail came back, or the platform does not
    let syncd write."""
    CANCELLED = "cancelled"
    """By a person, for good."""
    OBSOLETE = "obsolete"
    """The trouble was over before it was told; new trouble of the same kind may still be told."""

    @property
    def final(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self in _FINAL


_FINAL = frozenset(
    {OutboxState.SENT, OutboxState.FAILED, OutboxState.CANCELLED, OutboxState.OBSOLETE}
)


EXTENSION = "extension"
"""The purpose of a row that asks the platform for more time."""
REVIEW_REQUEST = "review_request"
"""That has the platform ask the buyer for a review."""
CONFIRMATION = "confirmation"
"""That tells the platform of a parcel that left."""
REQUESTS = frozenset({EXTENSION, REVIEW_REQUEST, CONFIRMATION})
"""What a row may be that is no message, but a request to the platform."""


class Draft(Value, frozen=True, kw_only=True):
    """A message ready to go out, rendered wholly, as a connector gets it."""

    text: str
    buyer: Party
    subject: str | None = None
    thread_id: str | None = None
    """The platform's conversation id; None to open one."""
    order_id: str | None = None
    language: str = "en"
    purpose: str = "notice"
    """``notice`` (syncd's own accord), ``reply`` (somebody's answer) or ``test``."""
    in_reply_to: str | None = None
    """Message-ID of the mail this answers, without brackets."""
    references: tuple[str, ...] = ()
    created_at: datetime | None = None
    """When it was decided; with the key it makes ids that a second try repeats."""
    attachments: tuple[Attachment, ...] = ()
    taken: tuple[str, ...] = ()
    """For `find_sent`: the ids of messages with this text that have settled other drafts. None of
    them is this one."""


class Verdict(Value, frozen=True, kw_only=True):
    """The platform's own rules on whether a draft may be sent now."""

    allowed: bool
    reason: str = ""
    """The rule, in a sentence, where it is not allowed."""
    not_before: datetime | None = None
    """When it will be allowed; None with ``allowed=False`` means never."""

    @classmethod
    def yes(cls) -> "Verdict":
        """Nothing speaks against it."""
        return cls(allowed=True)

    @classmethod
    def later(cls, not_before: datetime, reason: str) -> "Verdict":
        """Not yet: try again at `not_before`."""
        return cls(allowed=False, reason=reason, not_before=not_before)

    @classmethod
    def never(cls, reason: str) -> "Verdict":
        """Not by this platform's rules: a person has to take it from here."""
        return cls(allowed=False, reason=reason)


class Receipt(Value, frozen=True, kw_only=True):
    """Proof that a draft arrived at the platform."""

    source_id: str
    """The platform's id of the message, as a later poll will show it where it is shown.

    By it the two are known to be one, and the conversation to be about the draft's order.
    """
    accepted_at: datetime
    detail: str = ""
