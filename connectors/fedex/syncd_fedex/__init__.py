"""Parcel tracking by FedEx (Basic Integrated Visibility, Track API version 1)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

import msgspec
from pydantic import Field, HttpUrl

from syncd.connector import AccountConfig, Connector, Context, Secret
from syncd.connector.scans import compact
from syncd.hookspecs import hookimpl
from syncd.http import HttpClient
from syncd.http.carrier import Carrier, about_number, api_at, calls, words_in
from syncd.model import Item, ParcelRef
from syncd_fedex.parse import Error, read


class FedexConfig(AccountConfig):
    """An account's settings."""

    client_id: str = Field(
        description="The API Key of a project with the Track API, at developer.fedex.com.",
        examples=["YOUR-API-KEY"],
    )
    client_secret: Secret = Field(description="The Secret Key of that project.")
    base_url: HttpUrl = api_at(
        "https://apis.fedex.com", "https://apis-sandbox.fedex.com is FedEx's sandbox"
    )
    requests_per_poll: int = calls(20, "30 parcels each")
    locale: str = words_in("en_US", r"^[a-z]{2}_[A-Z]{2}$")


class Fedex(Carrier):
    """The ``fedex`` connector (FedEx Track API v1)."""

    name = "fedex"
    api_version = 1
    Config = FedexConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}
    carriers = frozenset({"fedex"})
    size = 30

    def __init__(self, config: FedexConfig, context: Context) -> None:
        super().__init__(config, context)
        login, headers = self.oauth("/oauth/token"), {"x-locale": config.locale}
        self.http = HttpClient(self.url, auth=login, headers=headers, judge=judge)

    def ask_several(self, parcels: Sequence[ParcelRef]) -> Mapping[str, bytes]:
        """What FedEx has of each number: its results, of which one number may have several."""
        asked = {compact(parcel.tracking_number): parcel.tracking_number for parcel in parcels}
        numbers = [{"trackingNumberInfo": {"trackingNumber": number}} for number in asked]
        body = {"includeDetailedScans": True, "trackingInfo": numbers}
        answer = self.http.query("/track/v1/trackingnumbers", body).json(_Answer)
        told = {compact(each.tracking_number): each for each in answer.output.results}
        return {asked[name]: bytes(told[name].results) for name in asked if name in told}

    def read(self, parcel: ParcelRef, raw: bytes) -> list[Item]:
        """The scans of the parcel that has the number now."""
        return read(parcel, raw)


class _Number(msgspec.Struct, rename="camel"):
    tracking_number: str
    results: msgspec.Raw = msgspec.field(name="trackResults")


class _Output(msgspec.Struct):
    results: list[_Number] = msgspec.field(name="completeTrackResults")


class _Answer(msgspec.Struct):
    output: _Output


class _Refused(msgspec.Struct):
    errors: list[Error]

    def __str__(self) -> str:
        return "; ".join(map(str, self.errors))


# A 400 is about one of the numbers; FedEx answers 404 to addresses only.
judge = about_number("FedEx", _Refused, unknown=())


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [Fedex]
