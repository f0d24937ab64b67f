"""The verbs of the quarantine: list, show."""

import click

from syncd.cli import completing
from syncd.cli.invocation import Invocation, json_option, pass_invocation
from syncd.cli.opened import known_account, store
from syncd.cli.output import emit, printable, to_json

_COLUMNS = ("id", "account", "stream", "source_id", "seen_at", "reason")


@click.group(invoke_without_command=True)
@click.option("--account", help="Only of this account.", shell_complete=completing.accounts)
@click.option("--released", is_flag=True, help="Also those that could be read since.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(min=1),
              help="How many at the most.")  # fmt: skip
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
            account=known_account(looking, account), released=released, limit=limit
        )
    columns = (*_COLUMNS, "released_at") if released else _COLUMNS
    emit(rows, as_json=as_json, columns=columns)


@quarantine.command("show")
@click.argument("item_id", type=int, metavar="ID")
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
