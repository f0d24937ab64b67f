"""Whom Allegro lets a seller write to and what, as far as a draft shows it.

Sources: the descriptions of POST /messaging/messages (order and login are both required), of
POST /messaging/threads/{id}/messages and POST /sale/issues/{id}/message (lengths), and of the
attachments (size, kinds). Links and contact data are the platform's text rules, which are syncd's.
"""

import re

from syncd.connector import text_length
from syncd.model import Attachment, Draft, Verdict
from syncd_allegro.parse import ISSUE

MAX_CHARACTERS, MAX_CHARACTERS_OF_ISSUE = 2000, 20_000
MAX_FILE_BYTES = 5 * 1024 * 1024
FILE_TYPES = frozenset(
    {"image/png", "image/gif", "image/bmp", "image/tiff", "image/jpeg", "application/pdf"}
)

_HTML = re.compile(r"</?[a-z][^<>]*>|&(?:nbsp|amp|lt|gt|quot|#\d{1,6});", re.IGNORECASE)


def may_send(draft: Draft) -> Verdict:
    """Whether Allegro's rules let `draft` out."""
    reason = (
        _recipient(draft) or _text(draft) or next(filter(None, map(_file, draft.attachments)), "")
    )
    return Verdict.never(reason) if reason else Verdict.yes()


def _recipient(draft: Draft) -> str:
    if draft.thread_id:
        return ""
    if draft.buyer.id and draft.order_id:
        return ""
    return (
        "Allegro lets a seller write first only to the buyer of an order: neither a conversation "
        "is known, nor both the buyer's login and the order"
    )


def _text(draft: Draft) -> str:
    of_issue = (draft.thread_id or "").startswith(ISSUE)
    longest = MAX_CHARACTERS_OF_ISSUE if of_issue else MAX_CHARACTERS
    found = _HTML.search(draft.text)
    if not draft.text.strip():
        return "the text is empty"
    length = text_length(draft.text)
    if length > longest:
        return f"the text has {length} characters, Allegro takes {longest}"
    if found:
        return (
            f"Allegro shows messages as plain text, HTML would be read as it is: {found[0][:60]!r}"
        )
    return ""


def _file(file: Attachment) -> str:
    if file.media_type not in FILE_TYPES:
        return f"Allegro takes images and PDF only, and {file.name} is {file.media_type}"
    if file.content is None:
        return f"the content of {file.name} is not at hand"
    if len(file.content) > MAX_FILE_BYTES:
        return f"{file.name} has {len(file.content)} bytes, Allegro takes {MAX_FILE_BYTES}"
    return ""
