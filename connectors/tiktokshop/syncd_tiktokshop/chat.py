"""TikTok Shop's chat messages as messages of the model; pure."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from syncd.model import Attachment, Direction, Message, MessageKind, Party
from syncd_tiktokshop import wire

Content = dict[str, object]

_SIDES = {
    "BUYER": (Direction.INBOUND, MessageKind.HUMAN),
    "SHOP": (Direction.OUTBOUND, MessageKind.HUMAN),
    "CUSTOMER_SERVICE": (Direction.OUTBOUND, MessageKind.HUMAN),
    "ROBOT": (Direction.OUTBOUND, MessageKind.AUTO_REPLY),
    "SYSTEM": (Direction.PLATFORM, MessageKind.BULK),
}
# Said by nobody, whatever their sender: where the buyer came from, who joined.
_MARKERS = frozenset(
    {
        "NOTIFICATION",
        "ALLOCATED_SERVICE",
        "BUYER_ENTER_FROM_TRANSFER",
        "BUYER_ENTER_FROM_PRODUCT",
        "BUYER_ENTER_FROM_ORDER",
    }
)
_WORDS: dict[str, Callable[[Content], str]] = {
    "TEXT": lambda content: str(content["content"]),
    "IMAGE": lambda _: "[image]",
    "VIDEO": lambda _: "[video]",
    "EMOTICONS": lambda _: "[sticker]",
    "PRODUCT_CARD": lambda content: f"[product {content.get('product_id', '')}]",
    "BUYER_ENTER_FROM_PRODUCT": lambda content: f"[looked at product {content.get('product_id')}]",
    "ORDER_CARD": lambda content: f"[order {content.get('order_id', '')}]",
    "BUYER_ENTER_FROM_ORDER": lambda content: f"[looked at order {content.get('order_id')}]",
    "RETURN_REFUND_CARD": lambda content: f"[return or refund, order {content.get('order_id')}]",
    "LOGISTICS_CARD": lambda content: f"[parcel of order {content.get('order_id')}]",
    "COUPON_CARD": lambda content: f"[coupon {content.get('coupon_id', '')}]",
}
_FILES = {"IMAGE": ("image", "image/*"), "VIDEO": ("video", "video/mp4")}


def message(raw: bytes, thread: wire.Conversation) -> list[Message]:
    """A message of the conversation; none where TikTok says that nobody is to see it.

    Raises msgspec.MsgspecError, and ValueError for a sender of an unknown kind.
    """
    said = msgspec.json.decode(raw, type=wire.ChatMessage)
    if not said.is_visible:
        return []
    direction, kind = _side(said)
    content = _content(said.content)
    return [
        Message(
            source_id=said.id,
            sent_at=datetime.fromtimestamp(said.create_time, UTC),
            direction=direction,
            buyer=Party(id=thread.buyer.user_id or None, name=thread.buyer.nickname or None),
            text=_text(said.type, content),
            thread_id=thread.id,
            order_ids=_ids(content, "order_id"),
            listing_ids=_ids(content, "product_id"),
            kind=kind,
            attachments=_attachments(said.type, content),
            raw=raw,
        )
    ]


def _side(said: wire.ChatMessage) -> tuple[Direction, MessageKind]:
    if said.type in _MARKERS:
        return Direction.PLATFORM, MessageKind.BULK
    if said.sender.role not in _SIDES:
        raise ValueError(f"the sender is a {said.sender.role!r}, which is none of {sorted(_SIDES)}")
    return _SIDES[said.sender.role]


def _content(text: str) -> Content:
    return msgspec.json.decode(text or "{}", type=Content)


def _text(kind: str, content: Content) -> str:
    if kind in _WORDS:
        return _WORDS[kind](content)
    told = content.get("content")
    return told if isinstance(told, str) and told else f"[{kind.lower().replace('_', ' ')}]"


def _ids(content: Content, name: str) -> tuple[str, ...]:
    """The order or listing that a card shows; numbers, should TikTok write one, stay whole."""
    told = content.get(name)
    return (str(told),) if told else ()


def _attachments(kind: str, content: Content) -> tuple[Attachment, ...]:
    url = content.get("url")
    if kind not in _FILES or not isinstance(url, str) or not url.startswith("https://"):
        return ()
    name, media_type = _FILES[kind]
    return (Attachment(name=name, media_type=media_type, url=url),)
