"""Parcel tracking by 17TRACK: registers the open parcels' numbers and reads their scans."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, ClassVar

from pydantic import Field, HttpUrl

from syncd.connector import (
    AccountConfig,
    Batch,
    Capability,
    Connector,
    Context,
    Cursor,
    Rejected,
    Secret,
    Unavailable,
)
from syncd.hookspecs import hookimpl
from syncd.model import BadItem, Draft, Item, ParcelRef, Receipt, Verdict
from syncd_seventeentrack.book import Book
from syncd_seventeentrack.client import BATCH, Client, QuotaSpent, Refusal, Row, plain
from syncd_seventeentrack.parse import rows, sighting

REFUSED_WAIT = timedelta(days=1)
# A daily limit ends at midnight and quota can be bought at any moment.
QUOTA_WAIT = timedelta(hours=1)
CANNOT_WRITE = "17TRACK follows parcels; nobody can be written to through it"


class SeventeenTrackConfig(AccountConfig):
    """An account's settings."""

    api_key: Secret = Field(
        description="The security key of 17TRACK's dashboard (Settings, Security)."
    )
    base_url: HttpUrl = Field(
        default=HttpUrl("https://api.17track.net/track/v2.4"),
        description="Where the API is; change it only to go through a proxy of your own.",
    )
    requests_per_poll: int = Field(
        default=30,
        ge=2,
        le=1000,
        description="Calls in one poll, 40 parcels each; parcels beyond that have their turn in "
        "the next polls. 17TRACK allows 3 calls a second and refuses more.",
    )
    carriers: dict[str, int] = Field(
        default={},
        description="Carriers as your marketplaces write them, with 17TRACK's key for each, in "
        "addition to the built-in ones; all others are detected by 17TRACK.",
    )
    language: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2}(-[a-z]+)?$",
        description="Ask for scans in this language where the carrier has it (such as en or "
        "zh-hans); 17TRACK charges a second unit of quota for each number then.",
    )


class SeventeenTrack(Connector):
    """The ``seventeentrack`` connector (17TRACK Tracking API v2.4)."""

    name = "seventeentrack"
    Config = SeventeenTrackConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}
    capabilities = frozenset({Capability.TRACK_PARCELS})

    def __init__(self, config: SeventeenTrackConfig, context: Context) -> None:
        super().__init__(config, context)
        self._client = Client(str(config.base_url), config.api_key)
        self._carriers = {row["name"]: int(row["key"]) for row in rows("carriers.csv")}
        self._carriers = {plain(n): key for n, key in (self._carriers | config.carriers).items()}

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Register what is new among the open parcels, then read what happened to the others."""
        del stream
        book = Book(cursor, self.context.parcels(), self.context.now())
        calls = self.config.requests_per_poll
        new = _chunks(book.to_register())[: calls // 2]
        spent: list[Refusal] = []
        for parcels in new:
            items = self._register(book, parcels, spent)
            yield Batch(items, book.cursor())
        yield from self._read(book, calls - len(new))
        if spent:
            raise Unavailable(f"{spent[0]}; the parcels already registered are still followed")

    def _register(
        self, book: Book, parcels: Sequence[ParcelRef], spent: list[Refusal]
    ) -> list[Item]:
        numbers = [parcel.tracking_number for parcel in parcels]
        try:
            outcome = self._client.register([self._row(parcel) for parcel in parcels])
        except QuotaSpent as error:
            refused = dict.fromkeys(numbers, error.refusal)
        else:
            refused = outcome.refused(numbers)
            for accepted in outcome.went_through(numbers):
                book.register(accepted.number, accepted.carrier)
        items = [_unregistered(book, number, error, spent) for number, error in refused.items()]
        return [item for item in items if item is not None]

    def _row(self, parcel: ParcelRef) -> Row:
        fields: dict[str, Any] = {
            "number": _sent(parcel.tracking_number),
            "carrier": self._carriers.get(plain(parcel.carrier or "")),
            "auto_detection": True,
            "lang": self.config.language,
            "origin_country": parcel.origin_country,
            "destination_country": parcel.destination_country,
            "destination_postal_code": parcel.postcode,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def _read(self, book: Book, calls: int) -> Iterator[Batch]:
        stopped: list[str] = []
        # One call is kept for starting stopped numbers again.
        for numbers in _chunks(book.to_read((calls - 1) * BATCH)):
            before = book.cursor()
            items = self._read_some(book, numbers, stopped)
            after = book.cursor()
            if items or after != before:
                yield Batch(items, after)
        if stopped:
            yield Batch(self._restart(book, sorted(set(stopped))[:BATCH]), book.cursor())

    def _read_some(self, book: Book, numbers: Sequence[str], stopped: list[str]) -> list[Item]:
        outcome = self._client.track_info([_known(book, number) for number in numbers])
        items: list[Item] = []
        for accepted in outcome.went_through(numbers):
            seen = sighting(accepted.number, accepted.raw)
            items += book.news(accepted.number, seen)
            if seen.status == "Expired" and book.to_restart(accepted.number):
                stopped.append(accepted.number)
        refused = outcome.refused(numbers)
        bad = [_unread(book, number, error) for number, error in refused.items()]
        book.read_up_to(numbers[-1])
        return items + [item for item in bad if item is not None]

    def _restart(self, book: Book, numbers: Sequence[str]) -> list[Item]:
        outcome = self._client.retrack([_known(book, number) for number in numbers])
        refused = outcome.refused(numbers)
        bad = [_unrestarted(book, number, refused.get(number)) for number in numbers]
        return [item for item in bad if item is not None]

    def may_send(self, draft: Draft) -> Verdict:
        """Never."""
        del draft
        return Verdict.never(CANNOT_WRITE)

    def send(self, draft: Draft, key: str) -> Receipt:
        """Refuse."""
        del draft, key
        raise Rejected(CANNOT_WRITE)

    def check(self) -> None:
        """Ask for the quota, which is free; raises AuthFailed or Unavailable."""
        self._client.quota()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def _unregistered(book: Book, number: str, error: Refusal, spent: list[Refusal]) -> BadItem | None:
    """What follows from a number that could not be registered."""
    if error.meaning == "known":
        book.register(number)
        return None
    if error.meaning in {"quota", "busy"}:
        book.park(number, error.code, QUOTA_WAIT)
        spent.append(error)
        return None
    if book.park(number, error.code, REFUSED_WAIT):
        return BadItem(source_id=number, reason=f"cannot be followed: {error}")
    return None


def _unread(book: Book, number: str, error: Refusal) -> BadItem | None:
    """What follows from a registered number that could not be read."""
    if error.meaning in {"patience", "busy", "quota"}:
        return None
    if book.park(number, error.code, REFUSED_WAIT) and error.meaning != "unknown":
        return BadItem(source_id=number, reason=f"cannot be followed: {error}")
    return None


def _unrestarted(book: Book, number: str, error: Refusal | None) -> BadItem | None:
    """What follows from asking 17TRACK to follow a stopped number again."""
    if error is None:
        book.restarted(number)
        return None
    if error.meaning in {"running", "busy", "quota"}:
        book.restarted(number, REFUSED_WAIT)
        return None
    book.restarted(number)
    return BadItem(source_id=number, reason=f"not followed any more: {error}")


def _known(book: Book, number: str) -> Row:
    carrier = book.carrier(number)
    return {"number": _sent(number), **({"carrier": carrier} if carrier else {})}


def _sent(number: str) -> str:
    return "".join(number.split())


def _chunks(values: Iterable[Any]) -> list[list[Any]]:
    rest = iter(values)
    return list(iter(lambda: list(islice(rest, BATCH)), []))


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [SeventeenTrack]
