"""Looking things up: for status, lists and timelines. Reads only."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from syncd.store.database import Database
from syncd.store.facts import candidates, standing
from syncd.store.subject import find, mentioned
from syncd.store.tables import (
    accounts,
    conversations,
    customers,
    deliveries,
    findings,
    messages,
    orders,
    quarantine,
    shipments,
    tracking_events,
)
from syncd.store.talks import WAITING, described, holding
from syncd.store.timeline import timeline
from syncd.store.times import from_us

_COUNTED = {
    "messages": select(func.count()).select_from(messages),
    "conversations": select(func.count()).select_from(conversations),
    "customers": select(func.count())
    .select_from(customers)
    .where(customers.c.merged_into.is_(None)),
    "orders": select(func.count()).select_from(orders),
    "shipments": select(func.count()).select_from(shipments),
    "tracking_events": select(func.count()).select_from(tracking_events),
    "findings": select(func.count()).select_from(findings),
    "quarantined": select(func.count())
    .select_from(quarantine)
    .where(quarantine.c.resolved_at.is_(None)),
}


class AmbiguousOrder(LookupError):
    """Several accounts have an order of this id, and nobody has said whose is meant."""

    def __init__(self, name: str, candidates: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(f"several accounts have an order {name!r}")
        self.name = name
        self.candidates = candidates
        """Each with its ``account``, and ``placed_at``, ``country`` and ``buyer`` where known."""


class LookStore:
    """Use cases of people who look."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> dict[str, int]:
        """How much of everything there is."""
        with self._database.read() as connection:
            return {name: connection.execute(q).scalar_one() for name, q in _COUNTED.items()}

    def open_findings(self) -> dict[str, int]:
        """How many findings are open, by kind."""
        wanted = (
            select(findings.c.kind, func.count())
            .where(findings.c.closed_at.is_(None))
            .group_by(findings.c.kind)
        )
        with self._database.read() as connection:
            return dict(connection.execute(wanted).all())

    def findings_by_kind(self) -> dict[str, int]:
        """How many findings there ever were, by kind."""
        wanted = select(findings.c.kind, func.count()).group_by(findings.c.kind)
        with self._database.read() as connection:
            return dict(connection.execute(wanted).all())

    def parcels_found_late(self, *, besides: Collection[str] = ()) -> int:
        """How many parcels ever had a finding of another kind than those in `besides`."""
        found = select(func.count(findings.c.shipment_id.distinct()))
        wanted = found.where(findings.c.kind.not_in(besides))
        with self._database.read() as connection:
            return int(connection.execute(wanted).scalar_one())

    def conversations(
        self,
        *,
        account: str | None = None,
        text: str | None = None,
        waiting: bool = False,
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """Conversations, the one spoken in last first.

        `text` is looked for in what was written, and in the buyer's name and address.

        ``waiting`` is where a person wrote last and nobody has answered, ``waits_since`` when the
        first unanswered message came; `waiting` leaves the others out. ``last_text`` is what was
        said last by anybody but the platform.
        """
        table = conversations.c
        chosen = select(table.id).order_by(table.last_at.desc(), table.id.desc()).limit(limit)
        if account is not None:
            of = select(accounts.c.id).where(accounts.c.name == account).scalar_subquery()
            chosen = chosen.where(table.account_id == of)
        if text is not None:
            chosen = chosen.where(holding(text))
        if waiting:
            chosen = chosen.where(WAITING)
        with self._database.read() as connection:
            return described(connection, list(connection.execute(chosen).scalars()))

    def subject(
        self, typed: str, kind: str | None = None, *, account: str | None = None
    ) -> dict[str, Any]:
        """All that is known about an order, a parcel or a conversation.

        `typed` is an order's id, a tracking number or a conversation's number; `kind` (``order``,
        ``parcel``, ``conversation``) says which where it could be several, else the first of these
        is taken and ``also`` names the others. ``kind`` is None in the answer where nothing has
        this name. A number that is only named in what somebody wrote is a ``parcel`` with no entry
        in ``parcels``. `account` is whose it is, for an order that several accounts have:
        AmbiguousOrder is raised without it. ``timeline`` is the oldest first; each entry has
        ``at``, ``kind``, ``who``, ``text``.
        """
        with self._database.read() as connection:
            number = None if account is None else _account_id(connection, account)
            subject, also = find(connection, typed, kind, number)
            if subject is None and not also and kind in {None, "parcel"}:
                subject = mentioned(connection, typed, number)
            if subject is None:
                return {"name": typed, "kind": None, "also": also, "timeline": []}
            if subject.ambiguous:
                raise AmbiguousOrder(subject.name, candidates(connection, subject))
            return {
                "name": subject.name,
                "kind": subject.kind,
                "also": also,
                **standing(connection, subject),
                "conversations": described(connection, subject.conversations),
                "timeline": timeline(connection, subject),
            }

    def attempts(self, row_id: int) -> list[dict[str, Any]]:
        """What became of a row of the outbox, the oldest first."""
        table = deliveries.c
        wanted = (
            select(table.at, table.outcome, table.source_id, table.detail)
            .where(table.outbox_id == row_id)
            .order_by(table.id)
        )
        with self._database.read() as connection:
            return [
                {"at": from_us(row[0]), "outcome": row[1], "source_id": row[2], "detail": row[3]}
                for row in connection.execute(wanted)
            ]

    def quarantined(
        self, *, account: str | None = None, released: bool = False, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Items that could not be read, the newest first; with `released` also those read since."""
        table = quarantine.c
        wanted = _QUARANTINED.order_by(table.seen_at.desc(), table.id.desc()).limit(limit)
        if account is not None:
            wanted = wanted.where(accounts.c.name == account)
        if not released:
            wanted = wanted.where(table.resolved_at.is_(None))
        with self._database.read() as connection:
            return [_quarantined(row) for row in connection.execute(wanted)]

    def quarantined_item(self, item_id: int) -> dict[str, Any] | None:
        """One of them, with its ``payload`` as it came; None where there is none of this number."""
        wanted = _QUARANTINED.add_columns(quarantine.c.raw).where(quarantine.c.id == item_id)
        with self._database.read() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else {**_quarantined(row), "payload": row.raw}

    def account_names(self) -> set[str]:
        """Every account that there ever was."""
        with self._database.read() as connection:
            return set(connection.execute(select(accounts.c.name)).scalars())

    def quarantined_per_stream(self) -> dict[str, int]:
        """How many items of each ``account/stream`` could not be read and have not been since."""
        table = quarantine.c
        wanted = (
            select(accounts.c.name, table.stream, func.count())
            .join(accounts, accounts.c.id == table.account_id)
            .where(table.resolved_at.is_(None))
            .group_by(accounts.c.name, table.stream)
        )
        with self._database.read() as connection:
            return {f"{row[0]}/{row[1]}": row[2] for row in connection.execute(wanted)}


# No account has this id.
_NOBODY = 0


def _account_id(connection: Connection, name: str) -> int:
    found = connection.execute(select(accounts.c.id).where(accounts.c.name == name)).scalar()
    return _NOBODY if found is None else int(found)


_QUARANTINED = select(
    quarantine.c.id,
    accounts.c.name,
    quarantine.c.stream,
    quarantine.c.source_id,
    quarantine.c.reason,
    quarantine.c.seen_at,
    quarantine.c.resolved_at,
    func.length(quarantine.c.raw).label("size"),
).join(accounts, accounts.c.id == quarantine.c.account_id)


def _quarantined(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "account": row.name,
        "stream": row.stream,
        "source_id": row.source_id,
        "reason": row.reason,
        "seen_at": from_us(row.seen_at),
        "released_at": from_us(row.resolved_at),
        "bytes": row.size,
    }
