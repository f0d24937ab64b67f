"""Orders that wait to be sent."""

from datetime import datetime

from syncd.model.base import Value
from syncd.model.items import OrderStatus
from syncd.model.parcels import ORDER_OVER, ParcelFacts


class OrderFacts(Value, frozen=True, kw_only=True):
    """An order as the watches see it as long as it has no parcel."""

    order_number: int
    """The store's own number of it."""
    account_id: int
    order_id: str
    """``source_id`` of the order."""
    status: OrderStatus
    seen_at: datetime
    """When it was last brought with news."""
    placed_at: datetime
    ship_by: datetime | None = None
    """Until when the seller has to hand it over."""
    deliver_by: datetime | None = None
    """The end of the promise made to the buyer."""
    protection_ends_at: datetime | None = None
    has_parcel: bool = False
    troubles: frozenset[str] = frozenset()
    """The kinds of findings of it that are open already."""

    @property
    def waits(self) -> bool:
        """Whether it is paid for, and nothing of it has left or has a label."""
        return self.status is OrderStatus.UNSHIPPED and not self.has_parcel

    @property
    def order_over(self) -> bool:
        """Whether its buyer expects nothing of it any more."""
        return self.status in ORDER_OVER

    @property
    def number(self) -> int:
        """What the store calls it among orders."""
        return self.order_number

    @property
    def shipment_id(self) -> None:
        """It has no parcel."""
        return

    @property
    def name(self) -> str:
        """What keys and fingerprints call it; no parcel is called so."""
        return f"{self.account_id}:order:{self.order_id}"

    @property
    def order_name(self) -> str:
        """The same: it is an order."""
        return self.name


Subject = ParcelFacts | OrderFacts
"""What watches judge."""


class Stock(Value, frozen=True):
    """How many of one thing there are, as the shop last said."""

    quantity: int
    changed_at: datetime
    """When syncd first heard this number."""


class Demand(Value, frozen=True, kw_only=True):
    """One thing that a waiting order wants."""

    order_number: int
    placed_at: datetime
    sku: str
    title: str
    quantity: int


class Lack(Value, frozen=True, kw_only=True):
    """One thing that cannot be had for an order."""

    demand: Demand
    left: int
    """How many are left for it after all older orders."""
    level: Stock


class OrderStory(Value, frozen=True, kw_only=True):
    """What a notice about an order without a parcel is made from, as the store knows it now."""

    order_id: str
    account: str
    """The account that it came through."""
    account_id: int
    country: str | None
    state: str | None
    site: str | None
    ship_by: datetime | None
    deliver_by: datetime | None
    items: tuple[str, ...] = ()
    """The titles of its lines, or of what is missing where the notice tells of that."""
