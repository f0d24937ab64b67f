"""What the store tells the rules that place messages, and what they tell it back."""

from datetime import datetime

from syncd.model.base import Value
from syncd.model.items import Message


class KnownConversation(Value, frozen=True, kw_only=True):
    """A stored conversation, as far as placing needs it."""

    customer: int | None
    last_at: datetime
    subject: str | None


class NewConversation(Value, frozen=True, kw_only=True):
    """A conversation to store; `customer` may be a provisional negative number."""

    customer: int | None
    thread_id: str | None
    subject: str | None
    first_at: datetime


class Placed(Value, frozen=True, kw_only=True):
    """A message to store, its conversation (stored or provisional) and content hash."""

    message: Message
    conversation: int
    content_hash: bytes
