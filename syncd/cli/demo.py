"""The verb that shows it all."""

import shutil
import sys
import tempfile
from pathlib import Path

import click
import msgspec

from syncd import log
from syncd.cli import exits
from syncd.cli.output import emit, to_json
from syncd.cli.progress import Shown
from syncd.demo import Demo, Report

_LAST_DEMO = Path.home() / ".cache" / "syncd" / "demo"


@click.command()
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(min=5),
              help="How long to take for the world's 30 days.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, help="Which world.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False),
              help="Keep the store here, to look closer. Default: ~/.cache/syncd/demo.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and keep nothing by default.")
@click.pass_context
def demo(ctx: click.Context, seconds: float, seed: int, keep: Path | None, as_json: bool) -> None:
    """Run the daemon for a minute in a made-up world of late parcels, on loopback only.

    The world sells, ships, writes and is late for thirty days; syncd reads along and tells the
    buyers. The figures at the end are counted from the store and from the world's own record of
    what reached each buyer. Exits with 1 where a notice was wrong, twice or missing.
    """
    log.configure("console" if sys.stderr.isatty() else "auto", "error")
    folder = Path(tempfile.mkdtemp(prefix="syncd-demo-"))
    try:
        show = Demo(folder, seconds=seconds, seed=seed)
        with Shown(hidden=as_json) as progress:
            found = show.run(progress)
        kept = _keep(folder, keep or (None if as_json else _LAST_DEMO))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        click.echo(to_json(msgspec.to_builtins(found)))
    else:
        _tell(found, kept)
    if _wrong(found):
        ctx.exit(exits.FOUND_WRONG)


def _wrong(found: Report) -> bool:
    return any(
        (
            found.duplicate_notices,
            found.notices_missing_facts,
            found.buyers_not_told,
            found.items_missing,
        )
    )


def _keep(folder: Path, place: Path | None) -> Path | None:
    """Move what the demo left to `place`, in place of an earlier demo's."""
    if place is None:
        return None
    config = folder / "syncd.toml"
    if place.exists():
        if not (place / "syncd.toml").exists() and any(place.iterdir()):
            raise click.UsageError(f"{place} holds something else; name an empty folder")
        shutil.rmtree(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    text = config.read_text(encoding="utf-8").replace(str(folder), str(place.resolve()))
    config.write_text(text, encoding="utf-8")
    shutil.move(folder, place)
    return place


def _tell(found: Report, kept: Path | None) -> None:
    shown = msgspec.to_builtins(found)
    faults = shown.pop("faults")
    nested = {name: value for name, value in shown.items() if isinstance(value, dict)}
    for name, value in nested.items():
        shown[name] = ", ".join(f"{key} {number}" for key, number in sorted(value.items()))
    emit({name.replace("_", " "): value for name, value in shown.items()}, as_json=False)
    for fault in faults:
        click.echo(f"  {fault}", err=True)
    if kept is not None:
        _tell_how_to_look(kept)


def _tell_how_to_look(kept: Path) -> None:
    click.echo("\nLook closer:")
    command = f"syncd --config {kept / 'syncd.toml'}"
    for verb in ("conversations", "outbox --state sent", "show ORDER", "status"):
        click.echo(f"  {command} {verb}")
    click.echo(f"\nThe store is in {kept}; remove that folder to leave nothing behind.")
