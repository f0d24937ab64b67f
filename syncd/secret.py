"""Secrets by reference: the config names where one lies, never what it is."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from syncd import systemd


def beside_the_config(path: Path, info: ValidationInfo) -> Path:
    """A path of the config: ``~`` is the home folder, a relative one begins at the main file's."""
    context: Any = info.context or {}
    try:
        expanded = path.expanduser()
    except RuntimeError:
        raise ValueError(f"begins at the home of a user there is not: {path.parts[0]}") from None
    return Path(context.get("base", "")) / expanded


LocalPath = Annotated[Path, AfterValidator(beside_the_config)]
"""A setting's path; ``~`` is the home folder, a relative one begins at the main config file's."""


class SecretUnavailable(Exception):
    """The place a secret is said to lie in does not hold it; the text says which and what to do."""


class Secret(BaseModel):
    """A setting such as ``password = { credential = "shop-de" }``; exactly one key is given.

    The value is read at every use, so a rotated file works without a restart, and it is in no
    repr, log line or error.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    credential: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]+$")
    """Name of a systemd credential (``LoadCredential=NAME:PATH`` in the unit)."""
    file: LocalPath | None = None
    """A file that holds nothing but the secret."""
    env: str | None = None
    """Name of an environment variable; for development, since children inherit it."""

    @model_validator(mode="after")
    def _exactly_one(self) -> "Secret":
        given = [name for name in ("credential", "file", "env") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                "name exactly one place: { credential = ... }, { file = ... } or { env = ... }"
            )
        return self

    def reveal(self) -> str:
        """The secret itself, without a trailing newline.

        Raises SecretUnavailable where it cannot be read.
        """
        if self.env is not None:
            return self._from_env(self.env)
        return self._from_file(self._path())

    def stamp(self) -> tuple[int, int, int] | None:
        """Another one once the file has been replaced or written, without reading it.

        None where there is no file.
        """
        try:
            path = None if self.env is not None else self._path()
            found = path.stat() if path is not None else None
        except (OSError, SecretUnavailable):
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_size) if found is not None else None

    def _from_env(self, name: str) -> str:
        value = os.environ.get(name)
        if not value:
            raise SecretUnavailable(
                f"the environment variable {name} is not set; set it where syncd is started, or use "
                "{ file = ... }"
            )
        return value

    def _path(self) -> Path:
        if self.file is not None:
            return self.file.expanduser()
        path = systemd.credential_path(str(self.credential))
        if path is None:
            raise SecretUnavailable(
                f"credential {self.credential!r}: this process was given no credentials; "
                f"add LoadCredential={self.credential}:/path to the unit, give it to a command by "
                f"systemd-run --property=LoadCredential={self.credential}:/path, or use "
                "{ file = ... }"
            )
        return path

    def _from_file(self, path: Path) -> str:
        try:
            # Some editors of Windows begin a file with a mark.
            return path.read_text(encoding="utf-8-sig").rstrip("\r\n")
        except OSError as error:
            raise SecretUnavailable(f"cannot read the secret in {path}: {error.strerror}") from None
        except UnicodeError:
            raise SecretUnavailable(
                f"the secret in {path} is not UTF-8 text, save it as that"
            ) from None


def secrets_in(value: object, key: str = "") -> Iterator[tuple[str, Secret]]:
    """Every secret within settings, with the dotted name of its key below `key`."""
    if isinstance(value, Secret):
        yield key, value
        return
    for name, inner in _inside(value):
        yield from secrets_in(inner, f"{key}.{name}".removeprefix("."))


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
