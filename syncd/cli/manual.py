"""docs/cli.md: the help of every verb, as the command itself prints it."""

from collections.abc import Iterator

import click

_WIDTH = 90

_HEAD = """\
# The command line

<!-- Written by `make docs` from the verbs; do not edit. -->

What `syncd VERB --help` prints, for all verbs. What the exit codes mean is in
[operations.md](operations.md#exit-codes), what to write into the config in
[configuration.md](configuration.md).
"""


def manual(command: click.Command) -> str:
    """The page about `command` and everything below it."""
    settings = {**command.context_settings, "terminal_width": _WIDTH}
    whole = click.Context(command, info_name="syncd", **settings)
    return "\n".join([_HEAD, *(_section(context) for context in _contexts(whole))])


def _contexts(context: click.Context) -> Iterator[click.Context]:
    """The command of `context`, and each one below it in the order of its help."""
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            below = context.command.get_command(context, name)
            assert below is not None
            yield from _contexts(click.Context(below, info_name=name, parent=context))


def _section(context: click.Context) -> str:
    return f"## `{context.command_path}`\n\n```text\n{context.get_help()}\n```\n"
