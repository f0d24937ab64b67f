"""pydantic's errors in our own words: what is wrong, what was given, what to write instead."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from syncd.config.fields import field_at, keys_of, model_at, placeholder, toml
from syncd.config.lines import KeyPath
from syncd.secret import Secret

_REFERENCE = '{ credential = "NAME" }, { file = "PATH" } or { env = "NAME" }'

# A key that sounds like this is never quoted back, whatever its class says.
_CONFIDENTIAL = re.compile(r"pass|secret|token|key|cred|auth|cookie|pin\b", re.IGNORECASE)
_USERINFO = re.compile(r"//[^/@\s]*@")
_LONGEST_QUOTE = 60

EMPTY = "must not be empty"

_MUST_BE = {
    "string": "a text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list in square brackets",
    "list": "a list in square brackets",
    "set": "a list in square brackets",
    "dict": "a table",
    "model": "a table",
    "path": "a path in quotes",
    "url": "a URL",
}
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """A problem before it is known which file and line it stands on."""

    path: KeyPath
    """The key to point at; for a missing one, the table it is missing from."""
    message: str
    hint: str = ""
    names_key: bool = False
    """The message names the last key of the path, so that only the table is named before it."""

    def below(self, *path: str | int) -> "Complaint":
        """The same, seen from further up."""
        return replace(self, path=(*path, *self.path))


def complaints(
    error: ValidationError, model: type[BaseModel], *, also_known: Iterable[str] = ()
) -> list[Complaint]:
    """Word what pydantic found in a table of class `model`; secrets are never quoted.

    `also_known` are further keys that the table as a whole takes, for suggestions.
    """
    found = [each for each in error.errors(include_url=False) if not _follows(each)]
    return list(dict.fromkeys(_complaint(each, model, tuple(also_known)) for each in found))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``Did you mean 'x'?`` where `known` holds something like `word`, else nothing."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{close[0]}'?" if close else ""


def quoted(value: object) -> str:
    """What the user gave, short and without a password in a URL, fit for an error message."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    text = _USERINFO.sub("//…@", toml(value))
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def _follows(error: Any) -> bool:
    """Whether it is only that the wrong items, which are told, leave none in a list."""
    return bool(error["type"] == "too_short" and error["input"])


def _complaint(error: Any, model: type[BaseModel], also_known: tuple[str, ...]) -> Complaint:
    path: KeyPath = tuple(error["loc"])
    if error["type"] == "missing":
        return _missing(path, model)
    if error["type"] == "extra_forbidden":
        return _unknown(path, model, also_known)
    if _in_secret(model, path):
        return _secret(path, error)
    example = _example(model, path)
    if error["type"] == "string_pattern_mismatch" and error["input"] and example:
        told = f"must look like {example}{_not_given(error, path)}"
        return Complaint(path, told, f"The pattern is {error['ctx']['pattern']}")
    return Complaint(path, _message(error, path), _hint(error, path))


def _example(model: type[BaseModel], path: KeyPath) -> str | None:
    """A good value for what `path` leads to, an item's where that is an item of a list."""
    info = field_at(model, path)
    if info is None or not info.examples:
        return None
    example = info.examples[0]
    if isinstance(path[-1], int) and isinstance(example, list | tuple):
        example = example[0]
    return toml(example)


def _missing(path: KeyPath, model: type[BaseModel]) -> Complaint:
    table = model_at(model, path[:-1])
    keys = {key.name: key for key in keys_of(table)} if table else {}
    key = keys.get(str(path[-1]))
    hint = f"Add {key.name} = {placeholder(key)}" if key else ""
    return Complaint(path[:-1], f"missing key '{path[-1]}'", hint)


def _unknown(path: KeyPath, model: type[BaseModel], also_known: tuple[str, ...]) -> Complaint:
    table = model_at(model, path[:-1])
    if table is Secret:
        return Complaint(path[:-1], f"unknown key in a secret; write {_REFERENCE}")
    known = [key.name for key in keys_of(table)] if table else []
    if len(path) == 1:
        known.extend(also_known)
    hint = did_you_mean(str(path[-1]), known) or f"Known keys: {', '.join(known)}"
    return Complaint(path, f"unknown key '{path[-1]}'", hint, names_key=True)


def _in_secret(model: type[BaseModel], path: KeyPath) -> bool:
    return any(model_at(model, path[:length]) is Secret for length in range(1, len(path) + 1))


def _secret(path: KeyPath, error: Any) -> Complaint:
    if error["type"] == "value_error" and path[-1] == "file":
        return Complaint(path, _message(error, path))
    if error["type"] == "value_error":
        return Complaint(path, f"must name exactly one place: {_REFERENCE}")
    name = next(part for part in reversed(path) if isinstance(part, str))
    if error["type"] == "string_pattern_mismatch":
        return Complaint(path, f"{name} must be a name of letters, digits, '.', '_' and '-'")
    if error["type"] in {"model_type", "model_attributes_type", "dict_type"}:
        return Complaint(
            path,
            f'{name} must be a reference such as {{ credential = "NAME" }}, not the secret itself',
            'Or { file = "PATH" }, or { env = "NAME" }',
        )
    return Complaint(path, f"{name} must be a text in quotes")


def _message(error: Any, path: KeyPath) -> str:
    expected = _expected(error)
    if expected:
        return f"must be {expected}{_not_given(error, path)}"
    if error["type"] in {"value_error", "assertion_error"}:
        said = str(error["ctx"]["error"])
        return said + (_not_given(error, path) if said.startswith("must be ") else "")
    empty = error["type"] == "string_pattern_mismatch" and not error["input"]
    if empty or error["type"] in {"too_short", "string_too_short"}:
        return EMPTY
    return _plain(str(error["msg"]))


def _not_given(error: Any, path: KeyPath) -> str:
    """``, not "ten"``; nothing where the key sounds secret."""
    if any(isinstance(part, str) and _CONFIDENTIAL.search(part) for part in path):
        return ""
    return f", not {quoted(error.get('input'))}"


def _expected(error: Any) -> str | None:
    kind: str = error["type"]
    if kind in {"literal_error", "enum"}:
        return f"one of {error['ctx']['expected'].replace(' or ', ', ')}"
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"{words} {error['ctx'][key]}"
    if kind in {"string_pattern_mismatch", "string_too_short", "too_short", "value_error"}:
        return None
    return _MUST_BE.get(kind.partition("_")[0])


def _hint(error: Any, path: KeyPath) -> str:
    if error["type"] in {"literal_error", "enum"} and isinstance(error["input"], str):
        return did_you_mean(error["input"], re.findall(r"'([^']*)'", error["ctx"]["expected"]))
    if error["type"] == "tuple_type" and isinstance(error["input"], Mapping):
        return f"Write [[{path[-1]}]], once for each"
    return ""


def _plain(message: str) -> str:
    for before, after in (("Input should be", "must be"), ("String should", "must")):
        message = message.replace(before, after)
    return message
