"""The reference of every setting as Markdown, written from the settings classes."""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel

from syncd.config.fields import Key, keys_of
from syncd.config.sampling import about, grouped_sections, plain_sections
from syncd.config.settings import AccountKeys, Playbook
from syncd.connector import Connector

_INTRODUCTION = """\
# Configuration

<!-- Written by `make docs` from the settings classes; do not edit. -->

syncd reads one TOML file and, sorted by name, the files `conf.d/*.toml` beside it. The main file is
the one given with `--config` or in `$SYNCD_CONFIG`; else `/etc/syncd/syncd.toml` where it exists,
else `~/.config/syncd/syncd.toml`. A file of `conf.d` may add tables, never repeat one: a table
defined twice is an error that names both places.

`syncd init` writes a commented file to start from. `syncd check-config` tells everything that is
wrong at once, each with file, line and key, and exits with 78 if there is anything.
`syncd check-config --online` also asks each account's platform.

- **Durations** are written `"90s"`, `"5m"`, `"2h"` or `"3d"`.
- **Times of day** are written `"08:00"`.
- **Paths** may begin with `~`; a relative one starts at the folder of the main file.
- **Secrets** are never written into the config, only where they lie:
  `{ credential = "NAME" }` (systemd's `LoadCredential=NAME:PATH`), `{ file = "PATH" }`, or
  `{ env = "NAME" }` for development. They are read at each use, so a rotated one needs no restart.
"""

_ACCOUNTS = """\
## `[accounts.NAME]`

One table for each account of a shop, a mailbox or a tracking service. NAME is yours to choose, of
`a-z`, `0-9` and `-`. All accounts have the keys below; the others are the connector's own.
"""


def reference(connectors: Mapping[str, type[Connector]]) -> str:
    """All settings, the own ones of `connectors` included, as one Markdown page."""
    sections = [*plain_sections(), *grouped_sections()]
    parts = [_INTRODUCTION]
    parts += [_section(f"[{name}]", about(model), model) for name, model in sections]
    parts += [_section("[[playbooks]]", f"{about(Playbook)} There may be several.", Playbook)]
    parts += [_ACCOUNTS + "\n" + _table(keys_of(AccountKeys))]
    parts += [_connector(connector) for _, connector in sorted(connectors.items())]
    return "\n".join(parts)


def _section(title: str, prose: str, model: type[BaseModel]) -> str:
    return f"## `{title}`\n\n{_line(prose)}\n\n{_table(keys_of(model))}"


def _connector(connector: type[Connector]) -> str:
    own = list(keys_of(connector.Config))
    table = _table(own) if own else "It has no keys of its own.\n"
    prose = _line(about(connector))
    return (
        f'### `connector = "{connector.name}"`\n\n'
        + (f"{prose}\n\n" if prose else "")
        + f"Streams: {_words(connector.streams)}. "
        f"Capabilities: {_words(each.value for each in connector.capabilities)}.\n\n{table}"
    )


def _table(keys: Iterable[Key]) -> str:
    return "| key | value | default | meaning |\n|---|---|---|---|\n" + "".join(_rows(keys))


def _rows(keys: Iterable[Key], above: str = "") -> Iterator[str]:
    for key in keys:
        default = "**required**" if key.required else _code(key.default) if key.default else "none"
        cells = (f"`{above}{key.name}`", _kind(key), default, _line(key.description))
        yield f"| {' | '.join(map(_escaped, cells))} |\n"
        yield from _rows(key.below, f"{above}{key.name}.")


def _kind(key: Key) -> str:
    return key.kind if key.example is None else f"{key.kind}, such as {_code(key.example)}"


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{text}`"


def _words(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _line(text: str) -> str:
    return " ".join(text.split())
