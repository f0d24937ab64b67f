"""Parcel tracking by FedEx (Basic Integrated Visibility, Track API version 1)."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import ClassVar

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
from syncd_fedex.parse import Answer, plain

BATCH = 30
"""Numbers that FedEx takes in one call."""


class FedexConfig(AccountConfig):
    """An account's settings."""

    client_id: str = Field(
        description="The API Key of a project with the Track API, at developer.fedex.com.",
        examples=["YOUR-API-KEY"],
    )
    client_secret: Secret = Field(description="The Secret Key of that project.")
    base_url: HttpUrl = Field(
        default=HttpUrl("https://apis.fedex.com"),
        description="Where the API is; https://apis-sandbox.fedex.com is FedEx's sandbox.",
    )
    requests_per_poll: int = Field(
        default=20,
        ge=1,
        le=1000,
        description="Calls in one poll, 30 parcels each; parcels beyond that wait for the next.",
    )
    locale: str = Field(
        default="en_US",
        pattern=r"^[a-z]{2}_[A-Z]{2}$",
        description="Language and country of the scans' texts.",
    )


class Fedex(Connector):
    """The ``fedex`` connector (FedEx Track API v1)."""

    name = "fedex"
    api_version = 1
    Config = FedexConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}
    capabilities = frozenset({Capability.TRACK_PARCELS})
    carriers = frozenset({"fedex"})

    def __init__(self, config: FedexConfig, context: Context) -> None:
        super().__init__(config, context)
        url = str(config.base_url).rstrip("/")
        self._login = OAuth2(
            f"{url}/oauth/token",
            client_id=config.client_id,
            client_secret=config.client_secret,
            now=context.now,
        )
        self._http = HttpClient(
            url, auth=self._login, headers={"x-locale": config.locale}, judge=judge
        )

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Ask for the parcels that are due, the most urgent first, 30 a call."""
        del stream
        due = islice(self.context.parcels(), self.config.requests_per_poll * BATCH)
        numbers = [parcel.tracking_number for parcel in due]
        for start in range(0, len(numbers), BATCH):
            yield from self._look(numbers[start : start + BATCH], cursor)

    def _look(self, numbers: Sequence[str], cursor: Cursor) -> Iterator[Batch]:
        """One batch, or several where FedEx refuses all for the sake of one."""
        try:
            answer = self._ask(numbers)
        except AboutNumber as about:
            half = len(numbers) // 2
            if half:
                yield from self._look(numbers[:half], cursor)
                yield from self._look(numbers[half:], cursor)
                return
            bad = BadItem(source_id=numbers[0], reason=_reason(about), raw=about.answer or b"")
            yield _batch([bad], numbers, cursor)
        else:
            yield _batch(answer.items(numbers), numbers, cursor)

    def _ask(self, numbers: Sequence[str]) -> Answer:
        asked = [{"trackingNumberInfo": {"trackingNumber": plain(number)}} for number in numbers]
        body = {"includeDetailedScans": True, "trackingInfo": asked}
        return self._http.query("/track/v1/trackingnumbers", body).json(Answer)

    def check(self) -> None:
        """Sign in, which costs no call of the quota; raises AuthFailed or Unavailable."""
        self._login.access_token()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


def _batch(items: list[Item], numbers: Sequence[str], cursor: Cursor) -> Batch:
    bad = {item.source_id for item in items if isinstance(item, BadItem)}
    looked = tuple(number for number in numbers if number not in bad)
    unanswered = tuple(number for number in numbers if number in bad)
    return Batch(items, cursor, looked=looked, unanswered=unanswered)


class _Error(msgspec.Struct):
    code: str
    message: str = ""


class _Refused(msgspec.Struct):
    errors: list[_Error]


def _reason(about: AboutNumber) -> str:
    errors = msgspec.json.decode(about.answer or b"", type=_Refused).errors
    return "; ".join(f"FedEx {error.code}: {error.message}" for error in errors)


def judge(reply: Reply) -> ConnectorError | None:
    """FedEx's own 400 is about one of the numbers; a 404 is a wrong `base_url`."""
    if reply.status not in {400, 404}:
        return None
    wrong = Unavailable(f"HTTP {reply.status}, and not from FedEx's API: is base_url right?")
    try:
        reply.json(_Refused)
    except Unavailable:
        return wrong
    return AboutNumber(reply.content) if reply.status == 400 else wrong


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [Fedex]
