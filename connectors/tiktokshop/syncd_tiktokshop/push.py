"""TikTok Shop's webhooks: what each of them wakes.

Source: "Webhooks, Overview" and the pages of the topics at partner.tiktokshop.com. A push that is
not taken within 3 seconds is sent again after 2 and 30 minutes, 3 and 12 hours.
"""

import hmac
from datetime import UTC, datetime

import msgspec

from syncd.connector import NOT_JSON, Push, Wake
from syncd_tiktokshop.signature import push_signature
from syncd_tiktokshop.wire import Seconds

STREAMS: dict[int, tuple[str, ...]] = {
    1: ("orders",),  # order status
    2: ("returns", "orders"),  # reverse status, which 11 and 12 have replaced
    3: ("orders",),  # recipient's address
    4: ("orders",),  # packages combined or split
    11: ("returns", "orders"),  # cancellation status
    12: ("returns",),  # return status
    13: ("messages",),  # an agent joined or left a conversation
    14: ("messages",),  # new message
}
"""The streams that a topic brings news of, by its number; others bring none."""


class _Event(msgspec.Struct):
    type: int
    shop_id: str = ""
    timestamp: Seconds | None = None
    tts_notification_id: str | None = None


def pushed(push: Push, app_key: str, secret: str, shop_id: str | None) -> Wake | None:
    """What a push wakes; None where it is not signed with the app's secret.

    One for another shop of the app wakes nothing.
    """
    said = push.headers.get("authorization", "").encode()
    if not hmac.compare_digest(push_signature(secret, app_key, push.body).encode(), said):
        return None
    try:
        event = msgspec.json.decode(push.body, type=_Event, strict=False)
    except NOT_JSON:
        return Wake(streams=("messages", "orders", "returns"))
    ours = shop_id is None or event.shop_id == shop_id
    return Wake(
        streams=STREAMS.get(event.type, ()) if ours else (),
        sent_at=None if event.timestamp is None else datetime.fromtimestamp(event.timestamp, UTC),
        event_id=event.tts_notification_id,
    )
