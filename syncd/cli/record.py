"""The verb that records real answers, masked: for tests and for reports of bugs."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli import completing, exits
from syncd.cli.invocation import Invocation, json_option, pass_invocation
from syncd.cli.opened import account as find_account
from syncd.cli.opened import runtime, streams_of
from syncd.cli.output import emit, printable
from syncd.connector import ConnectorError, SecretUnavailable

if TYPE_CHECKING:
    from syncd.accounts import Account
    from syncd.testing.recording import Recording

_SHOWN = 6


@click.command()
@click.argument("account", shell_complete=completing.accounts)
@click.option("--stream", help="Only this stream.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False),
              help="Where to; default: ./recorded-ACCOUNT. It must be empty or not there.")  # fmt: skip
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000),
              help="How many exchanges of each stream at the most.")  # fmt: skip
@click.option("--max-kb", default=1024, show_default=True, type=click.IntRange(min=1),
              help="Larger bodies are left out.")  # fmt: skip
@click.option("--keep", "keep", multiple=True, metavar="FIELD",
              help="Leave what stands in fields of this name as it is, such as a public code.")  # fmt: skip
@json_option
@pass_invocation
@click.pass_context
def record(
    ctx: click.Context,
    invocation: Invocation,
    account: str,
    stream: str | None,
    out: Path | None,
    limit: int,
    max_kb: int,
    keep: tuple[str, ...],
    as_json: bool,
) -> None:
    """Poll ACCOUNT from the beginning, store nothing, and write what its platform answers.

    Each request and its answer become a JSON file in which secrets and personal data are masked:
    ids and names have stand-ins, the same everywhere, and of texts only the form is left. Look the
    files over before you give them away. Only connectors that speak HTTP can be recorded.

    Exits with 69 where a stream could not be polled, 1 where there was nothing to record.
    """
    from syncd.testing.masking import Masker  # noqa: PLC0415  --help should not pay for it
    from syncd.testing.recording import Recording, secrets_of  # noqa: PLC0415

    folder = out or Path(f"recorded-{account}")
    _check_free(folder)
    with runtime(invocation) as opened:
        found = find_account(opened, account)
        masker = Masker(secrets_of(found.connector.config), keep=keep)
        recording = Recording(masker, most=limit, most_bytes=max_kb * 1024)
        rows = [_recorded(recording, found, name) for name in streams_of(found, stream)]
        files = recording.write(folder)
    _tell(recording, rows, files, as_json=as_json)
    failed = any(row["error"] for row in rows)
    ctx.exit(exits.UNAVAILABLE if failed else exits.OK if files else exits.FOUND_WRONG)


def _check_free(folder: Path) -> None:
    from syncd.testing.recording import NotRecorded, check_free  # noqa: PLC0415

    try:
        check_free(folder)
    except NotRecorded as error:
        raise click.UsageError(str(error)) from None


def _recorded(recording: "Recording", account: "Account", stream: str) -> dict[str, Any]:
    before, error = recording.count, None
    try:
        recording.poll(account.connector, stream)
    except (ConnectorError, SecretUnavailable) as problem:
        error = f"{type(problem).__name__}: {problem}"
    except Exception as bug:  # noqa: BLE001  the plug-in boundary: the report of it needs the files
        error = f"the connector has a bug: {type(bug).__name__}: {bug}"
    return {"stream": stream, "exchanges": recording.count - before, "error": error}


def _tell(
    recording: "Recording", rows: list[dict[str, Any]], files: list[Path], *, as_json: bool
) -> None:
    masker = recording.masker
    kept = {name: sorted(values) for name, values in sorted(masker.kept.items())}
    if as_json:
        emit({"streams": rows, "files": files, "masked": dict(masker.masked), "kept": kept},
             as_json=True)  # fmt: skip
        return
    emit(rows, as_json=False)
    for file in files:
        click.echo(file)
    if files:
        click.echo("\n".join(_summary(masker.masked, kept)))
        for name, (values, records) in masker.maybe_codes().items():
            told = f"{values} value{'s' if values > 1 else ''} in {records} records"
            click.echo(printable(f"masked: {name} had {told}; a code? then --keep {name}"))
    elif not any(row["error"] for row in rows):
        click.echo(_NOTHING)


_NOTHING = (
    "nothing was asked by HTTP: there was nothing to ask, or the connector speaks another protocol "
    "(as imap does), which cannot be recorded"
)


def _summary(masked: Mapping[str, int], kept: Mapping[str, list[str]]) -> Iterator[str]:
    counts = ", ".join(f"{count} x {kind}" for kind, count in sorted(masked.items()))
    yield f"masked: {counts or 'nothing'}"
    yield "left as they are, beside times and small figures; look whether one of them names somebody:"
    for name, values in kept.items():
        more = f", and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
        yield printable(f"  {name}: {', '.join(values[:_SHOWN])}{more}")
