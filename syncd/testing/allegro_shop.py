"""The state behind the fake Allegro: one seller's orders, threads, disputes, returns and offers.

The shapes are those of the published description of the REST API.
"""

import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from syncd.connector import utc_text
from syncd.testing.locking import locked

iso = utc_text
"""A time as Allegro mostly writes it, to the millisecond."""

Json = dict[str, Any]

_REASONS: dict[str, Json] = {
    "DISPUTE": {"subject": "I did not receive the goods after payment", "reason": None},
    "CLAIM": {"subject": None, "reason": {"type": "NOT_AS_DESCRIBED", "description": "Smaller"}},
}


class Sent(msgspec.Struct, frozen=True):
    """What the seller wrote, as it reached a buyer."""

    buyer: str
    text: str
    at: datetime
    message_id: str
    order_id: str | None = None
    issue_id: str | None = None
    files: tuple[str, ...] = ()


class Thread(msgspec.Struct):
    """All that was written between the seller and one buyer."""

    id: str
    buyer: str | None
    messages: list[Json] = []

    def shown(self, read: Any) -> Json:
        """As the list of threads shows it."""
        latest = max((str(message["createdAt"]) for message in self.messages), default=None)
        who = {"login": self.buyer, "avatarUrl": "https://a.allegroimg.com/1"}
        fields = {"id": self.id, "read": read, "lastMessageDateTime": latest}
        return fields | {"interlocutor": who if self.buyer else None}


class Issue(msgspec.Struct):
    """A dispute or a claim, and what was said in it."""

    fields: Json
    messages: list[Json] = []

    def shown(self) -> Json:
        """As the list of issues shows it."""
        last = max(self.messages, key=lambda message: str(message["createdAt"]))
        replied = any(message["author"]["role"] == "SELLER" for message in self.messages)
        who = {"SELLER": "SELLER_REPLIED", "BUYER": "BUYER_REPLIED"}
        said = who.get(last["author"]["role"], "ALLEGRO_ADVISOR_REPLIED") if replied else "NEW"
        chat = {
            "lastMessage": {"status": said, "createdAt": last["createdAt"]},
            "messagesCount": len(self.messages),
            "initialMessage": self.messages[0],
        }
        return self.fields | {"chat": chat}


class Shop:
    """One seller on Allegro. `now` is its clock; `lock` is held while something changes."""

    def __init__(self, seller: str, now: Callable[[], datetime], lock: threading.RLock) -> None:
        self.seller = seller
        self.now = now
        self.lock = lock
        self.url = "https://api.allegro.pl"
        """What links to files begin with."""
        self.orders: dict[str, Json] = {}
        self.waybills: dict[str, list[Json]] = {}
        self.events: list[Json] = []
        self.threads: dict[str, Thread] = {}
        self.issues: dict[str, Issue] = {}
        self.returns: dict[str, Json] = {}
        self.ratings: dict[str, Json] = {}
        self.offers: dict[str, Json] = {}
        self.offer_events: list[Json] = []
        self.files: dict[str, bytes] = {}
        """What was attached or uploaded, by its id."""
        self.sent: list[Sent] = []
        self.false: bool | str = False
        """How a thread says that it is not read; the description's own example has a text."""
        self._count = 0

    def next_id(self) -> int:
        """A number not given before."""
        self._count += 1
        return self._count

    def uuid(self) -> str:
        """An id not given before."""
        return str(uuid.UUID(int=self.next_id()))

    @locked
    def add_order(
        self, buyer: str, *, at: datetime | None = None, paid: bool = True, country: str = "PL"
    ) -> str:
        """A buyer orders one piece; gives the order's id.

        It has to leave within 2 days and arrives in 3 to 5 days.
        """
        placed, order_id = at or self.now(), self.uuid()
        line = _line(self.uuid(), f"{7_000_000_000 + self.next_id()}", placed)
        self.orders[order_id] = _order(order_id, buyer, placed, line, country, paid=paid)
        self.waybills[order_id] = []
        self.tell(order_id, "BOUGHT", placed)
        if paid:
            self.tell(order_id, "READY_FOR_PROCESSING", placed)
        return order_id

    @locked
    def change(self, order_id: str, event: str, at: datetime | None, fields: Json) -> None:
        """Change fields of an order; the log and `updatedAt` tell of it."""
        order = self.orders[order_id]
        order.update(fields, updatedAt=iso(at or self.now()), revision=f"{self.next_id():08x}")
        self.tell(order_id, event, at or self.now())

    @locked
    def send_order(self, order_id: str, at: datetime | None = None) -> None:
        """The seller sets the order to SENT."""
        done = self.orders[order_id]["fulfillment"] | {"status": "SENT"}
        self.change(order_id, "FULFILLMENT_STATUS_CHANGED", at, {"fulfillment": done})

    @locked
    def cancel(self, order_id: str, at: datetime | None = None) -> None:
        """The buyer cancels the order."""
        self.change(order_id, "BUYER_CANCELLED", at, {"status": "CANCELLED"})

    @locked
    def ship(
        self, order_id: str, waybill: str, carrier: str = "INPOST", name: str | None = None
    ) -> Json:
        """A parcel's number is added; neither the log nor `updatedAt` tells of it."""
        order = self.orders[order_id]
        parcel: Json = {
            "id": f"{carrier}:{waybill}",
            "waybill": waybill,
            "carrierId": carrier,
            "lineItems": [{"id": line["id"]} for line in order["lineItems"]],
            "createdAt": iso(self.now()),
        } | ({"carrierName": name} if name else {})
        self.waybills[order_id].append(parcel)
        order["fulfillment"]["shipmentSummary"] = {"lineItemsSent": "ALL"}
        return parcel

    def tell(self, order_id: str, kind: str, at: datetime) -> None:
        """Write an entry of the order log."""
        order = self.orders[order_id]
        about = {
            "seller": {"id": "1"},
            "buyer": {name: order["buyer"][name] for name in ("id", "email", "login", "guest")},
            "lineItems": [],
            "checkoutForm": {"id": order_id, "revision": order["revision"]},
            "marketplace": {"id": "allegro-pl"},
        }
        number = f"{1_700_000_000_000_000 + self.next_id()}"
        self.events.append({"id": number, "order": about, "type": kind, "occurredAt": iso(at)})

    def thread_with(self, buyer: str) -> Thread:
        """The one thread with a buyer."""
        found = next((one for one in self.threads.values() if one.buyer == buyer), None)
        if found is None:
            found = Thread(f"thread-{self.next_id()}", buyer)
            self.threads[found.id] = found
        return found

    @locked
    def add_message(
        self,
        buyer: str,
        text: str,
        *,
        at: datetime | None = None,
        order: str | None = None,
        from_seller: bool = False,
        status: str = "DELIVERED",
        files: tuple[str, ...] = (),
    ) -> Json:
        """A message in the thread with the buyer; `files` are ids out of `add_file`."""
        thread = self.thread_with(buyer)
        about: Json = {"offer": {"id": "7000000001"} if order is None else None}
        message = {
            "id": self.uuid(),
            "status": status,
            "type": "MESSAGE_CENTER",
            "createdAt": iso(at or self.now()),
            "thread": {"id": thread.id},
            "author": {
                "login": self.seller if from_seller else buyer,
                "isInterlocutor": not from_seller,
            },
            "text": text,
            "subject": None,
            "relatesTo": about | ({"order": {"id": order}} if order else {}),
            "hasAdditionalAttachments": False,
            "attachments": [self.attachment(file_id) for file_id in files],
            "additionalInformation": None,
        }
        thread.messages.append(message)
        return message

    @locked
    def add_file(self, content: bytes) -> str:
        """A file that somebody attaches; gives its id."""
        file_id = self.uuid()
        self.files[file_id] = content
        return file_id

    def attachment(self, file_id: str, status: str = "SAFE") -> Json:
        """A file as messages of the message centre show it."""
        url = f"{self.url}/message-center/message-attachments/{file_id}"
        return {"fileName": "foto.png", "mimeType": "image/png", "url": url, "status": status}

    @locked
    def add_issue(
        self, order_id: str, text: str, *, kind: str = "DISPUTE", at: datetime | None = None
    ) -> str:
        """The buyer of an order opens a dispute or a claim; gives its id."""
        issue_id, opened = self.uuid(), at or self.now()
        claim, buyer = kind == "CLAIM", self.orders[order_id]["buyer"]
        due = iso(opened + timedelta(days=14)) if claim else None
        refund = {"amount": "24.90", "currency": "PLN"}
        status = "CLAIM_SUBMITTED" if claim else "DISPUTE_ONGOING"
        self.issues[issue_id] = Issue({
            "id": issue_id,
            "type": kind,
            "referenceNumber": "1/2026" if claim else None,
            "decisionDueDate": due,
            "openedDate": iso(opened),
            "buyer": {"id": buyer["id"], "login": buyer["login"]},
            "checkoutForm": {"id": order_id, "createdAt": iso(opened)},
            "currentState": {
                "status": status, "statusDueDate": due, "returnRequired": None, "chatActive": True,
            },
            "expectations": [{"name": "REFUND", "refund": refund}] if claim else [],
            "description": None,
            "offer": None,
            "product": None,
            "attachments": [],
        } | _REASONS[kind])  # fmt: skip
        self.say(issue_id, text, at=opened)
        return issue_id

    @locked
    def close_issue(self, issue_id: str) -> None:
        """A dispute comes to its end."""
        self.issues[issue_id].fields["currentState"]["status"] = "DISPUTE_CLOSED"

    @locked
    def say(
        self, issue_id: str, text: str, *, role: str = "BUYER", at: datetime | None = None
    ) -> Json:
        """Somebody writes in an issue."""
        issue = self.issues[issue_id]
        logins = {"BUYER": issue.fields["buyer"]["login"], "SELLER": self.seller}
        author = {"role": role} | ({"login": logins[role]} if role in logins else {})
        message = {
            "id": self.uuid(),
            "text": text,
            "attachments": [],
            "author": author,
            "createdAt": iso(at or self.now()),
        }
        issue.messages.append(message)
        return message


def _line(line_id: str, offer: str, placed: datetime) -> Json:
    price = {"amount": "24.90", "currency": "PLN"}
    return {
        "id": line_id,
        "offer": {"id": offer, "name": "Lampa biurkowa", "external": {"id": f"LAMP-{offer}"}},
        "quantity": 1,
        "originalPrice": price,
        "price": price,
        "boughtAt": iso(placed),
    }


def _order(
    order_id: str, buyer: str, placed: datetime, line: Json, country: str, *, paid: bool
) -> Json:
    leaves = iso(placed + timedelta(days=2))
    comes = {"from": iso(placed + timedelta(days=3)), "to": iso(placed + timedelta(days=5))}
    names = {"firstName": "Anna", "lastName": "Nowak", "phoneNumber": "+48 500 000 000"}
    place = {"street": "Lampowa 1", "city": "Poznań", "countryCode": country}
    return {
        "id": order_id,
        "buyer": names | {
            "id": f"id-{buyer}", "email": f"{buyer}+1@allegromail.pl", "login": buyer,
            "guest": False, "preferences": {"language": "pl-PL"},
        },
        "payment": {"id": order_id, "type": "ONLINE", "provider": "P24"}
        | ({"finishedAt": iso(placed)} if paid else {}),
        "status": "READY_FOR_PROCESSING" if paid else "BOUGHT",
        "fulfillment": {
            "status": "NEW", "provider": {"id": "SELLER"},
            "shipmentSummary": {"lineItemsSent": "NONE"},
        },
        "delivery": {
            "address": names | place | {"zipCode": "60-166"},
            "method": {"id": "1", "name": "Allegro Paczkomaty InPost"},
            "time": comes | {"dispatch": {"from": iso(placed), "to": leaves}},
            "smart": True,
        },
        "lineItems": [line],
        "surcharges": [],
        "marketplace": {"id": "allegro-pl"},
        "summary": {"totalToPay": line["price"]},
        "updatedAt": iso(placed),
        "revision": "00000001",
    }  # fmt: skip
