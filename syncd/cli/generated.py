"""Writes the files of the repository that come from the code: ``make docs``.

They are config/syncd.toml, config/conf.d/NAME.toml.example, docs/configuration.md, docs/cli.md and
docs/connectors/fields.md.
With ``--check`` nothing is written; a file that has drifted is named and the exit code is 1.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from syncd import plugins
from syncd.cli import cli, exits
from syncd.cli.item_fields import item_fields
from syncd.cli.manual import manual
from syncd.config import account_sample, reference, sample
from syncd.connector import Connector


def files(root: Path) -> Iterator[tuple[Path, str]]:
    """Each generated file of the repository at `root`, with what should be in it."""
    built_in = _built_in(root)
    yield root / "config" / "syncd.toml", sample({})
    for name, connector in built_in.items():
        yield root / "config" / "conf.d" / f"{name}.toml.example", account_sample(connector) + "\n"
    yield root / "docs" / "configuration.md", reference(built_in)
    yield root / "docs" / "cli.md", manual(cli)
    yield root / "docs" / "connectors" / "fields.md", item_fields()


def _built_in(root: Path) -> Mapping[str, type[Connector]]:
    """The repository's own connectors, whatever else is installed beside them."""
    found = plugins.load().connectors
    folders = sorted(project.parent.name for project in root.glob("connectors/*/pyproject.toml"))
    return {name: found[name] for name in folders if name in found}


@click.command()
@click.argument("root", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--check", is_flag=True, help="Only tell which files have drifted.")
@click.pass_context
def write(ctx: click.Context, root: Path, check: bool) -> None:
    """Write the generated files of the repository at ROOT."""
    drifted = [(path, text) for path, text in files(root) if _read(path) != text]
    for path, text in drifted:
        click.echo(f"{path} {'has drifted: make docs' if check else 'written'}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    ctx.exit(exits.FOUND_WRONG if check and drifted else exits.OK)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    write()
