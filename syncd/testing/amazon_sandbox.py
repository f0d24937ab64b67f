"""Amazon's static sandbox: answers by pattern, as Amazon publishes them with its models."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from syncd.testing.server import Answer, Request

Pair = Mapping[str, Any]
"""``method``, ``path`` with ``{parameters}``, ``request`` with ``parameters`` (each with its
``value``; the body under ``body``), ``status`` and ``response``."""

_PARAMETER = re.compile(r"\\{(\w+)\\}")


def answer_of(pairs: Iterable[Pair], request: Request) -> Answer | None:
    """The answer of the most particular pair whose parameters a request has; None: none fits."""
    fitting = [pair for pair in pairs if _fits(pair, request)]
    if not fitting:
        return None
    best = max(fitting, key=lambda pair: len(_parameters(pair)))
    status = int(best["status"])
    return Answer(status) if status == 204 else Answer.json(best["response"], status)


def _fits(pair: Pair, request: Request) -> bool:
    pattern = _PARAMETER.sub(r"(?P<\1>[^/]+)", re.escape(pair["path"]))
    match = re.fullmatch(pattern, request.path)
    if match is None or pair["method"] != request.method:
        return False
    given = {name: ",".join(values) for name, values in request.query.items()} | match.groupdict()
    return all(_same(name, value, given, request) for name, value in _parameters(pair).items())


def _same(name: str, value: Any, given: Mapping[str, str], request: Request) -> bool:
    if name == "body":
        return bool(request.body) and msgspec.json.decode(request.body) == value
    wanted = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return given.get(name) == wanted


def _parameters(pair: Pair) -> dict[str, Any]:
    told = pair["request"].get("parameters", {})
    return {name: each["value"] for name, each in told.items() if "value" in each}
