"""The verbs that look: status, conversations, show."""

from collections.abc import Mapping
from typing import Any

import click
from msgspec import to_builtins

from syncd import clock
from syncd import status as standing
from syncd.cli import completing, exits
from syncd.cli.invocation import Invocation, json_option, limit_option, pass_invocation
from syncd.cli.opened import Looking, known_account, store
from syncd.cli.output import Lines, Looks, Row, cell, emit, printable, tell_cut, to_json
from syncd.cli.status_page import page as status_page
from syncd.cli.subject_page import page as subject_page
from syncd.cli.words import day, minute, span
from syncd.store.look import AmbiguousOrder
from syncd.store.subject import KINDS

# Characters of a message that tell what it is about.
_GLANCE = 120

_A = {"order": "an order", "parcel": "a parcel", "conversation": "a conversation"}

_TALK_COLUMNS = ("id", "account", "customer", "orders", "subject", "messages", "waits_since",
                 "last_at")  # fmt: skip


@click.command()
@json_option
@pass_invocation
@click.pass_context
def status(ctx: click.Context, invocation: Invocation, as_json: bool) -> None:
    """Tell how each account and queue is doing.

    Exits with 1 where an account fails, is stopped, may not read a stream or was never polled, or a
    source is stale: it has given no good answer for longer than [guards.stale_source] allows.
    """
    with store(invocation) as looking:
        found = _explained(standing.snapshot(looking.store, looking.accounts, looking.stale_source))
        tables = looking.tables
    if as_json:
        click.echo(to_json(found))
    else:
        click.echo("\n".join(status_page(found, tables)))
    if found["stale"] or any(one["state"] not in {"ok", "removed"} for one in found["accounts"]):
        ctx.exit(exits.FOUND_WRONG)


def _explained(found: dict[str, Any]) -> dict[str, Any]:
    if all(one["state"] != "unpolled" for one in found["accounts"]):
        return found
    from syncd import plugins  # noqa: PLC0415  importing all connectors takes as long as the rest

    return standing.explain(found, plugins.load())


@click.command()
@click.option("--account", help="Only of this account.", shell_complete=completing.accounts)
@click.option(
    "--search", help="Only those with this in what was written, or in the buyer's name or address."
)
@click.option("--waiting", is_flag=True, help="Only those that wait for an answer.")
@limit_option(50)
@json_option
@pass_invocation
def conversations(
    invocation: Invocation,
    account: str | None,
    search: str | None,
    waiting: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List conversations, the one spoken in last first.

    waits_since: when the first message came that nobody has answered; empty where nobody waits.
    """
    with store(invocation) as looking:
        found = looking.store.look.conversations(
            account=known_account(looking, account), text=search, waiting=waiting, limit=limit + 1
        )
    emit(found[:limit], as_json=as_json, columns=_TALK_COLUMNS, looks=_TALK_LOOKS)
    tell_cut(found, limit)


def _folded(talk: Row) -> Row:
    """A conversation in four columns, which fit on a terminal."""
    count = f"{talk['messages']} message{'s' if talk['messages'] != 1 else ''}"
    since = talk["waits_since"]
    waits = since and f"waits {span((clock.now() - since).total_seconds())}"
    said = (talk["subject"], _beginning(talk["last_text"] or ""), count)
    return {
        "id": talk["id"],
        "customer, orders": Lines((talk["customer"] or "?", talk["account"], *talk["orders"])),
        "said last": Lines(one for one in said if one),
        "when (UTC)": Lines(one for one in (minute(talk["last_at"]), waits) if one),
    }


_TALK_LOOKS = Looks(wraps=("said last",), fold=_folded)


def _beginning(text: str) -> str:
    """As much of a message as tells what it is about."""
    said = cell(text)
    return said if len(said) <= _GLANCE else f"{said[:_GLANCE]}…"


@click.command()
@click.argument("subject", metavar="ORDER|TRACKING-NUMBER|CONVERSATION")
@click.option("--as", "kind", type=click.Choice(KINDS),
              help="What it is the name of, where it could be several.")  # fmt: skip
@click.option("--account", help="Whose it is, where several accounts have an order of this name.",
              shell_complete=completing.accounts)  # fmt: skip
@click.option("--reply", is_flag=True,
              help="Only the ready reply to a buyer who asks where a parcel is.")  # fmt: skip
@json_option
@pass_invocation
@click.pass_context
def show(
    ctx: click.Context,
    invocation: Invocation,
    subject: str,
    kind: str | None,
    account: str | None,
    reply: bool,
    as_json: bool,
) -> None:
    """Tell everything known about an order, a parcel or a conversation.

    First how it stands and what the buyer was told, then one timeline of messages, order facts,
    tracking events, findings and what syncd sent, oldest first. Exits with 1 where nothing of that
    name is known.
    """
    with store(invocation) as looking:
        found = _subject(looking, subject, kind, known_account(looking, account))
    if reply and found["kind"] is not None:
        _tell_replies(_replies(invocation, found), as_json=as_json)
    elif as_json:
        click.echo(to_json(found))
    elif found["kind"] is not None:
        click.echo("\n".join(subject_page(found)))
    too = "" if found["kind"] is None else " too"
    for other in found["also"]:
        click.echo(f"{printable(subject)} is {_A[other]}{too}: --as {other} shows it", err=True)
    if found["kind"] is None:
        wanted = _A[kind] if kind else "an order, a parcel or a conversation"
        where = f" in account {account}" if account else ""
        click.echo(
            f"nothing is known of {wanted} {printable(repr(subject))}{where}; `syncd conversations "
            "--search TEXT` finds what was written, and who wrote",
            err=True,
        )
        ctx.exit(exits.FOUND_WRONG)


def _subject(looking: Looking, typed: str, kind: str | None, account: str | None) -> dict[str, Any]:
    """What is known of it; a usage error that lists the accounts if several have such an order."""
    try:
        return looking.store.look.subject(typed, kind, account=account)
    except AmbiguousOrder as error:
        which = ", ".join(map(_candidate, error.candidates))
        raise click.UsageError(
            f"several accounts have an order {printable(repr(error.name))}: {which}. "
            "Say which by --account"
        ) from None


def _candidate(order: Mapping[str, Any]) -> str:
    told = (f"placed {day(order['placed_at'])}" if order["placed_at"] else "its order is not read yet",
            order["country"] and f"to {order['country']}", order["buyer"])  # fmt: skip
    return f"{order['account']} ({', '.join(cell(one) for one in told if one)})"


def _replies(invocation: Invocation, found: dict[str, Any]) -> list[dict[str, Any]]:
    """A ready reply for each parcel of what was found."""
    from syncd.cli.opened import runtime  # noqa: PLC0415  only this needs connectors and templates
    from syncd.outbox import where_is_it  # noqa: PLC0415

    with runtime(invocation, as_is=True) as opened:
        return [
            {
                "order": parcel["order"],
                "tracking_number": parcel["tracking_number"],
                **to_builtins(
                    where_is_it(opened, parcel["shipment"], parcel["account"], clock.now())
                ),
            }
            for parcel in found["parcels"]
            if "shipment" in parcel
        ]


def _tell_replies(replies: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        click.echo(to_json(replies))
        return
    for one in replies:
        click.echo(
            f"to the buyer of {printable(one['order'])} by {one['account']}, in {one['language']}:"
        )
        click.echo(f"{printable(one['subject'] or '')}\n\n{printable(one['text'])}\n"
                   if one["text"] else f"no reply: {printable(one['problem'])}")  # fmt: skip
    if not replies:
        click.echo("there is no parcel to write about")
