"""The verbs that act on a source: poll, send-test."""

import sys
from collections.abc import Iterable, Iterator

import click

from syncd import clock, ingest
from syncd.accounts import Account, Runtime
from syncd.cli import completing, exits
from syncd.cli.invocation import Invocation, json_option, pass_invocation
from syncd.cli.mending import how_to_mend
from syncd.cli.opened import account as find_account
from syncd.cli.opened import account_table, runtime, streams_of
from syncd.cli.output import Lines, Looks, Row, emit, printable
from syncd.config import ConfigError
from syncd.connector import ConnectorError, SecretUnavailable
from syncd.daemon.secrets import missing_secrets
from syncd.model import Draft, Party
from syncd.text import limits
from syncd.text.templates import Rendered

_REFUSED = "auth_failed"
_COUNTED = ("new", "edited", "repeated", "quarantined")
_NOT_TRIED: dict[str, object] = {
    "stream": "",
    "outcome": "not_polled",
    **dict.fromkeys(_COUNTED, 0),
    "error": "not tried, since the login was refused before",
}


@click.command()
@click.argument("account", shell_complete=completing.accounts)
@click.option("--stream", help="Only this stream.")
@json_option
@pass_invocation
@click.pass_context
def poll(
    ctx: click.Context, invocation: Invocation, account: str, stream: str | None, as_json: bool
) -> None:
    """Poll ACCOUNT now, as the daemon would, and tell what came.

    Where the login is refused, the streams after it are not tried, and the account counts as
    stopped until a poll of that stream goes through. Exits with 69 where a stream could not be
    polled, 78 where a secret of it cannot be read.
    """
    with runtime(invocation) as opened:
        found = find_account(opened, account)
        streams = streams_of(found, stream)
        _require_secrets(invocation, opened, found)
        with click.progressbar(streams, label="polling", file=sys.stderr, hidden=as_json) as bar:
            rows = list(_polled_until_refused(opened, found, bar))
    emit(rows, as_json=as_json, looks=_LOOKS)
    if any(row["outcome"] == _REFUSED for row in rows):
        _tell_of_mending(invocation, account)
    if any(row["outcome"] != "ok" for row in rows):
        ctx.exit(exits.UNAVAILABLE)


def _require_secrets(invocation: Invocation, opened: Runtime, account: Account) -> None:
    """Raises ConfigError where the account has secrets that only the daemon is given.

    Polled without, it would count as one whose login is refused, while the daemon goes on.
    """
    own = f"accounts.{account.name}."
    missing = missing_secrets(opened.settings, invocation.config)
    if problems := [each for each in missing if (each.key or "").startswith(own)]:
        raise ConfigError(problems)


def _polled_until_refused(
    opened: Runtime, account: Account, streams: Iterable[str]
) -> Iterator[Row]:
    """A row for each stream. Who offers a wrong secret many times over is locked out."""
    refused = False
    for stream in streams:
        row = _NOT_TRIED | {"stream": stream} if refused else _polled(opened, account, stream)
        refused = refused or row["outcome"] == _REFUSED
        yield row


def _polled(opened: Runtime, account: Account, stream: str) -> dict[str, object]:
    result = ingest.poll(account, stream, opened.store)
    row: dict[str, object] = {"stream": stream, "outcome": result.outcome}
    for wanted in _COUNTED:
        row[wanted] = sum(n for (_, how), n in result.counts.items() if how == wanted)
    busy = (
        "another process, such as the daemon, is polling it" if result.outcome == "busy" else None
    )
    return {**row, "error": result.error or busy}


def _tell_of_mending(invocation: Invocation, name: str) -> None:
    mending = printable(how_to_mend(name, account_table(invocation, name)))
    click.echo(
        f"the login of {name} was refused, and it counts as stopped until a poll goes through: "
        f"{mending}; then `syncd poll {name}` tells whether it is mended",
        err=True,
    )


def _folded(row: Row) -> Row:
    counts = ", ".join(f"{row[how]} {how}" for how in _COUNTED)
    return {
        "stream": row["stream"],
        "outcome": row["outcome"],
        "what came": Lines(one for one in (counts, row["error"]) if one),
    }


_LOOKS = Looks(wraps=("what came",), fold=_folded)


@click.command("send-test")
@click.argument("account", shell_complete=completing.accounts)
@click.option("--to", required=True, help="An e-mail address, or the platform's id of a buyer.")
@click.option("--order", help="The order it is about, where the platform wants one.")
@click.option("--text", default="This is a test message. Please ignore it.", show_default=True)
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
@json_option
@pass_invocation
@click.pass_context
def send_test(
    ctx: click.Context,
    invocation: Invocation,
    account: str,
    to: str,
    order: str | None,
    text: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Send a test message from ACCOUNT through everything a real one goes through.

    It is not kept in the store, and quiet hours do not hold it up. Exits with 1 where the
    platform's rules do not allow it, 69 where it could not be sent.
    """
    with runtime(invocation) as opened:
        found = find_account(opened, account)
        draft = _test_draft(to, order, text)
        if not yes:
            _ask(f"Send to {to} from {account}?")
        row, code = _send(found, draft)
    emit(row, as_json=as_json)
    ctx.exit(code)


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to be asked: --yes sends without a question")
    click.confirm(question, abort=True, err=True)


def _test_draft(to: str, order: str | None, text: str) -> Draft:
    buyer = Party(email=to) if "@" in to else Party(id=to)
    return Draft(
        text=text,
        subject="Test message",
        buyer=buyer,
        order_id=order,
        purpose="test",
        created_at=clock.now(),
    )


def _send(account: Account, draft: Draft) -> tuple[dict[str, object], int]:
    written = Rendered(subject=draft.subject or "", text=draft.text, language=draft.language)
    broken = "; ".join(limits.check(account.platform, written))
    if broken:
        reason = f"{account.platform} does not take this text: {broken}"
        return {"sent": False, "reason": reason}, exits.FOUND_WRONG
    try:
        verdict = account.connector.may_send(draft)
        if not verdict.allowed:
            return {"sent": False, "reason": verdict.reason}, exits.FOUND_WRONG
        receipt = account.connector.send(draft, f"test:{clock.now():%Y%m%dT%H%M%S.%f}")
    except (ConnectorError, SecretUnavailable) as error:
        return {"sent": False, "reason": f"{type(error).__name__}: {error}"}, exits.UNAVAILABLE
    return {"sent": True, "id": receipt.source_id, "accepted_at": receipt.accepted_at}, exits.OK
