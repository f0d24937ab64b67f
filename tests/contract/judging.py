"""Holds exchanges against their descriptions, by openapi-core and by the names of the fields."""

import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse
from werkzeug.datastructures import MultiDict

from tests.contract.declaration import Contract, Description, Document
from tests.contract.front import Exchange
from tests.contract.swagger2 import converted

HOST = "https://api.example"


def violations(contract: Contract, exchanges: Iterable[Exchange]) -> Iterator[str]:
    """What in the exchanges is not as it is published."""
    kept = list(exchanges)
    for exchange in kept:
        if exchange.description is None and not exchange.request.path.startswith(contract.beside):
            yield f"{_called(exchange)}: no description has it, and `beside` does not name it"
    for description in contract.descriptions:
        of_it = [exchange for exchange in kept if exchange.description is description]
        if of_it:
            yield from _held_against(description, of_it)


def calls(exchanges: Iterable[Exchange]) -> set[str]:
    """The calls that were made, by the descriptions' own paths."""
    return {
        f"{each.request.method} {each.description.base}{each.template}"
        for each in exchanges
        if each.description is not None
    }


def _held_against(description: Description, exchanges: list[Exchange]) -> Iterator[str]:
    document = _used(converted(description.document), {str(each.template) for each in exchanges})
    document["servers"] = [{"url": f"{HOST}{description.base}"}]
    types = sorted(set(_media_types(document)) - {"application/json"})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Unsupported scheme type", UserWarning)
        checks = OpenAPI.from_dict(
            document,
            config=Config(extra_media_type_deserializers={name: _reader(name) for name in types}),
        )
        for exchange in exchanges:
            for problem in (*_problems(checks, exchange), *_strangers_in(document, exchange)):
                yield f"{_called(exchange)} -> {exchange.answer.status}: {problem}"


def _used(document: Document, paths: set[str]) -> Document:
    """The part of a description that these paths need: reading all of a large one takes long.

    Without its security: that is the login's matter, which no description here tells of.
    """
    kept: Document = {name: document[name] for name in ("openapi", "info")}
    kept["paths"] = {path: _anywhere(document["paths"][path]) for path in paths}
    components: Document = {
        "securitySchemes": document.get("components", {}).get("securitySchemes", {})
    }
    waiting = _refs(kept["paths"])
    while waiting:
        _, kind, name = waiting.pop().rsplit("/", 2)
        if name not in components.setdefault(kind, {}):
            components[kind][name] = document["components"][kind][name]
            waiting |= _refs(components[kind][name])
    return {**kept, "components": components}


def _refs(value: Any) -> set[str]:
    """The components that a part of a description refers to."""
    if isinstance(value, list):
        return {ref for each in value for ref in _refs(each)}
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return own | {ref for each in value.values() for ref in _refs(each)}


def _anywhere(path: Document) -> Document:
    """A path without a host of its own, as eBay's payment disputes have."""
    return {name: each for name, each in path.items() if name != "servers"}


def _problems(checks: OpenAPI, exchange: Exchange) -> Iterator[str]:
    request = _asked(exchange)
    answer = exchange.answer
    said = MockResponse(
        answer.body, status_code=answer.status, headers=answer.headers,
        content_type=answer.content_type,
    )  # fmt: skip
    for check in (
        *([lambda: checks.validate_request(request)] if answer.status < 400 else []),
        lambda: checks.validate_response(request, said),
    ):
        try:
            check()
        except OpenAPIError as error:
            yield _in_words(error)


def _asked(exchange: Exchange) -> MockRequest:
    request = exchange.request
    asked = MockRequest(
        HOST,
        request.method,
        request.path,
        headers={name.title(): value for name, value in request.headers.items()},
        data=request.body or None,
        content_type=request.headers.get("content-type", "application/json"),
    )
    asked.parameters.query = MultiDict(
        [(name, value) for name, values in request.query.items() for value in values]
    )
    return asked


def _in_words(error: BaseException) -> str:
    texts = [str(error)]
    cause = error.__cause__ or error.__context__
    texts += [each.message for each in getattr(cause, "schema_errors", ())]
    return "; ".join(text[:300] for text in texts)


def _reader(media_type: str) -> Callable[[bytes], Any]:
    return json.loads if "json" in media_type else bytes  # such as the content of a file


def _media_types(document: Document) -> Iterator[str]:
    for methods in document["paths"].values():
        for operation in methods.values():
            if isinstance(operation, dict):
                bodies = [
                    operation.get("requestBody", {}),
                    *operation.get("responses", {}).values(),
                ]
                yield from (media for body in bodies for media in body.get("content", ()))


def _strangers_in(document: Document, exchange: Exchange) -> Iterator[str]:
    """Fields of a good answer that the description does not have: validation lets them through."""
    if exchange.answer.status >= 300 or "json" not in exchange.answer.content_type:
        return
    operation = document["paths"][exchange.template][exchange.request.method.lower()]
    answer = operation["responses"].get(str(exchange.answer.status), {})
    bodies = _resolved(document, answer).get("content", {})
    said = exchange.answer.content_type
    for body in [bodies[said]] if said in bodies else bodies.values():
        if "schema" in body:
            found = set(_strangers(document, body["schema"], json.loads(exchange.answer.body), ""))
            yield from (f"the answer's {field} is in no description" for field in sorted(found))


def _strangers(document: Document, schema: Document, value: Any, where: str) -> Iterator[str]:
    if isinstance(value, list):
        items = _items(document, schema)
        for one in value if items else ():
            yield from _strangers(document, items, one, f"{where}[]")
    elif isinstance(value, dict):
        known, open_ended = _properties(document, schema)
        for name, inner in value.items():
            if name in known:
                yield from _strangers(document, known[name], inner, f"{where}.{name}")
            elif not open_ended:
                yield f"{where}.{name}"


def _properties(document: Document, schema: Document) -> tuple[Document, bool]:
    """The fields of an object, those of all its variants, and whether others may be there."""
    schema = _resolved(document, schema)
    known: Document = dict(schema.get("properties", {}))
    several = [each for kind in ("allOf", "oneOf", "anyOf") for each in schema.get(kind, ())]
    # Behind a discriminator are kinds with fields of their own, which validation looks at.
    more_kinds = bool(schema.get("additionalProperties")) or "discriminator" in schema
    open_ended = more_kinds or not (known or several)
    for each in several:
        more, opened = _properties(document, each)
        known |= more
        open_ended = open_ended or (opened and bool(more))
    return known, open_ended


def _items(document: Document, schema: Document) -> Document:
    found: Document = _resolved(document, schema).get("items", {})
    return found


def _resolved(document: Document, schema: Document) -> Document:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        schema = found
    return schema


def _called(exchange: Exchange) -> str:
    return f"{exchange.request.method} {exchange.request.path}"
