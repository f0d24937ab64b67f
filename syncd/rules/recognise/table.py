"""The courier table: carriers, the formats of their numbers, and the posts of the world."""

import csv
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from syncd.model.base import Value
from syncd.rules.recognise.checksums import ALGORITHMS

_HERE = Path(__file__).parent
_POST_URL = "https://t.17track.net/en#nums={number}"
"""For posts that have no entry of their own: 17TRACK reads every post's items."""
_S10 = r"[A-Z]{2}(?P<serial>[0-9]{8})(?P<check>[0-9])"

Shape = Literal["sure", "marked", "plain", "loose"]
"""How few other things look like it: nothing else does, few do, many do, nearly everything does."""


class Check(Value, frozen=True, kw_only=True):
    """A rule of ``checks.toml``."""

    by: str
    weights: tuple[int, ...] = ()
    source: str

    def character(self, serial: str) -> str:
        """What must follow `serial`."""
        return ALGORITHMS[self.by](serial, self.weights)


class Format(Value, frozen=True, kw_only=True):
    """One kind of number that a carrier gives out."""

    id: str
    pattern: str
    """Of the whole normalised number; groups ``serial`` and ``check`` where it has a check."""
    shape: Shape
    check: Check | None = None
    before: str = ""
    """What the serial is read with, although the number does not show it."""
    needs: Literal["", "context", "hint"] = ""
    """Too loose to stand alone: wants a fitting country, or the carrier named."""
    source: str
    checked: date
    confidence: str

    @property
    def is_strong(self) -> bool:
        """Whether a number of this format needs no word beside it to be known for one."""
        return self.shape == "sure" or (self.shape == "marked" and self.check is not None)

    def fits(self, number: str) -> bool | None:
        """Whether a normalised number has this format; None where only its check digit is wrong."""
        match = _compiled(self.pattern).fullmatch(number)
        if match is None:
            return False
        if self.check is None:
            return True
        right = match["check"] == self.check.character(self.before + match["serial"])
        return True if right else None


class Carrier(Value, frozen=True, kw_only=True):
    """A carrier or post."""

    code: str
    name: str
    url: str
    """Of its tracking page, with ``{number}`` unless the number has to be typed in there."""
    countries: frozenset[str] = frozenset()
    """Where it delivers."""
    origins: frozenset[str] = frozenset()
    """Where what it brings to other countries comes from."""
    everywhere: bool = False
    aliases: tuple[str, ...] = ()
    """What marketplaces and people call it, besides its name."""
    formats: tuple[Format, ...] = ()
    source: str
    checked: date
    confidence: str
    """Of the page: A by two sources, B by one, C from memory."""

    def page(self, number: str) -> str:
        """The address of this parcel's page."""
        return self.url.replace("{number}", quote(number, safe=""))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@cache
def carriers() -> dict[str, Carrier]:
    """All carriers by their code, posts of the world included."""
    known = {carrier.code: carrier for carrier in _own()}
    for country, code, name in _post_rows():
        known.setdefault(code, _plain_post(country, code, name))
    return known


@cache
def formats() -> tuple[tuple[Format, Carrier], ...]:
    """Every format with its carrier; S10 numbers have one for each issuing post."""
    return tuple((each, carrier) for carrier in carriers().values() for each in carrier.formats)


@cache
def posts() -> dict[str, Carrier]:
    """The designated post of each country, by ISO 3166 code: who issues its S10 numbers."""
    return {country: carriers()[code] for country, code, _ in _post_rows()}


@cache
def s10() -> Format:
    """The UPU's format for every post's items, up to the two letters of the issuing country."""
    return Format(
        id="s10",
        pattern=_S10 + "[A-Z]{2}",
        shape="sure",
        check=_checks()["s10"],
        source="UPU standard S10",
        checked=date(2026, 11, 21),
        confidence="A",
    )


@cache
def strong_shapes() -> re.Pattern[str]:
    """What a number of any strong format looks like, check digits aside."""
    strong = [each.pattern for each, _ in formats() if each.is_strong]
    abroad = s10().pattern.replace("[A-Z]{2}", "[CEHLMQRUV][A-Z]", 1)
    return re.compile("|".join(re.sub(r"\(\?P<\w+>", "(?:", each) for each in (*strong, abroad)))


@cache
def _checks() -> dict[str, Check]:
    rows = tomllib.loads((_HERE / "checks.toml").read_text(encoding="utf-8"))
    return {
        name: Check(by=row["by"], weights=tuple(row.get("weights", ())), source=row["source"])
        for name, row in rows.items()
    }


def _own() -> Iterator[Carrier]:
    for file in sorted((_HERE / "carriers").glob("*.toml")):
        for code, row in tomllib.loads(file.read_text(encoding="utf-8")).items():
            yield _carrier(code, row)


def _carrier(code: str, row: dict[str, Any]) -> Carrier:
    evidence = {
        "source": row["source"],
        "checked": row["checked"],
        "confidence": row.get("confidence", "A"),
    }
    return Carrier(
        code=code,
        name=row["name"],
        url=row["url"],
        countries=frozenset(row.get("countries", ())),
        origins=frozenset(row.get("origins", ())),
        everywhere=row.get("everywhere", False),
        aliases=tuple(row.get("aliases", ())),
        formats=tuple(_format(evidence | each) for each in row.get("formats", ())),
        **evidence,
    )


def _format(row: dict[str, Any]) -> Format:
    check = _checks()[row["check"]] if "check" in row else None
    return Format(**(row | {"check": check}))


def _plain_post(country: str, code: str, name: str) -> Carrier:
    return Carrier(
        code=code,
        name=name,
        url=_POST_URL,
        countries=frozenset({country}),
        source="ISO 3166; the S10 table of github.com/jkeen/tracking_number_data; names from memory",
        checked=date(2026, 11, 21),
        confidence="B",
    )


@cache
def _post_rows() -> tuple[tuple[str, str, str], ...]:
    with (_HERE / "posts.csv").open(encoding="utf-8", newline="") as lines:
        return tuple((row["country"], row["carrier"], row["name"]) for row in csv.DictReader(lines))
