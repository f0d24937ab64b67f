"""Parcel tracking by GLS (Track And Trace V1 of the GLS Group)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

import msgspec
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
from syncd.http import HttpClient, Reply
from syncd.http.carrier import Carrier, api_at, by_compact, calls, in_path, words_in
from syncd.model import Item, ParcelRef
from syncd_gls.parse import head, read


class GLSConfig(AccountConfig):
    """An account's settings."""

    client_id: str = Field(
        min_length=1,
        description="The API key of an app of dev-portal.gls-group.net with Track And Trace V1.",
        examples=["YOUR-API-KEY"],
    )
    client_secret: Secret = Field(description="The secret of that app.")
    base_url: HttpUrl = api_at("https://api.gls-group.net")
    requests_per_poll: int = calls(
        5,
        "10 parcels each",
        quota="GLS allows 500 a day at first: 5 every 15 minutes; raise it when GLS has given you "
        "more.",
    )
    language: str = words_in("EN", r"^[A-Z]{2}$")


class GLS(Carrier):
    """The ``gls`` connector (GLS Track And Trace V1)."""

    name = "gls"
    api_version = 1
    Config = GLSConfig
    streams: ClassVar = {"tracking": timedelta(minutes=15)}
    carriers = frozenset({"gls"})
    size = 10

    def __init__(self, config: GLSConfig, context: Context) -> None:
        super().__init__(config, context)
        self.http = HttpClient(
            f"{self.url}/track-and-trace-v1/tracking",
            auth=self.oauth("/oauth2/v2/token"),
            headers={"accept-language": config.language},
            judge=judge,
        )

    def ask_several(self, parcels: Sequence[ParcelRef]) -> Mapping[str, bytes]:
        """What GLS has of each number, as a list."""
        asked = by_compact(parcels)
        params = {"showEvents": "true", "showLinks": "false"}
        path = f"/simple/trackids/{in_path(asked)}"
        told = _by_number(self.http.get(path, params).json(_Answer).parcels)
        return {asked[name]: msgspec.json.encode(told[name]) for name in asked if name in told}

    def read(self, parcel: ParcelRef, raw: bytes) -> list[Item]:
        """The events."""
        return read(parcel, raw)


class _Answer(msgspec.Struct):
    parcels: list[msgspec.Raw]


def _by_number(parcels: Iterable[msgspec.Raw]) -> dict[str, list[msgspec.Raw]]:
    """A number that was given out more than once has several parcels."""
    told: dict[str, list[msgspec.Raw]] = {}
    for raw in parcels:
        about = head(raw)
        told.setdefault(compact(about.requested or about.unitno or ""), []).append(raw)
    return told


def judge(reply: Reply) -> ConnectorError | None:
    """A 400 is about one of the numbers; GLS answers 404 to addresses only, never to numbers."""
    if reply.status == 400:
        return AboutNumber("refused by GLS", reply.content)
    if reply.status == 404:
        return Unavailable("HTTP 404, which GLS has for wrong addresses: is base_url right?")
    return None


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [GLS]
