"""The parts of TikTok Shop's answers that syncd reads, under TikTok's names.

From the published reference of the versions 202309. Whatever else an answer holds is kept in the
items' raw payloads only. Times are Unix seconds, where 0 stands for none.
"""

from typing import Annotated

import msgspec

# Up to the year 9999, as far as Python's clock goes.
Seconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]


class Answer(msgspec.Struct):
    """What every answer is wrapped in; good ones have the code 0."""

    code: int
    data: msgspec.Raw = msgspec.Raw(b"{}")


class Fault(msgspec.Struct):
    """An answer with another code."""

    code: int
    message: str = ""
    request_id: str = ""


class Tokens(msgspec.Struct):
    """What a login gives out."""

    access_token: str
    refresh_token: str
    access_token_expire_in: float
    """In spite of its name the Unix second at which it ends."""

    def __repr__(self) -> str:
        return "Tokens(***)"


class Shop(msgspec.Struct):
    """A shop that the seller let the app into."""

    id: str
    cipher: str
    name: str = ""
    region: str = ""


class Shops(msgspec.Struct):
    """All of them."""

    shops: list[Shop] | None = None


class Participant(msgspec.Struct):
    """Somebody in a conversation; orders know a buyer by `user_id` only, never by `im_user_id`."""

    role: str = ""
    user_id: str | None = None
    nickname: str | None = None


class MessageHead(msgspec.Struct):
    """What the list of conversations shows of a message; nothing where there is none yet."""

    id: str = ""
    create_time: Seconds = 0


class Conversation(msgspec.Struct):
    """An entry of the list of conversations."""

    id: str
    create_time: Seconds = 0
    latest_message: MessageHead | None = None
    participants: list[Participant] | None = None

    @property
    def buyer(self) -> Participant:
        """The buyer's side, as far as it is told."""
        sides = (one for one in self.participants or () if one.role == "BUYER")
        return next(sides, Participant())


class Conversations(msgspec.Struct):
    """A page of the list."""

    conversations: list[msgspec.Raw] | None = None
    next_page_token: str | None = None


class Sender(msgspec.Struct):
    """Who wrote a message."""

    role: str


class ChatMessage(msgspec.Struct):
    """A message; `content` is JSON inside this string."""

    id: str
    type: str
    create_time: Seconds
    sender: Sender
    content: str = ""
    is_visible: bool = True


class Place(msgspec.Struct):
    """A message's place in its conversation: `index` grows with each, `create_time` may not."""

    index: str
    create_time: Seconds


class Messages(msgspec.Struct):
    """A page of a conversation."""

    messages: list[msgspec.Raw] | None = None
    next_page_token: str | None = None


class Opened(msgspec.Struct):
    """A conversation that was made or opened again."""

    conversation_id: str


class Sent(msgspec.Struct):
    """A message that was taken."""

    message_id: str


class Page(msgspec.Struct):
    """A page of orders, returns or cancellations: one of the lists is there."""

    orders: list[msgspec.Raw] | None = None
    return_orders: list[msgspec.Raw] | None = None
    cancellations: list[msgspec.Raw] | None = None
    next_page_token: str | None = None
    total_count: int | None = None

    @property
    def entries(self) -> list[msgspec.Raw]:
        """The list that is there."""
        return self.orders or self.return_orders or self.cancellations or []


class OrderHead(msgspec.Struct):
    """What the list of orders is walked by."""

    id: str
    update_time: Seconds


class ReturnHead(msgspec.Struct):
    """What the list of returns is walked by."""

    return_id: str
    update_time: Seconds


class CancellationHead(msgspec.Struct):
    """What the list of cancellations is walked by."""

    cancel_id: str
    update_time: Seconds


class Payment(msgspec.Struct):
    """What the buyer paid."""

    currency: str | None = None
    total_amount: str | None = None


class District(msgspec.Struct):
    """One level of an address."""

    address_level: str = ""
    address_level_name: str = ""
    address_name: str | None = None


class Recipient(msgspec.Struct):
    """Where an order goes; names and numbers hold stars where TikTok hides them."""

    name: str | None = None
    phone_number: str | None = None
    region_code: str | None = None
    postal_code: str | None = None
    post_town: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    address_line4: str | None = None
    district_info: list[District] | None = None


class Line(msgspec.Struct):
    """One piece of an order; two of the same make two lines."""

    id: str
    product_name: str = ""
    product_id: str | None = None
    seller_sku: str | None = None
    sku_name: str | None = None
    sale_price: str | None = None
    package_id: str | None = None
    package_status: str | None = None
    tracking_number: str | None = None
    shipping_provider_name: str | None = None
    rts_time: Seconds | None = None


class Order(msgspec.Struct):
    """An order; ``sla`` times are what the seller is measured by, ``due`` times end the order."""

    id: str
    status: str
    create_time: Seconds
    user_id: str | None = None
    paid_time: Seconds | None = None
    rts_sla_time: Seconds | None = None
    shipping_due_time: Seconds | None = None
    tts_sla_time: Seconds | None = None
    collection_due_time: Seconds | None = None
    collection_time: Seconds | None = None
    delivery_sla_time: Seconds | None = None
    delivery_option_required_delivery_time: Seconds | None = None
    delivery_option_id: str | None = None
    delivery_option_name: str | None = None
    shipping_type: str | None = None
    commerce_platform: str | None = None
    buyer_message: str | None = None
    buyer_nickname: str | None = None
    payment: Payment | None = None
    recipient_address: Recipient | None = None
    line_items: list[Line] | None = None


class Orders(msgspec.Struct):
    """Orders asked for by their ids."""

    orders: list[Order] | None = None


class NextAction(msgspec.Struct):
    """What the seller has to do, and by when."""

    action: str = ""
    deadline: Seconds | None = None


class Refund(msgspec.Struct):
    """What is asked for."""

    refund_total: str | None = None
    currency: str | None = None


class AfterSale(msgspec.Struct):
    """What a return and a cancellation have in common."""

    create_time: Seconds
    order_id: str | None = None
    update_time: Seconds | None = None
    refund_amount: Refund | None = None
    seller_next_action_response: list[NextAction] | None = None


class Return(AfterSale, kw_only=True):
    """A return, refund or replacement that was asked for."""

    return_id: str
    return_type: str = ""
    return_status: str = ""
    arbitration_status: str | None = None
    return_reason: str | None = None
    return_reason_text: str | None = None
    return_tracking_number: str | None = None


class Cancellation(AfterSale, kw_only=True):
    """An order that is being or was cancelled."""

    cancel_id: str
    cancel_status: str = ""
    cancel_reason: str | None = None
    cancel_reason_text: str | None = None


class Provider(msgspec.Struct):
    """A carrier that a way of delivery may be sent by."""

    id: str
    name: str = ""


class Providers(msgspec.Struct):
    """All of them."""

    shipping_providers: list[Provider] | None = None


class Packed(msgspec.Struct):
    """A package that was made by telling of it."""

    package_id: str | None = None
