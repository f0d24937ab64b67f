"""Parcel tracking by YunExpress (云途), open platform."""

from collections.abc import Iterator
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
    follow_each,
)
from syncd.hookspecs import hookimpl
from syncd.http import HttpClient, Reply
from syncd.model import ParcelRef
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
    base_url: HttpUrl = Field(
        default=HttpUrl("https://openapi.yunexpress.cn"),
        description="Where the API is; https://openapi-sbx.yunexpress.cn is the sandbox.",
    )
    requests_per_poll: int = Field(
        default=30,
        ge=1,
        le=1000,
        description="Calls in one poll, one parcel each; parcels beyond that have their turn in "
        "the next polls.",
    )
    language: str = Field(
        default="en-US",
        pattern=r"^[a-z]{2}-[A-Z]{2}$",
        description="The language of the scans' texts, such as en-US or zh-CN. Scans already stored "
        "come again, beside the old ones, when it is changed.",
    )


class YunExpress(Connector):
    """The ``yunexpress`` connector (YunExpress open platform, track service v1)."""

    name = "yunexpress"
    api_version = 1
    Config = YunExpressConfig
    streams: ClassVar = {"tracking": timedelta(minutes=15)}
    capabilities = frozenset({Capability.TRACK_PARCELS})
    carriers = frozenset({"yunexpress"})

    def __init__(self, config: YunExpressConfig, context: Context) -> None:
        super().__init__(config, context)
        url = str(config.base_url).rstrip("/")
        self._login = Login(
            url,
            app_id=config.app_id,
            app_secret=config.app_secret,
            source_key=config.source_key,
            now=context.now,
        )
        language = {"accept-language": config.language}
        self._http = HttpClient(url, auth=self._login, headers=language, judge=judge)

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Ask for the most urgent of the parcels that are due, one a call."""
        del stream
        parcels = islice(self.context.parcels(), self.config.requests_per_poll)
        yield from follow_each(parcels, self._ask, read, cursor=cursor)

    def _ask(self, parcel: ParcelRef) -> bytes | None:
        number = "".join(parcel.tracking_number.split()).upper()
        reply = self._http.get(PATH, {"order_number": number})
        return reply.content if reply.json(Answer).result else None

    def check(self) -> None:
        """Sign in; raises AuthFailed or Unavailable."""
        self._login.token()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()
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
    except (msgspec.MsgspecError, RecursionError):
        refused = _Refused()
    if not refused.success:
        return Unavailable(f"YunExpress {refused.code}: {refused.msg}", reply.retry_after)
    return Unavailable(f"HTTP {reply.status} from YunExpress") if reply.status >= 400 else None


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [YunExpress]
