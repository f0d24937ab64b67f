"""Each check of the conformance suite catches a connector that is wrong in just that.

First a tiny platform and a connector for it that is right in everything; then faulty ones, each
with the one check that has to catch it, and no other check may.
"""

import gc
import inspect
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar
from urllib.parse import parse_qs

import httpx
import msgspec
import pytest
from pydantic import Field

from syncd import clock
from syncd.connector import (
    API_VERSION,
    AccountConfig,
    AuthFailed,
    Batch,
    Capability,
    Connector,
    ConnectorError,
    Context,
    NotPermitted,
    OutcomeUnknown,
    Paging,
    Rejected,
    Secret,
    Unavailable,
    follow_each,
)
from syncd.http import HttpClient
from syncd.model import (
    Direction,
    Draft,
    Message,
    Milestone,
    ParcelRef,
    Party,
    Receipt,
    Shipment,
    TrackingEvent,
    Verdict,
)
from syncd.testing.conformance import RETRY_AFTER, SECTIONS, ConnectorConformance, Make
from syncd.testing.server import ENDLESS_BYTES, Answer, FakeServer, Request, route
from syncd.testing.tracking_checks import TrackingChecks

TOKEN = "t0ken-of-the-shelf"
PAGE = 2
BLANKS = b" " * (1024 * 1024)


class Shelf(FakeServer):
    """Messages ordered by the number of their last change."""

    def __init__(self):
        super().__init__()
        self.reset()

    def reset(self):
        """As it was at the start."""
        self.heal()
        self.without_scope = False
        self.requests = []
        self.changes = 0
        self.messages = {}
        self.received = {}
        self.done = {"longer": [], "review": [], "left": []}
        for number in range(1, 6):
            self.put(f"m{number}", f"text {number}")

    def put(self, name, text):
        self.changes += 1
        at = f"2026-11-02T09:{self.changes:02d}:00+00:00"
        self.messages[name] = {"id": name, "text": text, "change": self.changes, "at": at}

    @route("GET", "/messages")
    def page_of_messages(self, request):
        if self.without_scope:
            return Answer.json({"error": "insufficient_scope"}, 403)
        after = int(request.one("after", "0"))
        ordered = sorted(self.messages.values(), key=lambda message: message["change"])
        found = [message for message in ordered if message["change"] > after][:PAGE]
        return Answer.json({"messages": self.page(found), "more": len(found) == PAGE})

    @route("POST", "/send")
    def take(self, request):
        said = request.json()
        self.received.setdefault(said["key"], []).append(said)
        return Answer.json({"id": f"sent-{said['key']}"})

    @route("GET", "/sent")
    def all_sent(self, request):
        rows = [
            {"id": f"sent-{key}", "text": said["text"], "to": said["to"]}
            for key, several in self.received.items()
            for said in several
        ]
        return Answer.json({"rows": rows})

    @route("GET", "/sent/(.+)")
    def lookup(self, request):
        known = request.groups[0] in self.received
        return Answer.json({"id": f"sent-{request.groups[0]}" if known else None})

    @route("POST", "/(longer|review|left)")
    def do(self, request):
        done = self.done[request.groups[0]]
        done.append(request.json()["key"])
        return Answer.json({"id": f"done-{len(done)}"})

    @route("GET", "/(longer|review|left)/(.+)")
    def lookup_done(self, request):
        what, key = request.groups
        return Answer.json({"id": "done-1" if key in self.done[what] else None})


class TinyConfig(AccountConfig):
    url: str = Field(description="Where the shelf is.")
    token: Secret = Field(description="What opens it.")


class Row(msgspec.Struct):
    id: str
    text: str
    change: int
    at: datetime


class Page(msgspec.Struct):
    messages: list[Row]
    more: bool


class Sent(msgspec.Struct):
    id: str | None


class SentRow(msgspec.Struct):
    id: str
    text: str
    to: str


class SentPage(msgspec.Struct):
    rows: list[SentRow]


class Bearer:
    def __init__(self, secret):
        self.secret = secret

    def headers(self):
        return {"authorization": f"Bearer {self.secret.reveal()}"}

    def renew(self, refused):
        return False


def scope_missing(reply):
    if reply.status != 403:
        return None
    return NotPermitted("the shelf is closed", "give the token the scope messages")


class Tiny(Connector):
    name = "tiny"
    api_version = API_VERSION
    Config = TinyConfig
    streams = {"messages": timedelta(minutes=5)}  # noqa: RUF012  nobody changes it
    capabilities = frozenset(
        {
            Capability.READ_MESSAGES,
            Capability.REPLY,
            Capability.EXTEND_PROMISE,
            Capability.REQUEST_REVIEW,
            Capability.UPLOAD_TRACKING,
        }
    )

    def __init_subclass__(cls):
        """Each faulty connector below names its own version, as connectors have to."""
        if "api_version" not in vars(cls):
            cls.api_version = API_VERSION

    def __init__(self, config, context):
        super().__init__(config, context)
        # Less than by default, since each of the connectors below is given an endless answer.
        self.http = HttpClient(
            config.url, auth=Bearer(config.token), max_bytes=100_000, judge=scope_missing
        )

    def poll(self, stream, cursor):
        after, more, paging = cursor.get("after", 0), True, Paging("the shelf")
        while more:
            page = self.turned(self.page(after), paging)
            after = max([after, *(row.change for row in page.messages)])
            yield Batch([self.item(row) for row in page.messages], {"after": after})
            more = page.more

    def page(self, after):
        return self.http.get("/messages", {"after": after}).json(Page)

    def turned(self, page, paging):
        paging.turned((row.change for row in page.messages), more=page.more)
        return page

    def item(self, row):
        return Message(
            source_id=row.id,
            sent_at=datetime(2026, 11, 2, tzinfo=UTC),
            direction=Direction.INBOUND,
            buyer=Party(name="Ann"),
            text=row.text,
        )

    def may_send(self, draft):
        if len(draft.text) > 200:
            return Verdict.never("the shelf takes 200 characters")
        return Verdict.yes()

    def send(self, draft, key):
        body = {"key": key, "text": draft.text, "to": draft.buyer.name}
        reply = self.http.post("/send", body)
        return Receipt(source_id=reply.json(Sent).id, accepted_at=self.context.now())

    def find_sent(self, draft, key):
        found = self.http.get(f"/sent/{key}").json(Sent).id
        return Receipt(source_id=found, accepted_at=self.context.now()) if found else None

    def do(self, what, key):
        reply = self.http.post(f"/{what}", {"key": key})
        return Receipt(source_id=reply.json(Sent).id, accepted_at=self.context.now())

    def find_done(self, what, key):
        found = self.http.get(f"/{what}/{key}").json(Sent).id
        return Receipt(source_id=found, accepted_at=self.context.now()) if found else None

    def extend_promise(self, order_id, until, key):
        return self.do("longer", key)

    def find_extension(self, order_id, until, key):
        return self.find_done("longer", key)

    def request_review(self, order_id, key):
        return self.do("review", key)

    def find_review_request(self, order_id, key):
        return self.find_done("review", key)

    def confirm_shipment(self, shipment, key):
        return self.do("left", key)

    def find_confirmation(self, shipment, key):
        return self.find_done("left", key)

    def check(self):
        self.page(0)

    def close(self):
        self.http.close()


@pytest.fixture(scope="module")
def readme(tmp_path_factory):
    path = tmp_path_factory.mktemp("tiny") / "README.md"
    path.write_text("# tiny\n" + "".join(f"\n## {section}\n" for section in SECTIONS))
    return path


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch):
    monkeypatch.setenv("TINY_TOKEN", TOKEN)
    # The HTTP client waits a little before it reads a second time.
    monkeypatch.setattr(clock, "sleep", lambda seconds: None)


class TinySetup(ConnectorConformance):
    connector_class = Tiny
    secrets = (TOKEN,)
    send_path = "/send"
    request_paths = {  # noqa: RUF012  nobody changes it
        Capability.EXTEND_PROMISE: "/longer",
        Capability.REQUEST_REVIEW: "/review",
        Capability.UPLOAD_TRACKING: "/left",
    }

    @pytest.fixture
    def source(self):
        with Shelf() as shelf:
            yield shelf

    def config(self, source):
        return {"url": source.url, "token": {"env": "TINY_TOKEN"}}

    def add_item(self, source, stream):
        source.put("m99", "one more")

    def deny(self, source, stream):
        source.without_scope = True
        return True

    def edit_item(self, source, stream):
        source.put("m1", "text 1, edited")
        return True

    def fail(self, source, fault, *, times=1_000_000, path=".*"):
        source.fail(fault, times=times, path=path, retry_after=RETRY_AFTER, seconds=0.001)

    def draft(self, source):
        return Draft(text="Hello", buyer=Party(name="Ann"))

    def refused_draft(self, source):
        return Draft(text="Hello, dear customer of ours! " * 7, buyer=Party(name="Ann"))

    def more_drafts(self, source):
        return [
            Draft(text="Hello", buyer=Party(name="Ann"), order_id="o1"),
            Draft(text="Hello", buyer=Party(name="Ben")),
        ]

    def fail_readings(self, source, fault, *, passing=0, after=None):
        source.fail(fault, times=1_000_000, seconds=0.001, passing=passing, after=after)
        return True

    def arrived(self, source):
        return sum(map(len, source.received.values()))

    def extension(self, source):
        return "o1", datetime(2026, 12, 1, tzinfo=UTC)

    def review_order(self, source):
        return "o1"

    def departure(self, source):
        return Shipment(source_id="k1", order_id="o1", tracking_number="TN9", carrier="dhl")

    def carried_out(self, source, capability):
        return len(source.done[self.request_paths[capability].removeprefix("/")])


class TestTiny(TinySetup):
    """The suite as pytest runs it, on a connector that is right."""

    @pytest.fixture(autouse=True)
    def _readme(self, readme, monkeypatch):
        monkeypatch.setattr(type(self), "readme", readme, raising=False)


# Reading


class NeverFromTheStart(Tiny):
    """Begins at the end, so that what is there already never comes."""

    def poll(self, stream, cursor):
        if cursor:
            yield from super().poll(stream, cursor)
            return
        for batch in super().poll(stream, {}):
            last = batch.cursor
        yield Batch([], last)


class CursorAhead(Tiny):
    """Gives items one by one, with a cursor that stands behind the whole page."""

    def poll(self, stream, cursor):
        for batch in super().poll(stream, cursor):
            for item in batch.items:
                yield Batch([item], batch.cursor)


class LastAgain(Tiny):
    """Begins one item too early."""

    def poll(self, stream, cursor):
        yield from super().poll(stream, {"after": cursor.get("after", 1) - 1})


class OnlyOldAcquaintances(Tiny):
    """Once through, it looks for changes only."""

    def poll(self, stream, cursor):
        known = cursor.get("known")
        for batch in super().poll(stream, cursor):
            items = [item for item in batch.items if known is None or item.source_id in known]
            yield Batch(items, batch.cursor)
        if known is None:
            yield Batch([], {**batch.cursor, "known": [f"m{n}" for n in range(1, 6)]})


class BlindToEdits(Tiny):
    """Once through, it leaves out what it knows."""

    def poll(self, stream, cursor):
        done = cursor.get("done", False)
        for batch in super().poll(stream, cursor):
            items = [item for item in batch.items if not done or item.source_id not in INITIAL]
            yield Batch(items, batch.cursor)
        yield Batch([], {**batch.cursor, "done": True})


INITIAL = {f"m{n}" for n in range(1, 6)}


class TimeInCursor(Tiny):
    """Puts a datetime into the cursor."""

    def poll(self, stream, cursor):
        for batch in super().poll(stream, cursor):
            yield Batch(batch.items, {**batch.cursor, "at": datetime.now(UTC)})


class NumbersAsKeys(Tiny):
    """Has keys in the cursor that come back as strings."""

    def poll(self, stream, cursor):
        for batch in super().poll(stream, cursor):
            yield Batch(batch.items, {**batch.cursor, 7: "x"})


class OneIdTwice(Tiny):
    """Gives two items the same id."""

    def item(self, row):
        item = super().item(row)
        return msgspec.structs.replace(item, source_id="m3") if row.id == "m2" else item


class NumberAsId(Tiny):
    """Leaves the ids as the numbers they are at the platform."""

    def item(self, row):
        return msgspec.structs.replace(super().item(row), source_id=int(row.id[1:]))


class NaiveTime(Tiny):
    """Forgets the zone."""

    def item(self, row):
        item = super().item(row)
        return msgspec.structs.replace(item, sent_at=item.sent_at.replace(tzinfo=None))


# When the source misbehaves


class Translating(Tiny):
    """Turns the errors of reading into others."""

    def page(self, after):
        try:
            return super().page(after)
        except ConnectorError as error:
            raise self.other(error) from None

    def other(self, error):
        return error


class LoginAsOutage(Translating):
    def other(self, error):
        return Unavailable(str(error)) if isinstance(error, AuthFailed) else error


class ForgetsRetryAfter(Translating):
    def other(self, error):
        return Unavailable(str(error)) if isinstance(error, Unavailable) else error


class ExpectsRetryAfter(Translating):
    def other(self, error):
        if "429" in str(error) and error.retry_after is None:
            return KeyError("retry-after")
        return error


class OutageAsBug(Translating):
    def other(self, error):
        return RuntimeError("500") if "HTTP 500" in str(error) else error


class BlockedAsLogin(Translating):
    """Takes the page of a firewall for a word about its login."""

    def other(self, error):
        return AuthFailed(str(error)) if "HTTP 403" in str(error) else error


class ScopeAsLogin(Translating):
    """Takes a missing scope for a login that is refused."""

    def other(self, error):
        return AuthFailed(str(error)) if isinstance(error, NotPermitted) else error


class ScopeWithoutAdvice(Translating):
    """Says that it may not, and not what to do."""

    def other(self, error):
        return NotPermitted(error.said, "") if isinstance(error, NotPermitted) else error


class ScopeUnchecked(Tiny):
    """Asks nobody whether it may read."""

    def check(self):
        return


class TrustsTheAnswer(Tiny):
    """Takes every answer for JSON of the right shape."""

    def page(self, after):
        reply = self.http.get("/messages", {"after": after})
        return msgspec.convert(msgspec.json.decode(reply.content), Page)


class NonsenseIsEmpty(Tiny):
    """Takes an answer without content for one without messages."""

    def page(self, after):
        reply = self.http.get("/messages", {"after": after})
        return reply.json(Page) if reply.content else Page([], more=False)


class MovesOnBeforeItFails(Tiny):
    """Steps over what it could not read, then says that it could not."""

    def poll(self, stream, cursor):
        after, more, paging = cursor.get("after", 0), True, Paging("the shelf")
        while more:
            try:
                page = self.page(after)
            except Unavailable:
                yield Batch([], {"after": after + PAGE})
                raise
            self.turned(page, paging)
            after = max([after, *(row.change for row in page.messages)])
            yield Batch([self.item(row) for row in page.messages], {"after": after})
            more = page.more


class CountsTwice(Tiny):
    """Makes an id of the position on the page where one is there twice."""

    def poll(self, stream, cursor):
        for batch in super().poll(stream, cursor):
            seen = Counter()
            items = []
            for item in batch.items:
                seen[item.source_id] += 1
                extra = f"-{seen[item.source_id]}" if seen[item.source_id] > 1 else ""
                items.append(msgspec.structs.replace(item, source_id=item.source_id + extra))
            yield Batch(items, batch.cursor)


class StopsAtTheFirstOlder(Tiny):
    """Relies on the order of a page."""

    def poll(self, stream, cursor):
        after, more, paging = cursor.get("after", 0), True, Paging("the shelf")
        while more:
            page, items = self.turned(self.page(after), paging), []
            for row in page.messages:
                if row.change < after:
                    break
                after = row.change
                items.append(self.item(row))
            yield Batch(items, {"after": after})
            more = page.more


class BelievesItsClock(Tiny):
    """Goes by the time of its own last poll, and takes what it says to be the platform's."""

    def poll(self, stream, cursor):
        until = cursor.get("until")
        for batch in super().poll(stream, cursor):
            items = [row for row in batch.items if until is None or self.is_new(row, until)]
            yield Batch(items, {**batch.cursor, "until": self.context.now().timestamp()})

    def is_new(self, message, until):
        return until <= clock.now().timestamp() + 1


class BelievesDates(Tiny):
    """Reads nothing that is older than the latest it has."""

    def poll(self, stream, cursor):
        dated = [cursor["dated"]] if cursor else []
        for batch in super().poll(stream, cursor):
            new = [item for item in batch.items if [item.subject] > dated]
            latest = max([item.subject for item in batch.items] + dated, default="")
            yield Batch(new, {**batch.cursor, "dated": latest})

    def item(self, row):
        return msgspec.structs.replace(super().item(row), subject=row.at.isoformat())


class TurnsForEver(Tiny):
    """Takes the platform's word for it that more follows."""

    def turned(self, page, paging):
        return page


class EndsAtARepeat(Tiny):
    """Takes a page that came already for the last."""

    def turned(self, page, paging):
        fresh = paging.turned((row.change for row in page.messages), more=False)
        return msgspec.structs.replace(page, more=page.more and fresh)


class ReadsWithoutEnd(Tiny):
    """Reads whatever comes into memory."""

    def __init__(self, config, context):
        super().__init__(config, context)
        self.http = HttpClient(
            config.url, auth=Bearer(config.token), max_bytes=10**12, judge=scope_missing
        )


# Manners


class OddStream(Tiny):
    streams: ClassVar = {"chats": timedelta(minutes=5)}


class OddName(Tiny):
    name = "tiny_shop"


class OfAnotherVersion(Tiny):
    api_version = 99


class OfNoVersion(Tiny):
    """Trusts that the one it inherits is meant for it too."""


del OfNoVersion.api_version


class WithoutPause(Tiny):
    streams: ClassVar = {"messages": timedelta(0)}


class LessThanItSays(Tiny):
    """Takes away in the object what its settings leave out, where nobody sees it before."""

    def __init__(self, config, context):
        super().__init__(config, context)
        self.capabilities = type(self).capabilities - {Capability.READ_MESSAGES}


class MoreBySettings(Tiny):
    """Has settings add what the class does not have."""

    @classmethod
    def able(cls, config):
        return cls.capabilities | {Capability.PUBLIC_REPLY}


class ReadsLessThanItSays(Tiny):
    """The same for what it reads."""

    def __init__(self, config, context):
        super().__init__(config, context)
        self.streams = {}


class ReadsMoreBySettings(Tiny):
    """The same, too."""

    @classmethod
    def reads(cls, config):
        return {**cls.streams, "reviews": timedelta(hours=1)}


class AsksAtConstruction(Tiny):
    """Looks whether the platform is there when it is made."""

    def __init__(self, config, context):
        super().__init__(config, context)
        self.page(0)


class CheckComplains(Tiny):
    def check(self):
        super().check()
        raise Unavailable("cannot check")


class TalkativeRepr(Tiny):
    def __repr__(self):
        return f"Tiny(token={self.config.token.reveal()})"


class TalkativeError(Translating):
    def other(self, error):
        if isinstance(error, AuthFailed):
            return AuthFailed(f"the token {self.config.token.reveal()} was refused")
        return error


class TalkativeCause(Tiny):
    """The error says nothing, its cause everything."""

    def page(self, after):
        try:
            return super().page(after)
        except AuthFailed as error:
            raise AuthFailed("refused") from ValueError(self.config.token.reveal(), error)


class OneClientForAll(Tiny):
    """All objects share one client, and the first that is closed closes it."""

    shared = None

    def __init__(self, config, context):
        super().__init__(config, context)
        self.http.close()
        if OneClientForAll.shared is None or OneClientForAll.shared[0] != config.url:
            OneClientForAll.shared = (config.url, Tiny(config, context))
        self.http = OneClientForAll.shared[1].http

    def close(self):
        OneClientForAll.shared = None
        super().close()


class OneSeenForAll(Tiny):
    """Objects that poll at the same time hide items from each other."""

    polling: ClassVar = []

    def poll(self, stream, cursor):
        OneSeenForAll.polling.append(self)
        try:
            for batch in super().poll(stream, cursor):
                hidden = OneSeenForAll.polling[-1] is not self
                yield Batch([] if hidden else batch.items, batch.cursor)
        finally:
            OneSeenForAll.polling.remove(self)


class MuteConfig(TinyConfig):
    depth: int = Field(default=1)


class MuteSetting(Tiny):
    Config = MuteConfig


# Sending


class NoWithoutReason(Tiny):
    def may_send(self, draft):
        return Verdict.yes() if super().may_send(draft).allowed else Verdict.never("")


class YesToAll(Tiny):
    def may_send(self, draft):
        return Verdict.yes()


class LaterInNoZone(Tiny):
    def may_send(self, draft):
        verdict = super().may_send(draft)
        if verdict.allowed:
            return verdict
        return Verdict.later(datetime.now(UTC).replace(tzinfo=None), "in the morning")


class OnlyReads(Tiny):
    """Says that it cannot send, and would."""

    capabilities = frozenset({Capability.READ_MESSAGES})


class SendsTwice(Tiny):
    def send(self, draft, key):
        receipt = super().send(draft, key)
        super().send(draft, f"{key}-copy")
        return receipt


class ReceiptForgotten(Tiny):
    def send(self, draft, key):
        super().send(draft, key)


class NaiveReceipt(Tiny):
    def send(self, draft, key):
        receipt = super().send(draft, key)
        naive = receipt.accepted_at.replace(tzinfo=None)
        return msgspec.structs.replace(receipt, accepted_at=naive)


class LostIsNotSent(Tiny):
    """Takes a lost answer for a message that did not go out."""

    def send(self, draft, key):
        try:
            return super().send(draft, key)
        except OutcomeUnknown as error:
            raise Unavailable(str(error)) from None


class FindsNothing(Tiny):
    def find_sent(self, draft, key):
        return None


class FindsEverything(Tiny):
    def find_sent(self, draft, key):
        return Receipt(source_id="1", accepted_at=self.context.now())


class ReadsBack(Tiny):
    """Looks for the message that it has sent, to name it in the receipt."""

    def send(self, draft, key):
        super().send(draft, key)
        return self.find_sent(draft, key)


class SendsUntilItSeesIt(ReadsBack):
    """Takes what it cannot read back for not sent, and sends it again."""

    def send(self, draft, key):
        try:
            return super().send(draft, key)
        except Unavailable:
            return Tiny.send(self, draft, key)


class SilenceIsNo(Tiny):
    """Takes a source that cannot be asked for one that has nothing."""

    def find_sent(self, draft, key):
        try:
            return super().find_sent(draft, key)
        except Unavailable:
            return None


class SecondSilenceIsNo(SilenceIsNo):
    """The same, of the second thing that it reads."""

    def find_sent(self, draft, key):
        self.page(0)
        return super().find_sent(draft, key)


class BreaksOnSilence(Tiny):
    """Has an error of its own for what cannot be asked."""

    def find_sent(self, draft, key):
        try:
            return super().find_sent(draft, key)
        except Unavailable as error:
            raise Rejected(str(error)) from None


class GoesByTexts(Tiny):
    """Looks for what was sent by its text, the only way at many platforms; rightly so."""

    def find_sent(self, draft, key):
        rows = self.http.get("/sent").json(SentPage).rows
        found = [row.id for row in rows if self.same(row, draft)]
        return Receipt(source_id=found[0], accepted_at=self.context.now()) if found else None

    def same(self, row, draft):
        return (row.text, row.to) == (draft.text, draft.buyer.name) and row.id not in draft.taken


class FirstOfTheTextIsIt(GoesByTexts):
    """Heeds no other message with the same text."""

    def same(self, row, draft):
        return (row.text, row.to) == (draft.text, draft.buyer.name)


class SecondOfTheTextIsNone(GoesByTexts):
    """Denies where another message with the same text is known."""

    def find_sent(self, draft, key):
        return None if draft.taken else super().find_sent(draft, key)


class GoesByTextsAsItReads(GoesByTexts):
    """Compares texts in a form of its own."""

    def same(self, row, draft):
        told = self.form(draft.text) == self.form(row.text) and row.to == draft.buyer.name
        return told and row.id not in draft.taken


class GoesByBeginnings(GoesByTextsAsItReads):
    """Compares as much of a text as a list shows of it."""

    def form(self, text):
        return text[:100]


class GoesByLatinLetters(GoesByTextsAsItReads):
    """Loses the characters that it has no place for."""

    def form(self, text):
        return text.encode("latin-1", "ignore")


class GoesByWords(GoesByTextsAsItReads):
    """Loses what stands between words."""

    def form(self, text):
        return "".join(filter(str.isalnum, text)) or text


class EscapesQuotes(GoesByTexts):
    """Looks for a text as it would have been escaped."""

    def same(self, row, draft):
        escaped = draft.text.replace('"', "&quot;")
        return super().same(row, msgspec.structs.replace(draft, text=escaped))


class AnybodysTextIsIt(GoesByTexts):
    """Does not look whom a message went to."""

    def same(self, row, draft):
        return row.text == draft.text and row.id not in draft.taken


# Asking for more than a message


class DoesTwice(Tiny):
    def do(self, what, key):
        super().do(what, key)
        return super().do(what, key)


class ReceiptOfItForgotten(Tiny):
    def do(self, what, key):
        super().do(what, key)


class LostIsNotDone(Tiny):
    """Takes a lost answer for a request that was not carried out."""

    def do(self, what, key):
        try:
            return super().do(what, key)
        except OutcomeUnknown as error:
            raise Unavailable(str(error)) from None


class FindsNothingDone(Tiny):
    def find_done(self, what, key):
        return None


class FindsAllDone(Tiny):
    def find_done(self, what, key):
        return Receipt(source_id="1", accepted_at=self.context.now())


class ReadsBackWhatIsDone(Tiny):
    """Looks for what was carried out, to name it in the receipt."""

    def do(self, what, key):
        super().do(what, key)
        return self.find_done(what, key)


class SilenceIsNotDone(Tiny):
    """Takes a source that cannot be asked for one that did nothing."""

    def find_done(self, what, key):
        try:
            return super().find_done(what, key)
        except Unavailable:
            return None


class ReviewsTwice(Tiny):
    """Wrong in one of the three alone."""

    def request_review(self, order_id, key):
        super().request_review(order_id, key)
        return super().request_review(order_id, key)


class FindsNoParcel(Tiny):
    """The same."""

    def find_confirmation(self, shipment, key):
        return None


class LostTimeIsNone(Tiny):
    """The same."""

    def extend_promise(self, order_id, until, key):
        try:
            return super().extend_promise(order_id, until, key)
        except OutcomeUnknown as error:
            raise Rejected(str(error)) from None


FAULTY = [
    (NeverFromTheStart, "test_something_comes"),
    (CursorAhead, "test_resuming_loses_nothing"),
    (LastAgain, "test_polling_again_brings_nothing_new"),
    (OnlyOldAcquaintances, "test_a_new_item_comes"),
    (BlindToEdits, "test_an_edit_is_seen"),
    (TimeInCursor, "test_cursors_survive_json"),
    (NumbersAsKeys, "test_cursors_survive_json"),
    (OneIdTwice, "test_source_ids_are_unique_strings"),
    (NumberAsId, "test_source_ids_are_unique_strings"),
    (NaiveTime, "test_times_are_aware"),
    (LoginAsOutage, "test_a_refused_login_stops_the_account"),
    (ForgetsRetryAfter, "test_retry_after_is_handed_on"),
    (ExpectsRetryAfter, "test_a_rate_limit_without_a_time_is_backed_off_from"),
    (OutageAsBug, "test_a_breakdown_is_told_as_such"),
    (BlockedAsLogin, "test_a_breakdown_is_told_as_such"),
    (ScopeAsLogin, "test_what_is_not_permitted_stops_its_stream_alone"),
    (ScopeWithoutAdvice, "test_what_is_not_permitted_stops_its_stream_alone"),
    (ScopeUnchecked, "test_what_is_not_permitted_stops_its_stream_alone"),
    (TrustsTheAnswer, "test_a_breakdown_is_told_as_such"),
    (NonsenseIsEmpty, "test_a_breakdown_is_told_as_such"),
    (MovesOnBeforeItFails, "test_a_breakdown_loses_nothing"),
    (CountsTwice, "test_a_page_with_everything_twice_is_harmless"),
    (StopsAtTheFirstOlder, "test_a_page_in_another_order_is_harmless"),
    (BelievesItsClock, "test_a_clock_that_is_off_loses_nothing"),
    (BelievesDates, "test_what_is_dated_ahead_hides_nothing"),
    (TurnsForEver, "test_a_page_that_comes_again_for_ever_is_given_up"),
    (EndsAtARepeat, "test_a_page_that_comes_again_for_ever_is_given_up"),
    (ReadsWithoutEnd, "test_an_endless_answer_is_cut_off"),
    (OddStream, "test_it_declares_itself"),
    (OddName, "test_it_declares_itself"),
    (OfAnotherVersion, "test_it_declares_itself"),
    (OfNoVersion, "test_it_declares_itself"),
    (WithoutPause, "test_it_declares_itself"),
    (LessThanItSays, "test_the_settings_alone_say_what_it_can_do"),
    (MoreBySettings, "test_the_settings_alone_say_what_it_can_do"),
    (ReadsLessThanItSays, "test_the_settings_alone_say_what_it_can_do"),
    (ReadsMoreBySettings, "test_the_settings_alone_say_what_it_can_do"),
    (AsksAtConstruction, "test_construction_opens_nothing"),
    (CheckComplains, "test_check_passes_where_all_is_well"),
    (TalkativeRepr, "test_secrets_stay_secret"),
    (TalkativeError, "test_secrets_stay_secret"),
    (TalkativeCause, "test_secrets_stay_secret"),
    (OneClientForAll, "test_objects_share_nothing"),
    (OneSeenForAll, "test_objects_share_nothing"),
    (MuteSetting, "test_every_setting_is_described"),
    (NoWithoutReason, "test_a_refusal_has_a_reason"),
    (YesToAll, "test_a_refusal_has_a_reason"),
    (LaterInNoZone, "test_a_refusal_has_a_reason"),
    (OnlyReads, "test_a_refusal_has_a_reason"),
    (SendsTwice, "test_a_message_arrives_once"),
    (ReceiptForgotten, "test_a_message_arrives_once"),
    (NaiveReceipt, "test_a_message_arrives_once"),
    (LostIsNotSent, "test_a_lost_answer_is_an_unknown_outcome"),
    (FindsNothing, "test_an_unknown_outcome_is_settled"),
    (FindsEverything, "test_an_unknown_outcome_is_settled"),
    (ReadsBack, "test_a_failure_behind_a_send_denies_nothing"),
    (SendsUntilItSeesIt, "test_a_failure_behind_a_send_denies_nothing"),
    (SilenceIsNo, "test_a_question_that_fails_is_no_answer"),
    (SecondSilenceIsNo, "test_a_question_that_fails_is_no_answer"),
    (BreaksOnSilence, "test_a_question_that_fails_is_no_answer"),
    (GoesByBeginnings, "test_different_messages_are_told_apart"),
    (GoesByLatinLetters, "test_different_messages_are_told_apart"),
    (GoesByWords, "test_different_messages_are_told_apart"),
    (EscapesQuotes, "test_different_messages_are_told_apart"),
    (AnybodysTextIsIt, "test_messages_to_different_places_are_told_apart"),
    (FirstOfTheTextIsIt, "test_the_same_text_twice_is_two_messages"),
    (SecondOfTheTextIsNone, "test_the_same_text_twice_is_two_messages"),
    (DoesTwice, "test_a_request_is_carried_out_once"),
    (ReceiptOfItForgotten, "test_a_request_is_carried_out_once"),
    (ReviewsTwice, "test_a_request_is_carried_out_once"),
    (LostIsNotDone, "test_a_lost_request_is_unknown"),
    (LostTimeIsNone, "test_a_lost_request_is_unknown"),
    (ReadsBackWhatIsDone, "test_a_failure_behind_a_request_denies_nothing"),
    (SilenceIsNotDone, "test_a_question_about_a_request_that_fails_is_no_answer"),
    (FindsNothingDone, "test_a_lost_request_is_settled"),
    (FindsAllDone, "test_a_lost_request_is_settled"),
    (FindsNoParcel, "test_a_lost_request_is_settled"),
]


# Following parcels: a carrier that answers one number a call, and knows each by a message's name


class Following(Tiny):
    """Right in everything; its parcels are those that its context lends."""

    streams = {"tracking": timedelta(minutes=5)}  # noqa: RUF012  nobody changes it
    capabilities = frozenset({Capability.TRACK_PARCELS})

    def poll(self, stream, cursor):
        yield from follow_each(self.due(), self.ask, self.read)

    def due(self):
        return self.context.parcels()

    def ask(self, parcel):
        return self.http.get("/messages", {"after": 0}).content

    def read(self, parcel, raw):
        return [
            TrackingEvent(
                source_id=f"{parcel.tracking_number}-scan",
                tracking_number=parcel.tracking_number,
                occurred_local=datetime(2026, 11, 2),  # noqa: DTZ001  a wall clock
                milestone=Milestone.IN_TRANSIT,
            )
        ]


class LooksUntold(Following):
    """Says of no parcel that it was looked at."""

    def poll(self, stream, cursor):
        for batch in super().poll(stream, cursor):
            yield Batch(batch.items, batch.cursor)


class AsksForAllItKnows(Following):
    """Goes on asking about what was due once."""

    def __init__(self, config, context):
        super().__init__(config, context)
        self.known = {}

    def due(self):
        self.known |= {parcel.tracking_number: parcel for parcel in self.context.parcels()}
        return self.known.values()


class CountsOutagesAsLooks(Following):
    """Notes the look before it has asked."""

    def poll(self, stream, cursor):
        yield Batch([], {}, looked=tuple(parcel.tracking_number for parcel in self.due()))
        yield from super().poll(stream, cursor)


class CarriersByName(Following):
    carriers = frozenset({"DHL Paket"})


FOLLOWING_FAULTS = [
    (LooksUntold, "test_it_says_what_it_looked_at"),
    (AsksForAllItKnows, "test_only_what_is_due_is_asked_about"),
    (CountsOutagesAsLooks, "test_an_outage_is_no_look"),
    (CarriersByName, "test_carriers_are_codes"),
]


class FollowingSetup(TinySetup):
    connector_class = Following

    def context(self, source, account):
        parcels = [ParcelRef(tracking_number=number) for number in ("TN1", "TN2", "TN3")]
        return Context(account=account, now=clock.now, parcels=lambda: parcels)


TRACKING_CHECKS = sorted(name for name in vars(TrackingChecks) if name.startswith("test_"))


def tracking_caught_by(connector, readme, monkeypatch):
    attributes = {"connector_class": connector, "readme": readme}
    suite = type("Suite", (FollowingSetup,), attributes)()
    with Shelf() as source:
        found = {
            name
            for name in TRACKING_CHECKS
            if outcome(suite, getattr(TrackingChecks, name), source, {"monkeypatch": monkeypatch})
        }
    gc.collect()
    return found


def test_a_connector_that_follows_parcels_rightly_passes(readme, monkeypatch):
    assert tracking_caught_by(Following, readme, monkeypatch) == set()


@pytest.mark.parametrize(("connector", "check"), FOLLOWING_FAULTS)
def test_a_fault_in_following_is_caught_by_its_check_and_no_other(
    connector, check, readme, monkeypatch
):
    assert tracking_caught_by(connector, readme, monkeypatch) == {check}


def checks():
    """Every check with each of its parameters, as pytest would run them."""
    for name, check in inspect.getmembers(ConnectorConformance, inspect.isfunction):
        if name.startswith("test_"):
            marks = getattr(check, "pytestmark", [])
            wanted, values = marks[0].args if marks else ("", [None])
            for value in values:
                yield name, check, {wanted: value} if wanted else {}


def outcome(suite, check, source, given):
    """What is wrong by one check, or None."""
    make = Make(partial(suite.build, source))
    offer = {"make": make, "source": source, "stream": min(suite.connector_class.streams), **given}
    wanted = inspect.signature(check).parameters
    try:
        check(suite, **{name: offer[name] for name in wanted if name in offer})
    except pytest.skip.Exception:
        return None
    except Exception as error:  # noqa: BLE001  a check may fail in any way
        return error
    finally:
        make.close_all()
        source.reset()
    return None


def caught_by(connector, readme, monkeypatch, shortcut=None, **attributes):
    attributes = {"connector_class": connector, "readme": readme, **attributes}
    suite = type("Suite", (TinySetup,), attributes)()
    caught = {}
    with Shelf() as source:
        if shortcut is not None:
            shortcut.source = source
        for name, check, given in checks():
            offered = {"monkeypatch": monkeypatch, **given}
            if (error := outcome(suite, check, source, offered)) is not None:
                caught[name] = error
    # Polls that a failing check left unfinished give their connections back here.
    gc.collect()
    return caught


def test_the_right_connector_passes_every_check(readme, monkeypatch):
    assert caught_by(Tiny, readme, monkeypatch) == {}


def test_one_that_goes_by_texts_rightly_passes_too(readme, monkeypatch):
    assert caught_by(GoesByTexts, readme, monkeypatch) == {}


class Shortcut:
    """Requests that go straight to the shelf: the wire is no part of what the faulty ones show.

    It costs more than all the rest of their tests; the right ones go by it.
    """

    def __init__(self):
        self.source = None

    def send(self, request):
        url = request.url
        answer = self.source.serve(
            Request(
                request.method,
                url.path,
                parse_qs(url.query.decode(), keep_blank_values=True),
                dict(request.headers),
                request.content,
                target=url.raw_path.decode(),
            )
        )
        if answer is None:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        headers = {"content-type": answer.content_type, **answer.headers}
        if answer.endless:
            return httpx.Response(answer.status, headers=headers, content=self.poured(answer.body))
        return httpx.Response(answer.status, headers=headers, content=answer.body)

    def poured(self, begin):
        yield begin
        for _ in range(ENDLESS_BYTES // len(BLANKS)):
            self.source.poured += len(BLANKS)
            yield BLANKS


@pytest.fixture
def shortcut(monkeypatch):
    way = Shortcut()
    monkeypatch.setattr(
        "syncd.http.wire._Transport.handle_request", lambda _, request: way.send(request)
    )
    return way


@pytest.mark.parametrize(
    ("connector", "check"), FAULTY, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_fault_is_caught_by_its_check_and_no_other(
    connector, check, readme, monkeypatch, shortcut
):
    assert set(caught_by(connector, readme, monkeypatch, shortcut)) == {check}


def test_a_readme_without_a_section_is_caught(readme, tmp_path, monkeypatch):
    short = tmp_path / "README.md"
    short.write_text(readme.read_text().replace("## Known limits", "Known limits"))
    caught = caught_by(Tiny, short, monkeypatch)
    assert list(caught) == ["test_the_readme_has_its_sections"]
    assert "Known limits" in str(caught["test_the_readme_has_its_sections"])


def test_every_check_has_a_connector_that_only_it_catches():
    proved = {check for _, check in FAULTY + FOLLOWING_FAULTS} | {
        "test_the_readme_has_its_sections"
    }
    assert proved == {name for name, _, _ in checks()}


def test_every_check_says_in_a_sentence_what_is_wrong():
    for name, check, _ in checks():
        assert (check.__doc__ or "").strip().endswith("."), name
        assert "\n" not in (check.__doc__ or "").strip(), name


def test_a_failing_check_shows_no_secret(readme, monkeypatch):
    caught = caught_by(TalkativeRepr, readme, monkeypatch)
    assert TOKEN not in str(caught["test_secrets_stay_secret"])


def test_a_platform_that_gives_the_last_item_again_may_say_so(readme, monkeypatch):
    assert caught_by(LastAgain, readme, monkeypatch, resends_last=True) == {}


def test_even_then_nothing_new_may_come_from_nowhere(readme, monkeypatch):
    class Inventive(LastAgain):
        """Gives what it repeats another id."""

        def poll(self, stream, cursor):
            for batch in super().poll(stream, cursor):
                items = [
                    msgspec.structs.replace(item, source_id=item.source_id + "-again")
                    if cursor and item.source_id == "m5"
                    else item
                    for item in batch.items
                ]
                yield Batch(items, batch.cursor)

    caught = caught_by(Inventive, readme, monkeypatch, resends_last=True)
    assert "test_polling_again_brings_nothing_new" in caught
