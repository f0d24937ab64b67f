"""Rows of the outbox: what is queued, what a sender claims, and what a message is made from."""

from datetime import datetime

from syncd.model.base import Value
from syncd.model.items import Party, Shipment
from syncd.model.outbox import OutboxState


class NewNotice(Value, frozen=True, kw_only=True):
    """A message to queue; nothing happens if its key was queued before."""

    key: str
    """What makes it one message: the same trouble with the same parcel gives the same key."""
    account_id: int
    """The account that is to send it."""
    recipient: Party
    language: str
    not_before: datetime
    state: OutboxState = OutboxState.PENDING
    purpose: str = "notice"
    template: str | None = None
    cause: str | None = None
    shipment_id: int | None = None
    order_number: int | None = None
    """The store's number of the order that it is about, where that has no parcel."""
    finding: str | None = None
    """Fingerprint of the finding behind it."""
    order_id: str | None = None
    conversation_id: int | None = None
    subject: str | None = None
    text: str | None = None
    """Written out already, as a person's message is; None to render `template` when it is sent."""
    reason: str | None = None
    until: datetime | None = None
    """For an ``extension``: the day that the platform is asked for."""
    shipment: Shipment | None = None
    """For a ``confirmation``: what left."""


class OutboxRow(Value, frozen=True, kw_only=True):
    """A row as a sender or a person sees it."""

    id: int
    key: str
    account_id: int
    account: str
    state: OutboxState
    purpose: str
    recipient: Party
    language: str
    created_at: datetime
    not_before: datetime
    attempts: int
    template: str | None
    cause: str | None
    shipment_id: int | None
    order_number: int | None
    """The store's number of the order that it is about, where that has no parcel."""
    order_id: str | None
    conversation_id: int | None
    finding_open: bool
    """False once the trouble behind the notice is over; True where there is none behind it."""
    subject: str | None
    text: str | None
    reason: str | None
    until: datetime | None = None
    shipment: Shipment | None = None
    owner: str | None = None
    """Who held it when it was read; what they settle counts only while they do."""


class ParcelStory(Value, frozen=True, kw_only=True):
    """What a notice about a parcel is made from, as the store knows it now."""

    order_id: str
    account: str
    """The account that the order came through."""
    tracking_number: str | None
    carrier: str | None
    tracking_url: str | None
    destination_country: str | None
    destination_state: str | None
    site: str | None
    deliver_by: datetime | None
    last_movement_at: datetime | None
    pickup_by: datetime | None
    """Until when the buyer can fetch it, where the carrier told that."""
    stands: str
    """The milestone that it has reached by all events."""
    reason: str | None
    """Why it is there, as a `Reason`, where the carrier says so."""
    milestone: str
    """That of the latest event, which may be data about a parcel that arrived before."""
    event_text: str | None
    event_local: datetime | None
    """The carrier's own wall-clock time, naive."""
    event_place: str | None

    @property
    def country(self) -> str | None:
        """Where its buyer lives."""
        return self.destination_country


class Addressee(Value, frozen=True, kw_only=True):
    """Whom a parcel's order belongs to, and where they were last spoken with."""

    buyer: Party
    language: str | None
    """What the platform told of their language."""
    conversation_language: str | None
    site: str | None
    country: str | None
    state: str | None
    postcode: str | None
    conversation_id: int | None
    """The conversation about the order that was spoken in last, in whatever account."""
    conversation_account_id: int | None
    parcel: str | None = None
    """What keys call the parcel where it is one that was known before by another shipment's id."""


class Thread(Value, frozen=True, kw_only=True):
    """What a message needs to go on with a conversation; empty where it opens one."""

    thread_id: str | None = None
    subject: str | None = None
    last_message_id: str | None = None
    references: tuple[str, ...] = ()
