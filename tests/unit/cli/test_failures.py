"""Every error ends as a sentence and an exit code; only a bug keeps its traceback."""

from importlib import import_module
from pathlib import Path

import click
import pytest
from sqlalchemy.exc import OperationalError

from syncd.cli import exits, failures
from syncd.cli.failures import report
from syncd.config import ConfigError, Problem
from syncd.connector import AuthFailed, OutcomeUnknown, Rejected, SecretUnavailable, Unavailable


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ConfigError([Problem(Path("/a"), 3, "k", "m", "h"), Problem(Path("/b"), None, "", "m")]), 78,
         "/a:3: k: m. h\n/b: m\n"),
        (SecretUnavailable("the variable X is not set"), 78, "syncd: the variable X is not set\n"),
        (AuthFailed("the login is refused"), 77, "syncd: the login is refused\n"),
        (Unavailable("no answer", 3), 69, "syncd: no answer\n"),
        (Rejected("too long"), 69, "syncd: too long\n"),
        (OutcomeUnknown("cut off"), 69, "syncd: cut off\n"),
        (PermissionError(13, "Permission denied", "/x"), 77, "syncd: /x: Permission denied\n"),
        (OSError(28, "No space left on device"), 74, "syncd: No space left on device\n"),
        (OperationalError("SELECT text FROM messages", {}, Exception("disk I/O error")), 69,
         "syncd: disk I/O error\n"),
        (Unavailable("\x1b[2Jboo"), 69, "syncd: boo\n"),
        (click.UsageError("no such option"), 64, "Error: no such option\n"),
        (click.ClickException("no"), 1, "Error: no\n"),
        (KeyboardInterrupt(), 130, "stopped\n"),
        (click.Abort(), 130, "stopped\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)  # fmt: skip
def test_a_foreseen_error_is_a_sentence(capsys, error: BaseException, code: int, said: str) -> None:
    assert report(error) == code
    assert capsys.readouterr() == ("", said)


def test_a_bug_keeps_its_traceback(capsys) -> None:
    assert report(ZeroDivisionError("x")) == exits.BUG
    said = capsys.readouterr().err
    assert "ZeroDivisionError: x" in said
    assert "this is a bug" in said


def test_a_bugs_words_are_not_obeyed_by_the_terminal(capsys) -> None:
    report(ValueError("a subject \x1b]0;title\x07"))
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("name", failures._CODES)
def test_the_errors_named_exist(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    found = getattr(import_module(module), attribute)
    assert issubclass(found, Exception)
    assert f"{found.__module__}.{found.__qualname__}" == name  # and are not only known there
