"""The settings as they are in effect, as TOML; secrets appear as what they are: references."""

from collections.abc import Iterator

from pydantic import BaseModel

from syncd.config.fields import toml, toml_key
from syncd.config.sampling import GROUPS
from syncd.config.settings import AccountKeys, AccountSettings, Settings


def effective(settings: Settings) -> str:
    """Every table with every key that has a value, defaults included."""
    return "\n".join(_tables(settings))


def _tables(settings: Settings) -> Iterator[str]:
    for name in type(settings).model_fields:
        section = getattr(settings, name)
        if name in GROUPS:
            for table in type(section).model_fields:
                yield _table(f"[{name}.{table}]", getattr(section, table))
        elif isinstance(section, BaseModel):
            yield _table(f"[{name}]", section)
    for name, account in settings.accounts.items():
        yield _account(name, account)
    for playbook in settings.playbooks:
        yield _table("[[playbooks]]", playbook)


def _table(header: str, model: BaseModel) -> str:
    return f"{header}\n" + "".join(_pairs(model, tuple(type(model).model_fields)))


def _account(name: str, account: AccountSettings) -> str:
    theirs = tuple(
        key for key in type(account.options).model_fields if key not in AccountKeys.model_fields
    )
    own = _pairs(account, tuple(AccountKeys.model_fields))
    return f"[accounts.{name}]\n" + "".join((*own, *_pairs(account.options, theirs)))


def _pairs(model: BaseModel, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = getattr(model, name)
        if value is not None:
            alias = type(model).model_fields[name].alias
            yield f"{toml_key(alias or name)} = {toml(value)}\n"
