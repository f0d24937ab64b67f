"""What the watches look for: their settings, which the rules take as they are."""

from datetime import timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from syncd.config.values import Duration, PositiveDuration


class Section(BaseModel):
    """Base of every table of the config: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Kind(StrEnum):
    """The troubles that are found; a playbook's `when` names some of them."""

    SHIP_BY_NEAR = "ship_by_near"
    LATE_DISPATCH = "late_dispatch"
    OUT_OF_STOCK = "out_of_stock"
    NO_FIRST_SCAN = "no_first_scan"
    CANCELLED = "cancelled"
    NUMBER_CHANGED = "number_changed"
    NO_MOVEMENT = "no_movement"
    PRESUMED_LOST = "presumed_lost"
    CUSTOMS_HOLD = "customs_hold"
    ATTEMPT_FAILED = "attempt_failed"
    AWAITING_PICKUP = "awaiting_pickup"
    PICKUP_ENDING = "pickup_ending"
    EXCEPTION = "exception"
    LOST = "lost"
    DAMAGED = "damaged"
    RETURNING = "returning"
    RETURNED = "returned"
    ETA_SLIPPED = "eta_slipped"
    PROMISE_PASSED = "promise_passed"
    PROTECTION_ENDING = "protection_ending"
    AT_RISK = "at_risk"
    LIKELY_LATE = "likely_late"
    SHIPPED = "shipped"
    ARRIVED = "arrived"


FOR_STAFF = frozenset(
    {
        Kind.SHIP_BY_NEAR,
        Kind.LATE_DISPATCH,
        Kind.OUT_OF_STOCK,
        Kind.NO_FIRST_SCAN,
        Kind.CANCELLED,
        Kind.PRESUMED_LOST,
        Kind.PICKUP_ENDING,
        Kind.PROTECTION_ENDING,
        Kind.AT_RISK,
    }
)
"""What the seller's own people have to act on; telling a buyer would be too early or too much."""
WITH_TEXT = frozenset({Kind.LATE_DISPATCH, Kind.OUT_OF_STOCK})
"""What of that a buyer may be told, early and honestly, if a playbook wants it: there is a text."""
BOTH = frozenset({Kind.LOST, Kind.DAMAGED, Kind.RETURNING, Kind.RETURNED})
"""What a buyer should hear of and a person has to see to: to send again, or to give money back."""
FORECAST = frozenset({Kind.AT_RISK, Kind.LIKELY_LATE})
"""What may not come true: listed on the board, and told once a seller has seen in a backtest what
it is worth."""
NEWS = frozenset({Kind.SHIPPED, Kind.ARRIVED})
"""What is no trouble: told where a seller wants it; that a parcel has arrived, only to a buyer who
was told of a trouble with it."""
FOR_BUYERS = tuple(kind for kind in Kind if kind not in FOR_STAFF | FORECAST | NEWS)
"""What a buyer should hear from the seller first."""


class Watch(Section):
    """Base of the settings of every watch."""

    enabled: bool = Field(default=True, description="Whether to look for it.")


class LateDispatch(Watch):
    """Orders and parcels not handed to the carrier when they have to be, or soon have to be."""

    ahead: Duration = Field(
        default=timedelta(days=1),
        description="How long before the end of the dispatch time staff are warned (ship_by_near); "
        "past its end it is late_dispatch.",
    )


class OutOfStock(Watch):
    """Orders that wait to be sent and cannot be served from stock, the oldest served first."""

    on_hand: tuple[str, ...] = Field(
        default=(),
        description="Accounts whose stock counts what lies on the shelf, open orders included, such as "
        '["warehouse-*"]. Of all others it counts what can still be sold, as most marketplaces '
        "tell it: there goods are missing only where it is below zero.",
    )
    after: Duration = Field(
        default=timedelta(hours=1),
        description="How long goods must have been missing: stock and orders are not read at the same "
        "moment.",
    )


class NoFirstScan(Watch):
    """Parcels with a label that no carrier has scanned, long after the shop said they were sent."""

    after: PositiveDuration = Field(
        default=timedelta(days=2),
        description="How long it may take, in working days of both countries: week-ends and "
        "public holidays do not count.",
    )


class Cancelled(Watch):
    """Labels and parcels that were cancelled while the buyer waits for them.

    Nothing is found where another parcel takes their place.
    """

    after: Duration = Field(
        default=timedelta(hours=2),
        description="How long the shop may take to tell of another parcel, or that the order was "
        "called off.",
    )


class NumberChanged(Watch):
    """Parcels whose tracking number the shop has replaced, once the new one has been scanned.

    The buyer would go on watching a dead number.
    """

    lasts: PositiveDuration = Field(
        default=timedelta(days=7),
        description="How long after the change it is worth telling.",
    )


class NoMovement(Watch):
    """Parcels that no carrier has scanned for long."""

    after: PositiveDuration = Field(
        default=timedelta(days=5),
        description="How long after the last scan a parcel within a country, or one that has "
        "arrived in the buyer's, is late; in working days of both countries: week-ends and public "
        "holidays do not count.",
    )
    between_countries: PositiveDuration = Field(
        default=timedelta(days=10),
        description="The same for one on its way from one country to another.",
    )


class PresumedLost(Watch):
    """Parcels that no carrier has scanned for so long that they will not come any more."""

    after: PositiveDuration = Field(
        default=timedelta(days=30), description="How long after the last scan."
    )


class CustomsHold(Watch):
    """Parcels that customs hold; at once where papers or a payment are asked for."""

    after: Duration = Field(
        default=timedelta(days=2),
        description="How long customs may take otherwise, in working days of both countries.",
    )


class AttemptFailed(Watch):
    """Parcels whose delivery was tried in vain, or whose address is wrong."""


class AwaitingPickup(Watch):
    """Parcels that wait for the buyer to fetch them."""

    after: Duration = Field(
        default=timedelta(days=2),
        description="How long they wait before the buyer is told; less where the last day to fetch "
        "it is told and would be nearer than that.",
    )


class PickupEnding(Watch):
    """Parcels that will soon be sent back because nobody has fetched them."""

    ahead: PositiveDuration = Field(
        default=timedelta(days=2), description="How long before the last day to fetch it."
    )
    kept: PositiveDuration = Field(
        default=timedelta(days=7),
        description="How long a parcel is kept where the carrier has not told a last day.",
    )


class CarrierException(Watch):
    """Parcels about which the carrier reports a trouble of any other kind."""


class LostOrDamaged(Watch):
    """Parcels that the carrier reports as lost or damaged."""


class Returning(Watch):
    """Parcels on their way back to the sender, or back there (returned)."""

    lasts: PositiveDuration = Field(
        default=timedelta(days=7),
        description="How long one that is back counts as something to act on.",
    )


class EtaSlipped(Watch):
    """Parcels that will come after the promised date by the carrier's own estimate."""

    by: Duration = Field(
        default=timedelta(days=1), description="How much later than promised counts."
    )
    confirmed_after: Duration = Field(
        default=timedelta(hours=12),
        description="How long the estimate has to stand, so that two looks at the parcel have seen "
        "it; two different estimates that are both too late count at once.",
    )


class PromisePassed(Watch):
    """Parcels still under way after the date that the buyer was promised."""

    grace: Duration = Field(
        default=timedelta(days=1),
        description="How long after the promised date to wait before it counts.",
    )


class ProtectionEnding(Watch):
    """Parcels still under way when the buyer will soon be unable to ask for the money back."""

    ahead: PositiveDuration = Field(
        default=timedelta(days=5),
        description="How long before the end of the buyer's protection.",
    )


class Watches(Section):
    """What counts as trouble."""

    late_dispatch: LateDispatch = LateDispatch()
    out_of_stock: OutOfStock = OutOfStock()
    no_first_scan: NoFirstScan = NoFirstScan()
    cancelled: Cancelled = Cancelled()
    number_changed: NumberChanged = NumberChanged()
    no_movement: NoMovement = NoMovement()
    presumed_lost: PresumedLost = PresumedLost()
    customs_hold: CustomsHold = CustomsHold()
    attempt_failed: AttemptFailed = AttemptFailed()
    awaiting_pickup: AwaitingPickup = AwaitingPickup()
    pickup_ending: PickupEnding = PickupEnding()
    exception: CarrierException = CarrierException()
    lost_or_damaged: LostOrDamaged = LostOrDamaged()
    returning: Returning = Returning()
    eta_slipped: EtaSlipped = EtaSlipped()
    promise_passed: PromisePassed = PromisePassed()
    protection_ending: ProtectionEnding = ProtectionEnding()
