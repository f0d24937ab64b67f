"""What a connector brings: normalised items, each with its id at the source and its raw payload.

Every ``source_id`` is a string, whatever the platform calls it (Ozon's exceed 2**64), and unique
within one stream of one account. Every time is aware. ``raw`` is the payload as it was received,
kept as evidence; it may be empty where the source has none.
"""

from datetime import datetime
from enum import StrEnum

from syncd.model.base import Value
from syncd.model.parcels import Leg, Milestone, OffsetSource, Reason


class Direction(StrEnum):
    """Who speaks to whom."""

    INBOUND = "inbound"
    """The buyer writes to the seller."""
    OUTBOUND = "outbound"
    """The seller (a person, or syncd) writes to the buyer."""
    PLATFORM = "platform"
    """The marketplace itself speaks; nobody expects an answer."""


class MessageKind(StrEnum):
    """What sort of writer a message has; only `HUMAN` ever starts a reply clock or an answer."""

    HUMAN = "human"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    BULK = "bulk"
    OWN = "own"
    """Sent by syncd itself and seen again at the source."""


class OrderStatus(StrEnum):
    """How far an order has come, as far as sending is concerned."""

    PENDING = "pending"
    """Placed, not paid."""
    UNSHIPPED = "unshipped"
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    """All of it was paid back after it had left, wholly or partly: the buyer waits for nothing."""
    UNKNOWN = "unknown"


class Party(Value, frozen=True, kw_only=True):
    """Somebody at the other end, by whichever identities the source reveals."""

    id: str | None = None
    """The platform's id for them: opaque, never shown to anybody as a name."""
    name: str | None = None
    email: str | None = None
    """Their address or the platform's relay alias for it."""
    phone: str | None = None
    other_ids: tuple[str, ...] = ()
    """What the same platform calls them elsewhere, where the source proves them the same."""
    thread_id: str | None = None
    """A conversation of the platform in which nobody but they and the seller speaks: whoever is its
    other side is they, under whatever name."""


class Window(Value, frozen=True, kw_only=True):
    """A span in which something is due; either end may be unknown."""

    earliest: datetime | None = None
    latest: datetime | None = None


class Address(Value, frozen=True, kw_only=True):
    """Where a parcel goes; only what delivery, language and daytime depend on."""

    country: str | None = None
    """ISO 3166-1 alpha-2, upper case."""
    postcode: str | None = None
    state: str | None = None
    city: str | None = None
    lines: tuple[str, ...] = ()


class Attachment(Value, frozen=True, kw_only=True):
    """A file that came with a message, or where to fetch it."""

    name: str
    media_type: str = "application/octet-stream"
    content: bytes | None = None
    """The bytes, or None where only `url` is known or the file was over the size limit."""
    url: str | None = None
    size: int | None = None


class Message(Value, frozen=True, kw_only=True, tag="message"):
    """One message of a conversation between a buyer and the seller."""

    source_id: str
    sent_at: datetime
    direction: Direction
    buyer: Party
    """The customer's side, whoever wrote the message."""
    text: str
    subject: str | None = None
    thread_id: str | None = None
    """The platform's own conversation id, where it has one."""
    message_id: str | None = None
    """The RFC 5322 Message-ID without brackets, for mail."""
    references: tuple[str, ...] = ()
    """Message-IDs it answers, oldest first, without brackets (References, then In-Reply-To)."""
    order_ids: tuple[str, ...] = ()
    """Orders the source says it is about."""
    listing_ids: tuple[str, ...] = ()
    """Listings the source says it is about; the buyer's orders of these are looked for."""
    kind: MessageKind = MessageKind.HUMAN
    language: str | None = None
    """That of the text, where the platform tells it."""
    attachments: tuple[Attachment, ...] = ()
    fixed: bool = False
    """Whether it is never edited, as a mail, whose `source_id` is made of what it says: what comes
    again under that is the same, with the blanks of another copy perhaps."""
    raw: bytes = b""


class OrderLine(Value, frozen=True, kw_only=True):
    """One position of an order."""

    source_id: str
    title: str
    quantity: int = 1
    sku: str | None = None
    variant: str | None = None
    price: str | None = None
    """Amount of one piece in the order's currency, as the source wrote it; where it only tells the
    whole position's, that. It is shown, and nothing is computed with it."""
    listing_id: str | None = None
    """The platform's id of the listing it was bought from."""


class Order(Value, frozen=True, kw_only=True, tag="order"):
    """One order as the platform describes it now."""

    source_id: str
    placed_at: datetime
    status: OrderStatus
    """Where its units differ: of those that were not called off, that of the one furthest behind,
    or `PARTLY_SHIPPED` where some have left and others not; `CANCELLED` only when all are called
    off. A return does not change it: that is a `Case`; only that all was paid back does."""
    buyer: Party
    lines: tuple[OrderLine, ...] = ()
    ship_to: Address = Address()
    currency: str | None = None
    """ISO 4217, upper case."""
    total: str | None = None
    """What the buyer pays, in `currency`, as the source wrote it."""
    paid_at: datetime | None = None
    """None where it is not paid, or the platform does not tell."""
    ship_by: Window | None = None
    """The seller's duty: when it has to leave."""
    deliver_by: Window | None = None
    """The promise made to the buyer."""
    protection_ends_at: datetime | None = None
    """Until when the buyer may complain at the platform."""
    shipping_method: str | None = None
    site: str | None = None
    """The marketplace site it was placed on, such as ``EBAY_DE``."""
    language: str | None = None
    """The buyer's language, where the platform tells it."""
    note: str | None = None
    """What the buyer wrote when ordering."""
    raw: bytes = b""


class Shipment(Value, frozen=True, kw_only=True, tag="shipment"):
    """One parcel of an order."""

    source_id: str
    """The platform's id of the parcel, the same before and after it has a tracking number. Where it
    has none, made of the order's id and of what stays, such as that of the unit."""
    order_id: str
    """``source_id`` of the order in the same account."""
    tracking_number: str | None = None
    """None where it left without one, or is not known to have one yet; it may come later, under the
    same `source_id`. A parcel that has not left and has no number is none yet."""
    carrier: str | None = None
    """The platform's or the carrier's own name for the carrier."""
    shipped_at: datetime | None = None
    """When it left, as the seller or the platform said."""
    tracking_url: str | None = None
    origin_country: str | None = None
    destination_country: str | None = None
    cancelled: bool = False
    """Whether the platform says that its label was cancelled. One that was never told of before is
    left out; one whose number another parcel has as well goes on until that is cancelled, too."""
    raw: bytes = b""


class TrackingEvent(Value, frozen=True, kw_only=True, tag="tracking_event"):
    """One thing a carrier says about a parcel, its time kept as it was said."""

    source_id: str
    """The source's id for it, else `syncd.model.event_fingerprint`."""
    tracking_number: str
    occurred_local: datetime
    """Naive: the wall-clock time the carrier wrote."""
    utc_offset_minutes: int | None = None
    """None where the source does not tell the zone; never guessed by a connector."""
    offset_source: OffsetSource | None = None
    milestone: Milestone = Milestone.UNKNOWN
    reason: Reason | None = None
    leg: Leg | None = None
    text: str = ""
    """The carrier's own words."""
    code: str | None = None
    carrier: str | None = None
    location: str | None = None
    country: str | None = None
    eta: Window | None = None
    """The carrier's estimate as it stood with this event."""
    pickup_by: datetime | None = None
    """Until when it is kept for the buyer to fetch, where the carrier says so."""
    raw: bytes = b""


class CaseKind(StrEnum):
    """What the buyer wants, or what went wrong."""

    RETURN = "return"
    REFUND = "refund"
    """Money back, with nothing sent back."""
    NOT_RECEIVED = "not_received"
    DISPUTE = "dispute"
    """A claim that the platform may decide."""
    CANCELLATION = "cancellation"
    OTHER = "other"


class CaseStatus(StrEnum):
    """Whose turn it is."""

    OPEN = "open"
    """Under way; the platform does not say who has to act."""
    WAITING_SELLER = "waiting_seller"
    WAITING_BUYER = "waiting_buyer"
    WAITING_PLATFORM = "waiting_platform"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Case(Value, frozen=True, kw_only=True, tag="case"):
    """One after-sales case that a buyer opened at the platform, as it stands now."""

    source_id: str
    kind: CaseKind
    status: CaseStatus
    opened_at: datetime
    buyer: Party
    order_id: str | None = None
    """``source_id`` of the order in the same account."""
    listing_id: str | None = None
    """The listing, where the source names no order: the buyer's order of it is looked for."""
    reason: str | None = None
    """The platform's own word for it."""
    text: str | None = None
    """What the buyer says."""
    respond_by: datetime | None = None
    """Until when the seller has to answer, lest the platform decides."""
    outcome: str | None = None
    """How it ended, in the platform's own word."""
    amount: str | None = None
    """What is asked for, in `currency`, as the source wrote it."""
    currency: str | None = None
    thread_id: str | None = None
    """The conversation in which it is talked about, where it has one."""
    tracking_number: str | None = None
    """Of what the buyer sends back."""
    updated_at: datetime | None = None
    raw: bytes = b""


class Review(Value, frozen=True, kw_only=True, tag="review"):
    """What a buyer thinks in public of a purchase."""

    source_id: str
    written_at: datetime
    buyer: Party
    rating: float | None = None
    """From 1, the worst, to 5; a platform's other scale is converted to it."""
    text: str = ""
    order_id: str | None = None
    sku: str | None = None
    reply: str | None = None
    """What the seller answered in public."""
    raw: bytes = b""


class StockLevel(Value, frozen=True, kw_only=True, tag="stock_level"):
    """How many of one thing can still be sold, as the source says now."""

    source_id: str
    quantity: int
    sku: str | None = None
    """The seller's own number for it, which ties it to the lines of orders."""
    title: str | None = None
    listing_id: str | None = None
    raw: bytes = b""


class BadItem(Value, frozen=True, kw_only=True, tag="bad_item"):
    """An item the connector cannot read: it is quarantined with its payload, the rest goes on."""

    source_id: str
    reason: str
    """What is wrong with it, in a sentence."""
    raw: bytes = b""


Item = Message | Order | Shipment | TrackingEvent | Case | Review | StockLevel | BadItem
