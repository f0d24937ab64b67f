"""What the store tells the rules that place messages, and what they tell it back."""

from datetime import datetime

from syncd.model.base import Value


class KnownConversation(Value, frozen=True, kw_only=True):
    """A stored conversation, as far as placing needs it."""

    customer: int | None
    last_at: datetime
    subject: str | None
    ordered: bool = False
    """Whether it is about any order."""
    threaded: bool = False
    """Whether it is a thread of the platform's own, which takes what the platform puts into it."""


class NewConversation(Value, frozen=True, kw_only=True):
    """A conversation to store; `customer` may be a provisional negative number."""

    customer: int | None
    thread_id: str | None
    subject: str | None
    first_at: datetime
