"""Parcel tracking by PostNL (ShippingStatus v2)."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import ClassVar, Literal
from urllib.parse import quote

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
from syncd.http import HeaderToken, HttpClient, Reply
from syncd.model import ParcelRef
from syncd_postnl.parse import REFUSED, Answer, plain, read

# The number of PostNL's own example.
EXAMPLE = "3SDEVC172649258"


class PostNLConfig(AccountConfig):
    """An account's settings."""

    api_key: Secret = Field(
        description="The API key of developer.postnl.nl, for ShippingStatus in production."
    )
    base_url: HttpUrl = Field(
        default=HttpUrl("https://api.postnl.nl/shipment/v2/status"),
        description="Where the API is; https://api-sandbox.postnl.nl/shipment/v2/status to try it.",
    )
    requests_per_poll: int = Field(
        default=30,
        ge=1,
        le=1000,
        description="Calls in one poll, one parcel each; parcels beyond that have their turn in "
        "the next polls.",
    )
    language: Literal["NL", "EN", "DE", "CN"] = Field(
        default="NL",
        description="The language of PostNL's words. Scans already stored come again, beside the "
        "old ones, when it is changed.",
    )


class PostNL(Connector):
    """The ``postnl`` connector (PostNL ShippingStatus v2)."""

    name = "postnl"
    api_version = 1
    Config = PostNLConfig
    streams: ClassVar = {"tracking": timedelta(minutes=15)}
    capabilities = frozenset({Capability.TRACK_PARCELS})
    carriers = frozenset({"postnl"})

    def __init__(self, config: PostNLConfig, context: Context) -> None:
        super().__init__(config, context)
        login = HeaderToken(config.api_key, header="apikey", prefix="")
        self._http = HttpClient(str(config.base_url), auth=login, judge=judge)

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Ask for the most urgent of the parcels that are due, one a call."""
        del stream
        parcels = islice(self.context.parcels(), self.config.requests_per_poll)
        yield from follow_each(parcels, self._ask, read, cursor=cursor)

    def _ask(self, parcel: ParcelRef) -> bytes | None:
        barcode = quote(plain(parcel.tracking_number), safe="")
        params = {"detail": "true", "language": self.config.language}
        try:
            reply = self._http.get(f"/barcode/{barcode}", params)
        except AboutNumber as about:
            return about.answer
        reply.json(Answer)
        return reply.content

    def check(self) -> None:
        """Ask for the number of PostNL's own example; raises AuthFailed or Unavailable."""
        self._ask(ParcelRef(tracking_number=EXAMPLE))

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


def judge(reply: Reply) -> ConnectorError | None:
    """A 400 is about the number; a 404 is not among PostNL's answers, so the address is wrong."""
    if reply.status == 404:
        return Unavailable("HTTP 404, which PostNL's API does not know: is base_url right?")
    return AboutNumber(REFUSED + reply.content[:300]) if reply.status == 400 else None


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [PostNL]
