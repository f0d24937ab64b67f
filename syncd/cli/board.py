"""The verb that lists parcels and waiting orders at risk, worst first."""

from datetime import datetime
from typing import Any

import click

from syncd import clock
from syncd.cli import completing
from syncd.cli.invocation import Invocation, json_option, limit_option, pass_invocation
from syncd.cli.opened import Looking, known_account, store
from syncd.cli.output import Lines, Looks, Row, emit
from syncd.cli.words import day, plain
from syncd.model import AtRisk, ParcelFacts, Severity, Subject
from syncd.rules.board import days_to, worst, worst_first

_COLUMNS = ("parcel", "order", "account", "country", "how far", "reason", "since", "promise",
            "protection", "told")  # fmt: skip
_NO_NUMBER = {"parcel": "no number yet", "order": "no parcel yet"}
_COLOURS = {Severity.ACT.value: "red", Severity.TELL.value: "yellow"}


@click.command()
@click.option("--account", help="Only of this account.", shell_complete=completing.accounts)
@click.option("--all", "everything", is_flag=True,
              help="Also parcels under way and orders to send in which nothing is wrong, at the end.")  # fmt: skip
@limit_option(50)
@json_option
@pass_invocation
def board(
    invocation: Invocation, account: str | None, everything: bool, limit: int, as_json: bool
) -> None:
    """List parcels and waiting orders at risk, worst first.

    Those with an open finding, orders that have no parcel yet among them: first what a person must
    act on, then what the buyer should hear; of equals, those whose buyer protection ends within a
    week, then those longest past their promise. promise and protection: how long until they end;
    told: when the buyer was last written to.
    """
    now = clock.now()
    with store(invocation) as looking:
        name = known_account(looking, account)
        risks = worst_first(looking.store.board.at_risk(name), now)
        shown = risks[:limit]
        if everything and len(shown) < limit:
            shown += looking.store.board.in_time(limit - len(shown), name)
        rows = _rows(looking, shown, now)
    emit(rows if as_json else [_line(row) for row in rows], as_json=as_json, columns=_COLUMNS,
         looks=_LOOKS)  # fmt: skip
    if as_json:
        return
    if len(risks) > limit:
        click.echo(f"{len(risks) - limit} more at risk: --limit {len(risks)} lists all", err=True)


def _rows(looking: Looking, risks: list[AtRisk], now: datetime) -> list[dict[str, Any]]:
    told = looking.store.board.told([risk.subject for risk in risks])
    return [_row(risk, told.get(risk.subject.name), now) for risk in risks]


def _row(risk: AtRisk, told: datetime | None, now: datetime) -> dict[str, Any]:
    subject, reason = risk.subject, worst(risk.findings)
    return {
        **_named(subject),
        "order": subject.order_id,
        "account": risk.account,
        "country": risk.country,
        "severity": reason and reason.severity,
        "reason": reason and reason.evidence,
        "since": reason and reason.since,
        "findings": [
            {"kind": each.kind, "severity": each.severity, "since": each.since,
             "evidence": each.evidence}
            for each in risk.findings
        ],
        "ship_by": subject.ship_by,
        "promised_by": subject.deliver_by,
        "days_to_promise": days_to(subject.deliver_by, now),
        "protection_ends_at": subject.protection_ends_at,
        "days_to_protection_end": days_to(subject.protection_ends_at, now),
        "told_at": told,
    }  # fmt: skip


def _named(subject: Subject) -> dict[str, Any]:
    """What only a parcel has; an order without one has its status instead."""
    if isinstance(subject, ParcelFacts):
        milestone = subject.state.milestone.value
        return {"kind": "parcel", "tracking_number": subject.tracking_number,
                "carrier": subject.carrier, "milestone": milestone, "status": None}  # fmt: skip
    return {"kind": "order", "tracking_number": None, "carrier": None, "milestone": None,
            "status": subject.status.value}  # fmt: skip


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """A row for people."""
    more = len(row["findings"]) - 1
    return {
        "parcel": row["tracking_number"] or _NO_NUMBER[row["kind"]],
        "order": row["order"],
        "account": row["account"],
        "country": row["country"],
        "how far": plain(row["milestone"] or row["status"]),
        "reason": (row["reason"] or "") + (f" (and {more} more)" if more > 0 else ""),
        "since": day(row["since"]) if row["since"] else "",
        "promise": _left(row["days_to_promise"]),
        "protection": _left(row["days_to_protection_end"]),
        "told": day(row["told_at"]) if row["told_at"] else "no",
        "severity": row["severity"],
    }


def _folded(line: Row) -> Row:
    """The same in three columns, which fit on a terminal."""
    where = f"{line['how far']}, to {line['country'] or '?'}"
    since = f"since {line['since']}" if line["since"] else ""
    dates = [f"{name} {line[name]}" for name in ("promise", "protection", "told")]
    return {
        "parcel, order": Lines((line["parcel"], line["order"], line["account"])),
        "trouble": Lines((where, line["reason"], since)),
        "dates": Lines(dates),
    }


_LOOKS = Looks(lambda line: _COLOURS.get(line["severity"]), wraps=("trouble",), fold=_folded)


def _left(days: float | None) -> str:
    """How long is left of a time, or how long it is over."""
    if days is None:
        return "none"
    if -1 < days < 1:
        return "today"
    return f"{-days:.0f} d ago" if days < 0 else f"in {days:.0f} d"
