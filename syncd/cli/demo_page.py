"""What ``syncd demo`` did, for people, with the commands to look closer."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from babel import Locale, UnknownLocaleError

from syncd.cli.output import fitted
from syncd.cli.words import counted, plain
from syncd.demo import Report

_LOOKS = (
    ("order", "show {}", "an order whose buyer was told"),
    ("outbox", "outbox show {}", "what the buyer was told, word for word"),
    ("conversation", "show {} --as conversation", "a buyer who waits for an answer"),
    ("quarantine", "quarantine show {}", "an item that nobody can read"),
)


def page(found: Report, kept: Path | None) -> Iterator[str]:
    """The lines; `kept` is the folder that the store was kept in."""
    yield click.style(f"{found.world_days:g} days in a made-up world\n", bold=True)
    yield from _row("read", f"{found.messages} messages in {found.conversations} conversations "
                    f"with {found.customers} customers")  # fmt: skip
    yield from _row("", f"{found.orders} orders, {found.shipments} parcels, "
                    f"{found.tracking_events} scans")  # fmt: skip
    yield from _row("", f"{found.quarantined} items that nobody can read, set aside")
    yield from _row("found", f"{found.late_found} parcels late or otherwise in trouble; "
                    "all findings, with forecasts:")  # fmt: skip
    yield from _row("", counted(found.findings))
    yield from _row("told", f"{found.notices_sent} notices reached buyers: "
                    f"{counted(found.notices_by_channel)}")  # fmt: skip
    yield from _row("", _languages(found.notices_by_language))
    yield from _faults(found)
    yield from _closer(found, kept)


def _row(title: str, text: str) -> Iterator[str]:
    if text:
        yield from fitted(f"  {click.style(f'{title:8}', bold=True)} {text}", indent=13)


def _languages(figures: Mapping[str, int]) -> str:
    by_size = sorted(figures.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{number} in {_language(code)}" for code, number in by_size)


def _language(code: str) -> str:
    try:
        return Locale.parse(code.replace("-", "_")).get_display_name("en") or code
    except (ValueError, UnknownLocaleError):
        return code


def _faults(found: Report) -> Iterator[str]:
    wrong = {name: number for name, number in found.counted_faults.items() if number}
    if not wrong:
        none = ", ".join(f"none {name}" for name in list(found.counted_faults)[:5])
        yield from _row("faults", click.style(f"0: {none},", fg="green"))
        yield from _row(" ", click.style("no buyer left untold, no item lost or stored twice",
                                         fg="green"))  # fmt: skip
    for number, (name, count) in enumerate(wrong.items()):
        text = click.style(f"{count} {plain(name)}", fg="red")
        yield from _row(" " if number else "faults", text)
    for fault in found.faults:
        yield from _row(" ", fault)


def _closer(found: Report, kept: Path | None) -> Iterator[str]:
    if kept is None:
        return
    yield click.style("\nLook closer (its clock showed March 2026):", bold=True)
    command = f"{_program()} --config {shlex.quote(str(kept / 'syncd.toml'))}"
    for name, arguments, what in _LOOKS:
        if name in found.examples:
            yield f"  {command} {arguments.format(found.examples[name])}  # {what}"
    for arguments in ("conversations", "outbox --state sent", "status"):
        yield f"  {command} {arguments}"
    yield f"\nThe store and its config are in {kept}: remove that folder to leave nothing behind,"
    yield "or run the demo again to put another one in its place."


def _program() -> str:
    """The command as it has to be typed here: a virtual environment may not be in the PATH."""
    found, own = shutil.which("syncd"), sys.argv[0]
    if os.path.basename(own) != "syncd" or (found and os.path.samefile(found, own)):  # noqa: PTH119, PTH121  both are text
        return "syncd"
    return shlex.quote(own)
