"""The verbs of the database."""

import click

from syncd.cli.invocation import Invocation, json_option, pass_invocation
from syncd.cli.opened import store
from syncd.cli.output import emit


@click.group()
def db() -> None:
    """Create, migrate and look after the database."""


@db.command()
@json_option
@pass_invocation
def upgrade(invocation: Invocation, as_json: bool) -> None:
    """Create the tables or bring them up to date; the daemon does so itself when it starts."""
    with store(invocation, as_is=False) as looking:
        shown = looking.store.database.shown
    if as_json:
        emit({"store": shown, "up_to_date": True}, as_json=True)
    else:
        click.echo(f"{shown} is up to date")


@db.command()
@json_option
@pass_invocation
def counts(invocation: Invocation, as_json: bool) -> None:
    """Tell how much of everything there is."""
    with store(invocation) as looking:
        emit(looking.store.look.counts(), as_json=as_json)
