"""The verbs about the config and the connectors: init, check-config, connectors, sample-config."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from syncd import clock, plugins
from syncd.cli import exits
from syncd.cli.invocation import Invocation, json_option, pass_invocation
from syncd.cli.output import emit, printable
from syncd.config import AccountSettings, ConfigError, Problem, Settings, effective, sample
from syncd.config import account_sample as sample_of
from syncd.connector import Connector, ConnectorError, Context
from syncd.plugins import Plugins
from syncd.secret import SecretUnavailable

_PATH = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("path", type=_PATH, required=False)
@click.option("--connector", "names", multiple=True, help="Add an account of this connector.")
@click.option("--force", is_flag=True, help="Overwrite a config that is there.")
@pass_invocation
def init(invocation: Invocation, path: Path | None, names: tuple[str, ...], force: bool) -> None:
    """Write a commented config to PATH and tell what to do next.

    Without PATH it is the file of --config, else /etc/syncd/syncd.toml for root and
    ~/.config/syncd/syncd.toml for others. Asks nothing and starts nothing.
    """
    target = path or invocation.new_config
    text = sample(_chosen(names))
    if target.exists() and not force:
        raise click.UsageError(f"{target} is there already; --force overwrites it")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    click.echo(f"wrote {target}")
    if not names:
        click.echo(
            f"add an account: syncd sample-config NAME >> {target} (syncd connectors lists NAMEs)"
        )
    click.echo(f"edit it, then: syncd --config {target} check-config --online")


@click.command("sample-config")
@click.argument("names", metavar="[CONNECTOR]...", nargs=-1)
@click.option("--all", "whole", is_flag=True, help="The whole config, not only the accounts.")
def sample_config(names: tuple[str, ...], whole: bool) -> None:
    """Print a commented account for each CONNECTOR, or the whole config without any."""
    chosen = _chosen(names)
    if whole or not chosen:
        click.echo(sample(chosen), nl=False)
    else:
        click.echo("\n\n".join(sample_of(connector) for connector in chosen.values()))


@click.command()
@json_option
@click.pass_context
def connectors(ctx: click.Context, as_json: bool) -> None:
    """List the connectors installed, what each can do, and what is wrong with those that do not load.

    Exits with 1 if one does not load.
    """
    found = plugins.load()
    rows = [*_fit(found), *_broken(found)]
    emit(rows, as_json=as_json, columns=["name", "package", "streams", "capabilities", "problem"])
    ctx.exit(exits.FOUND_WRONG if found.problems else exits.OK)


@click.command("check-config")
@click.argument("path", type=_PATH, required=False)
@click.option("--online", is_flag=True, help="Also ask each account's platform.")
@click.option("--show", is_flag=True, help="Print the settings in effect; secrets as references.")
@json_option
@click.pass_context
def check_config(
    ctx: click.Context, path: Path | None, online: bool, show: bool, as_json: bool
) -> None:
    """Check the config at PATH (or that of --config) and tell all that is wrong with it.

    Exits with 0, with 78 if something is wrong in it, or with 69 if --online finds an account that
    does not work.
    """
    invocation = ctx.find_object(Invocation) or Invocation()
    file = path or invocation.config
    settings, found = invocation.load(file)
    accounts = list(_opened(file, settings, found))
    if show:
        click.echo(effective(settings), nl=False)
    if online:
        rows = [_asked(account, connector) for account, connector in accounts if account.enabled]
        emit(rows, as_json=as_json)
        ctx.exit(exits.OK if all(row["ok"] for row in rows) else exits.UNAVAILABLE)
    if not show:
        click.echo(f"{file}: ok, {_counted(len(accounts), 'account')}")


def _chosen(names: Iterable[str]) -> dict[str, type[Connector]]:
    """The connectors of these names; a usage error for one that is not installed."""
    wanted = list(names)
    if not wanted:
        return {}
    found = plugins.load()
    for name in wanted:
        if name not in found.connectors:
            raise click.UsageError(
                f"no connector {name!r}; installed: {', '.join(sorted(found.connectors)) or 'none'}"
                " (syncd connectors tells what is wrong with others)"
            )
    return {name: found.connectors[name] for name in wanted}


def _fit(found: Plugins) -> Iterator[dict[str, Any]]:
    for name, connector in sorted(found.connectors.items()):
        yield {
            "name": name,
            "package": found.origins[name],
            "streams": list(connector.streams),
            "capabilities": sorted(each.value for each in connector.capabilities),
            "problem": None,
        }


def _broken(found: Plugins) -> Iterator[dict[str, Any]]:
    for problem in found.problems:
        yield {
            "name": problem.entry_point,
            "package": problem.distribution,
            "streams": [],
            "capabilities": [],
            "problem": printable(problem.text),
        }


def _opened(
    file: Path, settings: Settings, found: Plugins
) -> Iterator[tuple[AccountSettings, Connector]]:
    """Each account with an object of its connector, which checks the options that belong together."""
    problems: list[Problem] = []
    for name, account in settings.accounts.items():
        context = Context(account=name, now=clock.now)
        try:
            yield account, found.connectors[account.connector](account.options, context)
        except (ValueError, SecretUnavailable) as error:
            problems.append(Problem(file, None, f"accounts.{name}", str(error)))
    if problems:
        raise ConfigError(problems)


def _asked(account: AccountSettings, connector: Connector) -> dict[str, Any]:
    """Whether the account's platform answers, and if not why."""
    reason = ""
    with closing(connector):
        try:
            connector.check()
        except (ConnectorError, SecretUnavailable, OSError) as error:
            reason = f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001  the plug-in boundary: the other accounts are asked too
            reason = f"the connector has a bug: {type(error).__name__}: {error}"
    return {
        "account": account.name,
        "connector": account.connector,
        "ok": not reason,
        "reason": reason,
    }


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
