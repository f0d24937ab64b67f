"""Masks secrets and personal data in what platforms say, and leaves its form.

What is not known to be harmless is masked: codes in fields for codes, times, small figures and the
names of fields stay; ids, names and addresses get stand-ins that are the same everywhere, so that
an id in one answer is still that of the next request; of texts only the form is left.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from syncd.testing import masking_words as words
from syncd.testing.masking_words import Kind
from syncd.testing.pseudonyms import Pseudonyms, blotted
from syncd.testing.wrapped import dump, from_base64, spellings, unwrapped_of

DEEPEST = 40
"""How far values may be nested, JSON within texts counted; what lies deeper is left out."""
LEFT_OUT = "***"
SHORTEST_SECRET = 4
FEW, SEVERAL = 3, 6
"""So few values in so many records look like codes."""

_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_PATH = re.compile(r"/[^\s/]+/\S*|/\S*[?/]\S*")
HEADERS = frozenset({
    "accept", "accept-language", "content-language", "content-length", "content-type", "date",
    "retry-after", "user-agent",
})  # fmt: skip


class Masker:
    """Masks values, and counts what it masks. `secrets` are never left in, wherever they stand.

    A person's name is only known to be one once it was seen in a field for names: mask everything
    twice and take the second time's.
    """

    def __init__(self, secrets: Iterable[str] = (), *, keep: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        for secret in secrets:
            self.add_secret(secret)
        self._keep = {name.casefold() for name in keep}
        self._given = Pseudonyms()
        self._people: set[str] = set()
        self.own_hosts: set[str] = set()
        """Those of the API itself, whose paths are made of its own words."""
        self.masked: Counter[str] = Counter()
        """How many values of each kind were masked."""
        self.kept: defaultdict[str, set[str]] = defaultdict(set)
        """The texts that were left as they are, by the names of their fields."""

        self.replaced: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """How often each text got a stand-in, by the names of their fields."""

    def add_secret(self, secret: str) -> None:
        """Leave it in nowhere; shorter ones than `SHORTEST_SECRET` would be found in everything."""
        if len(secret) >= SHORTEST_SECRET:
            self._secrets |= spellings(secret)

    def start_again(self) -> None:
        """Count anew; the stand-ins stay."""
        self.masked.clear()
        self.kept.clear()
        self.replaced.clear()

    def maybe_codes(self) -> dict[str, tuple[int, int]]:
        """The fields whose few values recurred, as codes do: how many, in how many records."""
        counts = {name: (len(each), each.total()) for name, each in self.replaced.items() if name}
        return {
            name: (values, records)
            for name, (values, records) in sorted(counts.items())
            if values <= FEW and records >= 3 * values and records >= SEVERAL
        }

    def holds_secret(self, text: str) -> bool:
        """Whether one of the secrets stands in a text."""
        texts = (text, from_base64(text) or "")
        return any(secret in each for secret in self._secrets for each in texts)

    def value(
        self, value: Any, name: str = "", *, of_somebody: bool = False, depth: int = 0
    ) -> Any:
        """A value as JSON has it, masked; `name` is that of the field in which it stands."""
        if depth > DEEPEST:
            return LEFT_OUT
        if isinstance(value, dict):
            return self._object(value, name, of_somebody=of_somebody, depth=depth + 1)
        if isinstance(value, list):
            return [
                self.value(each, name, of_somebody=of_somebody, depth=depth + 1) for each in value
            ]
        if isinstance(value, str):
            return self._text(value, name, of_somebody=of_somebody, depth=depth + 1)
        return self._scalar(value, name, of_somebody=of_somebody)

    def path(self, path: str) -> str:
        """A path of an address: the API's own words stay, ids get their stand-ins."""
        return "/".join(self._part(unquote(part)) for part in path.split("/"))

    def query(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The parameters of an address, or the fields of a form."""
        return [(self._name(name), str(self.value(value, name))) for name, value in pairs]

    def headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Headers: those that are about the exchange itself stay, of the others only the names."""
        return {name: self._header(name, value) for name, value in headers}

    def blot(self, text: str) -> str:
        """A text of which only the form is left."""
        self.masked["text"] += 1
        return blotted(text)

    def _object(
        self, value: dict[str, Any], name: str, *, of_somebody: bool, depth: int
    ) -> dict[str, Any]:
        of_somebody = of_somebody or words.about_somebody(name)
        return {
            self._name(key): self.value(each, key, of_somebody=of_somebody, depth=depth)
            for key, each in value.items()
        }

    def _name(self, name: str) -> str:
        somebody = name in self._people and not words.names_nobody(name)
        harmless = words.is_name_of_a_field(name) and not somebody
        if harmless and not self.holds_secret(name):
            return name
        return str(self._text(name, "", of_somebody=True, depth=DEEPEST))

    def _text(self, text: str, name: str, *, of_somebody: bool, depth: int) -> str:
        kind = words.kind_of(name, of_somebody=of_somebody)
        if self.holds_secret(text):
            return self._secret(text)
        if kind is Kind.SECRET and text:
            return self._secret(text)
        inner = self._nested(text, name, of_somebody=of_somebody, depth=depth)
        if inner is not None:
            return inner
        if not text or self._is_kept(text, name, kind):
            return text
        if kind is Kind.TEXT or (" " in text and kind is not Kind.PERSON and not of_somebody):
            return self.blot(text)
        self.replaced[name][text] += 1
        somebodys = of_somebody or (kind is Kind.PERSON and name != "name")
        return self._stand_in(text, personal=somebodys)

    def _is_kept(self, text: str, name: str, kind: Kind) -> bool:
        wanted = name.casefold() in self._keep and kind is not Kind.SECRET
        code = kind is Kind.CODE and words.is_code(text, name) and not self._is_disguised(text)
        code = code or self._is_role(text, name, kind)
        if wanted or code:
            self.kept[name].add(text)
        return wanted or code or words.tells_nothing(text, name, kind)

    def _is_role(self, text: str, name: str, kind: Kind) -> bool:
        """Whether it says who somebody is for the platform, as in ``"sender": "buyer"``."""
        somebodys = kind is Kind.TEXT or words.is_for_names(name) or text in self._people
        return not somebodys and words.names_nobody(text)

    def _is_disguised(self, text: str) -> bool:
        """Whether what looks like a code is a person's name, or a text in base64."""
        inside = from_base64(text) or ""
        return text in self._people or (inside.isascii() and inside.isprintable() and inside != "")

    def _secret(self, text: str) -> str:
        self.masked["secret"] += 1
        return self._given.secret(text)

    def _nested(self, text: str, name: str, *, of_somebody: bool, depth: int) -> str | None:
        """Text made of parts, which are masked each: JSON, base64 of it, addresses of pages."""
        if _URL.fullmatch(text):
            return self._url(text)
        if words.is_link(name) and _PATH.fullmatch(text):
            path, _, query = text.partition("?")
            return self.path(path) + (f"?{self._query(query)}" if query else "")
        unwrapped = unwrapped_of(text)
        if unwrapped is None:
            return None
        decoded, encode = unwrapped
        return encode(dump(self.value(decoded, name, of_somebody=of_somebody, depth=depth)))

    def _stand_in(self, text: str, *, personal: bool) -> str:
        if personal:
            self._people.add(text)
        if _EMAIL.fullmatch(text):
            self.masked["e-mail address"] += 1
            local = text.casefold().rpartition("@")[0]
            return f"{self._given.of(local)}@mail.example"
        self.masked["name or id"] += 1
        return self._given.of(text)

    def _url(self, text: str) -> str:
        try:
            parts = urlsplit(text)
            host = parts.hostname or ""
        except ValueError:  # "http://[" is no address
            return self._stand_in(text, personal=False)
        self.masked["address of a page"] += 1
        query = f"?{self._query(parts.query)}" if parts.query else ""
        if host in self.own_hosts:
            return f"https://api.example{self.path(parts.path)}{query}"
        path = self._given.of(unquote(parts.path)) if parts.path else ""
        return f"https://{self._given.of(host)}.example{quote(path)}{query}"

    def _query(self, query: str) -> str:
        return urlencode(self.query(parse_qsl(query, keep_blank_values=True)))

    def _part(self, part: str) -> str:
        known = part in self._people or self.holds_secret(part)
        if not part or (words.is_word_of_a_path(part) and not known):
            self.kept["(path)"].update({part} - {""})
            return part
        return quote(str(self.value(part, "id")), safe="|:@!$&'()*+,;=~")

    def _header(self, name: str, value: str) -> str:
        lower = name.casefold()
        if (lower in HEADERS or "ratelimit" in lower) and not self.holds_secret(value):
            return value
        self.masked["header"] += 1
        return LEFT_OUT

    def _scalar(self, value: Any, name: str, *, of_somebody: bool) -> Any:
        kind = words.kind_of(name, of_somebody=of_somebody)
        if value is None or isinstance(value, bool):
            return value
        if name.casefold() in self._keep and not self.holds_secret(str(value)):
            return value
        if isinstance(value, float):
            harmless = abs(value) < 10_000 or kind in {Kind.AMOUNT, Kind.TIME}
            return value if harmless and kind not in {Kind.PERSON, Kind.SECRET, Kind.ID} else 0.5
        if words.number_tells_nothing(value, kind) and not self.holds_secret(str(value)):
            return value
        self.masked["name or id"] += 1
        return int(self._given.of(str(value)))
