"""The sandbox world: a marketplace on loopback with a known story, to run the whole daemon against.

Everything that will happen is planned at the start from a seed (`syncd.testing.world_story`); the
API tells what has happened by ``now()``, which may run fast. The world keeps its own record of
what reached each buyer, and knows which parcels are in trouble, so that a daemon is measured by
something else than itself.

The API, JSON throughout, with the header ``Authorization: Bearer TOKEN``:

======================================  ===========================================================
``GET /orders?since=0&limit=100``       A feed: ``{"items": [{"seq": 1, ...}], "next": 1, "more":
``GET /messages``, ``/shipments``,      false}``. Append-only: a thing that changes appears again
``GET /tracking``, ``/stock``           with a new ``seq``. Ask again with ``since=next``.
``GET /buyers/ID``                      ``{"accepts_messages": false, "reason": "..."}``
``POST /messages``                      ``{"key", "order_id", "buyer_id", "subject", "text",
                                        "language"}`` answers 201 ``{"id", "accepted_at"}``; 403
                                        where the buyer takes no messages, 422 where it is wrong.
``GET /messages/sent?key=KEY``          ``{"items": [{"id", "accepted_at"}]}``
``POST /orders/ID/extensions``          ``{"key", "until"}`` answers 201 ``{"id", "accepted_at"}``,
                                        and the order ends then; 403 where it gets no more time.
``GET /orders/ID/extensions?key=KEY``   ``{"items": [{"id", "accepted_at"}]}``
======================================  ===========================================================

Like the platforms it stands for, it does not know a key again: what is posted twice arrives twice.
"""

import re
from bisect import insort
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import msgspec

from syncd.model import Direction
from syncd.model.base import Value
from syncd.testing.server import Answer, FakeServer, Fault, Request, route
from syncd.testing.world_extensions import Extensions, MoreTime
from syncd.testing.world_feeds import (
    MAILBOX,
    Entry,
    Mail,
    Record,
    entries,
    iso,
    letter,
    mails,
    message_record,
)
from syncd.testing.world_judge import Judge, Judgement, Received, Tolerance, untold
from syncd.testing.world_people import Buyer
from syncd.testing.world_story import chance, plan
from syncd.testing.world_troubles import Trouble, TroubleKind, WatchSettings, troubles
from syncd.testing.world_words import words_of

__all__ = [
    "MAILBOX",
    "Counts",
    "Judgement",
    "Received",
    "Tolerance",
    "Trouble",
    "TroubleKind",
    "WatchSettings",
    "World",
]

MAX_PAGE = 100
REFUSED = "this buyer has closed the message centre and is reached by e-mail only"
BACKGROUND_FAULTS = (
    Fault.SERVER_ERROR,
    Fault.RATE_LIMITED,
    Fault.RATE_LIMITED_SILENT,
    Fault.LOST_ANSWER,
    Fault.TRUNCATED,
    Fault.GARBAGE,
    Fault.HTML,
    Fault.DUPLICATE_PAGE,
    Fault.REORDERED_PAGE,
)


class Counts(Value, frozen=True, kw_only=True):
    """How many different things the marketplace has told so far."""

    orders: int
    messages: int
    shipments: int
    tracking: int
    stock: int
    malformed: int
    """Records that nobody can read, in none of the other counts."""


class Outgoing(msgspec.Struct, frozen=True):
    """What is posted to a buyer."""

    key: str
    buyer_id: str
    text: str
    order_id: str | None = None
    subject: str | None = None
    language: str | None = None


class World(FakeServer):
    """The marketplace. `now` is its clock, aware UTC; the story begins at `start`.

    `fault_rate` is the share of requests that go wrong by themselves, in ways drawn from the seed;
    `fail` orders faults as with any fake.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        start: datetime,
        days: int = 30,
        orders: int = 120,
        seed: int = 1,
        token: str = "sandbox-token",  # noqa: S107  the world's own, worth nothing elsewhere
        fault_rate: float = 0.0,
    ) -> None:
        super().__init__()
        self.story = plan(seed, start, days, orders)
        self.token = token
        self.fault_rate = fault_rate
        self.received: list[Received] = []
        """What reached the buyers, by the marketplace and by mail, oldest first."""
        self.extensions = Extensions()
        """The time that orders were given on request."""
        self._now = now
        self._chance = chance(seed + 1)
        self._buyers = {buyer.id: buyer for buyer in self.story.buyers}
        self._sales = {sale.id: sale for sale in self.story.sales}
        self._numbers = {parcel.number for _, parcel in self.story.parcels}
        self._coming = entries(self.story, chance(seed + 2))
        self._feeds: dict[str, list[Entry]] = {
            name: [] for name in ("orders", "messages", "shipments", "tracking", "stock")
        }
        self._unsent = mails(self.story, chance(seed + 3))
        self._mails: list[Mail] = []

    def date(self) -> datetime:
        """The time by the world's clock."""
        return self._now()

    # What the marketplace offers

    @route("GET", "/(orders|messages|shipments|tracking|stock)")
    def feed(self, request: Request) -> Answer:
        """A page of one feed."""
        since, limit = request.one("since", "0"), request.one("limit", "50")
        if not (since.isdecimal() and limit.isdecimal()):
            return Answer.json({"error": "invalid", "reason": "since and limit are numbers"}, 422)
        return Answer.json(self._page_of(request.groups[0], int(since), int(limit)))

    def _page_of(self, name: str, since: int, limit: int) -> Record:
        told = self._told(name)
        rows = told[since : since + max(1, min(limit, MAX_PAGE))]
        page = [{"seq": seq, **entry.record} for seq, entry in enumerate(rows, since + 1)]
        last = since + len(page)
        return {"items": self.page(page), "next": last, "more": last < len(told)}

    @route("GET", "/buyers/([^/]+)")
    def buyer(self, request: Request) -> Answer:
        """Whether a buyer takes messages."""
        buyer = self._buyers.get(request.groups[0])
        if buyer is None:
            return Answer.json({"error": "no such buyer"}, 404)
        reason = REFUSED if buyer.mail_only else None
        return Answer.json({"accepts_messages": not buyer.mail_only, "reason": reason})

    @route("POST", "/messages")
    def accept(self, request: Request) -> Answer:
        """Deliver a message to a buyer."""
        try:
            posted = msgspec.convert(request.json(), Outgoing)
        except msgspec.MsgspecError as error:
            return Answer.json({"error": "invalid", "reason": str(error)}, 422)
        buyer = self._buyers.get(posted.buyer_id)
        if buyer is None or not self._may_concern(buyer, posted.order_id):
            return Answer.json({"error": "invalid", "reason": "no such buyer of this order"}, 422)
        if buyer.mail_only:
            return Answer.json({"error": "refused", "reason": REFUSED}, 403)
        return Answer.json(self._deliver(buyer, posted), 201)

    @route("GET", "/messages/sent")
    def sent(self, request: Request) -> Answer:
        """What was posted with a key."""
        found = [
            {"id": notice.id, "accepted_at": iso(notice.at)}
            for notice in self.received
            if notice.channel == "marketplace" and notice.key == request.one("key")
        ]
        return Answer.json({"items": found})

    @route("POST", "/orders/([^/]+)/extensions")
    def extend(self, request: Request) -> Answer:
        """Move the end of an order's protection, where the marketplace agrees."""
        try:
            asked = msgspec.convert(request.json(), MoreTime)
        except msgspec.MsgspecError as error:
            return Answer.json({"error": "invalid", "reason": str(error)}, 422)
        told = [one.record for one in self._told("orders") if not one.malformed]
        order = next((one for one in reversed(told) if one["id"] == request.groups[0]), None)
        if order is None:
            return Answer.json({"error": "no such order"}, 404)
        refusal = self.extensions.refusal(order, asked)
        if refusal is not None:
            return Answer.json({"error": "refused", "reason": refusal}, 403)
        given = self.extensions.give(order, asked, self._now())
        later = Entry(at=given.at, feed="orders", record=self.extensions.applied(order))
        self._feeds["orders"].append(later)
        return Answer.json({"id": given.id, "accepted_at": iso(given.at)}, 201)

    @route("GET", "/orders/([^/]+)/extensions")
    def extended(self, request: Request) -> Answer:
        """What was given to an order with a key."""
        wanted = request.groups[0], request.one("key")
        found = [
            {"id": given.id, "accepted_at": iso(given.at)}
            for given in self.extensions.given
            if (given.order_id, given.key) == wanted
        ]
        return Answer.json({"items": found})

    def answer(self, request: Request) -> Answer:
        """Check the token, then answer as any fake."""
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return Answer.json({"error": "unauthorized", "reason": "wrong token"}, 401)
        return super().answer(request)

    def serve(self, request: Request) -> Answer | None:
        """Answer, with a fault now and then where `fault_rate` asks for it."""
        with self.lock:
            if self._chance.random() < self.fault_rate:
                fault = self._chance.choice(BACKGROUND_FAULTS)
                self.fail(fault, path=re.escape(request.path), method=request.method)
        return super().serve(request)

    # What the mail side of the demo hands over and fetches

    def mails_until(self, now: datetime) -> list[tuple[datetime, bytes]]:
        """All mails that buyers have written to `MAILBOX` by `now` (RFC 5322).

        Asked with later and later times, the list only grows at its end, so that a caller may count
        what it has taken; an answer written in between comes at the end, not at its place in time.
        """
        with self.lock:
            while self._unsent and self._unsent[0].at <= now:
                self._mails.append(self._unsent.pop(0))
            return [(mail.at, mail.data) for mail in self._mails if mail.at <= now]

    def mail_received(
        self, sender: str, recipients: Iterable[str], data: bytes, at: datetime
    ) -> None:
        """Record a mail that the seller sent, one entry per recipient; some buyers answer it."""
        del sender
        mail = message_from_bytes(data, policy=default)
        with self.lock:
            for recipient in recipients:
                self._mail_to(recipient.strip("<>").casefold(), mail, at)

    def _mail_to(self, recipient: str, mail: EmailMessage, at: datetime) -> None:
        buyer = next((one for one in self.story.buyers if one.email == recipient), None)
        body = mail.get_body(("plain", "html"))
        text = body.get_content() if body is not None else ""
        subject = str(mail["Subject"] or "")
        self.received.append(
            Received(
                id=f"mail-{len(self.received) + 1}",
                key=str(mail["Message-ID"] or ""),
                channel="email",
                order_id=self._order_in(f"{subject} {text}"),
                buyer_id=buyer.id if buyer else None,
                tracking_numbers=self._mentioned(text),
                subject=subject,
                text=text,
                language=mail["Content-Language"] and str(mail["Content-Language"]),
                at=at,
            )
        )
        if buyer is not None and not mail["Auto-Submitted"]:
            self._mail_back(buyer, mail, at)

    def _mail_back(self, buyer: Buyer, mail: EmailMessage, at: datetime) -> None:
        words, message_id = words_of(buyer.language), str(mail["Message-ID"] or "")
        subject = f"Re: {mail['Subject']}"
        reply = letter(buyer, at + timedelta(hours=7), subject, words["told"], answers=message_id)
        insort(self._unsent, reply, key=_when)
        if buyer.away:
            subject = words["away_subject"]
            away = letter(
                buyer,
                at + timedelta(minutes=1),
                subject,
                words["away"],
                answers=message_id,
                automatic=True,
            )
            insort(self._unsent, away, key=_when)

    # The truth

    def troubles(self, by: datetime, settings: WatchSettings | None = None) -> list[Trouble]:
        """Every trouble of a parcel that is due to be told at `by` by a daemon with `settings`."""
        return troubles(self.story, by, settings or WatchSettings())

    def untold(self, by: datetime, settings: WatchSettings | None = None) -> list[Trouble]:
        """The troubles that a buyer must have heard of by `by`, and has not."""
        with self.lock:
            return untold(self.story, self.received, by, settings or WatchSettings())

    def judge(
        self,
        received: list[Received] | None = None,
        *,
        settings: WatchSettings | None = None,
        tolerance: Tolerance | None = None,
    ) -> Judgement:
        """Count the faults of `received`, of all that reached buyers where it is not given."""
        with self.lock:
            notices = list(self.received if received is None else received)
        return Judge(self.story, settings or WatchSettings(), tolerance or Tolerance()).judge(
            notices
        )

    def counts(self) -> Counts:
        """What the marketplace has told by now, changes and repeats counted once."""
        with self.lock:
            told = {name: self._told(name) for name in self._feeds}
        different = {
            name: len({entry.record["id"] for entry in feed if not entry.malformed})
            for name, feed in told.items()
        }
        malformed = sum(entry.malformed for feed in told.values() for entry in feed)
        return Counts(**different, malformed=malformed)

    # How it works

    def _told(self, name: str) -> list[Entry]:
        """A feed as it stands now: what has come due moves in, and gets its sequence number."""
        now = self._now()
        while self._coming and self._coming[0].at <= now:
            entry = self._coming.pop(0)
            record = self.extensions.applied(entry.record)
            self._feeds[entry.feed].append(msgspec.structs.replace(entry, record=record))
        return self._feeds[name]

    def _deliver(self, buyer: Buyer, posted: Outgoing) -> Record:
        at = self._now()
        notice = Received(
            id=f"m_sent{len(self.received) + 1}",
            key=posted.key,
            channel="marketplace",
            order_id=posted.order_id,
            buyer_id=buyer.id,
            tracking_numbers=self._mentioned(posted.text),
            subject=posted.subject or "",
            text=posted.text,
            language=posted.language,
            at=at,
        )
        self.received.append(notice)
        self._say(notice, buyer, Direction.OUTBOUND, notice.text)
        if buyer.away:
            self._say(notice, buyer, Direction.INBOUND, words_of(buyer.language)["away"])
        return {"id": notice.id, "accepted_at": iso(at)}

    def _say(self, notice: Received, buyer: Buyer, direction: Direction, text: str) -> None:
        """Let the message feed tell a notice, or the automatic reply to it a minute later."""
        automatic = direction is Direction.INBOUND
        at = notice.at + timedelta(minutes=1 if automatic else 0)
        record = message_record(
            buyer,
            direction,
            at,
            text,
            order_id=notice.order_id,
            id_=f"{notice.id}-away" if automatic else notice.id,
            automatic=automatic,
        )
        insort(self._coming, Entry(at=at, feed="messages", record=record), key=_when)

    def _may_concern(self, buyer: Buyer, order_id: str | None) -> bool:
        return order_id is None or (
            order_id in self._sales and self._sales[order_id].buyer == buyer
        )

    def _mentioned(self, text: str) -> tuple[str, ...]:
        return tuple(sorted(number for number in self._numbers if number in text))

    def _order_in(self, text: str) -> str | None:
        return next((order_id for order_id in self._sales if order_id in text), None)


def _when(thing: Entry | Mail) -> datetime:
    return thing.at
