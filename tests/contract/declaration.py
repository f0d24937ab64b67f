"""What a contract is: the descriptions, a play of all that is asked, and what it must ask."""

import json
import re
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from syncd.testing.server import FakeServer

SPECS = Path(__file__).parents[3] / "shared" / "specs"
Document = dict[str, Any]
Front = Callable[[FakeServer], str]
Play = Callable[[Front], None]


class Description:
    """One published file. `base` is the beginning of its paths on the platform's host."""

    def __init__(
        self, file: str, base: str = "", fix: Callable[[Document], None] | None = None
    ) -> None:
        self.file = file
        self.base = base
        self._fix = fix

    @cached_property
    def document(self) -> Document:
        """The file as it is published, but for what `fix` repairs."""
        found = read(SPECS / self.file)
        if self._fix is not None:
            self._fix(found)
        return found

    def template(self, method: str, path: str) -> str | None:
        """The path of the description that a request is for, such as ``/orders/{orderId}``."""
        if not path.startswith(self.base):
            return None
        short = path.removeprefix(self.base)
        fits = [
            template
            for template, methods in self.document["paths"].items()
            if method.lower() in methods and _pattern(template).fullmatch(short)
        ]
        # A literal part goes before one that could be anything, as OpenAPI has it.
        return min(fits, key=lambda template: template.count("{"), default=None)


class Contract:
    """A connector's contract with its platform."""

    def __init__(
        self,
        name: str,
        *,
        descriptions: list[Description],
        client: type,
        play: Play,
        calls: set[str],
        beside: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.descriptions = descriptions
        self.client = client
        self.play = play
        self.calls = calls
        self.beside = beside

    def covering(self, method: str, path: str) -> tuple[Description, str] | None:
        """The description of a request, and its path there."""
        for description in self.descriptions:
            template = description.template(method, path)
            if template is not None:
                return description, template
        return None

    @property
    def missing(self) -> str | None:
        """Why it cannot be checked here."""
        for description in self.descriptions:
            if not (SPECS / description.file).is_file():
                return (
                    f"{description.file} is not there: descriptions are not kept in this repository"
                )
        return None


def read(file: Path) -> Document:
    """A description in JSON or YAML."""
    text = file.read_text(encoding="utf-8")
    found: Document = json.loads(text) if file.suffix == ".json" else _yaml(text)
    return found


def _yaml(text: str) -> Document:
    # The loader in C is ten times as fast, and not in every build.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: Document = yaml.load(text, Loader=loader)
    return found


@cache
def _pattern(template: str) -> re.Pattern[str]:
    literal = re.split(r"(\{[^}]*\})", template)
    return re.compile("".join("[^/]+" if part[:1] == "{" else re.escape(part) for part in literal))
