"""What the daemon sends to and reads from; it all outlives the daemon.

eBay and 17TRACK are the fakes that syncd ships. The market speaks the sandbox's API and takes
messages for half of its buyers; the others are reached by mail, over a real SMTP server that files
what it accepts into the Sent folder of a real Dovecot, some time later. Each receiver notes what it
accepts on disk before it says so.
"""

import asyncio
import json
import os
import re
import socket
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

from aiosmtpd.controller import Controller
from traps import Point

from syncd.testing.ebay import MESSAGES, FakeEbay
from syncd.testing.mailbox import Mailbox
from syncd.testing.mailbox_dovecot import Dovecot, missing
from syncd.testing.server import Answer, FakeServer, route

ADDRESS, PASSWORD = "shop@shop.example", "secret"
# How long after the daemon's death a message is accepted that had arrived before.
LATE_SECONDS = 2.0
# How long a mail may take from its acceptance to the Sent folder.
LAG_SECONDS = 1.0
NUMBER = re.compile(r"\bKT\d{9}[A-Z]{2}\b")
_CAUSES = {
    "held at customs": "customs",
    "holding the parcel": "customs",
    "tried to deliver": "attempt_failed",
    "reports a problem": "exception",
    "taking longer": "delay",
}


class Record:
    """What reached buyers: a line each, on disk before the sender hears of it."""

    def __init__(self, path):
        self.notices = Counter()
        self.by_receiver = Counter()
        self._file = path.open("ab")
        self._lock = threading.Lock()

    def add(self, receiver, text):
        """Note a message; which notice it is, is read from its text."""
        number = NUMBER.search(text)
        cause = next((cause for words, cause in _CAUSES.items() if words in text), None)
        line = {"receiver": receiver, "number": number and number[0], "cause": cause}
        with self._lock:
            self._file.write(json.dumps(line).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self.notices[line["number"], cause] += 1
            self.by_receiver[receiver] += 1

    def has(self, number, cause):
        with self._lock:
            return self.notices[number, cause] > 0

    def close(self):
        self._file.close()


class Deadly(FakeServer):
    """A fake platform with a trap in its sending call."""

    receiver = ""
    sending = ""

    def __init__(self, trap, **options):
        super().__init__(**options)
        self._trap = trap

    def serve(self, request):
        if request.method != "POST" or request.path != self.sending:
            return super().serve(request)
        if self._trap.springs(self.receiver, Point.LOST):
            return None
        if self._trap.springs(self.receiver, Point.LATE):
            time.sleep(LATE_SECONDS)
            super().serve(request)
            return None
        answer = super().serve(request)
        return None if self._trap.springs(self.receiver, Point.ACCEPTED) else answer


class Ebay(Deadly, FakeEbay):
    """The fake eBay."""

    receiver = "ebay"
    sending = f"{MESSAGES}/send_message"

    def __init__(self, trap, record):
        super().__init__(trap)
        self._reached = record

    def _keep(self, sent):
        self._reached.add(self.receiver, sent.text)
        super()._keep(sent)


FEEDS = ("orders", "shipments", "tracking", "messages", "stock")


class Market(Deadly):
    """A marketplace with the sandbox's API. Buyers whose id ends in an even digit want mail."""

    receiver = "market"
    sending = "/messages"

    def __init__(self, trap, record):
        super().__init__(trap)
        self.feeds = {name: [] for name in FEEDS}
        self._reached = record
        self._sent = {}

    def tell(self, feed, **fields):
        """Put a thing into a feed."""
        with self.lock:
            self.feeds[feed].append(fields)

    @route("GET", f"/({'|'.join(FEEDS)})")
    def feed(self, request):
        since, told = int(request.one("since", "0")), self.feeds[request.groups[0]]
        page = told[since : since + 100]
        last = since + len(page)
        return Answer.json({"items": page, "next": last, "more": last < len(told)})

    @route("GET", "/buyers/([^/]+)")
    def buyer(self, request):
        takes = not self._wants_mail(request.groups[0])
        return Answer.json({"accepts_messages": takes, "reason": "this buyer wants mail"})

    @route("POST", "/messages")
    def accept(self, request):
        posted = request.json()
        if self._wants_mail(posted["buyer_id"]):
            return Answer.json({"error": "refused"}, 403)
        self._reached.add(self.receiver, posted["text"])
        at = datetime.now(UTC).isoformat()
        id_ = f"sent-{sum(map(len, self._sent.values())) + 1}"
        self._sent.setdefault(posted["key"], []).append({"id": id_, "accepted_at": at})
        self.feeds["messages"].append(
            {
                "id": id_, "sent_at": at, "direction": "outbound", "automatic": False,
                "buyer": {"id": posted["buyer_id"]}, "text": posted["text"],
                "order_id": posted["order_id"],
            }
        )  # fmt: skip
        return Answer.json({"id": id_, "accepted_at": at}, 201)

    @route("GET", "/messages/sent")
    def sent(self, request):
        return Answer.json({"items": self._sent.get(request.one("key"), [])})

    def _wants_mail(self, buyer_id):
        return int(buyer_id[-1]) % 2 == 0


class Post:
    """The SMTP server's handler: accepts, notes, and files a copy a little later."""

    def __init__(self, trap, record, box, chance):
        self._trap = trap
        self._record = record
        self._box = box
        self._chance = chance
        self.accepted = []
        """Message-IDs."""
        self._filing = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  aiosmtpd's
        if await asyncio.to_thread(self._trap.springs, "mail", Point.BEGUN):
            return "451 4.3.0 too late"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd's
        return await asyncio.to_thread(self._take, envelope.original_content)

    def drained(self):
        """Wait until every copy lies in its folder."""
        for timer in list(self._filing):
            timer.join()

    def _take(self, raw):
        if self._trap.springs("mail", Point.LOST):
            return "451 4.3.0 thrown away"
        if self._trap.springs("mail", Point.LATE):
            time.sleep(LATE_SECONDS)
        mail = message_from_bytes(raw, policy=default)
        self._record.add("mail", mail.get_content())
        self.accepted.append(str(mail["Message-ID"]))
        timer = threading.Timer(
            self._chance.uniform(0, LAG_SECONDS), self._box.deliver, (raw, "Sent")
        )
        self._filing.append(timer)
        timer.start()
        self._trap.springs("mail", Point.ACCEPTED)
        return "250 2.0.0 taken"


class DovecotBox:
    """The mailbox in a real Dovecot."""

    kind = "Dovecot"

    def __init__(self):
        self._server = Dovecot(ADDRESS, PASSWORD)
        self._count = 0
        self._lock = threading.Lock()

    @property
    def imap_port(self):
        return self._server.port

    def __enter__(self):
        self._server.__enter__()
        self._server.fill([])
        self._server.fill([], ".Sent")
        return self

    def __exit__(self, *exc_info):
        self._server.__exit__(*exc_info)

    def deliver(self, raw, folder="INBOX"):
        """As a delivery program does it: written aside, then moved into place."""
        with self._lock:
            self._count += 1
            name = f"{time.time():.6f}.{self._count:06d}.loopback"
        home = self._server.maildir / ("" if folder == "INBOX" else f".{folder}")
        aside = home / "tmp" / name
        aside.write_bytes(raw.replace(b"\r\n", b"\n"))
        if os.geteuid() == 0:
            owner = home.stat()
            os.chown(aside, owner.st_uid, owner.st_gid)
        aside.rename(home / "new" / name)


class FakeBox(Mailbox):
    """The mailbox where there is no Dovecot."""

    kind = "fake mailbox"

    def __init__(self):
        super().__init__(ADDRESS, PASSWORD)


def mailbox():
    """A real mailbox where one can be had."""
    return FakeBox() if missing() else DovecotBox()


def smtp(post):
    """The SMTP server of `post`; a context manager with a `port`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return _Smtp(post, hostname="127.0.0.1", port=port)


class _Smtp(Controller):
    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc_info):
        self.stop()
