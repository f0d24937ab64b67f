"""The parts of Amazon's answers that syncd reads; names are Amazon's, in snake case.

From the published models of Orders 2026-01-01, External Fulfillment Returns 2024-09-11, Messaging
v1, Solicitations v1 and Uploads 2020-11-01. Whatever else an answer holds is kept in the items' raw
payloads only.
"""

from datetime import datetime
from typing import Annotated

import msgspec

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Wire(msgspec.Struct, frozen=True, rename="camel"):
    """Base: Amazon leaves out what it does not know, or what the application may not see."""


class Fault(Wire, frozen=True):
    """One entry of an error answer."""

    code: str = ""
    message: str = ""
    details: str | None = None


class Faults(Wire, frozen=True):
    """The body of an error answer."""

    errors: list[Fault]


class Pagination(Wire, frozen=True):
    """Where the next page is."""

    next_token: str | None = None


class OrderPage(Wire, frozen=True):
    """A page of a search for orders."""

    orders: list[msgspec.Raw]
    pagination: Pagination | None = None
    last_updated_before: Time | None = None
    """Until when, by Amazon's clock, the search looked."""


class OrderHead(Wire, frozen=True):
    """What a search is walked by."""

    order_id: str
    last_updated_time: Time


class GetOrder(Wire, frozen=True):
    """The answer about one order."""

    order: msgspec.Raw


class SalesChannel(Wire, frozen=True):
    """Where it was ordered."""

    marketplace_id: str | None = None
    marketplace_name: str | None = None


class Buyer(Wire, frozen=True):
    """Who ordered."""

    buyer_name: str | None = None
    buyer_email: str | None = None
    """The alias, for orders that the seller sends."""


class Money(Wire, frozen=True):
    """The amount is kept as it is written."""

    amount: str | None = None
    currency_code: str | None = None


class Proceeds(Wire, frozen=True):
    """What the order brings."""

    grand_total: Money | None = None


class CustomerAddress(Wire, frozen=True):
    """Where it goes."""

    name: str | None = None
    company_name: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    city: str | None = None
    state_or_region: str | None = None
    postal_code: str | None = None
    country_code: str | None = None


class Recipient(Wire, frozen=True):
    """Who gets it."""

    delivery_address: CustomerAddress | None = None


class Range(Wire, frozen=True):
    """A span of time."""

    earliest_date_time: Time | None = None
    latest_date_time: Time | None = None


class Fulfillment(Wire, frozen=True):
    """How far it is, and when it is due."""

    fulfillment_status: str
    fulfilled_by: str | None = None
    fulfillment_service_level: str | None = None
    ship_by_window: Range | None = None
    deliver_by_window: Range | None = None


class ItemPrice(Wire, frozen=True):
    """What one costs."""

    unit_price: Money | None = None


class Product(Wire, frozen=True):
    """What was ordered."""

    asin: str | None = None
    title: str | None = None
    seller_sku: str | None = None
    price: ItemPrice | None = None


class ItemFulfillment(Wire, frozen=True):
    """How much of it has left."""

    quantity_unfulfilled: int | None = None


class OrderItem(Wire, frozen=True):
    """A position of an order."""

    order_item_id: str
    quantity_ordered: int
    product: Product
    fulfillment: ItemFulfillment | None = None


class PackageStatus(Wire, frozen=True):
    """How far a parcel is."""

    status: str


class Package(Wire, frozen=True):
    """A parcel of an order that the seller sends."""

    package_reference_id: str
    created_time: Time | None = None
    package_status: PackageStatus | None = None
    carrier: str | None = None
    ship_time: Time | None = None
    tracking_number: str | None = None
    ship_from_address: CustomerAddress | None = None


class SoldOrder(Wire, frozen=True):
    """An order."""

    order_id: str
    created_time: Time
    last_updated_time: Time
    sales_channel: SalesChannel
    order_items: list[OrderItem]
    buyer: Buyer = Buyer()
    recipient: Recipient = Recipient()
    proceeds: Proceeds = Proceeds()
    fulfillment: Fulfillment | None = None
    packages: list[msgspec.Raw] = []
    """Each a `Package`."""


class ReturnPage(Wire, frozen=True):
    """A page of returns; it may be empty and yet have a next one."""

    returns: list[msgspec.Raw] = []
    next_token: str | None = None


class ReturnHead(Wire, frozen=True):
    """What the returns are walked by."""

    id: str
    last_updated_date_time: Time


class Tracking(Wire, frozen=True):
    """A parcel's number."""

    carrier_name: str | None = None
    tracking_id: str | None = None


class ReturnShipping(Wire, frozen=True):
    """How it comes back."""

    reverse_tracking_info: Tracking | None = None


class ReturnMetadata(Wire, frozen=True):
    """Why it comes back."""

    return_reason: str | None = None


class ReturnChannel(Wire, frozen=True):
    """What it belongs to."""

    customer_order_id: str | None = None


class ReturnItem(Wire, frozen=True):
    """A return."""

    id: str
    status: str
    return_type: str
    last_updated_date_time: Time
    creation_date_time: Time | None = None
    return_metadata: ReturnMetadata = ReturnMetadata()
    return_shipping_info: ReturnShipping = ReturnShipping()
    marketplace_channel_details: ReturnChannel = ReturnChannel()


class Link(Wire, frozen=True):
    """What may be done about an order."""

    name: str | None = None


class Links(Wire, frozen=True):
    """What may be done about an order, now."""

    actions: list[Link] = []


class Actions(Wire, frozen=True):
    """The answer to what may be done."""

    links: Links = msgspec.field(name="_links", default=Links())


class BuyerAttributes(Wire, frozen=True):
    """What Amazon tells of a buyer."""

    locale: str | None = None


class Attributes(Wire, frozen=True):
    """What Amazon tells for writing about an order."""

    buyer: BuyerAttributes | None = None


class Destination(Wire, frozen=True):
    """Where a file is to be put."""

    upload_destination_id: str
    url: str
    headers: dict[str, str] = {}


class UploadDestination(Wire, frozen=True):
    """The answer that names it."""

    payload: Destination
