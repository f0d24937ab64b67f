"""Finds secrets that the config names and that are not there, before anything starts."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel

from syncd.config import Problem, Settings
from syncd.secret import Secret, SecretUnavailable


def missing_secrets(settings: Settings, file: Path) -> Iterator[Problem]:
    """A problem for each secret that cannot be read; those of accounts at rest do not matter."""
    resting = {f"accounts.{name}" for name, each in settings.accounts.items() if not each.enabled}
    for key, secret in _secrets(settings, ""):
        if not any(key.startswith(f"{prefix}.") for prefix in resting):
            try:
                secret.reveal()
            except SecretUnavailable as error:
                yield Problem(file, None, key.replace(".options.", "."), str(error))


def _secrets(value: object, key: str) -> Iterator[tuple[str, Secret]]:
    """Every secret inside `value`, with the dotted name of its key in the config."""
    if isinstance(value, Secret):
        yield key, value
        return
    for name, inner in _inside(value):
        yield from _secrets(inner, f"{key}.{name}".removeprefix("."))


def _inside(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield name, getattr(value, name)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield str(name), inner
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield str(position), inner
