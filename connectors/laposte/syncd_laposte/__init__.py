"""Parcel tracking by La Poste: reads the scans of Colissimo, Chronopost and tracked letters."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import ClassVar, Literal

from pydantic import Field, HttpUrl

from syncd.connector import (
    AccountConfig,
    Batch,
    Capability,
    Connector,
    Context,
    Cursor,
    Secret,
    Unavailable,
    follow_each,
)
from syncd.connector.scans import AboutNumber
from syncd.hookspecs import hookimpl
from syncd.model import BadItem, Item, ParcelRef
from syncd_laposte.client import BATCH, Answer, Client
from syncd_laposte.parse import scans

# The example of the published description; that nothing is known of it is a good answer too.
EXAMPLE = "CB662173705US"


class LaPosteConfig(AccountConfig):
    """An account's settings."""

    api_key: Secret = Field(
        description="The application's key (X-Okapi-Key) of developer.laposte.fr."
    )
    base_url: HttpUrl = Field(
        default=HttpUrl("https://api.laposte.fr/suivi/v2"),
        description="Where the API is; change it only to go through a proxy of your own.",
    )
    requests_per_poll: int = Field(
        default=30,
        ge=1,
        le=1000,
        description="Calls in one poll, 10 parcels each; parcels beyond that have their turn in "
        "the next polls. La Poste allows 10 calls a second and refuses more.",
    )
    language: Literal["fr_FR", "en_GB", "de_DE", "es_ES", "it_IT", "nl_NL"] = Field(
        default="fr_FR",
        description="The language of La Poste's words. Scans already stored come again, beside the "
        "old ones, when it is changed.",
    )


class LaPoste(Connector):
    """The ``laposte`` connector (La Poste, API Suivi v2)."""

    name = "laposte"
    api_version = 1
    Config = LaPosteConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}
    capabilities = frozenset({Capability.TRACK_PARCELS})
    carriers = frozenset({"la-poste", "chronopost"})

    def __init__(self, config: LaPosteConfig, context: Context) -> None:
        super().__init__(config, context)
        self._client = Client(str(config.base_url), config.api_key, config.language)

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Ask for the parcels that are due, ten a call."""
        del stream
        calls = self.config.requests_per_poll
        for parcels in _chunks(self.context.parcels()):
            if calls < 1:
                return
            calls -= 1
            batch = self._look(parcels, cursor)
            if batch is None:
                # One of the ten spoils the call for all.
                yield from follow_each(parcels[:calls], self._ask, _read, cursor=cursor)
                calls -= len(parcels)
            else:
                yield batch

    def _look(self, parcels: Sequence[ParcelRef], cursor: Cursor) -> Batch | None:
        """What came of one call; None where its numbers are to be asked for one by one."""
        try:
            answers = self._client.ask(parcel.tracking_number for parcel in parcels)
        except AboutNumber:
            return None
        except Unavailable as error:
            if error.retry_after is not None:
                raise
            return None
        if not answers:
            raise Unavailable("La Poste's answer tells nothing of the numbers asked for")
        items = [item for number, said in answers.items() for item in _items(number, said)]
        silent = {parcel.tracking_number for parcel in parcels} - set(answers)
        bad = {item.source_id for item in items if isinstance(item, BadItem)} & set(answers)
        return Batch(
            items,
            cursor,
            looked=tuple(number for number in answers if number not in bad),
            unanswered=tuple(sorted(silent | bad)),
        )

    def _ask(self, parcel: ParcelRef) -> bytes | None:
        number = parcel.tracking_number
        try:
            answer = self._client.ask([number]).get(number)
        except AboutNumber as error:
            return error.answer
        if answer is None:
            raise Unavailable(f"La Poste's answer tells nothing of {number}")
        return answer.known

    def check(self) -> None:
        """Ask for a number that belongs to nobody; raises AuthFailed or Unavailable."""
        self._ask(ParcelRef(tracking_number=EXAMPLE))

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def _read(parcel: ParcelRef, raw: bytes) -> list[Item]:
    return scans(parcel.tracking_number, raw)


def _items(number: str, answer: Answer) -> list[Item]:
    raw = answer.known
    if raw is None:
        return []
    try:
        return scans(number, raw)
    except ValueError as error:  # msgspec's errors are; the other nine are to be read
        return [BadItem(source_id=number, reason=str(error), raw=raw)]


def _chunks(parcels: Iterable[ParcelRef]) -> Iterator[list[ParcelRef]]:
    rest = iter(parcels)
    return iter(lambda: list(islice(rest, BATCH)), [])


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [LaPoste]
