"""Parcel tracking by the United States Postal Service (Tracking API, version 3)."""

from collections.abc import Iterator
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
    follow_each,
)
from syncd.connector.scans import AboutNumber
from syncd.hookspecs import hookimpl
from syncd.http import HttpClient, OAuth2, Reply
from syncd.model import ParcelRef
from syncd_usps.parse import read


class UspsConfig(AccountConfig):
    """An account's settings."""

    client_id: str = Field(
        description="The Consumer Key of an app with the Tracking API, at developers.usps.com.",
        examples=["YOUR-CONSUMER-KEY"],
    )
    client_secret: Secret = Field(description="The Consumer Secret of that app.")
    base_url: HttpUrl = Field(
        default=HttpUrl("https://apis.usps.com"),
        description="Where the API is; https://apis-tem.usps.com is USPS's test environment.",
    )
    requests_per_poll: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="Calls in one poll, one parcel each. USPS allows 60 an hour at first: 10 every "
        "10 minutes; raise it when USPS has given you more.",
    )


class Usps(Connector):
    """The ``usps`` connector (USPS Tracking API v3)."""

    name = "usps"
    api_version = 1
    Config = UspsConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}
    capabilities = frozenset({Capability.TRACK_PARCELS})
    carriers = frozenset({"usps"})

    def __init__(self, config: UspsConfig, context: Context) -> None:
        super().__init__(config, context)
        url = str(config.base_url).rstrip("/")
        self._login = OAuth2(
            f"{url}/oauth2/v3/token",
            client_id=config.client_id,
            client_secret=config.client_secret,
            now=context.now,
            scope="tracking",
        )
        self._http = HttpClient(f"{url}/tracking/v3", auth=self._login, judge=judge)

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Ask for the most urgent of the parcels that are due, one a call."""
        del stream
        parcels = islice(self.context.parcels(), self.config.requests_per_poll)
        yield from follow_each(parcels, self._ask, read, cursor=cursor)

    def _ask(self, parcel: ParcelRef) -> bytes | None:
        number = quote("".join(parcel.tracking_number.split()), safe="")
        try:
            reply = self._http.get(f"/tracking/{number}", {"expand": "DETAIL"})
        except AboutNumber as about:
            return about.answer
        reply.json(dict[str, msgspec.Raw])
        return reply.content

    def check(self) -> None:
        """Sign in, which costs no call of the quota; raises AuthFailed or Unavailable."""
        self._login.access_token()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


class _Refused(msgspec.Struct):
    error: dict[str, msgspec.Raw]


def judge(reply: Reply) -> ConnectorError | None:
    """USPS's own 404 and 400 are about the number; any other 404 is a wrong `base_url`."""
    if reply.status not in {400, 404}:
        return None
    try:
        reply.json(_Refused)
    except Unavailable:
        return Unavailable(f"HTTP {reply.status}, and not from USPS's API: is base_url right?")
    return AboutNumber(None if reply.status == 404 else reply.content)


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [Usps]
