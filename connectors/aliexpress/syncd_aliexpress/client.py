"""AliExpress's calls: one method each, signed forms out and raw answers back.

All of them are business interfaces: POST /sync, with the call's name as the parameter `method`.
The token goes as `session`, as the published SDK sends it. Everything stands in the form, so that
no token is part of an address.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from msgspec.structs import replace

from syncd.connector import Rejected, Secret, Unavailable
from syncd.http import Auth, Encoded, HttpClient, Outgoing, Reply, shared_budget
from syncd_aliexpress import errors, wire
from syncd_aliexpress.login import FORM, common
from syncd_aliexpress.signature import signature
from syncd_aliexpress.times import wall

T = TypeVar("T")

HEADER = "x-aliexpress-session"
# No rate is published. This one only keeps an app's accounts quiet while a ban lasts.
UNLIMITED = 1_000

_GROUPS = {
    "aliexpress.trade.": "Order&Transaction",
    "aliexpress.logistics.": "Logistics",
    "aliexpress.issue.": "Refund&return, or set returns = false",
    "aliexpress.evaluation.": "evaluations, or set reviews = false",
    "aliexpress.message.": 'messages, or use connector = "aliexpress": AliExpress has closed them',
}


class AliExpressClient:
    """The calls of one shop. Thread-safe."""

    def __init__(
        self,
        base_url: str,
        auth: Auth,
        *,
        app_key: str,
        app_secret: Secret,
        now: Callable[[], datetime],
    ) -> None:
        host = urlsplit(base_url).netloc
        self._app_key, self._app_secret, self._now = app_key, app_secret, now
        self._http = HttpClient(
            base_url,
            auth=auth,
            judge=errors.judge,
            expired=errors.expired,
            sign=self._signed,
            budget=shared_budget(f"aliexpress:{host}:{app_key}", UNLIMITED, UNLIMITED),
        )

    def orders(
        self,
        start: datetime,
        end: datetime | None,
        page: int,
        *,
        limit: int,
        created: datetime,
        finished: bool = False,
    ) -> wire.OrderPage:
        """A page, from 1 on, of the orders made since `created` that changed in the span.

        Orders that have ended are listed apart from all others.
        """
        query: dict[str, Any] = {
            "current_page": page,
            "page_size": limit,
            "create_date_start": wall(created),
            "modified_date_start": wall(start),
        }
        query |= {"modified_date_end": wall(end)} if end else {}
        query |= {"order_status": "FINISH"} if finished else {}
        method = "aliexpress.trade.seller.orderlist.get"
        got = self.read(method, wire.OrderList, param_aeop_order_query=query).result
        if got.success is not None and not wire.is_true(got.success):
            why = f"{got.error_code or ''} {got.error_message or 'no reason given'}".strip()
            raise Unavailable(f"AliExpress lists no orders: {why}")
        return got

    def order(self, order_id: str) -> bytes:
        """One order; raises Rejected where AliExpress knows none."""
        method = "aliexpress.trade.new.redefining.findorderbyid"
        found = self.read(method, wire.FoundOrder, param1={"order_id": numeric(order_id)}).target
        return _known(found, f"no order {order_id}")

    def extend(self, order_id: str, days: int) -> wire.Extended:
        """Give an order's buyer `days` more to accept the goods."""
        method = "aliexpress.trade.redefining.extendsbuyeracceptgoodstime"
        return self.change(method, wire.Extended, param0=numeric(order_id), param1=days)

    def ship(self, order_id: str, number: str, service: str, website: str | None) -> wire.Shipped:
        """Tell that all of an order left."""
        told = {"out_ref": order_id, "logistics_no": number, "service_name": service}
        told |= {"send_type": "all"} | ({"tracking_website": website} if website else {})
        return self.change("aliexpress.logistics.sellershipmentfortop", wire.Shipped, **told)

    def issues(self, status: str, page: int, limit: int) -> wire.IssuePage:
        """A page, from 1 on, of the disputes with a status."""
        query = {"current_page": page, "page_size": limit, "issue_status": status}
        return self.read("aliexpress.issue.issuelist.get", wire.IssuePage, query_dto=query)

    def issue(self, issue_id: str, buyer: str) -> bytes:
        """One dispute; raises Rejected where AliExpress knows none."""
        method, about = "aliexpress.issue.detail.get", numeric(issue_id)
        found = self.read(method, wire.FoundIssue, buyer_login_id=buyer, issue_id=about)
        return _known(found.result_object, f"no dispute {issue_id}")

    def reviews(self, start: datetime, end: datetime | None) -> list[msgspec.Raw]:
        """The reviews that became visible in the span."""
        query = {"start_valid_date": wall(start)} | ({"end_valid_date": wall(end)} if end else {})
        method = "aliexpress.evaluation.listorderevaluation.get"
        got = self.read(method, wire.Evaluations, trade_evaluation_request=query)
        return wire.entries(got.target_list)

    def horizon(self, now: datetime) -> datetime:
        """Until when AliExpress can have answered, by its clock and ours."""
        return self._http.horizon(now)

    def close(self) -> None:
        """Close the kept connections."""
        self._http.close()

    def read(self, method: str, type_: type[T], **params: Any) -> T:
        """Make a call that changes nothing; what is no text goes as JSON."""
        return self._answer(method, self._http.query, params, type_)

    def change(self, method: str, type_: type[T], **params: Any) -> T:
        """Make a call that changes something, and is never repeated."""
        return self._answer(method, self._http.post, params, type_)

    def _answer(
        self, method: str, ask: Callable[[str, Encoded], Reply], params: Any, type_: type[T]
    ) -> T:
        fields = {"method": method, "format": "json"} | {
            name: _text(value) for name, value in params.items()
        }
        try:
            reply = ask("/sync", Encoded(urlencode(fields).encode(), FORM))
        except errors.NotGranted as error:
            group = next(text for part, text in _GROUPS.items() if method.startswith(part))
            fix = (
                f"in the App Console (openservice.aliexpress.com) apply for the permission {group}"
            )
            raise errors.NotGranted(error.said, fix) from None
        return replace(reply, content=_inside(reply, method)).json(type_)

    def _signed(self, request: Outgoing) -> Outgoing:
        fields = [*parse_qsl(request.content.decode(), keep_blank_values=True)]
        fields += common(self._app_key, self._now()).items()
        fields.append(("session", request.headers[HEADER]))
        fields.append(("sign", signature(self._app_secret.reveal(), fields)))
        headers = {name: value for name, value in request.headers.items() if name != HEADER}
        return replace(request, headers=headers, content=urlencode(fields).encode())


def numeric(number: str) -> int:
    """An id as AliExpress wants it in requests; raises Rejected for what cannot be one of its."""
    if not (number.isascii() and number.isdigit()):
        raise Rejected(f"{number!r} is no id of AliExpress's: those are numbers")
    return int(number)


def pages_left(page: int, entries: Iterable[object], total: int | None, limit: int) -> bool:
    """Whether a list goes on behind a page; without a total, until one is empty."""
    return bool(list(entries)) and (total is None or page * limit < total)


def _known(found: msgspec.Raw, missing: str) -> bytes:
    raw = bytes(found)
    if raw in {b"null", b"{}"}:
        raise Rejected(f"AliExpress knows {missing}")
    return raw


def _inside(reply: Reply, method: str) -> bytes:
    """What a call answers, without the object around it that is named after it.

    The answers of AliExpress's reference have none, and a `code` instead.
    """
    body = reply.json(dict[str, msgspec.Raw])
    bare = reply.content if "code" in body else b"null"
    return bytes(body.get(f"{method.replace('.', '_')}_response", bare))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
