"""The verbs that look: status, conversations, show."""

import click

from syncd import status as standing
from syncd.cli import exits
from syncd.cli.invocation import Invocation, json_option, pass_invocation
from syncd.cli.opened import runtime
from syncd.cli.output import emit, printable, to_json

_STREAM_COLUMNS = ("account", "stream", "state", "succeeded_at", "failures", "error")


@click.command()
@json_option
@pass_invocation
@click.pass_context
def status(ctx: click.Context, invocation: Invocation, as_json: bool) -> None:
    """Tell how each account and queue is doing; exits with 1 where an account fails."""
    with runtime(invocation) as opened:
        found = standing.snapshot(opened)
    if as_json:
        click.echo(to_json(found))
    else:
        emit(found["streams"], as_json=False, columns=_STREAM_COLUMNS)
        for title in ("left_out", "counts", "findings", "outbox"):
            if found[title]:
                click.echo(f"\n{title.replace('_', ' ')}")
                emit(found[title], as_json=False)
    failing = [stream for stream in found["streams"] if stream["state"] != "ok"]
    if failing or found["left_out"]:
        ctx.exit(exits.FOUND_WRONG)


@click.command()
@click.option("--account", help="Only of this account.")
@click.option("--search", help="Only those in which this was written.")
@click.option("--limit", default=50, show_default=True, help="How many at the most.")
@json_option
@pass_invocation
def conversations(
    invocation: Invocation, account: str | None, search: str | None, limit: int, as_json: bool
) -> None:
    """List conversations, the one spoken in last first; `waiting` is where the buyer spoke last."""
    with runtime(invocation) as opened:
        found = opened.store.look.conversations(account=account, text=search, limit=limit)
    columns = ("id", "account", "customer", "subject", "messages", "waiting", "last_at")
    emit(found, as_json=as_json, columns=columns)


@click.command()
@click.argument("subject", metavar="CONVERSATION|ORDER|TRACKING-NUMBER")
@json_option
@pass_invocation
@click.pass_context
def show(ctx: click.Context, invocation: Invocation, subject: str, as_json: bool) -> None:
    """Tell everything known about a conversation, order or parcel as one timeline.

    Messages, order facts, tracking events, findings and what syncd sent, oldest first. Exits
    with 1 where nothing of that name is known.
    """
    with runtime(invocation) as opened:
        entries = opened.store.look.timeline(subject)
    if as_json:
        click.echo(to_json(entries))
    else:
        for entry in entries:
            _show_entry(entry)
    if not entries:
        click.echo(f"nothing is known about {printable(subject)!r}", err=True)
        ctx.exit(exits.FOUND_WRONG)


def _show_entry(entry: dict[str, str]) -> None:
    head = f"{entry['at'] or '':25}  {entry['kind']:10}  {printable(entry['who'])}"
    click.secho(head, bold=True)
    for extra in ("subject", "place", "closed_at"):
        if entry.get(extra):
            click.echo(f"    {extra.replace('_', ' ')}: {printable(str(entry[extra]))}")
    for line in printable(str(entry["text"])).strip().splitlines():
        click.echo(f"    {line}")
