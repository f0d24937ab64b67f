"""What all writers of an ingest transaction share."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Select, Table, bindparam, func, select

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
    try:
        said = _ENCODER.encode(parts)
    except OverflowError:  # 0001-01-01T00:00:00+08:00, some platforms' "none", is no day in UTC
        said = repr(parts).encode()
    return hashlib.blake2b(said, digest_size=12).digest()


class Writer:
    """Part of one ingest transaction of one account."""

    def __init__(self, connection: Connection, account_id: int, now: datetime) -> None:
        self._connection = connection
        self._account_id = account_id
        self._now_us = to_us(now)

    def _judge_shipments(self, key: Column[str], keys: Collection[str]) -> int:
        """Have this account's shipments judged at once whose `key` is one of these: how many."""
        mine = select(shipments.c.id).where(
            shipments.c.account_id == self._account_id, bulk.among(key, keys)
        )
        return dues.at_once(self._connection, shipment_dues, self._now_us, mine)

    def _stored(
        self, table: Table, source_ids: Collection[str], *more: Column[Any]
    ) -> dict[str, Stored]:
        if not source_ids:
            return {}
        values = {"account_id": self._account_id, "keys": source_ids}
        if self._sqlite:
            rows = self._whole(_stored_as_json(table, *more), values)
            return {key: Stored(i, bytes.fromhex(found), *rest) for key, i, found, *rest in rows}
        found = self._connection.execute(_stored_rows(table, *more), values).all()
        return {row[0]: Stored(*row[1:]) for row in found}

    def _pairs(
        self, key: Column[Any], value: Column[Any], keys: Collection[str], *, own: bool
    ) -> dict[str, int]:
        """The values beside these keys; `own`: only this account's."""
        if not keys:
            return {}
        wanted = _paired(key, value, own=own, as_json=self._sqlite)
        values = {"account_id": self._account_id, "keys": keys}
        if self._sqlite:
            pairs: dict[str, int] = self._whole(wanted, values)
            return pairs
        return dict(self._connection.execute(wanted, values).all())

    @property
    def _sqlite(self) -> bool:
        return self._connection.dialect.name == "sqlite"

    def _whole(self, wanted: Select[Any], values: Mapping[str, Any]) -> Any:
        """SQLite's answer as one row of JSON.

        Its driver gives the interpreter lock away at every row; where other threads compute,
        getting it back costs more than the row.
        """
        return _from_json(self._connection.execute(wanted, values).scalar_one())


@cache
def _stored_rows(table: Table, *more: Column[Any]) -> Select[Any]:
    return _mine(select(table.c.source_id, table.c.id, table.c.content_hash, *more), table)


@cache
def _stored_as_json(table: Table, *more: Column[Any]) -> Select[Any]:
    row = func.json_array(table.c.source_id, table.c.id, func.hex(table.c.content_hash), *more)
    return _mine(select(func.json_group_array(func.json(row))), table)


def _mine(wanted: Select[Any], table: Table) -> Select[Any]:
    own = table.c.account_id == bindparam("account_id")
    return wanted.where(own, bulk.given(table.c.source_id, "keys"))


@cache
def _paired(key: Column[Any], value: Column[Any], *, own: bool, as_json: bool) -> Select[Any]:
    wanted = select(func.json_group_object(key, value)) if as_json else select(key, value)
    wanted = wanted.where(bulk.given(key, "keys"))
    return wanted.where(key.table.c.account_id == bindparam("account_id")) if own else wanted
