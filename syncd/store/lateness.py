"""What the lateness model learns from and judges, and the models that were fitted."""

import zlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, delete, func, select

from syncd.model import Milestone, OrderStatus
from syncd.model.lateness import NOT_YET, KeptModel, ParcelTimes
from syncd.store import bulk
from syncd.store.database import Database
from syncd.store.tables import lateness_models, shipments
from syncd.store.times import from_us, to_us

KEPT = 7
"""How many fitted models are kept, the latest among them."""

# Their end says nothing about how long a delivery takes.
_CALLED_OFF = (Milestone.RETURNING.value, Milestone.RETURNED.value, Milestone.CANCELLED.value)


class LatenessStore:
    """The use case of learning how late parcels come."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def history(self, since: datetime) -> ParcelTimes:
        """Every promised parcel of orders placed from `since` on of which a carrier told anything.

        One of which no carrier ever told may have arrived long ago: it would look late for ever.
        """
        with self._database.read() as connection:
            return _columns(connection, _TIMES.where(shipments.c.placed_at >= to_us(since)))

    def times(self, shipment_ids: Collection[int]) -> ParcelTimes:
        """The same of these parcels alone."""
        with self._database.read() as connection:
            return _columns(connection, _TIMES.where(bulk.among(shipments.c.id, shipment_ids)))

    def keep(self, model: KeptModel) -> None:
        """Keep a fitted model beside the `KEPT` - 1 before it."""
        table = lateness_models.c
        row = (
            to_us(model.fitted_at), to_us(model.since), model.n, model.base_rate, model.drift,
            model.board, model.settings.decode(), zlib.compress(model.tables),
        )  # fmt: skip
        with self._database.write() as connection:
            connection.execute(
                lateness_models.insert().values(dict(zip(_MODEL_COLUMNS, row, strict=True)))
            )
            latest = select(table.id).order_by(table.fitted_at.desc(), table.id.desc()).limit(KEPT)
            kept = list(connection.execute(latest).scalars())
            connection.execute(delete(lateness_models).where(table.id.not_in(kept)))

    def latest(self) -> KeptModel | None:
        """The model that was fitted last."""
        table = lateness_models.c
        wanted = select(*(table[name] for name in _MODEL_COLUMNS))
        latest_first = wanted.order_by(table.fitted_at.desc(), table.id.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(latest_first).first()
        return None if row is None else _kept(row)

    def fitted_at(self) -> datetime | None:
        """When the last model was fitted."""
        with self._database.read() as connection:
            return from_us(
                connection.execute(select(func.max(lateness_models.c.fitted_at))).scalar()
            )


_MODEL_COLUMNS = ("fitted_at", "since", "n", "base_rate", "drift", "board", "settings", "tables")

TIMES = (
    shipments.c.placed_at,
    func.coalesce(shipments.c.first_scan_at, NOT_YET),
    case(
        (shipments.c.milestone == Milestone.DELIVERED.value, shipments.c.milestone_at),
        else_=NOT_YET,
    ),
    shipments.c.deliver_by,
    func.coalesce(shipments.c.carrier, ""),
    func.coalesce(shipments.c.shipping_method, ""),
    func.coalesce(shipments.c.origin_country, ""),
    func.coalesce(shipments.c.destination_country, ""),
)
"""What `ParcelTimes` has of a shipment beside its id, in that order."""
JUDGED_FOR_LATENESS = and_(
    shipments.c.deliver_by > shipments.c.placed_at,
    shipments.c.last_event_at.is_not(None),
    shipments.c.milestone.not_in(_CALLED_OFF),
    shipments.c.order_status != OrderStatus.CANCELLED.value,
)
"""Whether a shipment's lateness tells something, or can be told."""
_TIMES = select(shipments.c.id, *TIMES).where(JUDGED_FOR_LATENESS)


def _columns(connection: Connection, wanted: Select[Any]) -> ParcelTimes:
    return parcel_times(connection.execute(wanted).all())


def parcel_times(rows: Sequence[Sequence[Any]]) -> ParcelTimes:
    """Parcels as columns, from rows of their id and `TIMES`."""
    return ParcelTimes(*zip(*rows, strict=True)) if rows else ParcelTimes()


def _kept(row: Any) -> KeptModel:
    return KeptModel(
        fitted_at=from_us(row[0]),
        since=from_us(row[1]),
        n=row[2],
        base_rate=row[3],
        drift=row[4],
        board=row[5],
        settings=row[6].encode(),
        tables=zlib.decompress(row[7]),
    )
