"""The store and the accounts of a config, opened for one command."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from syncd.accounts import Account, Runtime
from syncd.cli.invocation import Invocation


@contextmanager
def runtime(invocation: Invocation) -> Iterator[Runtime]:
    """Everything a running daemon would hold, closed at the end; starts nothing."""
    settings, plugins = invocation.load()
    opened = Runtime.open(settings, plugins)
    try:
        yield opened
    finally:
        opened.close()


def account(opened: Runtime, name: str) -> Account:
    """The account called `name`; a usage error that lists the others where there is none."""
    found = opened.accounts.get(name)
    if found is None:
        reason = opened.broken.get(name, "it is not in the config, or not enabled")
        known = ", ".join(opened.accounts) or "none"
        raise click.UsageError(f"account {name!r}: {reason}. Accounts: {known}")
    return found
