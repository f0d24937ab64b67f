"""The verb that tells what each account can do, and why not."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from syncd.cli.invocation import Invocation, json_option, pass_invocation
from syncd.cli.opened import store
from syncd.cli.output import cell, emit, printable, to_json
from syncd.config import AccountSettings
from syncd.connector import Capability, Connector
from syncd.store import StoreUnavailable
from syncd.text.limits import Rules, rules

# What people ask, each with the capabilities that answer it.
_QUESTIONS: dict[str, tuple[Capability, ...]] = {
    "sends": (
        Capability.REPLY,
        Capability.START_CONVERSATION,
        Capability.NOTIFY_TEMPLATED,
        Capability.WRITE_MAIL,
    ),
    "extends": (Capability.EXTEND_PROMISE,),
    "uploads": (Capability.UPLOAD_TRACKING,),
    "asks": (Capability.REQUEST_REVIEW,),
    "answers_reviews": (Capability.PUBLIC_REPLY,),
    "tracks": (Capability.TRACK_PARCELS,),
    "push": (Capability.PUSH,),
}
_COLUMNS = ("account", "connector", "reads", *_QUESTIONS)


@click.command()
@json_option
@pass_invocation
def capabilities(invocation: Invocation, as_json: bool) -> None:
    """Tell what each account can read, send, extend, upload, ask for and push, and why not.

    It is what the connectors declare, and which streams the last polls were not permitted to read;
    no platform is asked. Where an account cannot send, the mail account that writes for it is
    named, else its notices become tasks for staff.
    """
    settings, found = invocation.load()
    refused = _not_permitted(invocation)
    rows = [
        _told(account, found.connectors[account.connector], refused)
        for account in settings.accounts.values()
    ]
    if as_json:
        click.echo(to_json(rows))
        return
    emit([_shown(row) for row in rows], as_json=False, columns=_COLUMNS)
    for line in (line for row in rows for line in _notes(row)):
        click.echo(line)


_Refused = Mapping[tuple[str, str], str | None]
"""Why streams may not be read, by account and stream."""


def _not_permitted(invocation: Invocation) -> _Refused:
    """As the store knows it; where there is none yet, nobody has tried."""
    try:
        with store(invocation) as looking:
            healths = looking.store.accounts.health()
    except StoreUnavailable:
        return {}
    return {(each.account, each.stream): each.error for each in healths if each.not_permitted}


def _told(account: AccountSettings, kind: type[Connector], refused: _Refused) -> dict[str, Any]:
    able, streams = kind.able(account.options), kind.reads(account.options)
    return {
        "account": account.name,
        "connector": account.connector,
        "enabled": account.enabled,
        "reads": {
            stream: account.intervals.get(stream, default) for stream, default in streams.items()
        },
        "not_permitted": {
            stream: refused[account.name, stream]
            for stream in streams
            if (account.name, stream) in refused
        },
        "can": {each.value: each in able for each in Capability},
        "switched_off": [stream for stream in kind.streams if stream not in streams],
        "why_not": dict(_reasons(account, kind, able)),
        "text": _text(rules(account.connector)),
    }


def _reasons(
    account: AccountSettings, kind: type[Connector], able: frozenset[Capability]
) -> Iterator[tuple[str, str]]:
    """Why something cannot be done: the connector's words, and what is done instead."""
    for each in Capability:
        if each not in able and each in kind.lacks:
            yield each.value, kind.lacks[each]
    if kind.streams.keys() & {"messages", "orders"} and not able & _SENDS.keys():
        other = account.writes_mail_by
        instead = f"{other} writes mail instead" if other else "notices become tasks for staff"
        yield "sends", f"{account.connector} takes no messages: {instead}"


def _text(known: Rules) -> dict[str, Any]:
    return {
        "longest": known.longest,
        "links": known.links,
        "html": known.html,
        "contacts": known.contacts,
    }


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    answers = {
        question: _words([each for each in wanted if row["can"][each.value]], question)
        for question, wanted in _QUESTIONS.items()
    }
    account = row["account"] if row["enabled"] else f"{row['account']} (at rest)"
    return {
        "account": account,
        "connector": row["connector"],
        "reads": [
            f"{stream} (not permitted)" if stream in row["not_permitted"] else stream
            for stream in row["reads"]
        ],
    } | answers


def _words(can: list[Capability], question: str) -> list[str] | str:
    if question == "sends":
        return [_SENDS[each] for each in can] or "no"
    return "yes" if can else "no"


_SENDS = {
    Capability.REPLY: "replies",
    Capability.START_CONVERSATION: "first messages",
    Capability.NOTIFY_TEMPLATED: "the platform's notices",
    Capability.WRITE_MAIL: "mail",
}


def _notes(row: Mapping[str, Any]) -> Iterator[str]:
    for stream, reason in row["not_permitted"].items():
        yield printable(f"{row['account']}: {cell(stream)} may not be read: {reason}")
    if row["switched_off"]:
        off = ", ".join(map(cell, row["switched_off"]))
        yield printable(f"{row['account']}: its settings switch off: {off}")
    for what, reason in row["why_not"].items():
        yield printable(f"{row['account']}: no {cell(what).replace('_', ' ')}: {reason}")
