"""What all writers of an ingest transaction share."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Select, Table, func, select

from syncd.store import bulk, dues
from syncd.store.tables import shipment_dues, shipments
from syncd.store.times import to_us


class TryAgain(Exception):
    """Another transaction got in the way; written again from the start, the batch goes through."""


class Clash(TryAgain):
    """Something is stored already that was not when it was looked for."""


_ENCODER = msgspec.msgpack.Encoder()
_from_json = msgspec.json.Decoder().decode


class Stored(msgspec.Struct, frozen=True):
    """What the store has under a source id."""

    id: int
    content_hash: bytes
    version: int = 1


def content_hash(*parts: Any) -> bytes:
    """A short digest of what makes an item's content; another digest under one id is an edit."""
    return hashlib.blake2b(_ENCODER.encode(parts), digest_size=12).digest()


class Writer:
    """Part of one ingest transaction of one account."""

    def __init__(self, connection: Connection, account_id: int, now: datetime) -> None:
        self._connection = connection
        self._account_id = account_id
        self._now_us = to_us(now)

    def _judge_shipments(self, key: Column[str], keys: Collection[str]) -> None:
        """Have this account's shipments judged at once whose `key` is one of these."""
        mine = select(shipments.c.id).where(
            shipments.c.account_id == self._account_id, bulk.among(self._connection, key, keys)
        )
        dues.at_once(self._connection, shipment_dues, self._now_us, mine)

    def _stored(
        self, table: Table, source_ids: Collection[str], *more: Column[Any]
    ) -> dict[str, Stored]:
        if not source_ids:
            return {}
        mine = (
            table.c.account_id == self._account_id,
            bulk.among(self._connection, table.c.source_id, source_ids),
        )
        if self._connection.dialect.name == "sqlite":
            digest = func.hex(table.c.content_hash)
            row = func.json_array(table.c.source_id, table.c.id, digest, *more)
            rows = self._whole(select(func.json_group_array(func.json(row))).where(*mine))
            return {key: Stored(i, bytes.fromhex(found), *rest) for key, i, found, *rest in rows}
        wanted = select(table.c.source_id, table.c.id, table.c.content_hash, *more).where(*mine)
        return {row[0]: Stored(*row[1:]) for row in self._connection.execute(wanted).all()}

    def _pairs(
        self,
        key: Column[Any],
        value: Column[Any],
        keys: Collection[str],
        *conditions: ColumnElement[bool],
    ) -> dict[str, int]:
        if not keys:
            return {}
        mine = (bulk.among(self._connection, key, keys), *conditions)
        if self._connection.dialect.name == "sqlite":
            found: dict[str, int] = self._whole(
                select(func.json_group_object(key, value)).where(*mine)
            )
            return found
        return dict(self._connection.execute(select(key, value).where(*mine)).all())

    def _whole(self, wanted: Select[Any]) -> Any:
        """SQLite's answer as one row of JSON.

        Its driver gives the interpreter lock away at every row; where other threads compute,
        getting it back costs more than the row.
        """
        return _from_json(self._connection.execute(wanted).scalar_one())
