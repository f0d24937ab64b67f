"""What every verb gets: where the config is, and how to open it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from syncd import process

if TYPE_CHECKING:  # a verb that needs no config should not pay for pydantic
    from syncd.config import Settings
    from syncd.plugins import Plugins

_Command = TypeVar("_Command", bound=Callable[..., Any])

_SYSTEM = Path("/etc/syncd/syncd.toml")


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global options of one command."""

    given: Path | None = None
    """The config named by --config or $SYNCD_CONFIG."""
    verbose: int = 0

    @property
    def config(self) -> Path:
        """The config to read: the one given, else the system's where it exists, else the user's."""
        if self.given is not None:
            return self.given
        return _SYSTEM if _is_there(_SYSTEM) else user_config()

    @property
    def new_config(self) -> Path:
        """Where to write a new config: as given, else the system's for root, else the user's."""
        if self.given is not None:
            return self.given
        return _SYSTEM if os.geteuid() == 0 else user_config()

    def load(self, path: Path | None = None) -> "tuple[Settings, Plugins]":
        """The checked settings and the connectors they name; logs are set up as they say.

        Raises ConfigError, which becomes exit code 78.
        """
        from syncd import config, log, plugins  # noqa: PLC0415  not needed for --help

        tree = config.read(path or self.config)
        found = plugins.load(config.connectors_named(tree))
        settings = config.check(tree, found.connectors)
        if any(playbook.template for playbook in settings.playbooks):
            names = _template_names(settings.templates.folder)
            settings = config.check(tree, found.connectors, names)
        log.configure(settings.log.format, "debug" if self.verbose else settings.log.level)
        return settings, found


def _is_there(file: Path) -> bool:
    """Also where it lies in a folder that this user may not look into: then that is to be told."""
    try:
        file.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _template_names(folder: Path | None) -> set[str]:
    """The templates there are, by their files' names: reading and proving them takes longer."""
    from syncd.text.templates import BUILT_IN  # noqa: PLC0415  not needed for --help

    folders = [BUILT_IN, *([folder] if folder else [])]
    return {file.name.partition(".")[0] for each in folders for file in each.glob("[a-z]*.*.txt")}


def user_config() -> Path:
    """The config of a user who is not the system's service."""
    return process.home() / ".config" / "syncd" / "syncd.toml"


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class _RowNumber(click.IntRange):
    name = "number"  # what errors call it; click's own is "integer range"


ROW_NUMBER = _RowNumber(1, 2**63 - 1)
"""A number that the store gave to something: what both databases can hold."""


def limit_option(default: int) -> Callable[[_Command], _Command]:
    """``--limit``, for how many rows a verb lists."""
    return click.option("--limit", default=default, show_default=True,
                        type=click.IntRange(1, 1_000_000),
                        help="How many at the most.")  # fmt: skip
