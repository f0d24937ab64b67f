"""The one place that words errors: what went wrong, on standard error, and an exit code."""

import sys
import traceback

import click

from syncd.cli import exits


def report(error: BaseException) -> int:
    """Tell the user about an error that ended a verb; gives the exit code.

    Only what nobody foresaw keeps its traceback.
    """
    if isinstance(error, click.ClickException):
        error.show()
        return exits.USAGE if isinstance(error, click.UsageError) else error.exit_code
    if isinstance(error, KeyboardInterrupt | click.Abort):
        click.echo("stopped", err=True)
        return exits.INTERRUPTED
    code = _foreseen(error)
    if code is None:
        return _bug(error)
    click.echo(_worded(error), err=True)
    return code


def _foreseen(error: BaseException) -> int | None:
    """The exit code of an error that has a recovery, None for a bug."""
    by_name = {name: code for name, code in _CODES.items() if _is(error, name)}
    if by_name:
        return next(iter(by_name.values()))
    if isinstance(error, PermissionError):
        return exits.PERMISSION
    return exits.IO if isinstance(error, OSError) else None


# By name, so that telling a usage error does not import the store and the connector contract.
_CODES = {
    "syncd.config.problems.ConfigError": exits.CONFIG,
    "syncd.secret.SecretUnavailable": exits.CONFIG,
    "syncd.connector.AuthFailed": exits.PERMISSION,
    "syncd.connector.ConnectorError": exits.UNAVAILABLE,
    "syncd.store.database.StoreUnavailable": exits.UNAVAILABLE,
}


def _is(error: BaseException, name: str) -> bool:
    return any(f"{each.__module__}.{each.__qualname__}" == name for each in type(error).__mro__)


def _worded(error: BaseException) -> str:
    from syncd.cli.output import printable  # noqa: PLC0415  not needed where nothing fails

    text = printable(str(error)) or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return "\n".join(f"syncd: {line}" if "\n" not in text else line for line in text.split("\n"))


def _bug(error: BaseException) -> int:
    traceback.print_exception(error, file=sys.stderr)
    click.echo("syncd: this is a bug; please report it with the lines above", err=True)
    return exits.BUG
