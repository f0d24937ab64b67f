"""Parcels by carrier and route, within a round over due parcels."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, case, func, literal_column, select, update

from syncd.model import Cause, Milestone, OutboxState
from syncd.store.tables import findings, outbox, shipments
from syncd.store.times import to_us

Lane = tuple[str, str, str]
"""Carrier, origin and destination; an empty text for what is not known."""

# Written out: PostgreSQL takes two parameters of the same value for different things to group by.
_COLUMNS: tuple[ColumnElement[str], ...] = tuple(
    func.coalesce(column, literal_column("''"))
    for column in (
        shipments.c.carrier, shipments.c.origin_country, shipments.c.destination_country
    )
)  # fmt: skip
_ENDED = [milestone.value for milestone in Milestone if milestone.terminal]


class Lanes:
    """What a round needs to know of lanes, and does to them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newly_late(self, kinds: Collection[str], since: datetime) -> dict[Lane, int]:
        """How many parcels of each lane have findings of these kinds that opened since then.

        Those that are over do not count: a carrier that moves again has no outage.
        """
        wanted = (
            select(*_COLUMNS, func.count(shipments.c.id.distinct()))
            .join(findings, findings.c.shipment_id == shipments.c.id)
            .where(
                findings.c.opened_at >= to_us(since),
                findings.c.closed_at.is_(None),
                findings.c.kind.in_(kinds),
            )
            .group_by(*_COLUMNS)
        )
        return _counted(self._connection.execute(wanted))

    def under_way(self) -> dict[Lane, int]:
        """How many parcels of each lane have not ended."""
        wanted = select(*_COLUMNS, func.count()).where(shipments.c.milestone.not_in(_ENDED))
        return _counted(self._connection.execute(wanted.group_by(*_COLUMNS)))

    def open_findings(self, kind: str) -> dict[Lane, int]:
        """The ids of open findings of this kind, which are about lanes."""
        wanted = select(findings.c.figures, findings.c.id).where(
            findings.c.kind == kind,
            findings.c.shipment_id.is_(None),
            findings.c.closed_at.is_(None),
        )
        return {_lane(figures): number for figures, number in self._connection.execute(wanted)}

    def account_of(self, lane: Lane) -> int:
        """An account with a parcel on a lane that has an open finding."""
        wanted = (
            select(shipments.c.account_id)
            .join(findings, findings.c.shipment_id == shipments.c.id)
            .where(findings.c.closed_at.is_(None), *_on(lane))
            .order_by(findings.c.id.desc())
            .limit(1)
        )
        account: int = self._connection.execute(wanted).scalar_one()
        return account

    def hold(self, lanes: Iterable[Lane], reason: str) -> None:
        """Let messages about delays on these lanes that have not left wait for approval.

        Those too that a sender has taken, and not begun to send: it cannot any more. Approved ones
        lose their text, so that the next approval is of what is known by then.
        """
        by_hand = outbox.c.template.is_(None)
        held = {
            "state": OutboxState.HELD.value,
            "reason": reason,
            "subject": case((by_hand, outbox.c.subject)),
            "text": case((by_hand, outbox.c.text)),
        }
        for lane in lanes:
            self._connection.execute(
                update(outbox)
                .where(
                    outbox.c.state.in_([OutboxState.PENDING.value, OutboxState.CLAIMED.value]),
                    outbox.c.purpose == "notice",
                    outbox.c.cause == Cause.DELAY.value,
                    outbox.c.shipment_id.in_(select(shipments.c.id).where(*_on(lane))),
                )
                .values(**held, owner=None, lease_until=None)
            )


def _on(lane: Lane) -> list[ColumnElement[bool]]:
    return [column == name for column, name in zip(_COLUMNS, lane, strict=True)]


def _counted(rows: Iterable[Any]) -> dict[Lane, int]:
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def _lane(figures: str) -> Lane:
    told: Mapping[str, Any] = msgspec.json.decode(figures)
    return str(told["carrier"]), str(told["origin"]), str(told["destination"])
