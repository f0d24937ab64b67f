"""The verbs for those who write a connector: new, test."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.cli import exits
from syncd.cli.invocation import json_option
from syncd.cli.output import emit, printable

if TYPE_CHECKING:
    from syncd.testing.trial import Check, Trial

_NAMED = 2


@click.group()
def connector() -> None:
    """Begin a connector of your own, and test it."""


@connector.command()
@click.argument("name")
@click.option("--path", type=click.Path(path_type=Path), help="Where to; default: ./syncd-NAME.")
@json_option
def new(name: str, path: Path | None, as_json: bool) -> None:
    """Write a connector called NAME to begin with: a distribution whose tests pass.

    It is for a made-up platform with messages, orders and sending; change it to what your
    platform's documents say, and let `syncd connector test` tell what no longer holds. NAME is one
    that no installed connector has.
    """
    from syncd.testing.scaffolding import (  # noqa: PLC0415  --help should not pay for it
        CannotScaffold,
        scaffold,
    )

    _refuse_taken(name)
    folder = path or Path(f"syncd-{name}")
    try:
        files = scaffold(name, folder)
    except CannotScaffold as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        emit({"folder": str(folder), "files": [str(file) for file in files]}, as_json=True)
        return
    for file in files:
        click.echo(folder / file)
    click.echo(f"test it:    syncd connector test {folder}")
    click.echo(f"install it: pip install -e {folder}, then: syncd sample-config {name}")


def _refuse_taken(name: str) -> None:
    """Two connectors of a name cannot be installed side by side: only the first is there."""
    from syncd import plugins  # noqa: PLC0415  --help should not pay for it

    owner = plugins.owner(name)
    if owner is not None:
        raise click.UsageError(
            f"the connector {name!r} is there already, brought by {owner}: take another name, such "
            f'as "my{name}"; to write one in its place, uninstall {owner.split()[0]} first'
        )


@connector.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("-k", "only", metavar="EXPRESSION", help="Only tests whose names match.")
@click.option("--timeout", default=600.0, show_default=True, type=click.FloatRange(min=1),
              help="Seconds after which the tests are ended.")  # fmt: skip
@json_option
@click.pass_context
def test(ctx: click.Context, path: Path, only: str | None, timeout: float, as_json: bool) -> None:
    """Run the tests in PATH, the conformance suite among them, and explain each failure.

    They run in a process of their own; the connector need not be installed. Exits with 0 only where
    all pass, else with 1.
    """
    from syncd.testing import trial  # noqa: PLC0415  --help should not pay for it

    done = trial.run(path, only=only, timeout=timeout)
    if as_json:
        emit(_as_json(done), as_json=True)
    else:
        for line in _lines(done):
            click.echo(printable(line))
    ctx.exit(exits.OK if done.ok else exits.FOUND_WRONG)


def _as_json(done: "Trial") -> dict[str, object]:
    import msgspec  # noqa: PLC0415

    return {
        "ok": done.ok,
        "problems": list(done.problems),
        "checks": [msgspec.structs.asdict(check) for check in done.checks],
    }


def _lines(done: "Trial") -> Iterator[str]:
    for check in done.failed:
        yield from _explained(check)
    for problem in done.problems:
        yield f"WRONG    {problem}"
    yield from _skipped(done.ended("skipped"))
    counts = {each: len(done.ended(each)) for each in ("passed", "failed", "skipped")}
    yield (
        ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count) or "none ran"
    )


def _skipped(checks: "list[Check]") -> Iterator[str]:
    """A line for each reason; the names where they are few."""
    reasons = list(dict.fromkeys(check.said for check in checks))
    for reason in reasons:
        names = [check.name for check in checks if check.said == reason]
        which = ", ".join(names) if len(names) <= _NAMED else f"{len(names)} checks"
        yield f"skipped  {which}: {reason}"


def _explained(check: "Check") -> Iterator[str]:
    yield f"FAILED   {check.name}"
    if check.meaning:
        yield f"         what is wrong: {check.meaning}"
    for line in check.said.splitlines()[:5]:
        yield f"         here: {line}"
