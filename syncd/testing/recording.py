"""Records what a platform is asked and answers, masked, a JSON file for each exchange.

A file holds ``request`` (method, path, query, headers and body) and ``answer`` (status, headers and
body); a body is ``json``, ``form``, ``text``, or ``left_out`` with the reason. `answer_of` reads
one.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from pydantic import BaseModel

from syncd import clock
from syncd.connector import Connector
from syncd.http import Outgoing, Reply, observed
from syncd.secret import Secret
from syncd.testing.masking import Masker
from syncd.testing.masking_words import Kind, kind_of

MOST_EXCHANGES = 20
MOST_BYTES = 1024 * 1024
_DAY = re.compile(r"20\d\d-[01]\d-[0-3]\d(?=T|$)")
_FORM = "application/x-www-form-urlencoded"


class NotRecorded(Exception):
    """It cannot be written; the text says why and what to do."""


class _Enough(Exception):
    """As many exchanges as were wanted have been seen: the poll ends here."""


class _Exchange(msgspec.Struct, frozen=True):
    stream: str
    number: int
    base_url: str
    request: Outgoing
    reply: Reply


class Recording:
    """What one account's connector exchanged with its platform; masked when it is written.

    No more than `most` exchanges of each stream are kept, and no body over `most_bytes`.
    """

    def __init__(
        self, masker: Masker, *, most: int = MOST_EXCHANGES, most_bytes: int = MOST_BYTES
    ) -> None:
        self.masker = masker
        self._most = most
        self._most_bytes = most_bytes
        self._exchanges: list[_Exchange] = []

    def poll(self, connector: Connector, stream: str) -> int:
        """Poll a stream from its beginning until there is enough; gives how many were recorded.

        A poll whose first batch came without HTTP is not gone on with. Raises what `Connector.poll`
        raises; what was recorded until then stays.
        """
        before = self.count
        with self.watching(stream):
            batches = connector.poll(stream, {})
            try:
                next(batches, None)
                if self.count > before:
                    for _ in batches:
                        pass
            except _Enough:
                pass
            finally:
                _end(batches)
        return self.count - before

    @contextmanager
    def watching(self, stream: str) -> Iterator[None]:
        """Record whatever is asked meanwhile, under this name, until there is enough of it."""
        with observed(self._observer(stream)):
            yield

    @property
    def count(self) -> int:
        """How many exchanges there are."""
        return len(self._exchanges)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """A name and the masked content for each exchange."""
        for exchange in self._exchanges:
            self._learn(exchange)
        list(
            map(self._masked, self._exchanges)
        )  # a name may be seen as one in the last answer only
        self.masker.start_again()
        for exchange in self._exchanges:
            shown = self._masked(exchange)
            content = json.dumps(shown, ensure_ascii=False, indent=1) + "\n"
            if self.masker.holds_secret(content):
                raise NotRecorded(
                    f"{_name(exchange, shown)} would hold a secret, so nothing was written: this is a "
                    "mistake in syncd, please report it without the answer"
                )
            yield _name(exchange, shown), content.encode("utf-8", "replace")

    def write(self, folder: Path) -> list[Path]:
        """Write the files into a folder, readable to their owner alone.

        Raises NotRecorded where something is there already, or one would hold a secret.
        """
        files = dict(self.files())
        check_free(folder)
        if files:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return [_write(folder / name, content) for name, content in files.items()]

    def _observer(self, stream: str) -> Callable[[str, Outgoing, Reply], None]:
        numbers = iter(range(1, self._most + 1))

        def see(base_url: str, request: Outgoing, reply: Reply) -> None:
            number = next(numbers, None)
            if number is None:
                raise _Enough
            self._exchanges.append(_Exchange(stream, number, base_url, request, reply))

        return see

    def _learn(self, exchange: _Exchange) -> None:
        """The logins and signatures that it went with, and whose paths are the API's own."""
        self.masker.own_hosts.add(urlsplit(exchange.base_url).hostname or "")
        said = [*exchange.request.headers.items(), *exchange.request.params]
        said += exchange.reply.headers.items()
        for name, value in said:
            if kind_of(name, of_somebody=False) is Kind.SECRET:
                self.masker.add_secret(value.rpartition(" ")[2])

    def _masked(self, exchange: _Exchange) -> dict[str, Any]:
        request, reply = exchange.request, exchange.reply
        asked_type, answer_type = request.media_type or "", reply.headers.get("content-type", "")
        return {
            "stream": exchange.stream,
            "request": {
                "method": request.method,
                "path": self.masker.path(request.path),
                "query": _by_name(self.masker.query(request.params)),
                "headers": self.masker.headers(request.headers.items()),
                **self._body(request.content, asked_type),
            },
            "answer": {
                "status": reply.status,
                "headers": self.masker.headers(reply.headers.items()),
                **self._body(reply.content, answer_type),
            },
        }

    def _body(self, content: bytes, media_type: str) -> dict[str, Any]:
        if not content:
            return {}
        if len(content) > self._most_bytes:
            return {"left_out": f"{len(content)} bytes, over the limit of {self._most_bytes}"}
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            return {"left_out": f"{len(content)} bytes that are no text"}
        if media_type.startswith(_FORM):
            return {"form": _by_name(self.masker.query(parse_qsl(text, keep_blank_values=True)))}
        try:
            return {"json": self.masker.value(json.loads(text))}
        except (ValueError, RecursionError):
            return {"text": self.masker.blot(text)}


def check_free(folder: Path) -> None:
    """Raises NotRecorded where a folder has something in it, which nothing is to overwrite."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotRecorded(f"{folder} is there already; name another folder by --out")


def answer_of(file: Path) -> Any:
    """The answer's JSON in a file that `syncd record` wrote, such as a fixture of a test."""
    return json.loads(file.read_text(encoding="utf-8"))["answer"]["json"]


def lately(answer: Any) -> Any:
    """An answer with its dates moved by whole days, so that its latest time is of yesterday.

    For fakes of platforms that are asked for the last so many days: the clock of tests is today's.
    Times are moved where they are texts that begin as ISO 8601 has it, in their own form.
    """
    days = [day for text in _texts(answer) if (day := _day(text))]
    if not days:
        return answer
    return _moved(answer, clock.now().date() - timedelta(days=1) - max(days))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _moved(value: Any, by: timedelta) -> Any:
    if isinstance(value, dict):
        return {name: _moved(each, by) for name, each in value.items()}
    if isinstance(value, list):
        return [_moved(each, by) for each in value]
    if isinstance(value, str) and (day := _day(value)):
        return f"{day + by}{value[10:]}"
    return value


def _day(text: str) -> date | None:
    """The day with which a text begins that is a time."""
    try:
        return date.fromisoformat(text[:10]) if _DAY.match(text) else None
    except ValueError:  # such as of February the 30th
        return None


def secrets_of(config: BaseModel) -> Iterator[str]:
    """The values of all secrets in a connector's settings; raises SecretUnavailable."""
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, Secret):
            yield value.reveal()
        elif isinstance(value, BaseModel):
            yield from secrets_of(value)


def _by_name(pairs: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    """A name's one value, or all of them."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: each[0] if len(each) == 1 else each for name, each in values.items()}


def _end(batches: Any) -> None:
    close = getattr(batches, "close", None)
    if close is not None:
        close()


def _name(exchange: _Exchange, shown: dict[str, Any]) -> str:
    """Such as ``orders-001-GET-orders.json``."""
    path = re.sub(r"[^A-Za-z0-9.]+", "-", shown["request"]["path"]).strip("-.")[:60].rstrip("-.")
    return f"{exchange.stream}-{exchange.number:03}-{exchange.request.method}-{path or 'root'}.json"


def _write(file: Path, content: bytes) -> Path:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
    return file
