"""The verbs of the outbox: list, show, approve, cancel, retry."""

import getpass
from collections.abc import Sequence

import click

from syncd import clock
from syncd.accounts import Runtime
from syncd.cli import exits
from syncd.cli.invocation import Invocation, json_option, pass_invocation
from syncd.cli.opened import runtime
from syncd.cli.output import emit, printable, to_json
from syncd.model import Draft, OutboxRow, OutboxState
from syncd.outbox import Unwritable, compose

_WAITING = tuple(state for state in OutboxState if not state.final)
_COLUMNS = ("id", "state", "account", "order", "template", "language", "not_before", "reason")

_ids = click.argument("ids", type=int, nargs=-1, required=True, metavar="ID...")


@click.group(invoke_without_command=True)
@click.option(
    "--state",
    type=click.Choice([state.value for state in OutboxState]),
    multiple=True,
    help="Only rows in this state; may be given several times. Default: all not settled.",
)
@click.option("--limit", default=100, show_default=True, help="How many at the most.")
@json_option
@pass_invocation
@click.pass_context
def outbox(
    ctx: click.Context, invocation: Invocation, state: Sequence[str], limit: int, as_json: bool
) -> None:
    """List what waits to be sent; approve, cancel and retry rows.

    held: waits for approval. person: only a person can go on, the reason says why.
    """
    if ctx.invoked_subcommand is not None:
        return
    states = [OutboxState(one) for one in state] or list(_WAITING)
    with runtime(invocation) as opened:
        rows = opened.store.outbox.rows(states=states, limit=limit)
    emit([_shown(row) for row in rows], as_json=as_json, columns=_COLUMNS)


@outbox.command("show")
@click.argument("row_id", type=int, metavar="ID")
@json_option
@pass_invocation
def show_row(invocation: Invocation, row_id: int, as_json: bool) -> None:
    """Show a row with its text as it would go out now."""
    with runtime(invocation) as opened:
        row = _row(opened, row_id)
        draft, problem = _draft(opened, row)
    shown = {**_shown(row), "subject": draft and draft.subject, "text": draft and draft.text,
             "problem": problem}  # fmt: skip
    if as_json:
        click.echo(to_json(shown))
        return
    emit({name: value for name, value in shown.items() if name != "text"}, as_json=False)
    click.echo(f"\n{printable(str(shown['text'] or problem))}")


@outbox.command()
@_ids
@pass_invocation
@click.pass_context
def approve(ctx: click.Context, invocation: Invocation, ids: Sequence[int]) -> None:
    """Let held rows go out, with the text they have now."""
    with runtime(invocation) as opened:
        failed = [row_id for row_id in ids if not _approve(opened, row_id)]
    if failed:
        ctx.exit(exits.FOUND_WRONG)


@outbox.command()
@_ids
@pass_invocation
@click.pass_context
def cancel(ctx: click.Context, invocation: Invocation, ids: Sequence[int]) -> None:
    """Take rows back that have not gone out; they never will."""
    allowed = (OutboxState.HELD, OutboxState.PENDING, OutboxState.PERSON)
    _decide(ctx, invocation, ids, allowed, OutboxState.CANCELLED)


@outbox.command()
@_ids
@pass_invocation
@click.pass_context
def retry(ctx: click.Context, invocation: Invocation, ids: Sequence[int]) -> None:
    """Send rows again that failed or wait for a person.

    Where a row's outcome is unknown, make sure first that the buyer did not get it.
    """
    allowed = (OutboxState.FAILED, OutboxState.PERSON)
    _decide(ctx, invocation, ids, allowed, OutboxState.PENDING)


def _decide(
    ctx: click.Context,
    invocation: Invocation,
    ids: Sequence[int],
    allowed: Sequence[OutboxState],
    to: OutboxState,
) -> None:
    with runtime(invocation) as opened:
        moved = [_move(opened, row_id, allowed, to) for row_id in ids]
    if not all(moved):
        ctx.exit(exits.FOUND_WRONG)


def _move(
    opened: Runtime, row_id: int, allowed: Sequence[OutboxState], to: OutboxState, **values: object
) -> bool:
    row = _row(opened, row_id)
    if row.state not in allowed or (row.purpose == "task" and to is OutboxState.PENDING):
        click.echo(f"{row_id}: is {row.state}, nothing was done", err=True)
        return False
    opened.store.outbox.decide(row_id, to, actor=getpass.getuser(), now=clock.now(), **values)
    click.echo(f"{row_id}: {row.state} -> {to}")
    return True


def _approve(opened: Runtime, row_id: int) -> bool:
    row = _row(opened, row_id)
    draft, problem = _draft(opened, row)
    if draft is None:
        click.echo(f"{row_id}: {problem}", err=True)
        return False
    frozen = {"subject": draft.subject, "text": draft.text}
    return _move(opened, row_id, (OutboxState.HELD,), OutboxState.PENDING, **frozen)


def _row(opened: Runtime, row_id: int) -> OutboxRow:
    rows = opened.store.outbox.rows(ids=[row_id])
    if not rows:
        raise click.UsageError(f"the outbox has no row {row_id}; `syncd outbox` lists them")
    return rows[0]


def _draft(opened: Runtime, row: OutboxRow) -> tuple[Draft | None, str | None]:
    account = opened.by_id(row.account_id)
    if account is None:
        return None, f"account {row.account} is not in the config"
    try:
        return compose(opened, account, row, clock.now()), None
    except Unwritable as error:
        return None, str(error)


def _shown(row: OutboxRow) -> dict[str, object]:
    return {
        "id": row.id,
        "state": row.state.value,
        "account": row.account,
        "purpose": row.purpose,
        "order": row.order_id,
        "template": row.template,
        "language": row.language,
        "not_before": row.not_before,
        "attempts": row.attempts,
        "reason": row.reason,
        "key": row.key,
    }
