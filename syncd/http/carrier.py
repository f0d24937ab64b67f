"""What connectors share that ask a carrier about parcels by their numbers."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, ClassVar

from pydantic import Field, HttpUrl

from syncd.connector import (
    AboutNumber,
    Batch,
    Capability,
    Connector,
    ConnectorError,
    Cursor,
    Unavailable,
    follow_several,
)
from syncd.connector.scans import compact
from syncd.http.client import HttpClient
from syncd.http.oauth import OAuth2
from syncd.http.outgoing import segment
from syncd.http.reply import Judge, Reply
from syncd.model import Item, ParcelRef


class Carrier(Connector):
    """An account at a source that is asked about parcels by their numbers.

    A subclass makes `http` in its ``__init__``, has the settings ``base_url`` (`api_at`) and
    ``requests_per_poll`` (`calls`), and gives `read` and `ask`, or `ask_several` with `size`.
    """

    capabilities = frozenset({Capability.TRACK_PARCELS})
    size: ClassVar[int] = 1
    """Numbers that the API takes in one call."""
    example: ClassVar[str | None] = None
    """A number for `check` to ask about, where signing in needs no call and so proves nothing."""
    http: HttpClient

    @property
    def url(self) -> str:
        """The setting ``base_url`` without a slash at its end."""
        return str(self.config.base_url).rstrip("/")

    def oauth(self, path: str, *, scope: str | None = None, basic: bool = False) -> OAuth2:
        """The login by the settings ``client_id`` and ``client_secret``, at the endpoint `path`."""
        return OAuth2(
            self.url + path,
            client_id=self.config.client_id,
            client_secret=self.config.client_secret,
            now=self.context.now,
            scope=scope,
            basic=basic,
        )

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Ask about the most urgent of the parcels that are due, in ``requests_per_poll`` calls."""
        del stream
        due = islice(self.context.parcels(), self.config.requests_per_poll * self.size)
        yield from follow_several(due, self.ask_several, self.read, size=self.size, cursor=cursor)

    def ask(self, parcel: ParcelRef) -> bytes | None:
        """What the source answers about a parcel, None where it does not know it (yet).

        Raises AboutNumber where the number is refused; all else that it raises ends the poll.
        """
        raise NotImplementedError

    def ask_several(self, parcels: Sequence[ParcelRef]) -> Mapping[str, bytes | None]:
        """What the source answers about each of up to `size` parcels, by number; like `ask`."""
        return {parcel.tracking_number: self.ask(parcel) for parcel in parcels}

    def read(self, parcel: ParcelRef, raw: bytes) -> Iterable[Item]:
        """A parcel's scans out of an answer; what it raises is told of this answer only."""
        raise NotImplementedError

    def check(self) -> None:
        """Sign in, or ask about `example`; raises AuthFailed or Unavailable."""
        if self.example is None:
            self.http.sign_in()
            return
        with suppress(AboutNumber):
            self.ask_several([ParcelRef(tracking_number=self.example)])

    def close(self) -> None:
        """Give the connections back."""
        self.http.close()


def by_compact(parcels: Iterable[ParcelRef]) -> dict[str, str]:
    """The numbers of parcels as they are asked for, each with the spelling that it has here."""
    return {compact(parcel.tracking_number): parcel.tracking_number for parcel in parcels}


def in_path(numbers: Iterable[str]) -> str:
    """Several numbers as one segment of a path."""
    return ",".join(map(segment, numbers))


def api_at(url: str, also: str = "change it only to go through a proxy of your own") -> Any:
    """The setting ``base_url``, with `also` in its description."""
    return Field(default=HttpUrl(url), description=f"Where the API is; {also}.")


def calls(most: int, each: str = "one parcel each", *, least: int = 1, quota: str = "") -> Any:
    """The setting ``requests_per_poll``: what a call is for, and the quota behind the default."""
    rest = "parcels beyond that have their turn in the next polls."
    description = " ".join(filter(None, (f"Calls in one poll, {each}; {rest}", quota)))
    return Field(default=most, ge=least, le=1000, description=description)


def words_in(default: str, pattern: str | None = None) -> Any:
    """The setting for the language that the source is asked to write in."""
    return Field(
        default=default,
        pattern=pattern,
        description="The language of the scans' texts, where the carrier has them in it. Scans "
        "already stored come again, beside the old ones, when it is changed.",
    )


def about_number(
    carrier: str,
    form: type[object],
    *,
    unknown: Collection[int] = (404,),
    refused: Collection[int] = (400,),
) -> Judge:
    """A judge for carriers whose API answers 400 and 404 when it is the number that is wrong.

    Such an answer is of type `form`, whose `str` is the carrier's words; any other with these
    statuses comes from somebody else, because `base_url` is wrong. `unknown` are the statuses for
    numbers that the carrier does not know (yet), `refused` those for numbers that are none.
    """

    def judge(reply: Reply) -> ConnectorError | None:
        if reply.status not in {400, 404}:
            return None
        wrong = f"HTTP {reply.status}, and not from {carrier}'s API: is base_url right?"
        try:
            said = reply.json(form)
        except Unavailable:
            return Unavailable(wrong)
        if reply.status in unknown:
            return AboutNumber()
        return (
            AboutNumber(str(said), reply.content) if reply.status in refused else Unavailable(wrong)
        )

    return judge
