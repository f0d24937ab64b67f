"""The fake AliExpress's state: orders, disputes, reviews and old messages, as in its answers."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import RLock
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
Json = dict[str, Any]


class Sent(NamedTuple):
    """A message that reached a buyer."""

    buyer: str
    text: str
    order_id: str | None


def pacific(at: datetime) -> str:
    """A time as AliExpress writes it."""
    return f"{at.astimezone(PACIFIC):%Y-%m-%d %H:%M:%S}"


class Shop:
    """One seller's shop. `now` is its clock; `lock` guards it."""

    def __init__(self, now: Callable[[], datetime], lock: RLock) -> None:
        self.now = now
        self.seller = "cn1500000000lamp"
        self.orders: dict[str, Json] = {}
        """The orders as findorderbyid shows them, and `gmt_update` as the list does."""
        self.issues: dict[str, tuple[Json, Json]] = {}
        """The disputes by their ids: as they are listed, and their details."""
        self.reviews: dict[str, Json] = {}
        self.threads: dict[str, Json] = {}
        """The conversations by their ids, each with its messages."""
        self.sent: list[Sent] = []
        self.extended: list[tuple[str, int]] = []
        """The orders that were given more time, and how many days, in that order."""
        self.confirmed: list[tuple[str, str]] = []
        """The orders that were told as sent, and their numbers."""
        self._lock = lock
        self._numbers = itertools.count(1)

    def add_order(
        self,
        buyer: str = "es1000000001buyer",
        *,
        at: datetime | None = None,
        status: str = "WAIT_SELLER_SEND_GOODS",
        ends: datetime | None = None,
        country: str = "ES",
    ) -> str:
        """An order that is paid; `ends` is when its present status does. Gives its id."""
        with self._lock:
            at = at or self.now()
            number = 8_100_000_000_000_000 + next(self._numbers)
            sold = _order(number, buyer, at, country)
            sold |= {"order_status": status, "logistics_status": "WAIT_SELLER_SEND_GOODS"}
            sold["over_time_left"] = pacific(ends or at + timedelta(days=7))
            self.orders[str(number)] = sold
            return str(number)

    def ship(
        self, order_id: str, number: str, *, ends: datetime | None = None, service: str = "CPAM"
    ) -> None:
        """Send all of an order; the buyer may then complain until `ends`, in 60 days by default."""
        with self._lock:
            sold = self.orders[order_id]
            sold["logistic_info_list"].append(_parcel(number, service, self.now()))
            ends = ends or self.now() + timedelta(days=60)
            self.change(
                order_id,
                order_status="WAIT_BUYER_ACCEPT_GOODS",
                logistics_status="SELLER_SEND_GOODS",
                over_time_left=pacific(ends),
            )

    def change(self, order_id: str, **fields: Any) -> None:
        """Change an order as anything that happens to it does."""
        with self._lock:
            changed = pacific(self.now())
            self.orders[order_id] |= {**fields, "gmt_modified": changed, "gmt_update": changed}

    def extend(self, order_id: str, days: int) -> None:
        """Put the end of an order's status off."""
        with self._lock:
            ends = datetime.fromisoformat(self.orders[order_id]["over_time_left"])
            self.change(order_id, over_time_left=str(ends + timedelta(days=days)))
            self.extended.append((order_id, days))

    def dispute(
        self, order_id: str, text: str = "Where is it?", *, at: datetime | None = None
    ) -> str:
        """Let the buyer open a dispute because nothing arrived; gives its id."""
        with self._lock:
            at, number = at or self.now(), 7_000_000 + next(self._numbers)
            sold = self.orders[order_id]
            listed = _issue(number, sold, pacific(at))
            self.issues[str(number)] = listed, _issue_detail(listed, text)
            self.change(order_id, issue_status="IN_ISSUE")
            return str(number)

    def settle(self, issue_id: str, reached_type: str = "negotiation_consensus") -> None:
        """Let a dispute end."""
        with self._lock:
            listed, detail = self.issues[issue_id]
            listed |= {"issue_status": "finish", "gmt_modified": pacific(self.now())}
            detail["issue_status"] = "finish"
            detail["buyer_solution_list"][0] |= {"status": "reached", "reached_type": reached_type}

    def review(
        self, order_id: str, stars: int = 4, text: str = "Nice lamp", *, at: datetime | None = None
    ) -> str:
        """Let the buyer review an order's first position; gives the review's id."""
        with self._lock:
            sold, at = self.orders[order_id], at or self.now()
            child = sold["child_order_list"][0]["id"]
            self.reviews[str(child)] = {
                "order_id": child,
                "parent_order_id": sold["id"],
                "product_id": sold["child_order_list"][0]["product_id"],
                "buyer_login_id": sold["buyerloginid"],
                "buyer_evaluation": str(stars),
                "buyer_feedback": text,
                "buyer_fb_date": pacific(at),
                "gmt_create": pacific(at),
                "gmt_modified": pacific(at),
                "valid_date": pacific(at),
            }
            return str(child)

    def answer_review(self, review_id: str, text: str) -> None:
        """Let the seller answer in public."""
        with self._lock:
            told = {"seller_reply": text, "gmt_modified": pacific(self.now())}
            self.reviews[review_id] |= told

    def write(
        self,
        buyer: str,
        text: str,
        *,
        at: datetime | None = None,
        order_id: str | None = None,
        by_seller: bool = False,
    ) -> str:
        """A message of the buyer, or of the seller to them; gives the conversation's id."""
        with self._lock:
            at, number = at or self.now(), 50_000 + next(self._numbers)
            thread = self._thread(buyer)
            sender = self.seller if by_seller else buyer
            said = _message(number, thread, sender, text, at)
            about = {
                "message_type": "order" if order_id else "member",
                "extern_id": int(order_id or 0),
            }
            thread["messages"].append(said | about)
            thread |= {"last_message_id": number, "message_time": _millis(at)}
            return str(thread["channel_id"])

    def _thread(self, buyer: str) -> Json:
        for thread in self.threads.values():
            if thread["other_login_id"] == buyer:
                return thread
        number = 90_000 + next(self._numbers)
        thread = {"channel_id": str(number), "other_ali_id": 200_000 + number, "messages": []}
        self.threads[str(number)] = thread | {"other_login_id": buyer, "other_name": "Ana B"}
        return self.threads[str(number)]


def _order(number: int, buyer: str, at: datetime, country: str) -> Json:
    made = pacific(at)
    return {
        "id": number,
        "gmt_create": made,
        "gmt_modified": made,
        "gmt_update": made,
        "gmt_pay_success": made,
        "fund_status": "PAY_SUCCESS",
        "frozen_status": "NO_FROZEN",
        "issue_status": "NO_ISSUE",
        "buyerloginid": buyer,
        "buyer_signer_fullname": "Ana Buyer",
        "buyer_info": {"login_id": buyer, "first_name": "Ana", "last_name": "Buyer"},
        "receipt_address": _address(country),
        "order_amount": {"amount": "19.90", "currency_code": "USD", "cent": 1990},
        "memo": "",
        "child_order_list": [_line(number)],
        "logistic_info_list": [],
    }


def _address(country: str) -> Json:
    return {
        "contact_person": "Ana Buyer",
        "country": country,
        "province": "Madrid",
        "city": "Alcobendas",
        "zip": "28100",
        "detail_address": "Calle Mayor 1",
        "address2": "2 B",
        "phone_country": "+34",
        "mobile_no": "6******66",
    }


def _line(number: int) -> Json:
    chosen = '{"sku":[{"pName":"Color","pValue":"Beige","selfDefineValue":"Blue","pId":14}]}'
    return {
        "id": number + 500_000_000_000,
        "child_order_id": str(number + 500_000_000_000),
        "product_id": 1_005_000_000_000_001,
        "product_name": "Lamp",
        "product_count": 2,
        "product_price": {"amount": "9.95", "currency_code": "USD"},
        "product_attributes": chosen,
        "sku_code": "LAMP-1",
        "logistics_service_name": "China Post Registered Air Mail",
    }


def _parcel(number: str, service: str, at: datetime) -> Json:
    return {
        "logistics_no": number,
        "logistics_service_name": "China Post Registered Air Mail",
        "logistics_type_code": service,
        "ship_order_id": 600_000 + len(number),
        "gmt_send": pacific(at),
        "have_tracking_info": True,
        "receive_status": "default",
    }


def _issue(number: int, sold: Json, at: str) -> Json:
    return {
        "issue_id": number,
        "gmt_create": at,
        "gmt_modified": at,
        "buyer_login_id": sold["buyerloginid"],
        "issue_status": "processing",
        "order_id": sold["child_order_list"][0]["id"],
        "parent_order_id": sold["id"],
        "reason_english": "Package didn't arrive",
        "reason_chinese": "未收到货",
    }


def _issue_detail(listed: Json, text: str) -> Json:
    begun = {
        "action_type": "initiate",
        "submit_member_type": "buyer",
        "content": text,
        "receive_goods": False,
        "gmt_create": listed["gmt_create"],
    }
    asked = {
        "solution_type": "refund",
        "solution_owner": "buyer",
        "status": "wait_seller_accept",
        "refund_money": "19.90",
        "refund_money_currency": "USD",
    }
    return {
        "id": listed["issue_id"],
        "issue_status": "processing",
        "issue_reason": listed["reason_english"],
        "gmt_create": listed["gmt_create"],
        "process_dto_list": [begun],
        "buyer_solution_list": [asked],
        "seller_solution_list": [],
        "platform_solution_list": [],
    }


def _message(number: int, thread: Json, sender: str, text: str, at: datetime) -> Json:
    from_buyer = sender == thread["other_login_id"]
    return {
        "id": number,
        "gmt_create": _millis(at),
        "sender_ali_id": thread["other_ali_id"] if from_buyer else 1,
        "content": text,
        "summary": {"sender_login_id": sender},
    }


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)
