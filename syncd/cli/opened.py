"""What one command works on: the store alone where it only looks, else the accounts too."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
from pydantic import ValidationError

from syncd.cli.invocation import Invocation
from syncd.config import (
    ConfigError,
    Lateness,
    Playbook,
    Settings,
    StaleSource,
    StoreSettings,
    Watches,
)
from syncd.config.files import read
from syncd.config.watches import Section
from syncd.config.wording import did_you_mean
from syncd.store import NoStoreYet, Store

if TYPE_CHECKING:  # a verb that only looks should not pay for connectors and templates
    from syncd.accounts import Account, Runtime


_Section = TypeVar("_Section", bound=Section)


class Looking(NamedTuple):
    """The store, and what the config says of accounts."""

    store: Store
    accounts: Mapping[str, str]
    """The connector of each account that is to be polled."""
    stale_source: StaleSource
    """When a source counts as stale; the default where the config's table is wrong."""
    tables: Mapping[str, Any]
    """The config's table of each account, as it is written."""


@contextmanager
def store(invocation: Invocation, *, as_is: bool = True) -> Iterator[Looking]:
    """The store of the config, without a look at anything else in it but the accounts' names.

    A mistake elsewhere in the config does not keep anybody from looking. Raises ConfigError, or
    StoreUnavailable; with `as_is` also where there is no store yet.
    """
    data = _tree(invocation.config)
    settings = _store_settings(invocation, data)
    opened = Store(
        settings.connect_url(), max_attachment_bytes=settings.max_attachment_bytes, as_is=as_is
    )
    try:
        yield Looking(opened, enabled(data), _stale_source(data), _account_tables(data))
    finally:
        opened.close()


@contextmanager
def runtime(invocation: Invocation, *, as_is: bool = False) -> "Iterator[Runtime]":
    """Everything a running daemon would hold, closed at the end; starts nothing.

    A store that is not there yet is made, but with `as_is`. One of an older syncd is never brought
    up to date, since a daemon may be running that knows no other: raises StoreUnavailable.
    """
    from syncd.accounts import Runtime  # noqa: PLC0415  see above

    settings, plugins = invocation.load()
    try:
        opened = Runtime.open(settings, plugins, as_is=True, key_needed=not as_is)
    except NoStoreYet:
        if as_is:
            raise
        opened = Runtime.open(settings, plugins)
    try:
        yield opened
    finally:
        opened.close()


class Reactions(NamedTuple):
    """What the config says of troubles: how they are found, and who is told."""

    watches: Watches
    playbooks: tuple[Playbook, ...]
    lateness: Lateness

    @property
    def switched_off(self) -> tuple[str, ...]:
        """The watches that look at nothing."""
        return tuple(name for name, each in self.watches if not getattr(each, "enabled", True))


def reactions(invocation: Invocation) -> Reactions:
    """The config's watches, playbooks and lateness; raises ConfigError where one is wrong."""
    data = _tree(invocation.config)
    tables = {name: data[name] for name in ("watches", "playbooks", "lateness") if name in data}
    found = _checked(invocation, Settings, tables)
    return Reactions(found.watches, found.playbooks, found.lateness)


def account(opened: "Runtime", name: str) -> "Account":
    """The account called `name`; a usage error that lists the others where there is none."""
    found = opened.accounts.get(name)
    if found is None:
        others = _others(name, opened.accounts)
        raise click.UsageError(f"account {name!r}: {why_missing(opened, name)}. {others}")
    return found


def why_missing(opened: "Runtime", name: str) -> str:
    """Why an account called `name` is not among those that are opened."""
    if name in opened.settings.accounts:
        return opened.broken.get(name, "it is switched off (enabled = false)")
    return "it is not in the config"


def streams_of(found: "Account", wanted: str | None) -> list[str]:
    """The account's streams, or the one that is wanted; a usage error where it has no such."""
    streams = list(found.connector.streams)
    if wanted is None:
        return streams
    if wanted not in streams:
        has = ", ".join(streams) or "none: it only sends"
        raise click.UsageError(f"{found.name} has no stream {wanted!r}. Streams: {has}")
    return [wanted]


def known_account(looking: Looking, name: str | None) -> str | None:
    """`name` itself; a usage error where neither the config nor the store has such an account."""
    known = {*looking.accounts, *looking.store.look.account_names()}
    if name is None or name in known:
        return name
    raise click.UsageError(f"there is no account {name!r}. {_others(name, known)}")


def enabled(data: Mapping[str, Any]) -> dict[str, str]:
    """The connector of each account in the config that is not switched off."""
    return {
        name: str(table.get("connector"))
        for name, table in _account_tables(data).items()
        if isinstance(table, dict) and table.get("enabled") is not False
    }


def account_table(invocation: Invocation, name: str) -> object:
    """The config's table of an account, as it is written; raises ConfigError."""
    return _account_tables(_tree(invocation.config)).get(name)


def _account_tables(data: Mapping[str, Any]) -> dict[str, Any]:
    accounts = data.get("accounts")
    return accounts if isinstance(accounts, dict) else {}


def _stale_source(data: Mapping[str, Any]) -> StaleSource:
    guards = data.get("guards")
    try:
        return StaleSource.model_validate(guards["stale_source"])  # type: ignore[index]
    except (ValidationError, LookupError, TypeError):  # told by check-config, and at the next start
        return StaleSource()


def _others(name: str, known: "Mapping[str, Any] | set[str]") -> str:
    return did_you_mean(name, known) or f"Accounts: {', '.join(sorted(known)) or 'none'}"


def _tree(file: Path) -> Mapping[str, Any]:
    tree = read(file)
    if not tree.whole:
        raise ConfigError(tree.problems)
    return tree.data


def _store_settings(invocation: Invocation, data: Mapping[str, Any]) -> StoreSettings:
    return _checked(invocation, StoreSettings, data.get("store", {}))


def _checked(invocation: Invocation, kind: type[_Section], data: Mapping[str, Any]) -> _Section:
    context = {"base": invocation.config.absolute().parent}
    try:
        return kind.model_validate(data, context=context)
    except ValidationError:
        invocation.load()  # says with file, line and key what is wrong
        raise
