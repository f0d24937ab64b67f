"""The demo world's marketplace: the smallest connector that reads and sends, made to be read."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

import msgspec
from pydantic import Field

from syncd import connector as c
from syncd import model as m
from syncd.hookspecs import hookimpl
from syncd.http import HeaderToken, HttpClient, Reply, segment

Record = dict[str, Any]
T = TypeVar("T", bound=m.Item)


class SandboxConfig(c.AccountConfig):
    """An account at the sandbox marketplace."""

    url: str = Field(description="Where its API is.", examples=["http://127.0.0.1:8080"])
    token: c.Secret = Field(description="Where the API token lies.")


class _Page(msgspec.Struct):
    items: list[Record]
    next: int
    more: bool


class Sandbox(c.Connector):
    """One seller's account at the sandbox marketplace."""

    name = "sandbox"
    api_version = 1
    Config = SandboxConfig
    streams: ClassVar = {
        stream: timedelta(minutes=5) for stream in ("messages", "orders", "tracking", "stock")
    }
    capabilities = frozenset(
        {
            c.Capability.READ_MESSAGES,
            c.Capability.REPLY,
            c.Capability.START_CONVERSATION,
            c.Capability.EXTEND_PROMISE,
        }
    )

    def __init__(self, config: SandboxConfig, context: c.Context) -> None:
        super().__init__(config, context)
        self._http = HttpClient(config.url, auth=HeaderToken(config.token), judge=_judge)

    def poll(self, stream: str, cursor: c.Cursor) -> Iterator[c.Batch]:
        """Read on where the cursor stands: it holds the last number seen of each feed."""
        for feed in ("orders", "shipments") if stream == "orders" else (stream,):
            more, paging = True, c.Paging(f"the list of {feed}")
            while more:
                answer = self._http.get(f"/{feed}", {"since": cursor.get(feed, 0), "limit": 100})
                page = answer.json(_Page)
                came = map(msgspec.json.encode, page.items)
                paging.turned(came, more=page.more, to=page.next)
                cursor, more = {**cursor, feed: page.next}, page.more
                yield c.Batch([*c.parse_each(page.items, _PARSERS[feed], _describe)], cursor)

    def may_send(self, draft: m.Draft) -> m.Verdict:
        """Some buyers take no messages from the marketplace."""
        if draft.buyer.id is None:
            return m.Verdict.never("the draft names no buyer of this marketplace")
        answer = self._http.get(f"/buyers/{segment(draft.buyer.id)}").json(Record)
        return m.Verdict.yes() if answer["accepts_messages"] else m.Verdict.never(answer["reason"])

    def send(self, draft: m.Draft, key: str) -> m.Receipt:
        """Post it, once; an answer that cannot be read does not say that it failed."""
        said = {"subject": draft.subject, "text": draft.text, "language": draft.language}
        about = {"key": key, "buyer_id": draft.buyer.id, "order_id": draft.order_id}
        return _receipt_of(self._http.post("/messages", {**about, **said}))

    def find_sent(self, draft: m.Draft, key: str) -> m.Receipt | None:
        """The marketplace remembers the key it was given."""
        del draft
        found = self._http.get("/messages/sent", {"key": key}).json(dict[str, list[Record]])
        return next(map(_receipt, found["items"]), None)

    def extend_promise(self, order_id: str, until: datetime, key: str) -> m.Receipt:
        """Ask for it, once; the marketplace says no where it gives no more time."""
        asked = {"key": key, "until": until.isoformat()}
        return _receipt_of(self._http.post(_extensions(order_id), asked))

    def find_extension(self, order_id: str, until: datetime, key: str) -> m.Receipt | None:
        """The marketplace remembers the key it was given."""
        del until
        answer = self._http.get(_extensions(order_id), {"key": key})
        return next(map(_receipt, answer.json(dict[str, list[Record]])["items"]), None)

    def check(self) -> None:
        """Read one order."""
        self._http.get("/orders", {"limit": 1})

    def close(self) -> None:
        """Close the kept connections."""
        self._http.close()


def _judge(reply: Reply) -> c.ConnectorError | None:
    """403 is about the buyer here, not about the login."""
    return c.Rejected(reply.content.decode("utf-8", "replace")) if reply.status == 403 else None


def _extensions(order_id: str) -> str:
    return f"/orders/{segment(order_id)}/extensions"


def _receipt_of(reply: Reply) -> m.Receipt:
    """What was posted may have arrived, whatever the answer looks like."""
    try:
        return _receipt(reply.json(Record))
    except (c.Unavailable, LookupError, ValueError) as error:
        raise c.OutcomeUnknown(f"posted, but the answer is unreadable: {error}") from None


def _receipt(raw: Record) -> m.Receipt:
    return m.Receipt(source_id=raw["id"], accepted_at=datetime.fromisoformat(raw["accepted_at"]))


_STATUSES = {
    "awaiting_payment": m.OrderStatus.PENDING,
    "paid": m.OrderStatus.UNSHIPPED,
    "partly_sent": m.OrderStatus.PARTLY_SHIPPED,
    "sent": m.OrderStatus.SHIPPED,
    "received": m.OrderStatus.DELIVERED,
    "cancelled": m.OrderStatus.CANCELLED,
}


def _order(raw: Record) -> m.Order:
    status = _STATUSES.get(raw["status"], m.OrderStatus.UNKNOWN)
    lines = [{**line, "source_id": line["id"]} for line in raw["lines"]]
    return _item(m.Order, raw, status=status, lines=lines)


def _shipment(raw: Record) -> m.Shipment:
    return _item(m.Shipment, raw)


def _message(raw: Record) -> m.Message:
    kind = m.MessageKind.AUTO_REPLY if raw["automatic"] else m.MessageKind.HUMAN
    order_ids = [raw["order_id"]] if raw["order_id"] else []
    return _item(m.Message, raw, kind=kind, order_ids=order_ids)


def _scan(raw: Record) -> m.TrackingEvent:
    told = raw["utc_offset_minutes"] is not None
    return _item(m.TrackingEvent, raw, offset_source=m.OffsetSource.CARRIER if told else None)


def _stock(raw: Record) -> m.StockLevel:
    return _item(m.StockLevel, raw)


def _item(type_: type[T], raw: Record, /, **ours: object) -> T:
    """The marketplace's record as syncd's: the fields have our names, but for `ours`."""
    item = msgspec.convert({**raw, "source_id": raw["id"], **ours}, type_)
    return msgspec.structs.replace(item, raw=msgspec.json.encode(raw))


def _describe(raw: Record) -> tuple[str, bytes]:
    return str(raw.get("id", raw.get("seq"))), msgspec.json.encode(raw)


_PARSERS: dict[str, Callable[[Record], m.Item]] = {
    "orders": _order,
    "shipments": _shipment,
    "messages": _message,
    "tracking": _scan,
    "stock": _stock,
}


@hookimpl
def syncd_connectors() -> list[type[c.Connector]]:
    """Registers the connector."""
    return [Sandbox]
