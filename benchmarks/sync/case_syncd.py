"""syncd: the accounts polled by its own ingest into its own store, as the daemon's workers do it.

``case_syncd BASE_URL STORE_URL``
"""

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import ClassVar

import msgspec

from benchmarks.sync import feed
from benchmarks.sync.payload import File, RawPage, Row
from syncd import process

with process.importing():  # as the command line does, and as it ends
    from syncd import clock, ingest, log
    from syncd.accounts import Account
    from syncd.config.settings import AccountSettings, DaemonSettings
    from syncd.connector import AccountConfig, Batch, Capability, Connector, Context, Cursor
    from syncd.http import HttpClient
    from syncd.model import Attachment, Direction, Message, Party
    from syncd.store import Store

_row = msgspec.json.Decoder(Row)


class ShopConfig(AccountConfig):
    base_url: str


class Shop(Connector):
    """A connector for the feed. It begins anew after its last page, so that all comes again."""

    name = "bench"
    streams: ClassVar = {"messages": timedelta(minutes=1)}
    capabilities = frozenset({Capability.READ_MESSAGES})

    Config = ShopConfig

    def __init__(self, config: ShopConfig, context: Context) -> None:
        super().__init__(config, context)
        self._http = HttpClient(config.base_url)

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        del stream
        page = cursor.get("page", 0)
        while page is not None:
            found = self._http.get(f"/{self.context.account}/{page}.json").json(RawPage)
            page = found.next
            yield Batch([_message(raw) for raw in found.items], {"page": page or 0})

    def close(self) -> None:
        self._http.close()


def _message(raw: msgspec.Raw) -> Message:
    row = _row.decode(raw)
    inbound = row.sender.role == "buyer"
    buyer = row.sender if inbound else row.to
    return Message(
        source_id=row.id,
        sent_at=row.created_at,
        direction=Direction.INBOUND if inbound else Direction.OUTBOUND,
        buyer=Party(id=buyer.id, name=buyer.name),
        text=row.body,
        subject=row.topic,
        thread_id=row.thread_id,
        order_ids=(row.order_id,),
        language=row.language,
        attachments=tuple(map(_attachment, row.attachments)),
        raw=bytes(raw),
    )


def _attachment(file: File) -> Attachment:
    return Attachment(name=file.name, media_type=file.type, size=file.size)


def _account(name: str, base_url: str, store: Store) -> Account:
    config = ShopConfig(base_url=base_url)
    return Account(
        id=store.accounts.register(name, Shop.name, clock.now()),
        name=name,
        settings=AccountSettings(name=name, connector=Shop.name, options=config),
        connector=Shop(config, Context(account=name, now=clock.now)),
    )


def main(base_url: str, store_url: str) -> None:
    process.end_as_it_is()
    log.configure()
    store = Store(store_url)
    accounts = [_account(feed.name(n), base_url, store) for n in range(feed.ACCOUNTS)]
    process.settle()
    began = time.perf_counter()
    with ThreadPoolExecutor(DaemonSettings().workers) as workers:
        results = list(workers.map(lambda each: ingest.poll(each, "messages", store), accounts))
    seconds = time.perf_counter() - began
    counts: dict[str, int] = {}
    for result in results:
        if result.outcome != "ok":
            raise SystemExit(f"{result.outcome}: {result.error}")
        for (_, how), number in result.counts.items():
            counts[how] = counts.get(how, 0) + number
    for account in accounts:
        account.connector.close()
    store.close()
    print(json.dumps({"seconds": seconds, **counts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
