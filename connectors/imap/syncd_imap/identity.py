"""Which mails are the same: ids that survive a rebuilt mailbox and differ where content does."""

import hashlib
import re
from collections.abc import Iterable

from syncd.model import Draft

# Longer Message-IDs are cut to a hash, so that a source id always fits an index.
_MAX_ID = 200
_OWN = re.compile(r"syncd\.[0-9a-f]{32}@")


def source_id(message_id: str | None, said: Iterable[str | bytes]) -> str:
    """The id of a mail: its Message-ID and a hash of `said`, or the hash alone.

    The same mail in two folders, or after UIDVALIDITY changed, gets the same id; another content
    under a Message-ID already seen gets another (programs do repeat them, year after year).
    White space does not count: servers re-encode and re-wrap.
    """
    digest = hashlib.blake2b(digest_size=12)
    for piece in said:
        text = piece.encode() if isinstance(piece, str) else piece
        digest.update(b"".join(text.split()))
        digest.update(b"\0")
    if not message_id:
        return f"sha:{digest.hexdigest()}"
    if len(message_id) > _MAX_ID:
        message_id = hashlib.blake2b(message_id.encode(), digest_size=16).hexdigest()
    return f"{message_id}#{digest.hexdigest()}"


def fetch_id(folder: str, validity: int, uid: int) -> str:
    """An id for a mail that could not be fetched or read."""
    return f"imap:{folder}:{validity}:{uid}"


def own_message_id(draft: Draft, key: str, address: str) -> str:
    """The Message-ID that every try at this draft bears, without brackets."""
    decided = "" if draft.created_at is None else draft.created_at.isoformat()
    said = f"{key}\x1f{decided}\x1f{address.lower()}"
    digest = hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
    return f"syncd.{digest}@{address.rpartition('@')[2].lower()}"


def is_own(message_id: str | None) -> bool:
    """Whether syncd made this Message-ID."""
    return message_id is not None and _OWN.match(message_id) is not None
