"""Parcel tracking by Royal Mail (Tracking API v2)."""

from collections.abc import Iterator, Mapping
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
from syncd.http import HttpClient, Reply
from syncd.model import ParcelRef
from syncd_royalmail.parse import Answer, read

# The number of Royal Mail's own example.
EXAMPLE = "FQ087430672GB"


class RoyalMailConfig(AccountConfig):
    """An account's settings."""

    client_id: str = Field(
        min_length=1,
        description="The client ID of an app of developer.royalmail.net with Tracking API v2.",
        examples=["aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"],
    )
    client_secret: Secret = Field(description="The client secret of that app.")
    base_url: HttpUrl = Field(
        default=HttpUrl("https://api.royalmail.net/mailpieces/v2"),
        description="Where the API is; change it only to go through a proxy of your own.",
    )
    requests_per_poll: int = Field(
        default=30,
        ge=1,
        le=1000,
        description="Calls in one poll, one parcel each; parcels beyond that have their turn in "
        "the next polls.",
    )


class Keys:
    """Signs in with the two headers of Royal Mail's gateway, and accepts its terms of use."""

    def __init__(self, client_id: str, secret: Secret) -> None:
        self._client_id = client_id
        self._secret = secret

    def headers(self) -> Mapping[str, str]:
        """The headers; raises SecretUnavailable where the secret cannot be read."""
        return {"x-ibm-client-id": self._client_id, "x-ibm-client-secret": self._secret.reveal()}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether another secret has been put in place since the refused one was read."""
        return self.headers() != refused


class RoyalMail(Connector):
    """The ``royalmail`` connector (Royal Mail Tracking API v2)."""

    name = "royalmail"
    api_version = 1
    Config = RoyalMailConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}
    capabilities = frozenset({Capability.TRACK_PARCELS})
    carriers = frozenset({"royal-mail"})

    def __init__(self, config: RoyalMailConfig, context: Context) -> None:
        super().__init__(config, context)
        self._http = HttpClient(
            str(config.base_url),
            auth=Keys(config.client_id, config.client_secret),
            headers={"x-accept-rmg-terms": "yes"},
            judge=judge,
        )

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Ask for the most urgent of the parcels that are due, one a call."""
        del stream
        parcels = islice(self.context.parcels(), self.config.requests_per_poll)
        yield from follow_each(parcels, self._ask, read, cursor=cursor)

    def _ask(self, parcel: ParcelRef) -> bytes | None:
        number = "".join(parcel.tracking_number.split()).upper()
        try:
            reply = self._http.get(f"/{quote(number, safe='')}/events")
        except AboutNumber as about:
            return about.answer
        reply.json(dict[str, msgspec.Raw])
        return reply.content

    def check(self) -> None:
        """Ask for the number of Royal Mail's own example; raises AuthFailed or Unavailable."""
        self._ask(ParcelRef(tracking_number=EXAMPLE))

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


def judge(reply: Reply) -> ConnectorError | None:
    """A 400 or 404 in Royal Mail's form is about the number; any other is a wrong address."""
    if reply.status not in {400, 404}:
        return None
    try:
        errors = reply.json(Answer).errors
    except Unavailable:
        errors = None
    if not errors:
        return Unavailable(f"HTTP {reply.status} without a word of Royal Mail: is base_url right?")
    return AboutNumber(None if reply.status == 404 else reply.content)


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [RoyalMail]
