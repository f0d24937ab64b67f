"""Where the reading of a mailbox stands, and what to fetch next; pure.

UIDVALIDITY and the next UID of each folder are all it takes: mails do not change, and a new one
always gets a UID at or above UIDNEXT (RFC 3501, 2.3.1.1).
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import accumulate

import msgspec

from syncd.connector import Cursor
from syncd_imap.responses import Listed

MAX_MAILS = 500
"""Mails per FETCH: fewer cost round trips, more make single answers long."""
MAX_BYTES = 8_000_000
"""Bytes per FETCH, since its answer is held in memory."""


class Mark(msgspec.Struct, frozen=True):
    """How far one folder has been read."""

    uidvalidity: int
    uidnext: int


Marks = dict[str, Mark]


def marks_of(cursor: Cursor) -> Marks:
    """The marks in a stored cursor."""
    return msgspec.convert(cursor.get("folders", {}), dict[str, Mark])


def cursor_of(marks: Marks) -> Cursor:
    """A cursor to store."""
    return {"folders": msgspec.to_builtins(marks)}


def first_uid(mark: Mark | None, validity: int) -> int:
    """Where to go on; at the beginning where the server has numbered its mails anew."""
    return mark.uidnext if mark is not None and mark.uidvalidity == validity else 1


class Chunk(msgspec.Struct, frozen=True):
    """Mails to fetch together, by folder, and the marks that stand behind them."""

    mails: dict[str, list[Listed]]
    marks: Marks


def chunks(
    listings: Mapping[str, Sequence[Listed]], marks: Marks, *, max_mail_bytes: int
) -> Iterator[Chunk]:
    """Plan the fetching of all that is listed: oldest first over all folders, in UID order in each.

    Mails over `max_mail_bytes` weigh nothing here, since only their header is fetched.
    """
    marks = dict(marks)
    mails: dict[str, list[Listed]] = {}
    count = weight = 0
    for _, folder, mail in heapq.merge(*(_timed(name, one) for name, one in listings.items())):
        size = mail.size if mail.size <= max_mail_bytes else 0
        if count and (count >= MAX_MAILS or weight + size > MAX_BYTES):
            yield Chunk(mails, dict(marks))
            mails, count, weight = {}, 0, 0
        mails.setdefault(folder, []).append(mail)
        marks[folder] = Mark(marks[folder].uidvalidity, mail.uid + 1)
        count, weight = count + 1, weight + size
    if mails:
        yield Chunk(mails, marks)


def _timed(folder: str, mails: Sequence[Listed]) -> Iterable[tuple["_Place", str, Listed]]:
    """The mails with a time that never falls, although imported ones may be out of order."""
    times = accumulate((mail.arrived for mail in mails), max)
    return [
        (_Place(time, folder, mail.uid), folder, mail)
        for time, mail in zip(times, mails, strict=True)
    ]


class _Place(msgspec.Struct, frozen=True, order=True):
    time: datetime
    folder: str
    uid: int
