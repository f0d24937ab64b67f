"""The parts of eBay's answers that syncd reads; names are eBay's, in snake case.

From the published descriptions of the Message API 1.0 and the Fulfillment API 1. Whatever else an
answer holds is kept in the items' raw payloads only.
"""

from datetime import datetime
from typing import Annotated

import msgspec

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Wire(msgspec.Struct, frozen=True, rename="camel"):
    """Base: eBay leaves out what it does not know."""


class Fault(Wire, frozen=True):
    """One entry of an error answer."""

    error_id: int = 0
    message: str = ""
    long_message: str = ""


class Faults(Wire, frozen=True):
    """The body of an error answer; the Post-Order API spells its name otherwise."""

    errors: list[Fault] = []
    error: list[Fault] = []


class Media(Wire, frozen=True):
    """A file in a message."""

    media_name: str | None = None
    media_type: str | None = None
    media_url: str | None = None


class MemberMessage(Wire, frozen=True):
    """A message as reads spell it."""

    message_id: str
    created_date: Time
    message_body: str | None = None
    sender_username: str | None = None
    recipient_username: str | None = None
    subject: str | None = None
    message_media: list[Media] | None = None


class SentMessage(Wire, frozen=True):
    """The answer to a send, which spells the names senderUserName and recipientUserName."""

    message_id: str
    created_date: Time | None = None
    sender_user_name: str | None = None
    recipient_user_name: str | None = None


class MessageHead(Wire, frozen=True):
    """What the list of conversations is walked by."""

    message_id: str
    created_date: Time


class Conversation(Wire, frozen=True):
    """An entry of the list of conversations."""

    conversation_id: str
    conversation_title: str | None = None
    reference_id: str | None = None
    reference_type: str | None = None
    created_date: Time | None = None
    latest_message: MessageHead | None = None

    @property
    def listings(self) -> tuple[str, ...]:
        """The listing it is about, where there is one."""
        return (
            (self.reference_id,) if self.reference_id and self.reference_type == "LISTING" else ()
        )


class ConversationPage(Wire, frozen=True):
    """A page of the list of conversations."""

    conversations: list[msgspec.Raw] = []
    total: int | None = None
    next: str | None = None


class MessagePage(Wire, frozen=True):
    """A page of one conversation."""

    messages: list[msgspec.Raw] = []
    total: int | None = None
    next: str | None = None


class OrderPage(Wire, frozen=True):
    """A page of the list of orders."""

    orders: list[msgspec.Raw] = []
    total: int | None = None
    next: str | None = None


class OrderHead(Wire, frozen=True):
    """What the list of orders is walked by."""

    order_id: str
    last_modified_date: Time
    order_fulfillment_status: str | None = None


class Amount(Wire, frozen=True):
    """Money; the value is kept as it is written."""

    value: str | None = None
    currency: str | None = None


class Aspect(Wire, frozen=True):
    """One property of a variation, such as its colour."""

    name: str = ""
    value: str = ""


class LineInstructions(Wire, frozen=True):
    """When a position has to leave, and when the buyer was told it comes."""

    ship_by_date: Time | None = None
    min_estimated_delivery_date: Time | None = None
    max_estimated_delivery_date: Time | None = None


class Location(Wire, frozen=True):
    """Where a position lies."""

    country_code: str | None = None


class Line(Wire, frozen=True):
    """A position of an order."""

    line_item_id: str
    title: str = ""
    quantity: int = 1
    sku: str | None = None
    legacy_item_id: str | None = None
    variation_aspects: list[Aspect] | None = None
    line_item_cost: Amount | None = None
    line_item_fulfillment_status: str | None = None
    line_item_fulfillment_instructions: LineInstructions | None = None
    item_location: Location | None = None
    purchase_marketplace_id: str | None = None
    listing_marketplace_id: str | None = None


class PostalAddress(Wire, frozen=True):
    """An address."""

    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    postal_code: str | None = None
    state_or_province: str | None = None
    country_code: str | None = None


class Phone(Wire, frozen=True):
    """A telephone number."""

    phone_number: str | None = None


class Contact(Wire, frozen=True):
    """Somebody with an address; eBay drops names after 90 days and e-mail after 14."""

    full_name: str | None = None
    email: str | None = None
    primary_phone: Phone | None = None
    contact_address: PostalAddress | None = None


class Buyer(Wire, frozen=True):
    """Who ordered."""

    username: str | None = None
    buyer_registration_address: Contact | None = None


class ShippingStep(Wire, frozen=True):
    """How it is sent, and where to."""

    shipping_service_code: str | None = None
    ship_to: Contact | None = None


class StartInstruction(Wire, frozen=True):
    """One package's instructions."""

    ebay_supported_fulfillment: bool = False
    final_destination_address: PostalAddress | None = None
    min_estimated_delivery_date: Time | None = None
    max_estimated_delivery_date: Time | None = None
    shipping_step: ShippingStep | None = None


class Payment(Wire, frozen=True):
    """One payment."""

    payment_date: Time | None = None


class PaymentSummary(Wire, frozen=True):
    """All payments."""

    payments: list[Payment] | None = None


class PricingSummary(Wire, frozen=True):
    """What it costs."""

    total: Amount | None = None


class CancelStatus(Wire, frozen=True):
    """Whether the order is being or was cancelled."""

    cancel_state: str | None = None


class SellOrder(Wire, frozen=True):
    """An order."""

    order_id: str
    creation_date: Time
    buyer: Buyer = Buyer()
    order_fulfillment_status: str | None = None
    order_payment_status: str | None = None
    cancel_status: CancelStatus = CancelStatus()
    line_items: list[Line] = []
    fulfillment_start_instructions: list[StartInstruction] = []
    payment_summary: PaymentSummary = PaymentSummary()
    pricing_summary: PricingSummary = PricingSummary()
    buyer_checkout_notes: str | None = None


class Fulfillment(Wire, frozen=True):
    """One parcel of an order."""

    fulfillment_id: str
    shipment_tracking_number: str | None = None
    shipping_carrier_code: str | None = None
    shipped_date: Time | None = None


class FulfillmentList(Wire, frozen=True):
    """The parcels of an order."""

    fulfillments: list[msgspec.Raw] = []
