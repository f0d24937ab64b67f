"""The parts of eBay's after-sales answers that syncd reads; names are eBay's, in snake case.

From the published type references of the Post-Order API 2 (its ids come as numbers or as text) and
the description of the Fulfillment API 1. eBay calls every field optional; those without which
there is no case are not so here.
"""

from decimal import Decimal
from typing import ClassVar

from syncd_ebay.wire import Amount, Time, Wire


class Moment(Wire, frozen=True):
    """A time, in a container of its own."""

    value: Time


class Money(Wire, frozen=True):
    """An amount; a number here, which is kept as it is written."""

    value: Decimal | None = None
    currency: str | None = None


class Comment(Wire, frozen=True):
    """What somebody wrote."""

    content: str | None = None


class ReturnCreation(Wire, frozen=True):
    """How a return began."""

    creation_date: Moment
    reason: str | None = None
    comments: Comment | None = None


class ReturnResponseDue(Wire, frozen=True):
    """What one side has to do, and until when."""

    activity_due: str | None = None
    respond_by_date: Moment | None = None


class TotalRefund(Wire, frozen=True):
    """What the buyer gets back."""

    estimated_refund_amount: Money | None = None
    actual_refund_amount: Money | None = None

    @property
    def amount(self) -> Money | None:
        """What it is, else what it may be."""
        return self.actual_refund_amount or self.estimated_refund_amount


class Return(Wire, frozen=True):
    """A return request."""

    return_id: int | str
    creation_info: ReturnCreation
    buyer_login_name: str | None = None
    order_id: str | None = None
    state: str | None = None
    status: str | None = None
    seller_response_due: ReturnResponseDue | None = None
    buyer_response_due: ReturnResponseDue | None = None
    seller_total_refund: TotalRefund = TotalRefund()


class Claim(Wire, frozen=True):
    """What inquiries and cases have in common."""

    creation_date: Moment
    buyer: str | None = None
    item_id: int | str | None = None
    claim_amount: Money | None = None
    respond_by_date: Moment | None = None
    last_modified_date: Moment | None = None


class Inquiry(Claim, frozen=True, kw_only=True):
    """An inquiry after something not received."""

    reason: ClassVar = "ITEM_NOT_RECEIVED"
    inquiry_id: int | str
    inquiry_status_enum: str | None = None


class EscalatedCase(Claim, frozen=True, kw_only=True):
    """A case that eBay decides."""

    case_id: int | str
    case_status_enum: str | None = None


class Cancellation(Wire, frozen=True):
    """A request to cancel."""

    cancel_id: int | str
    cancel_request_date: Moment
    buyer_login_name: str | None = None
    legacy_order_id: str | None = None
    cancel_reason: str | None = None
    cancel_state: str | None = None
    cancel_status: str | None = None
    cancel_close_date: Moment | None = None
    request_refund_amount: Money | None = None
    seller_response_due_date: Moment | None = None

    @property
    def order_id(self) -> str | None:
        """The id as other APIs have it; an unpaid order's is made of listing and transaction."""
        legacy = self.legacy_order_id
        return legacy if legacy and legacy.count("-") == 2 else None


class Dispute(Wire, frozen=True):
    """A payment dispute."""

    payment_dispute_id: str
    open_date: Time
    amount: Amount | None = None
    buyer_username: str | None = None
    closed_date: Time | None = None
    order_id: str | None = None
    payment_dispute_status: str | None = None
    reason: str | None = None
    respond_by_date: Time | None = None
