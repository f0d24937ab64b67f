"""Parcel tracking by Royal Mail (Tracking API v2)."""

from datetime import timedelta
from typing import Annotated, ClassVar

import msgspec
from pydantic import Field, HttpUrl

from syncd.connector import AccountConfig, Connector, Context, Secret
from syncd.connector.scans import compact
from syncd.hookspecs import hookimpl
from syncd.http import HeaderToken, HttpClient, segment
from syncd.http.carrier import Carrier, about_number, api_at, calls
from syncd.model import Item, ParcelRef
from syncd_royalmail.parse import read


class RoyalMailConfig(AccountConfig):
    """An account's settings."""

    client_id: str = Field(
        min_length=1,
        description="The client ID of an app of developer.royalmail.net with Tracking API v2.",
        examples=["aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"],
    )
    client_secret: Secret = Field(description="The client secret of that app.")
    base_url: HttpUrl = api_at("https://api.royalmail.net/mailpieces/v2")
    requests_per_poll: int = calls(30)


class RoyalMail(Carrier):
    """The ``royalmail`` connector (Royal Mail Tracking API v2)."""

    name = "royalmail"
    api_version = 1
    Config = RoyalMailConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}
    carriers = frozenset({"royal-mail"})
    example = "FQ087430672GB"  # of Royal Mail's documentation

    def __init__(self, config: RoyalMailConfig, context: Context) -> None:
        super().__init__(config, context)
        self.http = HttpClient(
            self.url,
            auth=HeaderToken(config.client_secret, header="x-ibm-client-secret", prefix=""),
            headers={"x-ibm-client-id": config.client_id, "x-accept-rmg-terms": "yes"},
            judge=judge,
        )

    def ask(self, parcel: ParcelRef) -> bytes:
        """The mail piece with all its events."""
        number = segment(compact(parcel.tracking_number))
        return self.http.get(f"/{number}/events").checked()

    def read(self, parcel: ParcelRef, raw: bytes) -> list[Item]:
        """The events."""
        return read(parcel, raw)


class _Problem(msgspec.Struct):
    errorCode: str | None = None  # noqa: N815  Royal Mail's names
    errorDescription: str | None = None  # noqa: N815


class _Refused(msgspec.Struct):
    errors: Annotated[list[_Problem], msgspec.Meta(min_length=1)]

    def __str__(self) -> str:
        return "; ".join(
            f"Royal Mail {each.errorCode}: {each.errorDescription}" for each in self.errors
        )


judge = about_number("Royal Mail", _Refused)


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [RoyalMail]
