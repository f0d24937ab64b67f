"""The one place that words errors: what went wrong, on standard error, and an exit code."""

import traceback
from contextlib import suppress

import click

from syncd.cli import exits
from syncd.cli.output import printable


def report(error: BaseException) -> int:
    """Tell the user about an error that ended a verb; gives the exit code.

    Only what nobody foresaw keeps its traceback.
    """
    with suppress(OSError):  # nobody reads it: the code has to say enough
        _tell(error)
    return _code(error)


def _tell(error: BaseException) -> None:
    if isinstance(error, click.ClickException):
        error.show()
    elif isinstance(error, KeyboardInterrupt | click.Abort):
        click.echo("stopped", err=True)
    elif _foreseen(error) is not None:
        click.echo(_worded(error), err=True)
    else:
        click.echo(printable("".join(traceback.format_exception(error))), err=True, nl=False)
        click.echo("syncd: this is a bug; please report it with the lines above", err=True)


def _code(error: BaseException) -> int:
    if isinstance(error, click.ClickException):
        return exits.USAGE if isinstance(error, click.UsageError) else error.exit_code
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return exits.INTERRUPTED
    code = _foreseen(error)
    return exits.BUG if code is None else code


# By name, so that wording a usage error does not import the store and the connector contract.
_CODES = {
    "syncd.config.problems.ConfigError": exits.CONFIG,
    "syncd.text.problems.TemplateProblems": exits.CONFIG,
    "syncd.secret.SecretUnavailable": exits.CONFIG,
    "syncd.connector.contract.AuthFailed": exits.PERMISSION,
    "syncd.connector.contract.NotPermitted": exits.PERMISSION,
    "syncd.connector.contract.ConnectorError": exits.UNAVAILABLE,
    "syncd.store.database.StoreUnavailable": exits.UNAVAILABLE,
    "sqlalchemy.exc.OperationalError": exits.UNAVAILABLE,
    "builtins.PermissionError": exits.PERMISSION,
    "builtins.OSError": exits.IO,
}


def _foreseen(error: BaseException) -> int | None:
    """The exit code of an error that has a recovery, None for a bug."""
    lineage = (f"{each.__module__}.{each.__qualname__}" for each in type(error).__mro__)
    return next((_CODES[name] for name in lineage if name in _CODES), None)


def _worded(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        about = f"{error.filename}: " if error.filename else ""
        return printable(f"syncd: {about}{error.strerror}")
    text = str(getattr(error, "orig", None) or error)  # sqlalchemy adds the statement to its own
    problems = getattr(error, "problems", None)  # each begins with FILE:LINE, for editors to find
    return printable(text if problems else f"syncd: {text or type(error).__name__}")
