"""Files of messages: stored once each by content, within a size limit."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import Connection, select

from syncd.model import Attachment
from syncd.store import bulk
from syncd.store.tables import attachments, blobs

_COLUMNS = ("message_id", "position", "name", "media_type", "size", "sha256", "url")


def write_attachments(
    connection: Connection,
    files: Iterable[tuple[int, tuple[Attachment, ...]]],
    *,
    max_bytes: int,
) -> None:
    """Store each message's attachments; content over `max_bytes` is left out, its size kept."""
    placed = [
        (message_id, position, file)
        for message_id, several in files
        for position, file in enumerate(several)
    ]
    _write(connection, placed, max_bytes)


def add_attachments(
    connection: Connection, message_id: int, files: Iterable[Attachment], *, max_bytes: int
) -> None:
    """Store those of an edited message's files that it did not have before; none goes."""
    table = attachments.c
    wanted = select(table.name, table.size).where(table.message_id == message_id)
    known = [tuple(row) for row in connection.execute(wanted)]
    fresh = [file for file in files if (file.name, _size(file)) not in known]
    placed = [(message_id, position, file) for position, file in enumerate(fresh, len(known))]
    _write(connection, placed, max_bytes)


def _write(
    connection: Connection, placed: Iterable[tuple[int, int, Attachment]], max_bytes: int
) -> None:
    contents: dict[bytes, bytes] = {}
    rows = []
    for message_id, position, file in placed:
        digest = _keep(contents, file.content, max_bytes)
        rows.append(
            (message_id, position, file.name, file.media_type, _size(file), digest, file.url)
        )
    # Sorted, so that two transactions that keep the same files cannot wait for each other.
    bulk.insert_missing(connection, blobs, ("sha256", "content"), sorted(contents.items()))
    bulk.insert(connection, attachments, _COLUMNS, rows)


def _size(file: Attachment) -> int | None:
    return file.size if file.content is None else len(file.content)


def _keep(contents: dict[bytes, bytes], content: bytes | None, max_bytes: int) -> bytes | None:
    if content is None or len(content) > max_bytes:
        return None
    digest = hashlib.sha256(content).digest()
    contents[digest] = content
    return digest
