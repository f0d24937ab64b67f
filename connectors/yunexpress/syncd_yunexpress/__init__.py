"""Parcel tracking by YunExpress (云途), open platform."""

from datetime import timedelta
from typing import ClassVar

import msgspec
from pydantic import Field, HttpUrl

from syncd.connector import (
    NOT_JSON,
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
from syncd.http.carrier import Carrier, api_at, calls, words_in
from syncd.model import Item, ParcelRef
from syncd_yunexpress.login import PATH, Login
from syncd_yunexpress.parse import Answer, read


class YunExpressConfig(AccountConfig):
    """An account's settings."""

    app_id: str = Field(
        min_length=1,
        description="The App ID of an application at open.yunexpress.cn.",
        examples=["YOUR-APP-ID"],
    )
    app_secret: Secret = Field(description="The App Secret of that application.")
    source_key: Secret | None = Field(
        default=None,
        description="The Source Key, where YunExpress has given you one.",
    )
    base_url: HttpUrl = api_at(
        "https://openapi.yunexpress.cn", "https://openapi-sbx.yunexpress.cn is the sandbox"
    )
    requests_per_poll: int = calls(30)
    language: str = words_in("en-US", r"^[a-z]{2}-[A-Z]{2}$")


class YunExpress(Carrier):
    """The ``yunexpress`` connector (YunExpress open platform, track service v1)."""

    name = "yunexpress"
    api_version = 1
    Config = YunExpressConfig
    streams: ClassVar = {"tracking": timedelta(minutes=15)}
    carriers = frozenset({"yunexpress"})

    def __init__(self, config: YunExpressConfig, context: Context) -> None:
        super().__init__(config, context)
        self._login = Login(
            self.url,
            app_id=config.app_id,
            app_secret=config.app_secret,
            source_key=config.source_key,
            now=context.now,
        )
        self.http = HttpClient(
            self.url,
            auth=self._login.oauth,
            sign=self._login.sign,
            headers={"accept-language": config.language},
            judge=judge,
        )

    def ask(self, parcel: ParcelRef) -> bytes:
        """The parcel with all its events; without a result YunExpress does not know it (yet)."""
        return self.http.get(PATH, {"order_number": compact(parcel.tracking_number)}).checked(
            Answer
        )

    def read(self, parcel: ParcelRef, raw: bytes) -> list[Item]:
        """The events."""
        return read(parcel, raw)

    def close(self) -> None:
        """Give the connections back."""
        super().close()
        self._login.close()


class _Refused(msgspec.Struct):
    success: bool = True
    code: str | int | None = None
    msg: str | None = None


def judge(reply: Reply) -> ConnectorError | None:
    """YunExpress refuses with ``success`` false, whatever the status is."""
    if reply.status >= 500 or reply.status in {401, 403, 408, 420, 425, 429}:
        return None
    try:
        refused = msgspec.json.decode(reply.content, type=_Refused)
    except NOT_JSON:
        refused = _Refused()
    if not refused.success:
        return Unavailable(f"YunExpress {refused.code}: {refused.msg}", reply.retry_after)
    return Unavailable(f"HTTP {reply.status} from YunExpress") if reply.status >= 400 else None


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [YunExpress]
