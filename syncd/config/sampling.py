"""Sample configs, written from the settings classes so that they cannot drift from them.

Style: ``##`` tells in sentences, ``# key = value`` shows a key at its default (or an example where
it has none), and a bare key is one that has to be set.
"""

from collections.abc import Iterable, Iterator, Mapping
from inspect import cleandoc
from textwrap import wrap

from pydantic import BaseModel

from syncd.config.fields import Key, keys_of, placeholder, toml
from syncd.config.guards import Guards
from syncd.config.settings import AccountKeys, Playbook, Settings
from syncd.config.watches import BOTH, FOR_STAFF, FORECAST, Kind, Watches
from syncd.connector import Connector

_WIDTH = 92

_INTRODUCTION = """\
The config of syncd. `syncd check-config` checks it; `systemctl reload syncd` takes it over.
Files conf.d/*.toml beside this one are read too, sorted by name: they may add tables, never
repeat one. A key behind a single # stands at its default, or shows an example.
Durations are written "90s", "5m", "2h" or "3d".
A secret is never written here, only where it lies: { credential = "NAME" } for LoadCredential
of the systemd unit, { file = "PATH" }, or { env = "NAME" } for development.
"""

_ACCOUNTS = """\
Each account of a shop, a mailbox or a tracking service has a table of its own, here or in a file
of conf.d. `syncd sample-config NAME` prints one for the connector of that name.
"""

_FOR_STAFF = ",\n".join(f'  "{kind}"' for kind in Kind if kind in (FOR_STAFF | BOTH) - FORECAST)
_STAFF_PLAYBOOK = f"""\
## A second one: what a person has to see to, of which some is told to the buyer as well.
[[playbooks]]
name = "tell-staff"
when = [
{_FOR_STAFF},
]
tell = "staff\""""

GROUPS: Mapping[str, type[BaseModel]] = {"watches": Watches, "guards": Guards}
"""The tables that hold nothing but further tables."""
_NO_TABLES = frozenset({"accounts", "playbooks", *GROUPS})


def sample(connectors: Mapping[str, type[Connector]]) -> str:
    """A whole commented config, with an account for each of `connectors`."""
    blocks = ["\n".join(f"## {line}" for line in _INTRODUCTION.splitlines())]
    blocks += [_section(name, model) for name, model in plain_sections()]
    blocks += [_section(name, model) for name, model in grouped_sections()]
    blocks += [_playbook(), _STAFF_PLAYBOOK, "\n".join(_prose(_ACCOUNTS))]
    blocks += [account_sample(connector) for _, connector in sorted(connectors.items())]
    return "\n\n".join(blocks) + "\n"


def account_sample(connector: type[Connector]) -> str:
    """A commented ``[accounts.NAME]`` for one connector; the name is the connector's."""
    lines = [*_prose(about(connector)), f"[accounts.{connector.name}]"]
    own = {key.name: key for key in keys_of(connector.Config)}
    for ours in keys_of(AccountKeys):
        key = own.pop(ours.name, ours)  # a key of both means what the connector says
        if key.name == "connector":
            lines += [f"connector = {toml(connector.name)}"]
        elif key.name == "intervals":
            lines += _intervals(key, connector)
        else:
            lines += _key(key)
    for key in own.values():
        lines += _key(key)
    return "\n".join(lines)


def about(of: type) -> str:
    """The first paragraph of a class's docstring, or nothing."""
    return cleandoc(of.__doc__ or "").split("\n\n", maxsplit=1)[0]


def models(parent: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """The keys of `parent` that are tables of one class."""
    for name, info in parent.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield name, info.annotation


def grouped_sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """The tables within `GROUPS`, by their whole names."""
    return (
        (f"{group}.{name}", model)
        for group, parent in GROUPS.items()
        for name, model in models(parent)
    )


def plain_sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """The tables of the config that have keys of their own, and no tables below them."""
    return ((name, model) for name, model in models(Settings) if name not in _NO_TABLES)


def _section(name: str, model: type[BaseModel]) -> str:
    lines = [*_prose(about(model)), f"[{name}]"]
    for key in keys_of(model):
        lines += _key(key)
    return "\n".join(lines)


def _playbook() -> str:
    lines = [*_prose(f"{about(Playbook)} There may be several."), "[[playbooks]]"]
    for key in keys_of(Playbook):
        if key.name == "approval":  # nobody should be written to by a config just copied
            lines += [*_prose(key.description), "approval = true"]
        else:
            lines += _key(key)
    return "\n".join(lines)


def _intervals(key: Key, connector: type[Connector]) -> Iterable[str]:
    if not connector.streams:
        return ()
    return (*_prose(key.description), f"# intervals = {toml(connector.streams)}")


def _key(key: Key) -> Iterator[str]:
    yield from _prose(key.description)
    if key.required:
        yield f"{key.name} = {placeholder(key)}"
    else:
        yield f"# {key.name} = {_shown(key)}"


def _shown(key: Key) -> str:
    """The default where it tells something, else an example."""
    if key.default is None or (key.default in {"{}", "[]"} and key.example):
        return placeholder(key)
    return key.default


def _prose(text: str) -> list[str]:
    lines = " ".join(text.split())
    return [f"## {line}" for line in wrap(lines, _WIDTH)]
