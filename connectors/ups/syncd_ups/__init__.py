"""Parcel tracking by UPS (Tracking API, version 1)."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import ClassVar
from urllib.parse import quote
from uuid import uuid4

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
from syncd_ups.parse import Answer, read


class UpsConfig(AccountConfig):
    """An account's settings."""

    client_id: str = Field(
        description="The Client ID of an app with the product Tracking, at developer.ups.com.",
        examples=["YOUR-CLIENT-ID"],
    )
    client_secret: Secret = Field(description="The Client Secret of that app.")
    base_url: HttpUrl = Field(
        default=HttpUrl("https://onlinetools.ups.com"),
        description="Where the API is; https://wwwcie.ups.com is UPS's test environment.",
    )
    requests_per_poll: int = Field(
        default=50,
        ge=1,
        le=1000,
        description="Calls in one poll, one parcel each; parcels beyond that wait for the next.",
    )
    locale: str = Field(
        default="en_US",
        pattern=r"^[a-z]{2}_[A-Z]{2}$",
        description="Language and country of the scans' texts.",
    )


class Ups(Connector):
    """The ``ups`` connector (UPS Tracking API v1)."""

    name = "ups"
    api_version = 1
    Config = UpsConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}
    capabilities = frozenset({Capability.TRACK_PARCELS})
    carriers = frozenset({"ups"})

    def __init__(self, config: UpsConfig, context: Context) -> None:
        super().__init__(config, context)
        url = str(config.base_url).rstrip("/")
        self._login = Login(
            OAuth2(
                f"{url}/security/v1/oauth/token",
                client_id=config.client_id,
                client_secret=config.client_secret,
                now=context.now,
                basic=True,
            )
        )
        self._http = HttpClient(
            url, auth=self._login, headers={"transactionSrc": "syncd"}, judge=judge
        )

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Ask for the most urgent of the parcels that are due, one a call."""
        del stream
        parcels = islice(self.context.parcels(), self.config.requests_per_poll)
        yield from follow_each(parcels, self._ask, read, cursor=cursor)

    def _ask(self, parcel: ParcelRef) -> bytes | None:
        number = quote("".join(parcel.tracking_number.split()), safe="")
        try:
            reply = self._http.get(
                f"/api/track/v1/details/{number}", {"locale": self.config.locale}
            )
        except AboutNumber as about:
            return about.answer
        reply.json(dict[str, msgspec.Raw])
        return reply.content

    def check(self) -> None:
        """Sign in, which costs no call; raises AuthFailed or Unavailable."""
        self._login.headers()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


class Login:
    """UPS's sign-in: the token, and with each request an id of its own."""

    def __init__(self, oauth: OAuth2) -> None:
        self._oauth = oauth

    def headers(self) -> Mapping[str, str]:
        """The token and a new ``transId``."""
        return {**self._oauth.headers(), "transId": uuid4().hex}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Get a new token after a 401."""
        return self._oauth.renew(refused)


def judge(reply: Reply) -> ConnectorError | None:
    """UPS's own 404 and 400 are about the number; any other 404 is a wrong `base_url`."""
    if reply.status not in {400, 404}:
        return None
    wrong = Unavailable(f"HTTP {reply.status}, and not from UPS's API: is base_url right?")
    try:
        if reply.json(Answer).response is None:
            return wrong
    except Unavailable:
        return wrong
    return AboutNumber(None if reply.status == 404 else reply.content)


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [Ups]
