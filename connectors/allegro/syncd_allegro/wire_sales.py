"""The parts of returns, ratings and offers that syncd reads, as in `syncd_allegro.wire`."""

import msgspec

from syncd_allegro.wire import External, Price, Ref, Wire


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
    items: tuple[ReturnItem, ...] = ()
    parcels: list[ReturnParcel] | None = None
    rejection: Rejection | None = None
    status: str | None = None


class ReturnPage(Wire, frozen=True):
    """A page of the returns."""

    customer_returns: list[msgspec.Raw]


class RatingUser(Wire, frozen=True):
    """Who rated."""

    login: str
    id: str | None = None


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
