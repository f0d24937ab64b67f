"""The verb that shows it all."""

import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click
import msgspec

from syncd import log, process
from syncd.cli import exits
from syncd.cli.demo_page import page
from syncd.cli.output import to_json
from syncd.cli.progress import Shown
from syncd.demo import Demo, Report
from syncd.demo.files import left_by_a_demo

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(5, 600),
              help="How long to take for the world's 30 days.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, help="Which world.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False),
              help="Keep the store and its config here, to look closer, in place of an earlier "
              "demo's. Default: ~/.cache/syncd/demo.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True,
              help="Print JSON, and keep nothing without --keep.")  # fmt: skip
@click.pass_context
def demo(ctx: click.Context, seconds: float, seed: int, keep: Path | None, as_json: bool) -> None:
    """Run the daemon for a minute in a made-up world of late parcels, on loopback only.

    The world sells, ships, writes and is late for thirty days; syncd reads along and tells the
    buyers. The figures at the end are counted from the store and from the world's own record of
    what reached each buyer. Exits with 1 where a notice was wrong, twice or missing, or an item
    lost. Ctrl-C leaves nothing behind.
    """
    log.configure("console" if sys.stderr.isatty() else "auto", "error")
    place, why_not = (None, None) if as_json and keep is None else _place(keep)
    with _interrupted_once(), _folder() as folder:
        with Shown(hidden=as_json) as progress:
            found = Demo(folder, seconds=seconds, seed=seed).run(progress)
        if place is not None:
            why_not = _keep(folder, place)
    if as_json:
        click.echo(to_json(msgspec.to_builtins(found)))
    else:
        kept = place if why_not is None else None
        click.echo("\n".join(page(found, kept)))
    if why_not is not None:
        click.echo(f"\nNothing was kept: {why_not}; --keep names another place.", err=True)
    if _wrong(found):
        ctx.exit(exits.FOUND_WRONG)


def _wrong(found: Report) -> bool:
    return any(found.counted_faults.values())


@contextmanager
def _interrupted_once() -> Iterator[None]:
    """A signal to end interrupts once: more of them do not disturb the tidying up, nor the exit.

    One that whoever started us wants ignored (nohup) stays so.
    """
    before = {each: signal.getsignal(each) for each in _ENDING}
    heard = [each for each in _ENDING if before[each] is not signal.SIG_IGN]
    interrupted = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        if not interrupted.is_set():
            interrupted.set()
            raise KeyboardInterrupt

    for each in heard:
        signal.signal(each, interrupt)
    try:
        yield
    finally:
        if not interrupted.is_set():
            for each in heard:
                signal.signal(each, before[each])


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder of its own to work in, gone at the end with all that is in it."""
    folder = Path(tempfile.mkdtemp(prefix="syncd-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place(keep: Path | None) -> tuple[Path | None, str | None]:
    """Where to keep what the demo leaves, or why nowhere; asked before it takes its minute.

    A place that the user named has to be fit: else it is a usage error.
    """
    try:
        place = keep or process.home() / ".cache" / "syncd" / "demo"
        problem = _unfit(place)
    except OSError as error:
        place, problem = None, str(error)
    if keep is not None and problem is not None:
        raise click.UsageError(problem)
    return (place, None) if problem is None else (None, problem)


def _unfit(place: Path) -> str | None:
    """What speaks against `place`; nothing is made there yet."""
    if place.exists():
        if any(place.iterdir()) and not left_by_a_demo(place):
            return f"{place} holds something else than an earlier demo"
        return _read_only(place.resolve().parent)
    above = next(folder for folder in place.absolute().parents if folder.exists())
    return _read_only(above)


def _read_only(folder: Path) -> str | None:
    writable = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    return None if writable else f"{folder} cannot be written to"


def _keep(folder: Path, place: Path) -> str | None:
    """Move what the demo left to `place`, in place of an earlier demo's; says why it could not."""
    config = folder / "syncd.toml"
    try:
        if (problem := _unfit(place)) is not None:  # by now: the demo took its time
            return problem
        if place.exists():
            shutil.rmtree(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        text = config.read_text(encoding="utf-8").replace(str(folder), str(place.resolve()))
        config.write_text(text, encoding="utf-8")
        shutil.move(folder, place)
    except OSError as error:
        return f"{place}: {error.strerror or error}"
    return None
