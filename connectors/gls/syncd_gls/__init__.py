"""Parcel tracking by GLS (Track And Trace V1 of the GLS Group)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import ClassVar
from urllib.parse import quote

import msgspec
from pydantic import Field, HttpUrl

from syncd.connector import (
    AccountConfig,
    Batch,
    Capability,
    Connector,
    ConnectorError,
    Context,
    Cursor,
    Secret,
    Unavailable,
)
from syncd.connector.scans import AboutNumber
from syncd.hookspecs import hookimpl
from syncd.http import HttpClient, OAuth2, Reply
from syncd.model import BadItem, Item
from syncd_gls.parse import NOT_KNOWN, Head, scans

BATCH = 10
"""Numbers that GLS takes in one call."""


class GLSConfig(AccountConfig):
    """An account's settings."""

    client_id: str = Field(
        min_length=1,
        description="The API key of an app of dev-portal.gls-group.net with Track And Trace V1.",
        examples=["YOUR-API-KEY"],
    )
    client_secret: Secret = Field(description="The secret of that app.")
    base_url: HttpUrl = Field(
        default=HttpUrl("https://api.gls-group.net"),
        description="Where the API is; change it only to go through a proxy of your own.",
    )
    requests_per_poll: int = Field(
        default=5,
        ge=1,
        le=1000,
        description="Calls in one poll, 10 parcels each. GLS allows 500 a day at first: 5 every 15 "
        "minutes; raise it when GLS has given you more.",
    )
    language: str = Field(
        default="EN",
        pattern=r"^[A-Z]{2}$",
        description="The language of the scans' texts, such as EN or DE. Scans already stored come "
        "again, beside the old ones, when it is changed.",
    )


class GLS(Connector):
    """The ``gls`` connector (GLS Track And Trace V1)."""

    name = "gls"
    api_version = 1
    Config = GLSConfig
    streams: ClassVar = {"tracking": timedelta(minutes=15)}
    capabilities = frozenset({Capability.TRACK_PARCELS})
    carriers = frozenset({"gls"})

    def __init__(self, config: GLSConfig, context: Context) -> None:
        super().__init__(config, context)
        url = str(config.base_url).rstrip("/")
        self._login = OAuth2(
            f"{url}/oauth2/v2/token",
            client_id=config.client_id,
            client_secret=config.client_secret,
            now=context.now,
        )
        self._http = HttpClient(
            f"{url}/track-and-trace-v1/tracking",
            auth=self._login,
            headers={"accept-language": config.language},
            judge=judge,
        )

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Ask for the parcels that are due, the most urgent first, ten a call."""
        del stream
        due = islice(self.context.parcels(), self.config.requests_per_poll * BATCH)
        numbers = [parcel.tracking_number for parcel in due]
        for start in range(0, len(numbers), BATCH):
            yield from self._look(numbers[start : start + BATCH], cursor)

    def _look(self, numbers: Sequence[str], cursor: Cursor) -> Iterator[Batch]:
        """One batch, or several where GLS refuses all for the sake of one."""
        try:
            told = self._ask(numbers)
        except AboutNumber as about:
            half = len(numbers) // 2
            if half:
                yield from self._look(numbers[:half], cursor)
                yield from self._look(numbers[half:], cursor)
                return
            told = {numbers[0]: [_bad(numbers[0], "refused by GLS", about.answer or b"")]}
        yield _batch(numbers, told, cursor)

    def _ask(self, numbers: Sequence[str]) -> Mapping[str, list[Item]]:
        """What came of each number that GLS answered for."""
        asked = {_plain(number): number for number in numbers}
        path = ",".join(quote(each, safe="") for each in asked)
        params = {"showEvents": "true", "showLinks": "false"}
        parcels = self._http.get(f"/simple/trackids/{path}", params).json(_Answer).parcels
        told: dict[str, list[Item]] = {}
        for raw in map(bytes, parcels):
            head = _head(raw)
            number = asked.get(_plain(head.requested or head.unitno or ""))
            if number is not None:
                told.setdefault(number, []).extend(_items(number, head, raw))
        return told

    def check(self) -> None:
        """Sign in, which costs no call of the quota; raises AuthFailed or Unavailable."""
        self._login.access_token()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


class _Answer(msgspec.Struct):
    parcels: list[msgspec.Raw]


def _head(raw: bytes) -> Head:
    try:
        return msgspec.json.decode(raw, type=Head)
    except msgspec.ValidationError:
        return Head()


def _items(number: str, head: Head, raw: bytes) -> list[Item]:
    if head.errorCode in NOT_KNOWN:
        return []
    if head.errorCode:
        return [_bad(number, f"GLS {head.errorCode}: {head.errorMessage}", raw)]
    try:
        return scans(number, raw)
    except msgspec.ValidationError as error:  # the other nine are to be read
        return [_bad(number, str(error), raw)]


def _bad(number: str, reason: str, raw: bytes) -> BadItem:
    return BadItem(source_id=number, reason=reason, raw=raw)


def _batch(numbers: Iterable[str], told: Mapping[str, list[Item]], cursor: Cursor) -> Batch:
    """A number without an answer, or with one that says that GLS has none, is no look."""
    bad = {number for number, items in told.items() if any(i.source_id == number for i in items)}
    looked = tuple(number for number in told if number not in bad)
    missing = tuple(number for number in numbers if number not in looked)
    items = [item for several in told.values() for item in several]
    return Batch(items, cursor, looked=looked, unanswered=missing)


def _plain(number: str) -> str:
    return "".join(number.split()).upper()


def judge(reply: Reply) -> ConnectorError | None:
    """A 400 is about one of the numbers; GLS answers 404 to addresses only, never to numbers."""
    if reply.status == 400:
        return AboutNumber(reply.content)
    if reply.status == 404:
        return Unavailable("HTTP 404, which GLS has for wrong addresses: is base_url right?")
    return None


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [GLS]
