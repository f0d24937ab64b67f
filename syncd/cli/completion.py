"""The verb that makes shells complete verbs and options."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL.

    For bash put `eval "$(syncd completion bash)"` into ~/.bashrc; zsh likewise in ~/.zshrc; for
    fish write the output to ~/.config/fish/completions/syncd.fish.
    """
    from syncd.cli import cli  # noqa: PLC0415  the group imports this module, lazily

    scripts = get_completion_class(shell)
    assert scripts is not None
    click.echo(scripts(cli, {}, "syncd", "_SYNCD_COMPLETE").source())
