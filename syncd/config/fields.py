"""What a settings class says about its keys: the source of sample, reference and hints."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from syncd.config.values import format_duration
from syncd.secret import Secret

_WORDS: dict[type, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    Path: "path",
    timedelta: "duration",
    time: "time of day",
    Secret: "secret by reference",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table, as the documentation shows it."""

    name: str
    kind: str
    """What sort of value it takes, in words."""
    required: bool
    default: str | None
    """As TOML, or None where there is none to show."""
    example: str | None
    """As TOML."""
    description: str
    below: tuple["Key", ...] = ()
    """The keys of the table that it takes, if it takes one."""


def keys_of(model: type[BaseModel]) -> Iterator[Key]:
    """The keys of a table, in the order in which the class has them."""
    for name, info in model.model_fields.items():
        table = _model_in(info.annotation)
        below = () if table in {None, Secret} else tuple(keys_of(table))
        default = None if info.is_required() or info.default_factory else info.default
        yield Key(
            name=info.alias or name,
            kind=_kind(info.annotation),
            required=info.is_required(),
            default=None if default is None else toml(default),
            example=toml(info.examples[0]) if info.examples else _example(below),
            description=info.description or "",
            below=below,
        )


def placeholder(key: Key) -> str:
    """TOML to stand where the user has to write something: the example, else one of its kind."""
    by_kind = {
        "secret by reference": '{ credential = "NAME" }',
        "whole number": "0",
        "number": "0",
        "true or false": "false",
        "duration": '"1h"',
        "time of day": '"08:00"',
    }
    return key.example or by_kind.get(key.kind, '""')


def _example(below: tuple[Key, ...]) -> str | None:
    required = [f"{toml_key(key.name)} = {placeholder(key)}" for key in below if key.required]
    return f"{{ {', '.join(required)} }}" if required else None


def model_at(model: type[BaseModel], path: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The class of the table that `path` leads to from `model`; None where there is none."""
    current: Any = model
    for part in path:
        current = current if isinstance(part, int) else _below(current, part)
        if current is None:
            return None
    return _model_in(current)


def field_at(model: type[BaseModel], path: tuple[str | int, ...]) -> FieldInfo | None:
    """The field that `path` leads to from `model`, seen from the last key in it."""
    names = [index for index, part in enumerate(path) if isinstance(part, str)]
    if not names:
        return None
    table = model_at(model, path[: names[-1]])
    return _field(table, str(path[names[-1]])) if table else None


def toml(value: object) -> str:
    """Write a setting's value as TOML on one line."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{toml_key(str(key))} = {toml(each)}" for key, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{', '.join(map(toml, value))}]"
    return _scalar(value)


def toml_key(key: str) -> str:
    """A key, in quotes where TOML wants them."""
    plain = key.replace("-", "").replace("_", "")
    return key if plain.isalnum() and plain.isascii() else _text(key)


def _scalar(value: object) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if isinstance(value, timedelta):
        value = format_duration(value)
    if isinstance(value, time):
        value = value.strftime("%H:%M")
    return _text(str(value))


def _text(text: str) -> str:
    """JSON's strings are TOML's, but for DEL, which TOML wants escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _below(annotation: Any, key: str) -> Any:
    model = _model_in(annotation)
    if model is not None:
        info = _field(model, key)
        return None if info is None else info.annotation
    return next(iter(get_args(annotation)[1:]), None)  # the values of a dict


def _field(model: type[BaseModel], key: str) -> FieldInfo | None:
    by_alias = (info for info in model.model_fields.values() if info.alias == key)
    return model.model_fields.get(key) or next(by_alias, None)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The settings class that an annotation is about: ``Secret | None`` is about Secret."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Union, UnionType, Annotated, list, tuple}:
        found = (_model_in(each) for each in get_args(annotation))
        return next((model for model in found if model is not None), None)
    return None


def _kind(annotation: Any) -> str:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _choice(map(toml, args))
    if origin in {Union, UnionType}:
        return _choice(_kind(each) for each in args if each is not NoneType)
    if origin is Annotated:
        return _kind(args[0])
    if origin in {list, tuple, set, frozenset}:
        return f"list of {_kind(args[0])}"
    if origin is dict:
        return f"table of {_kind(args[1])}"
    return _class_kind(annotation)


def _choice(words: Iterable[str]) -> str:
    """``a, b or c``."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _class_kind(annotation: Any) -> str:
    if not isinstance(annotation, type):
        return "value"
    if issubclass(annotation, Enum):
        return _choice(toml(member) for member in annotation)
    if issubclass(annotation, BaseModel) and annotation is not Secret:
        return "table"
    return _WORDS.get(annotation, "text")
