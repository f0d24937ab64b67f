"""What a round over due subjects, parcels or orders, does to their findings."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Select, Table, func, select, update

from syncd.model import Finding, NewNotice, OutboxState
from syncd.store import bulk, dues
from syncd.store.notices import FOUND, STANDS, insert_notices
from syncd.store.tables import findings, outbox
from syncd.store.times import from_us, to_us

_FINDING_COLUMNS = (
    "fingerprint", "kind", "cause", "severity", "since", "evidence", "figures", "opened_at",
)  # fmt: skip
_OPEN_AGAIN = "closed_at=NULL, evidence=excluded.evidence, figures=excluded.figures"


class Round:
    """One transaction over up to `limit` due subjects, each called by its number.

    `when_due` is the table of when they are due, `about` the column of findings that names them;
    `numbers` are those that are due. A round that goes on where another ended, `since` its `until`,
    passes over nothing that was judged: PostgreSQL keeps that in its index until it is vacuumed,
    and going through it again and again took a tenth of a million parcels' time.
    """

    def __init__(
        self,
        connection: Connection,
        now: datetime,
        limit: int,
        *,
        when_due: Table,
        about: Column[Any],
        since: datetime | None,
    ) -> None:
        self._connection = connection
        self._now_us = to_us(now)
        self._when_due = when_due
        self._about = about
        self._closed = False
        due = dues.claim(connection, when_due, to_us(since), self._now_us, limit)
        self.numbers = [number for number, _ in due]
        self.until = from_us(due[-1][1]) if due else now

    def _read(self, wanted: Select[Any], number: Column[int]) -> list[Any]:
        """A row of `wanted`, which begins with `number`, for each that is due, longest first."""
        if not self.numbers:
            return []
        among = bulk.among(number, self.numbers)
        found = {row[0]: row for row in self._connection.execute(wanted.where(among)).all()}
        return [found[number] for number in self.numbers]

    def open_findings(self) -> dict[int, dict[str, int]]:
        """The open findings of what is due: number -> fingerprint -> the finding's id."""
        table = findings.c
        wanted = select(self._about, table.fingerprint, table.id).where(
            table.closed_at.is_(None), bulk.among(self._about, self.numbers)
        )
        found: dict[int, dict[str, int]] = {}
        for number, fingerprint, finding in self._connection.execute(wanted).all():
            found.setdefault(number, {})[fingerprint] = finding
        return found

    def closed_since(
        self, moment: datetime, numbers: Collection[int]
    ) -> dict[tuple[int, str], datetime]:
        """The latest end of each kind of finding of these subjects, by number and kind."""
        table = findings.c
        wanted = (
            select(self._about, table.kind, func.max(table.closed_at))
            .where(
                bulk.among(self._about, numbers),
                table.closed_at > to_us(moment),
            )
            .group_by(self._about, table.kind)
        )
        rows = self._connection.execute(wanted)
        return {(number, kind): from_us(at) for number, kind, at in rows}

    def open(self, found: Iterable[tuple[int | None, Finding]]) -> None:
        """Store findings, each of a subject or of none; one that was closed is open again."""
        rows = [
            (finding.fingerprint, finding.kind, finding.cause.value, finding.severity.value,
             to_us(finding.since), finding.evidence,
             msgspec.json.encode(finding.figures).decode(), self._now_us, number)
            for number, finding in found
        ]  # fmt: skip
        columns = (*_FINDING_COLUMNS, self._about.name)
        key = ("fingerprint",)
        bulk.upsert(self._connection, findings, columns, rows, key=key, changes=_OPEN_AGAIN)

    def close(self, finding_ids: Collection[int]) -> None:
        """The troubles behind these findings are over."""
        self._closed = self._closed or bool(finding_ids)
        rows = [(self._now_us, number) for number in finding_ids]
        bulk.update(self._connection, findings, ("closed_at",), rows)

    def plan(self, due: Mapping[int, datetime | None]) -> None:
        """When each subject is to be judged next; None: not before it has news."""
        moments = {number: to_us(at) for number, at in due.items()}
        dues.plan(self._connection, self._when_due, moments)

    def withdraw(self) -> None:
        """Take back what waits for a person to tell of a trouble that this round found to be over.

        What may have reached the buyer is left, and tasks, which somebody may be at.
        """
        if not (self._closed and self.numbers):
            return
        waits = outbox.c.state.in_([OutboxState.HELD.value, OutboxState.PERSON.value])
        mine = bulk.among(outbox.c[self._about.name], self.numbers)
        self._connection.execute(
            update(outbox)
            .where(waits, outbox.c.attempts == 0, outbox.c.purpose.in_(FOUND), mine, ~STANDS)
            .values(state=OutboxState.OBSOLETE.value, reason="the trouble is over")
        )

    def queue(self, notices: Iterable[NewNotice]) -> int:
        """Queue messages in the same transaction as their findings; returns how many are new."""
        return insert_notices(self._connection, notices, self._now_us)
