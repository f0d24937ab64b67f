"""TikTok Shop's calls: one method each, signed requests out and raw answers back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from syncd.connector import ConnectorError, Secret
from syncd.http import Auth, Budget, HttpClient, Outgoing, Params, Reply, segment, shared_budget
from syncd_tiktokshop import errors, wire
from syncd_tiktokshop.signature import request_signature

T = TypeVar("T")

CONVERSATIONS_PER_PAGE = 20
MESSAGES_PER_PAGE = 10
ORDERS_PER_PAGE = 100
CASES_PER_PAGE = 50
# Not published; what programs of others keep to, for an app with all its shops.
CALLS_A_SECOND = 50
# "Get Conversations" and "Get Conversation Messages" end at 10,000 a day.
CHAT_CALLS_A_DAY = 10_000
CHAT_BURST = 1_000

_ORDERS, _CHAT = "/order/202309/orders", "/customer_service/202309/conversations"
_FULFILLMENT, _CASES = "/fulfillment/202309", "/return_refund/202309"
_SCOPES = {
    "/authorization/": "seller.authorization.info",
    "/customer_service/": "seller.customer_service",
    "/order/": "seller.order.info",
    "/fulfillment/": "seller.fulfillment.package.write",
    "/logistics/": "seller.logistics",
    "/return_refund/": "seller.return_refund.basic",
}


class TikTokClient:
    """The calls of one shop. Thread-safe. `cipher` names the shop, and may ask for it."""

    def __init__(
        self,
        base_url: str,
        auth: Auth,
        *,
        app_key: str,
        app_secret: Secret,
        now: Callable[[], datetime],
        cipher: Callable[[], str],
    ) -> None:
        host = urlsplit(base_url).netloc
        self._app_key, self._app_secret = app_key, app_secret
        self._now, self._cipher = now, cipher
        self._ahead = timedelta(0)
        rate = (CHAT_CALLS_A_DAY - CHAT_BURST) / 86_400
        self._chat = Budget(rate, CHAT_BURST)
        self._http = HttpClient(
            base_url,
            auth=auth,
            headers={"content-type": "application/json"},  # asked for with reading, too
            judge=self._judge,
            expired=errors.expired,
            sign=self._signed,
            budget=shared_budget(f"tiktokshop:{host}:{app_key}", CALLS_A_SECOND, CALLS_A_SECOND),
        )

    def shops(self) -> list[wire.Shop]:
        """The shops that the login is good for."""
        path = "/authorization/202309/shops"  # the one call that takes no cipher
        return _data(_scoped(path, lambda: self._http.get(path)), wire.Shops).shops or []

    def conversations(
        self, page_token: str = "", limit: int = CONVERSATIONS_PER_PAGE
    ) -> wire.Conversations:
        """A page of all conversations."""
        self._chat.take()
        return self._get(_CHAT, wire.Conversations, _page(limit, page_token))

    def messages(self, conversation_id: str, page_token: str = "") -> wire.Messages:
        """A page of a conversation, by the place in it, the latest first."""
        self._chat.take()
        params = _page(MESSAGES_PER_PAGE, page_token, sort_field="index", sort_order="DESC")
        return self._get(f"{_CHAT}/{segment(conversation_id)}/messages", wire.Messages, params)

    def open_conversation(self, buyer_user_id: str) -> str:
        """The conversation with a buyer, made or opened again; the same one at each asking."""
        body = {"buyer_user_id": buyer_user_id}
        return self._query(_CHAT, wire.Opened, body).conversation_id

    def send_text(self, conversation_id: str, text: str) -> str:
        """Send a text; gives the message's id. OutcomeUnknown where TikTok failed at it."""
        content = msgspec.json.encode({"content": text}).decode()
        path = f"{_CHAT}/{segment(conversation_id)}/messages"
        return self._post(path, wire.Sent, {"type": "TEXT", "content": content}).message_id

    def changed_orders(
        self,
        start: datetime,
        end: datetime | None,
        page_token: str = "",
        limit: int = ORDERS_PER_PAGE,
    ) -> wire.Page:
        """A page of the orders that changed in the span."""
        return self._changed(f"{_ORDERS}/search", start, end, page_token, limit)

    def changed_cases(
        self, kind: str, start: datetime, end: datetime | None, page_token: str = ""
    ) -> wire.Page:
        """A page of the ``returns`` or ``cancellations`` that changed in the span."""
        return self._changed(f"{_CASES}/{kind}/search", start, end, page_token, CASES_PER_PAGE)

    def order(self, order_id: str) -> wire.Order | None:
        """One order; None where TikTok knows none."""
        orders = self._get(_ORDERS, wire.Orders, {"ids": order_id}).orders or []
        return next((one for one in orders if one.id == order_id), None)

    def providers(self, delivery_option_id: str) -> list[wire.Provider]:
        """The carriers that a way of delivery may be sent by."""
        path = (
            f"/logistics/202309/delivery_options/{segment(delivery_option_id)}/shipping_providers"
        )
        return self._get(path, wire.Providers).shipping_providers or []

    def ship(self, package_id: str, tracking_number: str, provider_id: str) -> None:
        """Tell that a package left."""
        sent = {"tracking_number": tracking_number, "shipping_provider_id": provider_id}
        path = f"{_FULFILLMENT}/packages/{segment(package_id)}/ship"
        self._post(path, msgspec.Raw, {"self_shipment": sent})

    def mark_shipped(
        self, order_id: str, line_ids: list[str], tracking_number: str, provider_id: str
    ) -> str | None:
        """Tell that lines left in a package, if an order has none yet; gives the package's id."""
        body = {
            "order_line_item_ids": line_ids,
            "tracking_number": tracking_number,
            "shipping_provider_id": provider_id,
        }
        path = f"{_FULFILLMENT}/orders/{segment(order_id)}/packages"
        return self._post(path, wire.Packed, body).package_id

    def horizon(self, now: datetime) -> datetime:
        """Until when TikTok can have answered, by its clock and ours."""
        return self._http.horizon(now)

    def close(self) -> None:
        """Close the kept connections."""
        self._http.close()

    def _changed(
        self, path: str, start: datetime, end: datetime | None, page_token: str, limit: int
    ) -> wire.Page:
        span = {"update_time_ge": int(start.timestamp())}
        if end is not None:
            span["update_time_lt"] = int(end.timestamp())
        params = _page(limit, page_token, sort_field="update_time", sort_order="ASC")
        return self._query(path, wire.Page, span, params)

    def _get(self, path: str, data: type[T], params: Params | None = None) -> T:
        return _data(_scoped(path, lambda: self._http.get(path, self._of_shop(params))), data)

    def _query(self, path: str, data: type[T], body: Any, params: Params | None = None) -> T:
        told = self._of_shop(params)
        return _data(_scoped(path, lambda: self._http.query(path, body, told)), data)

    def _post(self, path: str, data: type[T], body: Any) -> T:
        told = self._of_shop(None)
        return _data(_scoped(path, lambda: self._http.post(path, body, told)), data)

    def _of_shop(self, params: Params | None) -> Params:
        return {**(params or {}), "shop_cipher": self._cipher()}

    def _judge(self, reply: Reply) -> ConnectorError | None:
        """As `errors` has it; and TikTok's clock is gone by where it finds ours to be off."""
        theirs = _date(reply) if errors.clock_is_off(reply) else None
        if theirs is not None:
            self._ahead = theirs - self._now()
        return errors.judge(reply)

    def _signed(self, request: Outgoing) -> Outgoing:
        stamp = str(int((self._now() + self._ahead).timestamp()))
        params = (*request.params, ("app_key", self._app_key), ("timestamp", stamp))
        secret = self._app_secret.reveal()
        sign = request_signature(secret, request.path, params, request.content)
        return replace(request, params=(*params, ("sign", sign)))


def _page(limit: int, page_token: str, **more: str) -> dict[str, str | int]:
    token = {"page_token": page_token} if page_token else {}
    return {"page_size": limit, **more, **token}


def _date(reply: Reply) -> datetime | None:
    try:
        return parsedate_to_datetime(reply.headers.get("date", "")).astimezone(UTC)
    except (ValueError, TypeError):
        return None


def _data(reply: Reply, type_: type[T]) -> T:
    return replace(reply, content=bytes(reply.json(wire.Answer).data)).json(type_)


def _scoped(path: str, call: Callable[[], Reply]) -> Reply:
    try:
        return call()
    except errors.MissingScope as error:
        scope = next(scope for part, scope in _SCOPES.items() if path.startswith(part))
        instead = ", or set chat = false" if scope == _SCOPES["/customer_service/"] else ""
        raise errors.MissingScope(
            f"{error.said}; the scope {scope} is missing",
            "apply for it in Partner Center, Manage API, then run `syncd connect ACCOUNT` anew"
            f"{instead}",
        ) from None
