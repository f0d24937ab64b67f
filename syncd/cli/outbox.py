"""The verbs of the outbox: list, show, approve, cancel, retry, arrived."""

import getpass
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from syncd import clock
from syncd.cli import completing, exits
from syncd.cli.invocation import (
    ROW_NUMBER,
    Invocation,
    json_option,
    limit_option,
    pass_invocation,
)
from syncd.cli.opened import runtime, store, why_missing
from syncd.cli.output import Lines, Looks, Row, cell, emit, printable, tell_cut, to_json
from syncd.model import OutboxRow, OutboxState
from syncd.store import BOUNCED, Store

if TYPE_CHECKING:  # only showing and approving need connectors and templates
    from syncd.accounts import Runtime

_WAITING = tuple(state for state in OutboxState if not state.final)
_COLUMNS = ("id", "state", "account", "order", "to", "purpose", "template", "language", "not_before",
            "reason")  # fmt: skip
_CANCELLABLE = (OutboxState.HELD, OutboxState.PENDING, OutboxState.CLAIMED, OutboxState.PERSON)
_RETRYABLE = (OutboxState.FAILED, OutboxState.PERSON)


def _ids(*states: OutboxState) -> Callable[[Any], Any]:
    """The argument for the numbers of rows in these states."""
    return click.argument(
        "ids", type=ROW_NUMBER, nargs=-1, required=True, metavar="ID...",
        shell_complete=completing.outbox_rows(*states),
    )  # fmt: skip


@click.group(invoke_without_command=True)
@click.option(
    "--state",
    type=click.Choice([state.value for state in OutboxState]),
    multiple=True,
    help="Only rows in this state; may be given several times. Default: all not settled.",
)
@limit_option(100)
@json_option
@pass_invocation
@click.pass_context
def outbox(
    ctx: click.Context, invocation: Invocation, state: Sequence[str], limit: int, as_json: bool
) -> None:
    """List what waits to be sent; approve, cancel and retry rows.

    held: waits for approval. person: only a person can go on, the reason says why; a task that is
    done is closed by `syncd outbox arrived ID`.
    """
    if ctx.invoked_subcommand is not None:
        return
    states = [OutboxState(one) for one in state] or list(_WAITING)
    with store(invocation) as looking:
        rows = looking.store.outbox.rows(states=states, limit=limit + 1)
        depth = looking.store.outbox.depth()
    shown = [_shown(row) for row in rows[:limit]]
    emit(shown, as_json=as_json, columns=_COLUMNS, looks=_LOOKS)
    tell_cut(rows, limit)
    if not rows and not state:
        _tell_settled({name: number for name, (number, _) in depth.items()})


def _tell_settled(depth: Mapping[str, int]) -> None:
    """Where nothing waits, somebody may look for what went out."""
    if depth:
        told = ", ".join(f"{number} {name}" for name, number in sorted(depth.items()))
        click.echo(f"all is settled: {told}; --state {max(depth)} lists those", err=True)


@outbox.command("show")
@click.argument(
    "row_id", type=ROW_NUMBER, metavar="ID", shell_complete=completing.outbox_rows(*_WAITING)
)
@json_option
@pass_invocation
def show_row(invocation: Invocation, row_id: int, as_json: bool) -> None:
    """Show a row with its text: as it went out, else as it would go out now."""
    with store(invocation) as looking:
        (row,) = _rows(looking.store, [row_id])
        attempts = looking.store.look.attempts(row_id)
    subject, text, problem = row.subject, row.text, None
    if not (row.state.final and text):
        with runtime(invocation, as_is=True) as opened:
            subject, text, problem = _composed(opened, row)
    shown = {**_shown(row), "subject": subject, "problem": problem}
    if as_json:
        click.echo(to_json({**shown, "text": text, "attempts": attempts}))
        return
    emit({name: value for name, value in shown.items() if value not in {None, ""}}, as_json=False)
    for one in attempts:
        told = (f"{one['at']:%Y-%m-%d %H:%M} UTC", one["outcome"], one["source_id"], one["detail"])
        click.echo(f"  {'  '.join(printable(part) for part in told if part)}")
    click.echo(f"\n{printable(text or problem or 'nothing is written yet')}")
    if row.purpose == "task" and not row.state.final:
        click.echo(f"\nwhen it is done: `syncd outbox arrived {row.id}`")


@outbox.command()
@_ids(OutboxState.HELD)
@json_option
@pass_invocation
@click.pass_context
def approve(ctx: click.Context, invocation: Invocation, ids: Sequence[int], as_json: bool) -> None:
    """Let held rows go out, with the text they have now (`syncd outbox show ID`).

    One that has to wait for the buyer's daytime is held again if what it says changes before.
    Exits with 1 where one was not held or cannot be written.
    """
    with runtime(invocation, as_is=True) as opened:
        done = [_approve(opened, row) for row in _rows(opened.store, ids)]
    _tell(ctx, done, as_json=as_json)


@outbox.command()
@_ids(*_CANCELLABLE)
@json_option
@pass_invocation
@click.pass_context
def cancel(ctx: click.Context, invocation: Invocation, ids: Sequence[int], as_json: bool) -> None:
    """Take rows back that have not gone out; they never will.

    Exits with 1 where one was settled or on its way already.
    """
    with store(invocation) as looking:
        done = [
            _decide(looking.store, row, _CANCELLABLE, OutboxState.CANCELLED)
            for row in _rows(looking.store, ids)
        ]
    _tell(ctx, done, as_json=as_json)


@outbox.command()
@_ids(*_RETRYABLE)
@click.option("--yes", is_flag=True, help="Also those that may have reached the buyer already.")
@json_option
@pass_invocation
@click.pass_context
def retry(
    ctx: click.Context, invocation: Invocation, ids: Sequence[int], yes: bool, as_json: bool
) -> None:
    """Send rows again that failed or wait for a person.

    A notice is written anew from what is known by then. One that a platform may have taken
    already is left alone without --yes: make sure first that the buyer did not get it; if they
    did, say so by `syncd outbox arrived`. Exits with 1 where nothing was done about one.
    """
    with store(invocation) as looking:
        done = [_retry(looking.store, row, sure=yes) for row in _rows(looking.store, ids)]
    _tell(ctx, done, as_json=as_json)


@outbox.command()
@_ids(OutboxState.PERSON)
@json_option
@pass_invocation
@click.pass_context
def arrived(ctx: click.Context, invocation: Invocation, ids: Sequence[int], as_json: bool) -> None:
    """Note that rows waiting for a person did reach the buyer, or that tasks are done.

    They are not sent again. Exits with 1 where one does not wait for a person.
    """
    with store(invocation) as looking:
        done = [
            _decide(looking.store, row, (OutboxState.PERSON,), OutboxState.SENT)
            for row in _rows(looking.store, ids)
        ]
    _tell(ctx, done, as_json=as_json)


class Decided(NamedTuple):
    """What became of a decision about one row."""

    id: int
    was: OutboxState
    state: OutboxState
    problem: str | None = None


def _approve(opened: "Runtime", row: OutboxRow) -> Decided:
    if row.state is not OutboxState.HELD:
        return Decided(row.id, row.state, row.state, f"{_told(row)}, not held")
    seen = _stated(opened, row)  # first: what comes in before the text is written changes it
    subject, text, problem = _composed(opened, row)
    if problem is not None:
        return Decided(row.id, row.state, row.state, problem)
    frozen = {"subject": subject, "text": text, "detail": seen}
    return _decide(opened.store, row, (OutboxState.HELD,), OutboxState.PENDING, **frozen)


def _stated(opened: "Runtime", row: OutboxRow) -> str | None:
    """By what a text is approved; None where none can be written."""
    from syncd.outbox import Unwritable, stated  # noqa: PLC0415  not needed to list rows

    account = opened.by_id(row.account_id)
    if account is None:
        return None
    try:
        return stated(opened, account, row, clock.now())
    except Unwritable:
        return None


def _retry(kept: Store, row: OutboxRow, *, sure: bool) -> Decided:
    if row.purpose == "task":
        why = f"is a task for a person: `syncd outbox arrived {row.id}` notes that it is done"
        return Decided(row.id, row.state, row.state, why)
    if row.state is OutboxState.PERSON and row.attempts and not (sure or _came_back(kept, row)):
        why = f"may have reached the buyer ({row.reason}): look there first, then --yes sends it"
        return Decided(row.id, row.state, row.state, why)
    anew = {"subject": None, "text": None} if row.template else {}
    return _decide(kept, row, _RETRYABLE, OutboxState.PENDING, **anew)


def _came_back(kept: Store, row: OutboxRow) -> bool:
    """Whether a mail system has sent it back: then the buyer has not got it."""
    attempts = kept.look.attempts(row.id)
    return bool(attempts) and attempts[-1]["outcome"] == BOUNCED


def _decide(
    kept: Store,
    row: OutboxRow,
    allowed: Collection[OutboxState],
    to: OutboxState,
    **values: str | None,
) -> Decided:
    if row.state not in allowed:
        return Decided(row.id, row.state, row.state, f"{_told(row)}, nothing was done")
    if not kept.outbox.decide(row.id, to, actor=_actor(), now=clock.now(), among=allowed, **values):
        (now,) = kept.outbox.rows(ids=[row.id])
        return Decided(row.id, row.state, now.state, f"{_told(now)} by now, nothing was done")
    return Decided(row.id, row.state, to)


def _told(row: OutboxRow) -> str:
    return "waits for a person" if row.state is OutboxState.PERSON else f"is {row.state.value}"


def _actor() -> str:
    """Who decides, for the audit."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "unknown"


def _tell(ctx: click.Context, done: Sequence[Decided], *, as_json: bool) -> None:
    if as_json:
        click.echo(to_json([one._asdict() for one in done]))
    for one in () if as_json else done:
        if one.problem is None:
            click.echo(f"{one.id}: {one.was.value} -> {one.state.value}")
        else:
            click.echo(f"{one.id}: {printable(one.problem)}", err=True)
    if any(one.problem for one in done):
        ctx.exit(exits.FOUND_WRONG)


def _rows(kept: Store, ids: Sequence[int]) -> list[OutboxRow]:
    """These rows in this order; a usage error, before anything is done, where one is not there."""
    found = {row.id: row for row in kept.outbox.rows(ids=ids, limit=len(ids))}
    missing = [str(row_id) for row_id in ids if row_id not in found]
    if missing:
        raise click.UsageError(
            f"the outbox has no row {', '.join(missing)}; `syncd outbox` lists those that wait"
        )
    return [found[row_id] for row_id in dict.fromkeys(ids)]


def _composed(opened: "Runtime", row: OutboxRow) -> tuple[str | None, str | None, str | None]:
    """Subject and text as they would go out now, or what is wrong."""
    from syncd.outbox import Unwritable, compose  # noqa: PLC0415  not needed to list rows

    account = opened.by_id(row.account_id)
    if account is None:
        why = why_missing(opened, row.account)
        return row.subject, row.text, f"account {row.account} cannot send it: {why}"
    try:
        draft = compose(opened, account, row, clock.now())
    except Unwritable as error:
        return row.subject, row.text, str(error)
    return draft.subject, draft.text, None


def _folded(row: Row) -> Row:
    what = (row["purpose"], row["template"], row["language"])
    return {
        "id": row["id"],
        "order, to": Lines(one for one in (row["order"], row["to"], row["account"]) if one),
        "state, reason": Lines((row["state"], row["reason"])),
        "what, when": Lines((", ".join(one for one in what if one), cell(row["not_before"]))),
    }


_LOOKS = Looks(wraps=("state, reason",), fold=_folded)


def _shown(row: OutboxRow) -> dict[str, object]:
    buyer = row.recipient
    return {
        "id": row.id,
        "state": row.state.value,
        "account": row.account,
        "purpose": row.purpose,
        "order": row.order_id,
        "to": buyer.name or buyer.email or buyer.id,
        "template": row.template,
        "language": row.language,
        "created_at": row.created_at,
        "not_before": row.not_before,
        "tries": row.attempts,
        "reason": row.reason,
        "key": row.key,
    }
