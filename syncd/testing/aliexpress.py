"""A fake AliExpress: token endpoint and business interfaces of one seller, kept in memory.

    with FakeAliExpress() as aliexpress:
        order = aliexpress.shop.add_order()
        aliexpress.shop.ship(order, "LP00123456789012")
        ...  # point an account at aliexpress.url
        aliexpress.shop.extended

It checks every signature, of both kinds, with code of its own. A fault's `path` is that of the
call: ``/sync/aliexpress.trade.seller.orderlist.get``, ``/rest/auth/token/refresh``.
"""

import re
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any

import msgspec

from syncd import clock
from syncd.testing.aliexpress_login import AliExpressLogin, Refusal
from syncd.testing.aliexpress_shop import Json, Sent, Shop
from syncd.testing.server import Answer, Request, route

# "延长时间超过了系统允许时间", error 201; how long that is, is not published.
LONGEST_EXTENSION = 60
_EACH_TIME = frozenset({"sign", "timestamp", "current_page"})
_PAGE = re.compile(r'"current_page":\d+')
_LISTED = ("gmt_create", "gmt_update", "order_status", "logistics_status", "issue_status")


class FakeAliExpress(AliExpressLogin):
    """One seller's AliExpress on loopback; `shop` is its state. `now` is its clock."""

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        super().__init__(now)
        self.shop = Shop(now, self.lock)
        self.simplified = False
        """Whether answers and lists come without the object around them, as in the reference."""
        self.issues_oldest_first = False
        """Whether the list of disputes begins with the one that changed first."""
        self._refusals: list[tuple[str, Refusal]] = []

    @property
    def sent(self) -> list[Sent]:
        """What reached buyers, oldest first."""
        return self.shop.sent

    def refuse(self, call: str, code: str, message: str, **more: str) -> None:
        """Let the next call whose name ends so be answered with an error, in a 200."""
        with self.lock:
            self._refusals.append((call, Refusal(code, message, **more)))

    def page_key(self, request: Request) -> Hashable:
        """By what the call is asked, but for the page and what is another one at each call."""
        asked = {name: values for name, values in request.query.items() if name not in _EACH_TIME}
        return request.path, _PAGE.sub("", str(sorted(asked.items())))

    def answer(self, request: Request) -> Answer:
        """Answer with an error that was asked for, else as AliExpress does."""
        for each in self._refusals:
            if request.path.endswith(each[0]):
                self._refusals.remove(each)
                return each[1].old()
        return super().answer(request)

    @route("POST", "/sync/(aliexpress.trade.seller.orderlist.get)")
    def order_list(self, request: Request) -> Answer:
        """A page of the orders by their last change; those that ended only where asked for."""
        asked = _object(request, "param_aeop_order_query")
        finished = asked.get("order_status") == "FINISH"
        start, end = asked.get("modified_date_start", ""), asked.get("modified_date_end", "~")
        fits = [
            _head(sold)
            for sold in self.shop.orders.values()
            if (sold["order_status"] == "FINISH") is finished
            and start <= sold["gmt_update"] <= end
            and sold["gmt_create"] >= asked.get("create_date_start", "")
        ]
        fits.sort(key=lambda head: str(head["gmt_create"]), reverse=True)
        page, size = _paging(asked, 50)
        result = {
            "success": True,
            "current_page": page,
            "page_size": size,
            "total_count": len(fits),
            "total_page": -(-len(fits) // size),
            "target_list": self._list("aeop_order_item_dto", _cut(fits, page, size)),
        }
        return self._told(request, {"result": result})

    @route("POST", "/sync/(aliexpress.trade.new.redefining.findorderbyid)")
    def order(self, request: Request) -> Answer:
        """One order."""
        sold = self._order(str(_object(request, "param1").get("order_id")))
        lists = {
            "child_order_list": self._list("aeop_tp_child_order_dto", sold["child_order_list"]),
            "logistic_info_list": self._list(
                "aeop_tp_logistic_info_dto", sold["logistic_info_list"]
            ),
        }
        return self._told(request, {"target": sold | lists})

    @route("POST", "/sync/(aliexpress.trade.redefining.extendsbuyeracceptgoodstime)")
    def extend(self, request: Request) -> Answer:
        """More days for the buyer to accept, in the states and up to the length allowed."""
        order_id, days = request.one("param0"), int(request.one("param1"))
        sold = self.shop.orders.get(order_id)
        if sold is None:
            return self._told(request, _not_extended(100, "order not found"))
        if sold["order_status"] != "WAIT_BUYER_ACCEPT_GOODS" or sold["issue_status"] == "IN_ISSUE":
            return self._told(request, _not_extended(210, "order status does not allow it"))
        if days > LONGEST_EXTENSION:
            return self._told(request, _not_extended(201, "extended time exceeds the limit"))
        self.shop.extend(order_id, days)
        return self._told(request, {"is_success": True})

    @route("POST", "/sync/(aliexpress.logistics.sellershipmentfortop)")
    def ship(self, request: Request) -> Answer:
        """Take a parcel's number for an order that is to be sent."""
        order_id, number = request.one("out_ref"), request.one("logistics_no")
        if request.one("service_name") == "Other" and not request.one("tracking_website"):
            return self._told(request, _not_shipped("00720001", "tracking website is empty"))
        if self._order(order_id)["order_status"] != "WAIT_SELLER_SEND_GOODS":
            return self._told(request, _not_shipped("00720002", "order status does not allow it"))
        self.shop.ship(order_id, number, service=request.one("service_name"))
        self.shop.confirmed.append((order_id, number))
        return self._told(request, {"result_success": True})

    @route("POST", "/sync/(aliexpress.issue.issuelist.get)")
    def issue_list(self, request: Request) -> Answer:
        """A page of the disputes with a status, the latest change first."""
        asked = _object(request, "query_dto")
        listed = [each[0] for each in self.shop.issues.values()]
        fits = [each for each in listed if each["issue_status"] == asked["issue_status"]]
        latest_first = not self.issues_oldest_first
        fits.sort(key=lambda each: str(each["gmt_modified"]), reverse=latest_first)
        page, size = _paging(asked, 50)
        shown = self._list("issue_api_issue_dto", _cut(fits, page, size))
        told = {"current_page": page, "page_size": size, "total_item": len(fits)}
        return self._told(request, told | {"data_list": shown})

    @route("POST", "/sync/(aliexpress.issue.detail.get)")
    def issue(self, request: Request) -> Answer:
        """One dispute, to who names its buyer."""
        listed, detail = self.shop.issues.get(request.one("issue_id"), ({}, {}))
        if listed.get("buyer_login_id") != request.one("buyer_login_id"):
            return self._told(request, {})
        lists = {
            name: self._list(_ENTRY.get(name, "solution_api_dto"), entries)
            for name, entries in detail.items()
            if name.endswith("_list")
        }
        return self._told(request, {"result_object": detail | lists})

    @route("POST", "/sync/(aliexpress.evaluation.listorderevaluation.get)")
    def evaluations(self, request: Request) -> Answer:
        """All reviews that became visible in a span."""
        asked = _object(request, "trade_evaluation_request")
        start, end = asked.get("start_valid_date", ""), asked.get("end_valid_date", "~")
        fits = [one for one in self.shop.reviews.values() if start <= one["valid_date"] <= end]
        return self._told(request, {"target_list": self._list("trade_evaluation_open_dto", fits)})

    @route("POST", "/sync/(aliexpress.message.redefining.versiontwo.querymsgrelationlist)")
    def threads(self, request: Request) -> Answer:
        """A page of the conversations, the latest message first."""
        asked = _object(request, "query")
        heads = [_without(thread, "messages") for thread in self.shop.threads.values()]
        heads.sort(key=lambda head: int(head["message_time"]), reverse=True)
        fits = [head for head in heads if head["message_time"] >= asked.get("start_time", 0)]
        shown = _cut(fits, *_paging(asked, 100))
        return self._told(request, _result("relation_list", self._list("relation_result", shown)))

    @route("POST", "/sync/(aliexpress.message.redefining.versiontwo.querymsgdetaillist)")
    def messages(self, request: Request) -> Answer:
        """A page of a conversation."""
        thread = self.shop.threads.get(request.one("channel_id"), {"messages": []})
        return self._messages(request, thread)

    @route("POST", "/sync/(aliexpress.message.redefining.versiontwo.querymsgdetaillistbybuyerid)")
    def messages_with(self, request: Request) -> Answer:
        """A page of what was written with a buyer."""
        login = request.one("buyer_login_id")
        with_buyer = (x for x in self.shop.threads.values() if x["other_login_id"] == login)
        return self._messages(request, next(with_buyer, {"messages": []}))

    @route("POST", "/sync/(aliexpress.message.redefining.versiontwo.addmsg)")
    def add_message(self, request: Request) -> Answer:
        """A message to a buyer."""
        told = _object(request, "create_param")
        if told["seller_id"] != self.shop.seller:
            told = {"is_success": False, "sub_error_code": 1001, "error_msg": "seller is wrong"}
            return self._told(request, told)
        order_id = str(told["extern_id"]) if told["message_type"] == "order" else None
        thread = self.shop.write(
            told["buyer_id"], told["content"], order_id=order_id, by_seller=True
        )
        self.shop.sent.append(Sent(told["buyer_id"], told["content"], order_id))
        return self._told(request, {"is_success": True, "channel_id": thread})

    def _told(self, request: Request, told: Json) -> Answer:
        told |= {"request_id": "2141154d1768"}
        if self.simplified:
            return Answer.json(told | {"code": "0"})
        return Answer.json({f"{request.groups[0].replace('.', '_')}_response": told})

    def _messages(self, request: Request, thread: Json) -> Answer:
        asked = {name: int(request.one(name)) for name in ("current_page", "page_size")}
        shown = self._list("message_detail", _cut(thread["messages"], *_paging(asked, 100)))
        return self._told(request, _result("message_detail_list", shown))

    def _order(self, order_id: str) -> Json:
        sold = self.shop.orders.get(order_id)
        if sold is None:
            raise Refusal(
                "15",
                "Remote service error",
                sub_code="isv.order-not-found",
                sub_msg="no such order",
            )
        return sold

    def _list(self, entry: str, entries: list[Json]) -> Any:
        shown = self.page(entries)
        return shown if self.simplified else {entry: shown}


_ENTRY = {"process_dto_list": "api_issue_process_dto"}


def _object(request: Request, name: str) -> Json:
    """A parameter that is JSON in a text."""
    found: Json = msgspec.json.decode(request.one(name, "{}"), type=dict[str, Any])
    return found


def _result(name: str, listed: Any) -> Json:
    return {"result": {"is_success": True, name: listed}}


def _paging(asked: Json, most: int) -> tuple[int, int]:
    page, size = int(asked.get("current_page", 1)), int(asked.get("page_size", 20))
    if page < 1 or not 0 < size <= most:
        raise Refusal("15", "Remote service error", sub_code="isv.param-error", sub_msg="page_size")
    return page, size


def _cut(entries: list[Json], page: int, size: int) -> list[Json]:
    return entries[(page - 1) * size : page * size]


def _head(sold: Json) -> Json:
    """An order as the list has it."""
    head = {name: sold[name] for name in _LISTED}
    return head | {"order_id": sold["id"], "buyer_login_id": sold["buyerloginid"]}


def _without(fields: Json, *names: str) -> Json:
    return {name: value for name, value in fields.items() if name not in names}


def _not_extended(code: int, memo: str) -> Json:
    return {"is_success": False, "sub_error_code": code, "memo": memo}


def _not_shipped(code: str, why: str) -> Json:
    return {"result_success": False, "result_error_code": code, "result_error_desc": why}
