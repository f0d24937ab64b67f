"""The verbs about the config and the connectors: init, check-config, connectors, sample-config."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from syncd import clock, plugins
from syncd.cli import completing, exits
from syncd.cli.doubts import doubts_about
from syncd.cli.invocation import Invocation, json_option, pass_invocation
from syncd.cli.logins import keeper, prove_key
from syncd.cli.output import Lines, Looks, Row, cell, emit, printable
from syncd.config import AccountSettings, ConfigError, Problem, Settings, effective, sample
from syncd.config import account_sample as sample_of
from syncd.connector import Connector, ConnectorError, Context, NotPermitted
from syncd.plugins import Plugins
from syncd.rules import wording
from syncd.secret import SecretUnavailable
from syncd.text.templates import TemplateProblems

_PATH = click.Path(path_type=Path, dir_okay=False, readable=False)


@click.command()
@click.argument("path", type=_PATH, required=False)
@click.option("--connector", "names", multiple=True, shell_complete=completing.connectors,
              help="Add an account of this connector; once for each.")  # fmt: skip
@click.option("--force", is_flag=True, help="Overwrite a config that is there.")
@json_option
@pass_invocation
def init(
    invocation: Invocation, path: Path | None, names: tuple[str, ...], force: bool, as_json: bool
) -> None:
    """Write a commented config to PATH and tell what to do next.

    Without PATH it is the file of --config, else /etc/syncd/syncd.toml for root and
    ~/.config/syncd/syncd.toml for others. Asks nothing and starts nothing.
    """
    _refuse_connector(path)
    target = path or invocation.new_config
    text = sample(_chosen(names))
    if target.exists() and not force:
        raise click.UsageError(f"{target} is there already; --force overwrites it")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    if as_json:
        emit({"file": str(target), "connectors": list(names)}, as_json=True)
    else:
        _tell_written(target, names)


def _tell_written(target: Path, names: Collection[str]) -> None:
    click.echo(f"wrote {target}")
    if not names:
        click.echo(
            f"add an account: syncd sample-config NAME >> {target} (syncd connectors lists NAMEs)"
        )
    click.echo(f"edit it, then: syncd --config {target} check-config --online")


def _refuse_connector(path: Path | None) -> None:
    """A usage error for a file called like a connector: --connector takes one name at a time."""
    if path and not path.suffix and str(path) in plugins.load().connectors:
        raise click.UsageError(
            f"{path} is a connector: --connector {path} adds its account, PATH is the config's file"
        )


@click.command("sample-config")
@click.argument("names", metavar="[CONNECTOR]...", nargs=-1, shell_complete=completing.connectors)
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
    """List the connectors installed, what each can do, and what is wrong with any that do not load.

    Exits with 1 if one does not load.
    """
    found = plugins.load()
    rows = [*_fit(found), *_broken(found)]
    columns = ["name", "package", "streams", "capabilities", "problem"]
    emit(rows, as_json=as_json, columns=columns, looks=_LOOKS)
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
    try:
        with ExitStack() as opened:
            settings, found = invocation.load(file)
            _prove_templates(settings)
            if online:
                prove_key(settings, file)
            accounts = _opened(opened, file, settings, found)
            doubts = list(map(str, doubts_about(settings, file)))
            answers = [_asked(*each) for each in accounts if each[0].enabled] if online else []
    except ConfigError as error:
        if not as_json:
            raise
        emit(
            {"file": file, "ok": False, "problems": list(map(asdict, error.problems))}, as_json=True
        )
        ctx.exit(exits.CONFIG)
    shown = effective(settings) if show else None
    _tell(Checked(file, len(accounts), answers, online, shown, doubts), as_json=as_json)
    ctx.exit(exits.OK if all(answer["ok"] for answer in answers) else exits.UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check of a good config found."""

    file: Path
    accounts: int
    answers: list[dict[str, Any]]
    """What each platform said, where they were asked."""
    online: bool
    shown: str | None
    """The settings in effect, where they are wanted."""
    doubts: list[str]


def _tell(checked: Checked, *, as_json: bool) -> None:
    if as_json:
        told = {"file": checked.file, "ok": True, "problems": [], "accounts": checked.answers,
                "doubts": checked.doubts}  # fmt: skip
        emit(told | ({"settings": checked.shown} if checked.shown else {}), as_json=True)
        return
    if checked.shown is not None:
        click.echo(checked.shown, nl=False)
    else:
        click.echo(f"{checked.file}: ok, accounts: {checked.accounts}")
    for doubt in checked.doubts:
        click.echo(f"note: {printable(doubt)}", err=True)
    if checked.online:
        emit(checked.answers, as_json=False)


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


def _folded(row: Row) -> Row:
    can = (cell(row["streams"]), cell(row["capabilities"]), row["problem"])
    return {
        "name, package": Lines((row["name"], row["package"])),
        "streams, capabilities": Lines(one for one in can if one),
    }


_LOOKS = Looks(wraps=("streams, capabilities",), fold=_folded)


def _prove_templates(settings: Settings) -> None:
    """Raises ConfigError with what is wrong in the user's own templates."""
    try:
        wording.load(settings)
    except TemplateProblems as error:
        raise ConfigError(
            [
                Problem(each.file, each.line, "", each.message, each.fix[:1].upper() + each.fix[1:])
                for each in error.problems
            ]
        ) from None


def _opened(
    stack: ExitStack, file: Path, settings: Settings, found: Plugins
) -> list[tuple[AccountSettings, Connector]]:
    """Each account with an object of its connector, which checks the options that belong together.

    Raises ConfigError with what the connectors object to.
    """
    opened: list[tuple[AccountSettings, Connector]] = []
    problems: list[Problem] = []
    for name, account in settings.accounts.items():
        context = Context(account=name, now=clock.now, tokens=keeper(settings, account))
        try:
            connector = found.connectors[account.connector](account.options, context)
        except Exception as error:  # noqa: BLE001  the plug-in boundary: all accounts are checked
            problems.append(Problem(file, None, f"accounts.{name}", _objection(error)))
        else:
            opened.append((account, stack.enter_context(closing(connector))))
    if problems:
        raise ConfigError(problems)
    return opened


def _asked(account: AccountSettings, connector: Connector) -> dict[str, Any]:
    """Whether the account's platform answers, and if not why."""
    try:
        connector.check()
    except NotPermitted as error:
        reason = printable(f"works but for this: {error}")
    except Exception as error:  # noqa: BLE001  the plug-in boundary: the other accounts are asked too
        reason = _objection(error)
    else:
        reason = ""
    return {
        "account": account.name,
        "connector": account.connector,
        "ok": not reason,
        "reason": reason,
    }


def _objection(error: Exception) -> str:
    if isinstance(error, ValueError | SecretUnavailable | ConnectorError | OSError) and str(error):
        return printable(str(error))
    return printable(f"the connector has a bug: {type(error).__name__}: {error}")
