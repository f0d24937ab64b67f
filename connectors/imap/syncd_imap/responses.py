"""What an IMAP server answers, as `imaplib` hands it over, read into values; pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone

import msgspec

Answer = Sequence[bytes | tuple[bytes, bytes] | None]
"""`imaplib`'s form: a line, or a line that ends in a literal and the literal."""

_LISTED = re.compile(rb"\bUID (\d+)\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE = re.compile(
    rb'INTERNALDATE "([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"'
)
_THREAD = re.compile(rb"\bX-GM-THRID (\d+)")
_EMPTY_BODY = re.compile(rb'BODY\[[A-Z]*\] ""')
_FOLDER = re.compile(
    rb'\((?P<flags>[^)]*)\) (?:"(?P<delimiter>(?:\\.|[^"\\])*)"|NIL) (?P<name>.*)$'
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        b"jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1
    )
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Listed(msgspec.Struct, frozen=True):
    """A mail in a folder, before it is fetched."""

    uid: int
    size: int
    arrived: datetime
    draft: bool = False
    thread_id: str | None = None


class Folder(msgspec.Struct, frozen=True):
    """A folder of the mailbox; its name as the server writes it (modified UTF-7)."""

    name: str
    uses: frozenset[str]
    r"""Its attributes in lower case, such as ``\sent`` (RFC 6154)."""


def listed(answer: Answer) -> list[Listed]:
    """The mails of a listing; lines about anything else (changed flags) are left out."""
    found = []
    for line in answer:
        if isinstance(line, bytes):
            uid, size = _LISTED.search(line), _SIZE.search(line)
            if uid and size:
                thread = _THREAD.search(line)
                found.append(
                    Listed(
                        int(uid[1]),
                        int(size[1]),
                        _arrived(line),
                        b"\\draft" in line.lower(),
                        thread[1].decode() if thread else None,
                    )
                )
    return sorted(found, key=lambda mail: mail.uid)


def literals(answer: Answer) -> dict[int, bytes]:
    """The fetched bytes by UID; a mail that the server gave nothing for is not there."""
    found: dict[int, bytes] = {}
    for head, literal, tail in _with_tails(answer):
        uid = _LISTED.search(head) or _LISTED.search(tail)
        if uid and (literal is not None or _EMPTY_BODY.search(head)):
            found[int(uid[1])] = literal or b""
    return found


def folders(answer: Answer) -> list[Folder]:
    """The folders of a LIST that can be opened."""
    found = []
    for head, literal, _ in _with_tails(answer):
        match = _FOLDER.match(head)
        if match is None:
            continue
        uses = frozenset(match["flags"].decode("ascii", "replace").lower().split())
        name = literal if literal is not None else _unquoted(match["name"])
        if not uses & {"\\noselect", "\\nonexistent"}:
            found.append(Folder(name.decode("ascii", "replace"), uses))
    return found


def uid_set(uids: Iterable[int], existing: Sequence[int]) -> str:
    """`uids` as IMAP writes sets, short: neighbours among `existing` become one range.

    Servers refuse commands of thousands of numbers ("Too long argument").
    """
    place = {uid: at for at, uid in enumerate(existing)}
    runs: list[list[int]] = []
    for uid in sorted(uids):
        if runs and place[uid] == place[runs[-1][1]] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(f"{a}:{b}" if a != b else str(a) for a, b in runs)


def quoted(name: str) -> str:
    """A folder's name or search text as an IMAP quoted string."""
    safe = name.replace("\r", "").replace("\n", "").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe}"'


def folder_name(name: str) -> str:
    """A folder's name as people write it, in IMAP's modified UTF-7 (RFC 3501, 5.1.3)."""
    out = []
    for plain, other in re.findall(r"([ -~]+)|([^ -~]+)", name):
        if plain:
            out.append(plain.replace("&", "&-"))
        else:
            coded = other.encode("utf-7").decode("ascii")
            out.append("&" + coded[1:].rstrip("-").replace("/", ",") + "-")
    return "".join(out)


def _with_tails(answer: Answer) -> Iterator[tuple[bytes, bytes | None, bytes]]:
    """Each response as the line, its literal if it has one, and what follows the literal."""
    for at, line in enumerate(answer):
        if isinstance(line, tuple):
            tail = answer[at + 1] if at + 1 < len(answer) else b""
            yield line[0], line[1], tail if isinstance(tail, bytes) else b""
        elif line is not None:
            yield line, None, b""


def _arrived(line: bytes) -> datetime:
    match = _DATE.search(line)
    if match is None:
        return _EPOCH
    day, month, year, hour, minute, second, sign, zone_h, zone_m = match.groups()
    offset = timedelta(hours=int(zone_h), minutes=int(zone_m))
    try:
        local = datetime(
            int(year),
            _MONTHS[month.lower()],
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=timezone(-offset if sign == b"-" else offset),
        )
        return local.astimezone(UTC)
    except (ValueError, KeyError, OverflowError):
        return _EPOCH


def _unquoted(name: bytes) -> bytes:
    name = name.strip()
    if name.startswith(b'"') and name.endswith(b'"'):
        return re.sub(rb"\\(.)", rb"\1", name[1:-1])
    return name
