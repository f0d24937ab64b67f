"""The parts of AliExpress's answers that syncd reads; names are AliExpress's.

From the answers that its published SDK declares, by the method that `client` names. Whatever else
an answer holds is kept in the items' raw payloads only. SDK and samples disagree on whether an
amount, an id or a truth value is a text, so both are read.
"""

from typing import TypeVar

import msgspec

T = TypeVar("T")

Id = int | str
Flag = bool | str
Number = int | float | str
# A list stands in an object with one name, that of its entries' type; in simplified answers bare.
Listed = dict[str, list[T] | None] | list[T] | None


def entries(listed: Listed[T]) -> list[T]:
    """The entries of a list, in whichever of its forms."""
    if isinstance(listed, dict):
        return next(iter(listed.values()), None) or []
    return listed or []


def is_true(flag: Flag | None) -> bool:
    """Whether it says so."""
    return str(flag).lower() == "true"


class Wire(msgspec.Struct, frozen=True):
    """Base: AliExpress leaves out what it does not know."""


class Fault(Wire, frozen=True):
    """What is wrong, as the old gateway (msg, sub_code) and the new one (type, message) say it."""

    code: Id = "0"
    type: str | None = None
    msg: str | None = None
    message: str | None = None
    sub_code: str | None = None
    sub_msg: str | None = None
    request_id: str | None = None


class Answer(Fault, frozen=True):
    """Any answer, as far as it says that something is wrong."""

    error_response: Fault | None = None


class Tokens(Answer, frozen=True):
    """The answer of /auth/token/create and /auth/token/refresh."""

    access_token: str = ""
    refresh_token: str | None = None
    expires_in: Number = 3600


class OrderPage(Wire, frozen=True):
    """A page of aliexpress.trade.seller.orderlist.get."""

    success: Flag | None = None
    error_code: str | None = None
    error_message: str | None = None
    total_count: int | None = None
    total_page: int | None = None
    target_list: Listed[msgspec.Raw] = None


class OrderList(Wire, frozen=True):
    """The answer of aliexpress.trade.seller.orderlist.get."""

    result: OrderPage


class OrderHead(Wire, frozen=True):
    """What the list of orders is walked by."""

    order_id: Id
    gmt_create: str
    gmt_update: str | None = None


class FoundOrder(Wire, frozen=True):
    """The answer of aliexpress.trade.new.redefining.findorderbyid."""

    target: msgspec.Raw = msgspec.Raw(b"null")


class Money(Wire, frozen=True):
    """An amount, kept as it is written."""

    amount: Number | None = None
    amount_str: Number | None = None
    currency_code: str | None = None

    @property
    def value(self) -> str | None:
        """The amount as text."""
        known = self.amount_str if self.amount is None else self.amount
        return None if known is None else str(known)


class Person(Wire, frozen=True):
    """Who bought."""

    login_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class PostalAddress(Wire, frozen=True):
    """Where it goes."""

    contact_person: str | None = None
    country: str | None = None
    province: str | None = None
    city: str | None = None
    zip: str | None = None
    detail_address: str | None = None
    address: str | None = None
    address2: str | None = None
    phone_country: str | None = None
    mobile_no: str | None = None


class Variant(Wire, frozen=True):
    """One property of what was chosen, such as its colour."""

    name: str | None = msgspec.field(default=None, name="pName")
    value: str | None = msgspec.field(default=None, name="pValue")
    own_value: str | None = msgspec.field(default=None, name="selfDefineValue")


class Variants(Wire, frozen=True):
    """What `product_attributes` holds, as JSON in a text."""

    sku: list[Variant] = []


class Line(Wire, frozen=True):
    """A position of an order, which AliExpress calls a child order."""

    id: Id
    child_order_id: Id | None = None
    product_id: Id | None = None
    product_name: str | None = None
    product_count: int | None = None
    product_price: Money | None = None
    product_attributes: str | None = None
    sku_code: str | None = None
    logistics_service_name: str | None = None


class Parcel(Wire, frozen=True):
    """A parcel of an order."""

    logistics_no: str | None = None
    logistics_service_name: str | None = None
    logistics_type_code: str | None = None
    ship_order_id: Id | None = None
    gmt_send: str | None = None


class SoldOrder(Wire, frozen=True):
    """An order."""

    id: Id
    gmt_create: str
    order_status: str | None = None
    gmt_pay_success: str | None = None
    logistics_status: str | None = None
    issue_status: str | None = None
    frozen_status: str | None = None
    over_time_left: str | None = None
    """When the order's present status ends: the duty to ship, or the buyer's protection."""
    buyerloginid: str | None = None
    buyer_signer_fullname: str | None = None
    buyer_info: Person | None = None
    receipt_address: PostalAddress | None = None
    new_order_amount: Money | None = None
    order_amount: Money | None = None
    memo: str | None = None
    child_order_list: Listed[Line] = None
    logistic_info_list: Listed[msgspec.Raw] = None


class Shipped(Wire, frozen=True):
    """The answer of aliexpress.logistics.sellershipmentfortop."""

    result_success: Flag
    result_error_code: Id | None = None
    result_error_desc: str | None = None


class Extended(Wire, frozen=True):
    """The answer of aliexpress.trade.redefining.extendsbuyeracceptgoodstime."""

    is_success: Flag
    sub_error_code: Id | None = None
    memo: str | None = None


class IssuePage(Wire, frozen=True):
    """A page of aliexpress.issue.issuelist.get."""

    total_item: int | None = None
    data_list: Listed[msgspec.Raw] = None


class IssueHead(Wire, frozen=True):
    """An entry of the list of disputes."""

    issue_id: Id
    gmt_create: str
    gmt_modified: str | None = None
    buyer_login_id: str | None = None
    issue_status: str | None = None
    order_id: Id | None = None
    parent_order_id: Id | None = None
    reason_english: str | None = None
    reason_chinese: str | None = None


class FoundIssue(Wire, frozen=True):
    """The answer of aliexpress.issue.detail.get."""

    result_object: msgspec.Raw = msgspec.Raw(b"null")


class Solution(Wire, frozen=True):
    """What one side proposes."""

    status: str | None = None
    solution_type: str | None = None
    reached_type: str | None = None
    refund_money: Number | None = None
    refund_money_currency: str | None = None


class Step(Wire, frozen=True):
    """Something that happened in a dispute."""

    action_type: str | None = None
    submit_member_type: str | None = None
    content: str | None = None
    receive_goods: Flag | None = None


class Issue(Wire, frozen=True):
    """A dispute."""

    issue_reason: str | None = None
    buyer_return_no: str | None = None
    refund_money_max_local: Number | None = None
    refund_money_max_local_currency: str | None = None
    buyer_solution_list: Listed[Solution] = None
    seller_solution_list: Listed[Solution] = None
    platform_solution_list: Listed[Solution] = None
    process_dto_list: Listed[Step] = None


class Evaluations(Wire, frozen=True):
    """The answer of aliexpress.evaluation.listorderevaluation.get."""

    target_list: Listed[msgspec.Raw] = None


class Evaluation(Wire, frozen=True):
    """A review."""

    order_id: Id
    valid_date: str | None = None
    gmt_create: str | None = None
    gmt_modified: str | None = None
    parent_order_id: Id | None = None
    buyer_login_id: str | None = None
    buyer_evaluation: Number | None = None
    buyer_feedback: str | None = None
    buyer_fb_date: str | None = None
    seller_reply: str | None = None

    @property
    def shown_since(self) -> str:
        """Since when buyers can see it, by which the list is asked for."""
        return self.valid_date or self.gmt_create or ""
