"""From files to checked settings, with everything that is wrong told at once."""

from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from syncd.config.accounts import Connectors, able, account
from syncd.config.files import Tree, dotted, read
from syncd.config.lines import KeyPath
from syncd.config.problems import ConfigError, Problem
from syncd.config.settings import AccountSettings, Settings
from syncd.config.wording import Complaint, complaints, did_you_mean, quoted
from syncd.connector import Capability, Connector


def load(path: Path, connectors: Connectors, templates: Collection[str] | None = None) -> Settings:
    """Read and check the config at `path` and ``conf.d/*.toml`` beside it.

    See `check`.
    """
    return check(read(path), connectors, templates)


def check(tree: Tree, connectors: Connectors, templates: Collection[str] | None = None) -> Settings:
    """The settings that `tree` holds.

    `connectors` are those installed; `templates` the names that playbooks may use, where known.
    Raises ConfigError with every problem; nothing is asked of any account's platform.
    """
    context = {"base": tree.main.absolute().parent}
    accounts, found = _accounts(tree.data, connectors, context)
    settings, wrong = _checked({**tree.data, "accounts": accounts}, context)
    found = wrong + found
    if tree.whole:
        found += [
            *_mail_writers(_tables(tree.data), accounts, connectors),
            *_playbooks(tree.data, templates),
        ]
    problems = [*tree.problems, *(_placed(tree, complaint) for complaint in found)]
    if problems or settings is None:
        raise ConfigError(sorted(problems, key=_reading_order(tree.main)))
    return settings


def connectors_named(tree: Tree) -> frozenset[str]:
    """The connectors that the accounts in `tree` are of, installed or not."""
    return frozenset(str(table.get("connector")) for table in _tables(tree.data).values())


def _checked(
    data: Mapping[str, Any], context: Mapping[str, Any]
) -> tuple[Settings | None, list[Complaint]]:
    """The settings, or what is wrong with each table by itself."""
    try:
        return Settings.model_validate(data, context=context), []
    except ValidationError as error:
        return None, complaints(error, Settings)


def _accounts(
    data: Mapping[str, Any], connectors: Connectors, context: Mapping[str, Any]
) -> tuple[dict[str, AccountSettings], list[Complaint]]:
    accounts: dict[str, AccountSettings] = {}
    found: list[Complaint] = []
    if not isinstance(data.get("accounts", {}), dict):
        return {}, [Complaint(("accounts",), "must be tables, such as [accounts.shop-de]")]
    for name, table in data.get("accounts", {}).items():
        made, wrong = account(name, table, connectors, context)
        if made is not None:
            accounts[name] = made
        found += [complaint.below("accounts", name) for complaint in wrong]
    return accounts, found


def _tables(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The account tables as written; what is no table is complained about elsewhere."""
    accounts = data.get("accounts")
    if not isinstance(accounts, dict):
        return {}
    return {name: table for name, table in accounts.items() if isinstance(table, dict)}


def _mail_writers(
    tables: Mapping[str, dict[str, Any]],
    accounts: Mapping[str, AccountSettings],
    connectors: Connectors,
) -> Iterator[Complaint]:
    for name, table in tables.items():
        writer = table.get("writes_mail_by")
        if not isinstance(writer, str):
            continue
        message, hint = _not_a_writer(name, writer, tables)
        if not message and (kind := connectors.get(str(tables[writer].get("connector")))):
            message, hint = _unable(kind, writer, accounts.get(writer))
        if message:
            yield Complaint(("accounts", name, "writes_mail_by"), message, hint)


def _not_a_writer(name: str, writer: str, tables: Mapping[str, dict[str, Any]]) -> tuple[str, str]:
    """What is wrong with `writer` as the one who writes mail for `name`, and a hint."""
    if writer not in tables:
        return f"there is no account {quoted(writer)}", did_you_mean(writer, tables)
    if writer == name:
        return "names the account itself", "Name a mail account"
    if tables[writer].get("enabled") is False:
        return f"account {quoted(writer)} is not enabled", ""
    return "", ""


def _unable(
    kind: type[Connector], writer: str, settings: AccountSettings | None
) -> tuple[str, str]:
    """Why an account cannot write mail, by its connector and, where they are good, its settings."""
    if Capability.WRITE_MAIL in able(kind, settings.options if settings else None):
        return "", ""
    why = f"Its connector {kind.name} lacks write_mail; name a mail account"
    if Capability.WRITE_MAIL in kind.capabilities:
        why = "Its settings leave that out; change them, or name another mail account"
    return f"account {quoted(writer)} cannot write mail", why


def _playbooks(data: Mapping[str, Any], templates: Collection[str] | None) -> Iterator[Complaint]:
    playbooks = data.get("playbooks")
    seen: set[str] = set()
    for index, playbook in enumerate(playbooks if isinstance(playbooks, list) else ()):
        if not isinstance(playbook, dict):
            continue
        checks = (_globs(playbook, list(_tables(data))), _template(playbook, templates))
        for found in (*checks, _name_again(playbook, seen)):
            yield from (complaint.below("playbooks", index) for complaint in found)


def _globs(playbook: Mapping[str, Any], names: list[str]) -> Iterator[Complaint]:
    globs = playbook.get("accounts")
    for index, glob in enumerate(globs if isinstance(globs, list) else ()):
        if not isinstance(glob, str) or glob == "*":
            continue
        if not any(fnmatchcase(name, glob) for name in names):
            hint = did_you_mean(glob, names) or f"Accounts: {', '.join(names) or 'none'}"
            yield Complaint(("accounts", index), f"no account matches {quoted(glob)}", hint)


def _template(
    playbook: Mapping[str, Any], templates: Collection[str] | None
) -> Iterator[Complaint]:
    name = playbook.get("template")
    if templates is not None and isinstance(name, str) and name not in templates:
        hint = did_you_mean(name, templates) or f"Templates: {', '.join(sorted(templates))}"
        yield Complaint(("template",), f"there is no template {quoted(name)}", hint)


def _name_again(playbook: Mapping[str, Any], seen: set[str]) -> Iterator[Complaint]:
    name = playbook.get("name")
    if isinstance(name, str) and name in seen:
        yield Complaint(("name",), f"there is another playbook {quoted(name)}", "Rename one")
    seen.add(str(name))


def _placed(tree: Tree, complaint: Complaint) -> Problem:
    place = tree.place(complaint.path)
    shown = complaint.path[:-1] if complaint.names_key else complaint.path
    return Problem(
        file=place.file if place else tree.main,
        line=place.line if place else None,
        key=dotted(_within(tree.data, shown)),
        message=complaint.message,
        hint=complaint.hint,
    )


def _within(data: Any, path: KeyPath) -> KeyPath:
    """`path` as far as the data has it: pydantic adds the branch of a union that it tried."""
    for depth, part in enumerate(path):
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return path[:depth]
    return path


def _reading_order(main: Path) -> Callable[[Problem], tuple[bool, str, int]]:
    return lambda problem: (problem.file != main, str(problem.file), problem.line or 0)
