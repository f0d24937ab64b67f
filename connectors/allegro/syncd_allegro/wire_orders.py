"""The parts of Allegro's orders and parcels that syncd reads, as in `syncd_allegro.wire`."""

import msgspec

from syncd_allegro.wire import External, Price, Ref, Wire


class EventOrder(Wire, frozen=True):
    """What an event of the order log is about."""

    checkout_form: Ref | None = None


class OrderEvent(Wire, frozen=True):
    """An entry of the order log."""

    id: str
    order: EventOrder


class OrderEvents(Wire, frozen=True):
    """A page of the order log."""

    events: list[msgspec.Raw]


class LatestEvent(Wire, frozen=True):
    """Where the order log ends; nothing where it is empty."""

    latest_event: Ref | None = None


class Preferences(Wire, frozen=True):
    """What a buyer has chosen."""

    language: str | None = None


class Buyer(Wire, frozen=True):
    """Who ordered."""

    login: str
    id: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone_number: str | None = None
    preferences: Preferences | None = None


class Payment(Wire, frozen=True):
    """How it is paid."""

    type: str | None = None
    finished_at: str | None = None


class Provider(Wire, frozen=True):
    """Who sends it: SELLER, or ALLEGRO from its warehouse."""

    id: str | None = None


class ShipmentSummary(Wire, frozen=True):
    """How many positions have a parcel number: NONE, SOME, ALL."""

    line_items_sent: str | None = None


class Fulfillment(Wire, frozen=True):
    """How far the seller is with it."""

    status: str | None = None
    shipment_summary: ShipmentSummary = ShipmentSummary()
    provider: Provider = Provider()


class DeliveryAddress(Wire, frozen=True):
    """Where it goes."""

    first_name: str | None = None
    last_name: str | None = None
    street: str | None = None
    city: str | None = None
    zip_code: str | None = None
    country_code: str | None = None
    phone_number: str | None = None


class DeliveryMethod(Wire, frozen=True):
    """How it goes."""

    name: str | None = None


class Dispatch(Wire, frozen=True):
    """When it has to leave."""

    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None


class DeliveryTime(Wire, frozen=True):
    """When it is to arrive."""

    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    dispatch: Dispatch = Dispatch()


class Delivery(Wire, frozen=True):
    """The way to the buyer."""

    address: DeliveryAddress | None = None
    method: DeliveryMethod | None = None
    time: DeliveryTime | None = None


class LineOffer(Wire, frozen=True):
    """What was bought."""

    id: str
    name: str = ""
    external: External | None = None


class Line(Wire, frozen=True):
    """A position of an order."""

    id: str
    offer: LineOffer
    quantity: float = 1
    price: Price | None = None
    bought_at: str | None = None


class Total(Wire, frozen=True):
    """What it costs."""

    total_to_pay: Price | None = None


class CheckoutForm(Wire, frozen=True):
    """An order."""

    id: str
    buyer: Buyer
    status: str | None = None
    message_to_seller: str | None = None
    payment: Payment | None = None
    fulfillment: Fulfillment = Fulfillment()
    delivery: Delivery | None = None
    line_items: tuple[Line, ...] = ()
    marketplace: Ref | None = None
    summary: Total = Total()
    updated_at: str | None = None
    revision: str | None = None


class FormPage(Wire, frozen=True):
    """A page of the orders."""

    checkout_forms: list[msgspec.Raw]


class Waybill(Wire, frozen=True):
    """A parcel of an order."""

    id: str
    waybill: str | None = None
    carrier_id: str | None = None
    carrier_name: str | None = None
    created_at: str | None = None


class WaybillList(Wire, frozen=True):
    """The parcels of an order."""

    shipments: list[msgspec.Raw]


class Carrier(Wire, frozen=True):
    """A carrier that Allegro knows."""

    id: str
    name: str = ""


class CarrierList(Wire, frozen=True):
    """All of them."""

    carriers: list[Carrier]
