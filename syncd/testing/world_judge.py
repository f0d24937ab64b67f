"""Whether what reached the buyers of the sandbox world is good, read against its story."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from syncd.model.base import Value
from syncd.testing.world_parcels import Parcel, Scan
from syncd.testing.world_people import Buyer
from syncd.testing.world_story import Story
from syncd.testing.world_troubles import Trouble, WatchSettings, troubles
from syncd.testing.world_words import WORDS, likely_languages

DAY_BEGINS, DAY_ENDS = 8, 21


class Received(Value, frozen=True, kw_only=True):
    """One message of the seller's that reached a buyer."""

    id: str
    key: str
    """The marketplace's idempotency key, or the mail's Message-ID."""
    channel: str
    """``marketplace`` or ``email``."""
    order_id: str | None
    buyer_id: str | None
    """None where a mail went to nobody known."""
    tracking_numbers: tuple[str, ...]
    """Numbers of the world's parcels that the text mentions."""
    subject: str
    text: str
    language: str | None
    """As the sender declared it."""
    at: datetime


class Tolerance(Value, frozen=True, kw_only=True):
    """What a clock that runs fast makes of a short delay; zero for a clock that does not."""

    facts: timedelta = timedelta(0)
    """How old the newest event known to the daemon may be when a notice arrives."""
    sending: timedelta = timedelta(0)
    """How long a notice may be on its way after it was found to be daytime.

    A night has eleven hours: with as much, no notice can be found to come at night.
    """


class Judgement(Value, frozen=True, kw_only=True):
    """How many notices there were, and how many of them have each fault."""

    notices: int
    duplicates: int
    missing_facts: int
    wrong_language: int
    in_quiet_hours: int
    wrong_buyer: int
    needless: int
    """About a parcel that was in no trouble."""
    faults: tuple[str, ...]
    """Each fault in a sentence."""


def untold(
    story: Story, received: Iterable[Received], by: datetime, settings: WatchSettings
) -> list[Trouble]:
    """The troubles that the buyer must have been told of by `by`, and was not.

    One notice is enough for all troubles of a parcel with the same cause.
    """
    told = [(number, notice.at) for notice in received for number in notice.tracking_numbers]
    known = troubles(story, by, settings)
    missing = []
    for trouble in known:
        first_due = min(other.due_at for other in known if _same_cause(other, trouble))
        # A carrier that tells no zone can make a scan look up to 14 hours older than it is.
        since = first_due - timedelta(hours=14)
        heard = any(number == trouble.tracking_number and at >= since for number, at in told)
        if trouble.must_tell and not heard:
            missing.append(trouble)
    return missing


def _same_cause(one: Trouble, other: Trouble) -> bool:
    return one.tracking_number == other.tracking_number and one.cause == other.cause


class Judge:
    """Reads notices against the story."""

    def __init__(self, story: Story, settings: WatchSettings, tolerance: Tolerance) -> None:
        self._sales = {sale.id: sale for sale in story.sales}
        self._parcels = {parcel.number: parcel for _, parcel in story.parcels}
        self._buyers = {buyer.id: buyer for buyer in story.buyers}
        self._story = story
        self._settings = settings
        self._tolerance = tolerance

    def judge(self, received: Sequence[Received]) -> Judgement:
        """Count the faults of `received`; one notice may have several."""
        faults = {
            "duplicates": list(_repeats(received)),
            "missing_facts": [
                (n, ", ".join(self._missing(n))) for n in received if self._missing(n)
            ],
            "wrong_language": [(n, self._language(n)) for n in received if self._language(n)],
            "in_quiet_hours": [(n, self._night(n)) for n in received if self._night(n)],
            "wrong_buyer": [
                (n, "is not the buyer of the order") for n in received if self._other(n)
            ],
            "needless": [(n, "the parcel is in no trouble") for n in received if self._needless(n)],
        }
        sentences = tuple(
            f"{name}: {notice.id} to {notice.buyer_id} at {notice.at:%Y-%m-%d %H:%M}: {why}"
            for name, found in faults.items()
            for notice, why in found
        )
        counts = {name: len(found) for name, found in faults.items()}
        return Judgement(notices=len(received), faults=sentences, **counts)

    def _missing(self, notice: Received) -> list[str]:
        said = _plain(notice.text)
        lacks = [] if notice.tracking_numbers else ["no tracking number of the order"]
        if not _SITE.search(notice.text):
            lacks.append("no tracking site")
        if not any(_plain(event) in said for event in self._newest(notice)):
            lacks.append("not the latest event")
        return lacks

    def _newest(self, notice: Received) -> set[str]:
        """The events that were the latest of a parcel of the notice, at most `facts` ago."""
        numbers = notice.tracking_numbers or tuple(
            parcel.number for parcel in self._parcels_of(notice.order_id)
        )
        return {
            scan.text
            for number in numbers
            for scan in _latest_between(
                self._parcels[number], notice.at - self._tolerance.facts, notice.at
            )
        }

    def _parcels_of(self, order_id: str | None) -> tuple[Parcel, ...]:
        sale = self._sales.get(order_id or "")
        return sale.parcels if sale else ()

    def _language(self, notice: Received) -> str:
        buyer = self._buyers.get(notice.buyer_id or "")
        if buyer is None:
            return ""
        good = {buyer.language} if buyer.language in WORDS else {buyer.language, "en"}
        if notice.language and notice.language.split("-")[0] not in good:
            return f"declared as {notice.language}, the buyer reads {buyer.language}"
        if not likely_languages(self._own_words(notice)) & good:
            return f"not in {buyer.language}, which the buyer reads"
        return ""

    def _own_words(self, notice: Received) -> str:
        """The text without what is the same in every language."""
        text = _SITE.sub(" ", notice.text)
        for number in notice.tracking_numbers:
            text = text.replace(number, " ")
            for scan in self._parcels[number].scans:
                text = text.replace(scan.text, " ")
        return text

    def _night(self, notice: Received) -> str:
        buyer = self._buyers.get(notice.buyer_id or "")
        if buyer is None or _daytime(buyer, notice.at, self._tolerance.sending):
            return ""
        return f"it is {notice.at.astimezone(ZoneInfo(buyer.city.zone)):%H:%M} in {buyer.city.name}"

    def _other(self, notice: Received) -> bool:
        """Whether a notice about an order, or about a parcel, went to somebody else."""
        orders = {self._parcels[number].order_id for number in notice.tracking_numbers}
        orders |= {notice.order_id} if notice.order_id in self._sales else set()
        return any(self._sales[order].buyer.id != notice.buyer_id for order in orders)

    def _needless(self, notice: Received) -> bool:
        # A day ahead, since a carrier that tells no zone makes scans look older than they are.
        known = troubles(self._story, notice.at + timedelta(days=1), self._settings)
        troubled = {trouble.tracking_number for trouble in known}
        return bool(notice.tracking_numbers) and troubled.isdisjoint(notice.tracking_numbers)


_SITE = re.compile(
    r"https?://[^\s<>\"']+|(?<![@\w.-])(?:[a-z0-9-]+\.)+(?:com|net|org|info|[a-z]{2})(?![\w@])",
    re.IGNORECASE,
)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _repeats(received: Sequence[Received]) -> Iterator[tuple[Received, str]]:
    """Notices that say again what the buyer was told: the same key, or the same subject.

    Two parcels of one order are two subjects even where the subject line does not name them.
    """
    keys: set[str] = set()
    told: set[tuple[object, ...]] = set()
    for notice in received:
        about = notice.order_id or notice.tracking_numbers
        content = (about, notice.tracking_numbers, notice.subject or _plain(notice.text))
        if notice.key and notice.key in keys:
            yield notice, f"the key {notice.key} a second time"
        elif content in told:
            yield notice, f"told before: {notice.subject}"
        keys.add(notice.key)
        told.add(content)


def _latest_between(parcel: Parcel, since: datetime, until: datetime) -> Iterator[Scan]:
    """Every scan that was the latest of those published at some time of the span."""
    moments = [since, *(scan.seen_at for scan in parcel.scans if since < scan.seen_at <= until)]
    for moment in moments:
        seen = [scan for scan in parcel.scans if scan.seen_at <= moment]
        if seen:
            yield max(seen, key=lambda scan: scan.at)


def _daytime(buyer: Buyer, at: datetime, earlier: timedelta) -> bool:
    """Whether it was day where the buyer lives, at `at` or up to `earlier` before."""
    zone = ZoneInfo(buyer.city.zone)
    steps = int(earlier / timedelta(minutes=15)) + 1
    hours = ((at - timedelta(minutes=15) * step).astimezone(zone).hour for step in range(steps))
    return any(DAY_BEGINS <= hour < DAY_ENDS for hour in hours)
