"""The parts of Allegro's answers that syncd reads; names are Allegro's, in snake case.

From the published description of the REST API. Times are texts here: Allegro writes some without
seconds. Whatever else an answer holds is kept in the items' raw payloads only.
"""

import msgspec


class Wire(msgspec.Struct, frozen=True, rename="camel"):
    """Base: most of what Allegro describes may be missing or null."""


class Fault(Wire, frozen=True):
    """One entry of an error answer."""

    code: str = ""
    message: str | None = None
    user_message: str | None = None
    path: str | None = None


class Faults(Wire, frozen=True):
    """The body of an error answer."""

    errors: list[Fault]


class Ref(Wire, frozen=True):
    """Something that is named by its id."""

    id: str


class Interlocutor(Wire, frozen=True):
    """The other side of a thread."""

    login: str


class Thread(Wire, frozen=True):
    """An entry of the list of threads; `read` is left out, it has been seen as a text."""

    id: str
    last_message_date_time: str | None = None
    interlocutor: Interlocutor | None = None
    """None where the buyer's account is gone."""


class ThreadPage(Wire, frozen=True):
    """A page of the threads."""

    threads: list[msgspec.Raw]


class Author(Wire, frozen=True):
    """Who wrote a message."""

    login: str = ""
    is_interlocutor: bool | str = False
    """Whether it is the other side; true and false have been seen as texts."""


class Relation(Wire, frozen=True):
    """What a message is about."""

    offer: Ref | None = None
    order: Ref | None = None


class File(Wire, frozen=True):
    """An attachment of the message centre; only a SAFE one can be fetched."""

    file_name: str
    mime_type: str | None = None
    url: str | None = None
    status: str | None = None


class CenterMessage(Wire, frozen=True):
    """A message of the message centre."""

    id: str
    created_at: str
    author: Author
    status: str | None = None
    text: str | None = None
    subject: str | None = None
    relates_to: Relation | None = None
    attachments: list[File] | None = None


class MessagePage(Wire, frozen=True):
    """A page of one thread."""

    messages: list[msgspec.Raw]


class IssueUser(Wire, frozen=True):
    """Who opened an issue."""

    id: str | None = None
    login: str | None = None


class IssueOffer(Wire, frozen=True):
    """What an issue is about."""

    id: str | None = None


class IssueState(Wire, frozen=True):
    """How far an issue is."""

    status: str | None = None
    status_due_date: str | None = None


class LastMessage(Wire, frozen=True):
    """Who spoke last, and when."""

    status: str | None = None
    created_at: str | None = None


class FirstMessage(Wire, frozen=True):
    """What an issue was opened with."""

    text: str | None = None


class IssueChat(Wire, frozen=True):
    """What the list of issues tells of the conversation."""

    last_message: LastMessage | None = None
    messages_count: int | None = None
    initial_message: FirstMessage | None = None


class Refund(Wire, frozen=True):
    """Money that the buyer wants back."""

    amount: str | None = None
    currency: str | None = None


class Expectation(Wire, frozen=True):
    """What the buyer of a claim wants."""

    name: str | None = None
    refund: Refund | None = None


class IssueReason(Wire, frozen=True):
    """Why a claim was made; disputes have none."""

    type: str | None = None


class Issue(Wire, frozen=True):
    """A dispute or a claim."""

    id: str
    opened_date: str
    type: str | None = None
    decision_due_date: str | None = None
    subject: str | None = None
    buyer: IssueUser = IssueUser()
    checkout_form: Ref | None = None
    current_state: IssueState = IssueState()
    chat: IssueChat = IssueChat()
    expectations: list[Expectation] | None = None
    description: str | None = None
    offer: IssueOffer | None = None
    reason: IssueReason | None = None


class IssuePage(Wire, frozen=True):
    """A page of the issues."""

    issues: list[msgspec.Raw]


class IssueFile(Wire, frozen=True):
    """An attachment of an issue; it has no state."""

    file_name: str
    url: str | None = None


class ChatAuthor(Wire, frozen=True):
    """Who wrote in an issue."""

    login: str | None = None
    role: str | None = None


class ChatMessage(Wire, frozen=True):
    """A message or a change of state in an issue."""

    id: str
    created_at: str
    author: ChatAuthor = ChatAuthor()
    text: str | None = None
    attachments: list[IssueFile] | None = None


class ChatPage(Wire, frozen=True):
    """A page of an issue's conversation."""

    chat: list[msgspec.Raw]


class Sent(Wire, frozen=True):
    """The answer to a send, into a thread or an issue."""

    id: str
    created_at: str | None = None
    status: str | None = None


class Price(Wire, frozen=True):
    """Money; the amount is kept as it is written."""

    amount: str
    currency: str


class ReturnBuyer(Wire, frozen=True):
    """Who sends something back."""

    email: str | None = None
    login: str | None = None


class ReturnReason(Wire, frozen=True):
    """Why one position comes back."""

    type: str | None = None
    user_comment: str | None = None


class ReturnItem(Wire, frozen=True):
    """A position that comes back."""

    quantity: int = 1
    price: Price | None = None
    reason: ReturnReason | None = None


class ReturnParcel(Wire, frozen=True):
    """A parcel in which it comes; some are empty but for the sender."""

    waybill: str | None = None


class Rejection(Wire, frozen=True):
    """Why the seller pays nothing back."""

    code: str | None = None


class CustomerReturn(Wire, frozen=True):
    """A return."""

    id: str
    created_at: str
    order_id: str | None = None
    buyer: ReturnBuyer = ReturnBuyer()
    items: list[ReturnItem] = []
    parcels: list[ReturnParcel] | None = None
    rejection: Rejection | None = None
    status: str | None = None


class ReturnPage(Wire, frozen=True):
    """A page of the returns."""

    customer_returns: list[msgspec.Raw]


class EventOrder(Wire, frozen=True):
    """What an event of the order log is about."""

    checkout_form: Ref | None = None


class OrderEvent(Wire, frozen=True):
    """An entry of the order log."""

    id: str
    order: EventOrder


class OrderEvents(Wire, frozen=True):
    """A page of the order log."""

    events: list[OrderEvent]


class LatestEvent(Wire, frozen=True):
    """Where the order log ends; nothing where it is empty."""

    latest_event: Ref | None = None


class Preferences(Wire, frozen=True):
    """What a buyer has chosen."""

    language: str | None = None


class Buyer(Wire, frozen=True):
    """Who ordered."""

    login: str
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


class External(Wire, frozen=True):
    """The seller's own number of an offer."""

    id: str | None = None


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
    line_items: list[Line] = []
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


class RatingUser(Wire, frozen=True):
    """Who rated."""

    login: str


class Rates(Wire, frozen=True):
    """Marks from 1 to 5."""

    delivery: int | None = None
    delivery_cost: int | None = None
    description: int | None = None
    service: int | None = None


class Answer(Wire, frozen=True):
    """What the seller says to a rating."""

    message: str | None = None


class Rating(Wire, frozen=True):
    """A rating of a sale."""

    id: str
    created_at: str
    buyer: RatingUser
    recommended: bool
    last_changed_at: str | None = None
    comment: str | None = None
    order: Ref | None = None
    rates: Rates | None = None
    answer: Answer | None = None


class RatingPage(Wire, frozen=True):
    """A page of the ratings."""

    ratings: list[msgspec.Raw]


class OfferEvent(Wire, frozen=True):
    """An entry of the offer log."""

    id: str
    occurred_at: str
    offer: Ref | None = None


class OfferEvents(Wire, frozen=True):
    """A page of the offer log."""

    offer_events: list[OfferEvent]


class Stock(Wire, frozen=True):
    """How many of an offer are left."""

    available: int | None = None


class Publication(Wire, frozen=True):
    """Whether an offer can be bought."""

    status: str | None = None


class Offer(Wire, frozen=True):
    """An offer."""

    id: str
    name: str | None = None
    stock: Stock | None = None
    publication: Publication = Publication()
    external: External | None = None


class OfferPage(Wire, frozen=True):
    """A page of the offers."""

    offers: list[msgspec.Raw]
