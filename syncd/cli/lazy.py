"""A command group that imports a verb only when it is used, so that --help is quick."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from syncd import process


class Verb(NamedTuple):
    """Where a verb's command lies, and what --help says about it."""

    target: str
    """``module:function``."""
    help: str


class LazyGroup(click.Group):
    """A click group over a table of verbs; listing and completing them imports none."""

    def __init__(self, *args: Any, verbs: Mapping[str, Verb], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verbs = verbs

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse what no store and no platform can hold, before a verb meets it."""
        for each in args:
            try:
                each.encode()
            except UnicodeEncodeError:
                shown = each.encode("utf-8", "replace").decode()
                raise click.UsageError(f"{shown!r} is not UTF-8 text; type it anew", ctx) from None
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order of the table."""
        del ctx
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a verb's command."""
        del ctx
        verb = self.verbs.get(cmd_name)
        if verb is None:
            return None
        module, _, function = verb.target.partition(":")
        with process.importing():
            command = getattr(import_module(module), function)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or suggest the one that was meant."""
        name = args[0]
        if name in self.verbs or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        close = get_close_matches(name, self.verbs, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else "syncd --help lists the verbs."
        raise click.UsageError(f"there is no verb {name!r}. {hint}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs by the table's own help."""
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.help) for name, verb in self.verbs.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a verb's name, or an option of the group."""
        verbs = [
            CompletionItem(name, help=verb.help)
            for name, verb in self.verbs.items()
            if name.startswith(incomplete)
        ]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)
