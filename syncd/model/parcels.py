"""How far a parcel is, in one vocabulary for all carriers."""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

from syncd.model.base import Value

CALLED_OFF = frozenset({"cancelled", "refunded"})
"""The order statuses of buyers who get nothing, or their money back."""
ORDER_OVER = CALLED_OFF | {"delivered"}
"""Those of buyers who expect no parcel any more."""
FURTHEST_AHEAD = timedelta(hours=14)
"""How far a clock may be ahead of UTC; none is as far behind it."""


class Milestone(StrEnum):
    """The stages of a parcel's way, from label to door."""

    UNKNOWN = "unknown"
    PRE_SHIPMENT = "pre_shipment"
    """A label or an announcement; the carrier does not have the parcel."""
    ACCEPTED = "accepted"
    IN_TRANSIT = "in_transit"
    EXPORT_CUSTOMS = "export_customs"
    ARRIVED_DESTINATION = "arrived_destination"
    IMPORT_CUSTOMS = "import_customs"
    CUSTOMS_HOLD = "customs_hold"
    AT_DELIVERY_DEPOT = "at_delivery_depot"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ATTEMPT_FAILED = "attempt_failed"
    READY_FOR_PICKUP = "ready_for_pickup"
    EXCEPTION = "exception"
    RETURNING = "returning"
    RETURNED = "returned"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Whether nothing more is expected of the parcel."""
        return self in _TERMINAL

    @property
    def physical(self) -> bool:
        """Whether somebody must have had the parcel in hand, as opposed to data sent ahead."""
        return self not in _DATA_ONLY


STAGES = {milestone: place for place, milestone in enumerate(Milestone)}
"""How far on the way each milestone is: of scans of one minute, the furthest is the latest."""

_TERMINAL = frozenset({Milestone.RETURNED, Milestone.DELIVERED, Milestone.CANCELLED})
_DATA_ONLY = frozenset({Milestone.UNKNOWN, Milestone.PRE_SHIPMENT, Milestone.CANCELLED})


class Reason(StrEnum):
    """Why a parcel is where it is, where the carrier says so."""

    ADDRESS = "address"
    ABSENT = "absent"
    REFUSED = "refused"
    CLOSED = "closed"
    PAYMENT_DUE = "payment_due"
    DOCUMENTS = "documents"
    PROHIBITED = "prohibited"
    INSPECTION = "inspection"
    DAMAGED = "damaged"
    LOST = "lost"
    WEATHER = "weather"
    CAPACITY = "capacity"
    MISSORT = "missort"
    FORCE_MAJEURE = "force_majeure"
    NOT_COLLECTED = "not_collected"
    CANCELLED_BY_SENDER = "cancelled_by_sender"
    OTHER = "other"


class Leg(StrEnum):
    """Which part of the way a scan belongs to."""

    FIRST = "first"
    LINEHAUL = "linehaul"
    LAST = "last"


class OffsetSource(StrEnum):
    """Where an event's UTC offset comes from."""

    CARRIER = "carrier"
    LOCATION = "location"
    ASSUMED = "assumed"


class ParcelRef(Value, frozen=True, kw_only=True):
    """A parcel that a tracking account is asked to follow."""

    tracking_number: str
    carrier: str | None = None
    origin_country: str | None = None
    destination_country: str | None = None
    postcode: str | None = None


class FollowFacts(Value, frozen=True, kw_only=True):
    """What the next look at a number that was just looked at depends on."""

    tracking_number: str
    step: int
    """How many looks have brought nothing since the last news."""
    news: bool
    """Whether scans have come since the look before."""
    milestone: Milestone
    deliver_by: datetime | None = None
    ended: bool = False
    """Whether no parcel with this number is under way any more."""
    asked_at: datetime | None = None
    """When a look was asked for that nobody has had yet."""


class ParcelState(Value, frozen=True, kw_only=True):
    """What a parcel's events add up to; kept on the shipment so that watches need not read them."""

    milestone: Milestone = Milestone.UNKNOWN
    milestone_at: datetime | None = None
    """When the present milestone was reached."""
    reason: Reason | None = None
    """Why it is there, as the carrier last said of this milestone."""
    first_scan_at: datetime | None = None
    """When the carrier first had the parcel in hand."""
    last_movement_at: datetime | None = None
    """The last time the carrier had it in hand; announcements do not count."""
    last_event_at: datetime | None = None
    eta: datetime | None = None
    """The carrier's own latest estimate, its end."""
    eta_before: datetime | None = None
    """The estimate that this one took the place of."""
    eta_since: datetime | None = None
    """When syncd first heard the latest estimate."""
    pickup_by: datetime | None = None
    """The last day on which the buyer can fetch it, where the carrier told one."""


class ParcelFacts(Value, frozen=True, kw_only=True):
    """A shipment as the watches see it: one row, nothing to look up."""

    shipment_id: int
    account_id: int
    source_id: str
    order_id: str
    """``source_id`` of its order."""
    tracking_number: str | None
    carrier: str | None
    state: ParcelState
    seen_at: datetime
    shipped_at: datetime | None = None
    ship_by: datetime | None = None
    """Until when the seller has to hand it over."""
    deliver_by: datetime | None = None
    """The end of the promise made to the buyer."""
    protection_ends_at: datetime | None = None
    origin_country: str | None = None
    destination_country: str | None = None
    number_before: str | None = None
    """The tracking number that it had until the shop named the present one."""
    number_since: datetime | None = None
    """When syncd first heard the present number, where it took another's place."""
    order_status: str | None = None
    """How far the platform says its order is, as an `OrderStatus`; None where none is known."""
    unreplaced_since: datetime | None = None
    """Since when its order has no parcel in its place, where it was cancelled at the carrier.

    When the last one of the order was cancelled. Any that was not takes the place of a mere label;
    that of one which the carrier had, only what left after it was cancelled.
    """

    @property
    def called_off(self) -> bool:
        """Whether its order was cancelled, or all of it paid back."""
        return self.order_status in CALLED_OFF

    @property
    def order_over(self) -> bool:
        """Whether its buyer expects no parcel of this order: it was called off, or all is there."""
        return self.order_status in ORDER_OVER

    @property
    def number(self) -> int:
        """What the store calls it among parcels."""
        return self.shipment_id

    @property
    def order_number(self) -> None:
        """Its order is known by the platform's id."""
        return

    @property
    def name(self) -> str:
        """What keys and fingerprints call it."""
        return f"{self.account_id}:{self.source_id}"

    @property
    def order_name(self) -> str:
        """What keys call its order, as `OrderFacts.name` does."""
        return f"{self.account_id}:order:{self.order_id}"


def event_fingerprint(number: str, local: datetime, text: str, code: str | None = None) -> str:
    """A stable id for a scan whose source gives none; the same scan polled again gets the same."""
    said = "\x1f".join((number, local.isoformat(), code or "", text.strip()))
    return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()
