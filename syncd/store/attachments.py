"""Files of messages: stored once each by content, within a size limit."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import Connection

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
    rows = []
    for message_id, several in files:
        for position, file in enumerate(several):
            digest = _keep(connection, file.content, max_bytes)
            size = file.size if file.content is None else len(file.content)
            rows.append((message_id, position, file.name, file.media_type, size, digest, file.url))
    bulk.insert(connection, attachments, _COLUMNS, rows)


def _keep(connection: Connection, content: bytes | None, max_bytes: int) -> bytes | None:
    if content is None or len(content) > max_bytes:
        return None
    digest = hashlib.sha256(content).digest()
    bulk.insert_missing(connection, blobs, ("sha256", "content"), [(digest, content)])
    return digest
