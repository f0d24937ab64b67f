"""What comes to the push listener, and what it wakes."""

from collections.abc import Mapping
from datetime import datetime

import msgspec


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """A request that came to an account's push address; anybody may have sent it."""

    headers: Mapping[str, str]
    """By their names in small letters."""
    body: bytes
    """As it came, which is what signatures are made over."""
    query: Mapping[str, str] = {}
    """The parameters of its address."""
    method: str = "POST"
    """Or ``GET``, with which some platforms make sure of an address (then `body` is empty)."""


class Wake(msgspec.Struct, frozen=True, kw_only=True):
    """What a genuine push says there is news of."""

    tracking_numbers: tuple[str, ...] = ()
    """Parcels to be looked at now, spelt as the platform spells them: shops may write the same
    number otherwise."""
    streams: tuple[str, ...] = ()
    """Streams to be polled now; those of `tracking_numbers` need no mention."""
    sent_at: datetime | None = None
    """When the platform says it was sent, aware, only where the signature covers it: an old one
    is refused, so that it cannot be played back."""
    event_id: str | None = None
    """The platform's own id of the event: one that came already wakes nothing again."""
    answer: bytes = b""
    """What the platform wants to read back, where a bare 200 does not do."""
    answer_type: str = "application/json"
