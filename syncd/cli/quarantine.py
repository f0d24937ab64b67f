"""The verbs of the quarantine: list, show."""

import click

from syncd.cli import completing
from syncd.cli.invocation import (
    ROW_NUMBER,
    Invocation,
    json_option,
    limit_option,
    pass_invocation,
)
from syncd.cli.opened import known_account, store
from syncd.cli.output import Lines, Looks, Row, cell, emit, printable, tell_cut, to_json

_COLUMNS = ("id", "account", "stream", "source_id", "seen_at", "reason")


@click.group(invoke_without_command=True)
@click.option("--account", help="Only of this account.", shell_complete=completing.accounts)
@click.option("--released", is_flag=True, help="Also those that could be read since.")
@limit_option(100)
@json_option
@pass_invocation
@click.pass_context
def quarantine(
    ctx: click.Context,
    invocation: Invocation,
    account: str | None,
    released: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List the items that could not be read, and were set aside with their payload.

    An item is released when its source gives it again and it can be read: after it was mended
    there, or by a connector that knows better. There is no way to try again by hand.
    """
    if ctx.invoked_subcommand is not None:
        return
    with store(invocation) as looking:
        rows = looking.store.look.quarantined(
            account=known_account(looking, account), released=released, limit=limit + 1
        )
    columns = (*_COLUMNS, "released_at") if released else _COLUMNS
    emit(rows[:limit], as_json=as_json, columns=columns, looks=_LOOKS)
    tell_cut(rows, limit)


def _folded(item: Row) -> Row:
    released = item["released_at"] and f"released {cell(item['released_at'])}"
    return {
        "id": item["id"],
        "item, stream": Lines((item["source_id"], f"{item['account']} {item['stream']}")),
        "reason": Lines(one for one in (item["reason"], cell(item["seen_at"]), released) if one),
    }


_LOOKS = Looks(wraps=("reason",), fold=_folded)


@quarantine.command("show")
@click.argument("item_id", type=ROW_NUMBER, metavar="ID")
@json_option
@pass_invocation
def show_item(invocation: Invocation, item_id: int, as_json: bool) -> None:
    """Show an item with the payload as it came."""
    with store(invocation) as looking:
        item = looking.store.look.quarantined_item(item_id)
    if item is None:
        raise click.UsageError(
            f"the quarantine has no item {item_id}; `syncd quarantine --released` lists them"
        )
    if as_json:
        click.echo(to_json(item))
        return
    payload = item.pop("payload")
    emit(item, as_json=False)
    kept = "none was kept" if payload is None else payload.decode(errors="replace")
    click.echo(f"\n{printable(kept)}")
