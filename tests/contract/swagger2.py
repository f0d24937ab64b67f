"""Turns what Amazon publishes, Swagger 2.0, into OpenAPI 3.0, which openapi-core reads.

As much as those files need: parameters, bodies, answers and definitions. What says nothing of the
wire (examples, documentation, security, which Amazon does not describe) is left out.
"""

from collections.abc import Iterable
from typing import Any

_OF_A_SCHEMA = (
    "type", "format", "items", "enum", "default", "minimum", "maximum", "minLength", "maxLength", "minItems",
    "maxItems", "pattern", "uniqueItems",
)  # fmt: skip
# How several values of one parameter are written.
_STYLES: dict[str, dict[str, Any]] = {
    "csv": {"style": "form", "explode": False},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
    "multi": {"style": "form", "explode": True},
}
JSON = "application/json"


def converted(old: dict[str, Any]) -> dict[str, Any]:
    """The same description as OpenAPI 3.0; one that is that already is given back."""
    if old.get("swagger") != "2.0":
        return old
    paths = {
        path: {
            method: _operation(old, methods, operation)
            for method, operation in methods.items()
            if method in {"get", "put", "post", "delete", "patch"}
        }
        for path, methods in old["paths"].items()
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": old["info"]["title"], "version": old["info"]["version"]},
        "paths": paths,
        "components": {"schemas": _refs(old.get("definitions", {}))},
    }


def _operation(
    old: dict[str, Any], path: dict[str, Any], operation: dict[str, Any]
) -> dict[str, Any]:
    listed = [*path.get("parameters", ()), *operation.get("parameters", ())]
    given = [_resolved(old, each) for each in listed]
    new: dict[str, Any] = {
        "parameters": [
            _parameter(each) for each in given if each["in"] not in {"body", "formData"}
        ],
        "responses": {
            status: _answer(_resolved(old, answer), _answer_types(old, operation, status))
            for status, answer in operation["responses"].items()
        },
    }
    for body in (each for each in given if each["in"] == "body"):
        types = operation.get("consumes", old.get("consumes", [JSON]))
        new["requestBody"] = {
            "required": body.get("required", False),
            "content": {media: {"schema": _refs(body["schema"])} for media in types},
        }
    return new


def _parameter(old: dict[str, Any]) -> dict[str, Any]:
    new: dict[str, Any] = {
        "name": old["name"],
        "in": old["in"],
        "required": old.get("required", False),
        "schema": _refs({name: old[name] for name in _OF_A_SCHEMA if name in old}),
    }
    if old.get("type") == "array" and old["in"] == "query":
        new |= _STYLES[old.get("collectionFormat", "csv")]
    return new


def _answer_types(old: dict[str, Any], operation: dict[str, Any], status: str) -> set[str]:
    """`produces` does not say whether it means errors too, which gateways give in plain JSON."""
    types = set(operation.get("produces", old.get("produces", [JSON])))
    return types if status < "400" else {*types, JSON}


def _answer(old: dict[str, Any], types: Iterable[str]) -> dict[str, Any]:
    new: dict[str, Any] = {"description": old.get("description", "")}
    if "schema" in old:
        new["content"] = {media: {"schema": _refs(old["schema"])} for media in types}
    return new


def _resolved(old: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """A parameter or an answer that stands elsewhere in the file."""
    if "$ref" not in value:
        return value
    found: Any = old
    for part in value["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, dict)
    return found


def _refs(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: inner.replace("#/definitions/", "#/components/schemas/")
            if name == "$ref" and isinstance(inner, str)
            else _refs(inner)
            for name, inner in value.items()
            if name not in {"example", "x-example"}
        }
    return [_refs(each) for each in value] if isinstance(value, list) else value
