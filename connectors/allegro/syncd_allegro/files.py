"""Attachments of messages: what may be fetched is, once; the rest is named."""

import re
from urllib.parse import urlsplit

import msgspec

from syncd.connector import Cursor, Rejected, Unavailable
from syncd.model import Attachment
from syncd_allegro import wire
from syncd_allegro.client import AllegroClient
from syncd_allegro.parse import mark

SAFE = "SAFE"
_FILE_ID = re.compile(r"[\w-]{1,100}")
# As many sizes of files are remembered, so that a thread that is read again is not fetched again.
MAX_KNOWN = 20_000


class Files:
    """Fetches attachments by their ids, whatever address is written beside them.

    A file that the store has comes again by name and size only. Whether it has it is told by the
    cursor that the next poll begins at, and remembered until the process ends.
    """

    def __init__(self, client: AllegroClient) -> None:
        self._client = client
        self._known: dict[str, int] = {}
        self._fresh: dict[str, int] = {}
        self._given: list[tuple[str, dict[str, int]]] = []

    def of(
        self, listed: list[wire.File] | list[wire.IssueFile] | None
    ) -> tuple[list[Attachment], bool]:
        """The attachments, and whether none of them is still to come."""
        found = [self._attachment(one) for one in listed or ()]
        return [file for file, _ in found], all(settled for _, settled in found)

    def given(self, cursor: Cursor) -> None:
        """What was fetched so far goes with the batch of this cursor."""
        self._given.append((_digest(cursor), self._fresh))
        self._fresh = {}

    def stored(self, cursor: Cursor) -> None:
        """The store stands at this cursor: it has the batches up to that one, and no others."""
        stands = _digest(cursor)
        behind = [number for number, (of, _) in enumerate(self._given, 1) if of == stands]
        for _, files in self._given[: max(behind, default=0)]:
            self._known |= files
        self._given, self._fresh = [], {}
        for name in list(self._known)[: max(0, len(self._known) - MAX_KNOWN)]:
            del self._known[name]

    def _attachment(self, one: wire.File | wire.IssueFile) -> tuple[Attachment, bool]:
        of_issue = isinstance(one, wire.IssueFile)
        media_type = one.mime_type if isinstance(one, wire.File) else None
        named = Attachment(
            name=one.file_name, media_type=media_type or "application/octet-stream", url=one.url
        )
        if isinstance(one, wire.File) and one.status != SAFE:
            return named, one.status != "NEW"  # a new one is still being looked through
        return self._fetched(named, of_issue=of_issue)

    def _fetched(self, named: Attachment, *, of_issue: bool) -> tuple[Attachment, bool]:
        file_id = self._id(named.url)
        if file_id is None:
            return named, True
        content = None
        if file_id not in self._known:
            try:
                content = self._client.file(file_id, of_issue=of_issue)
            except Rejected:  # Allegro keeps files for 6 months
                return named, True
            except Unavailable as error:
                if error.retry_after is not None:
                    raise
                return named, False
            self._fresh[file_id] = len(content)
        size = self._known.get(file_id) or self._fresh[file_id]
        return _with(named, content, size), True

    def _id(self, url: str | None) -> str | None:
        """The last part of an address on one of Allegro's hosts."""
        parts = urlsplit(url or "")
        last = parts.path.rpartition("/")[2]
        known = parts.hostname in self._client.hosts
        return last if known and _FILE_ID.fullmatch(last) else None


def _digest(cursor: Cursor) -> str:
    """A short text for a cursor, whatever order a store has brought its keys into."""
    return mark(msgspec.json.encode(cursor, order="deterministic"))


def _with(named: Attachment, content: bytes | None, size: int) -> Attachment:
    return Attachment(
        name=named.name, media_type=named.media_type, url=named.url, content=content, size=size
    )
