"""Parcel tracking by PostNL (ShippingStatus v2)."""

from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field, HttpUrl

from syncd.connector import (
    AboutNumber,
    AccountConfig,
    Connector,
    ConnectorError,
    Context,
    Secret,
    Unavailable,
)
from syncd.connector.scans import compact
from syncd.hookspecs import hookimpl
from syncd.http import HeaderToken, HttpClient, Reply, segment
from syncd.http.carrier import Carrier, api_at, calls, words_in
from syncd.model import Item, ParcelRef
from syncd_postnl.parse import Answer, read


class PostNLConfig(AccountConfig):
    """An account's settings."""

    api_key: Secret = Field(
        description="The API key of developer.postnl.nl, for ShippingStatus in production."
    )
    base_url: HttpUrl = api_at(
        "https://api.postnl.nl/shipment/v2/status",
        "https://api-sandbox.postnl.nl/shipment/v2/status to try it",
    )
    requests_per_poll: int = calls(30)
    language: Literal["NL", "EN", "DE", "CN"] = words_in("NL")


class PostNL(Carrier):
    """The ``postnl`` connector (PostNL ShippingStatus v2)."""

    name = "postnl"
    api_version = 1
    Config = PostNLConfig
    streams: ClassVar = {"tracking": timedelta(minutes=15)}
    carriers = frozenset({"postnl"})
    example = "3SDEVC172649258"  # of PostNL's documentation

    def __init__(self, config: PostNLConfig, context: Context) -> None:
        super().__init__(config, context)
        login = HeaderToken(config.api_key, header="apikey", prefix="")
        self.http = HttpClient(self.url, auth=login, judge=judge)

    def ask(self, parcel: ParcelRef) -> bytes:
        """The parcel with all its events; without a shipment PostNL does not know it (yet)."""
        barcode = segment(compact(parcel.tracking_number))
        params = {"detail": "true", "language": self.config.language}
        return self.http.get(f"/barcode/{barcode}", params).checked(Answer)

    def read(self, parcel: ParcelRef, raw: bytes) -> list[Item]:
        """The events."""
        return read(parcel, raw)


def judge(reply: Reply) -> ConnectorError | None:
    """A 400 is about the number; a 404 is not among PostNL's answers, so the address is wrong."""
    if reply.status == 404:
        return Unavailable("HTTP 404, which PostNL's API does not know: is base_url right?")
    if reply.status != 400:
        return None
    said = reply.content[:300].decode("utf-8", "replace")
    return AboutNumber(f"refused by PostNL: {said}", reply.content)


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [PostNL]
