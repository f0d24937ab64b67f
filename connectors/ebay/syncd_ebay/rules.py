"""eBay's own rules for member-to-member messages, as far as a text can show that it breaks them.

Source: the description of sendMessage (length), and the member-to-member contact policy,
which forbids contact data and allows links that help with the transaction, such as a tracking site.
"""

import re
from collections.abc import Sequence
from datetime import timedelta

from syncd.connector import Capability, text_length
from syncd.model import Attachment, Draft, Verdict

MAX_CHARACTERS = 2000
MAX_FILES = 5
# The kinds of file that sendMessage knows.
_MEDIA = (
    ("image/", "IMAGE"),
    ("application/pdf", "PDF"),
    ("application/msword", "DOC"),
    ("text/plain", "TXT"),
)
LACKS = {
    Capability.EXTEND_PROMISE: "eBay has no call that puts off a promised date",
    Capability.REQUEST_REVIEW: "eBay has no call for it; a message may ask",
    Capability.NOTIFY_TEMPLATED: "eBay has no notices of its own to send: messages are free text",
    Capability.PUBLIC_REPLY: "syncd reads no feedback of eBay, so that there is none to answer",
    Capability.TRACK_PARCELS: "eBay tells which parcels there are, and not where they are",
    Capability.WRITE_MAIL: "eBay takes messages to its members, not to mail addresses",
    Capability.PUSH: "eBay calls the push listener instead (webhook)",
}
# The rule of AddMemberMessageAAQToPartner; the Message API names none of its own.
PARTNER_DAYS = timedelta(days=90)

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,}")
# With a country code or behind a word for it: bare digits are tracking and order numbers.
_PHONE = re.compile(
    r"(?<![\w/=&?])\+\d[\d ()./-]{6,}\d"
    r"|\b(?:tel|telephone|phone|mobile|whatsapp|wechat|viber|telefon|handy)\b\W{0,3}\+?\d[\d ()./-]{5,}\d",
    re.IGNORECASE,
)
_MESSENGER = re.compile(
    r"\b(?:wa\.me|t\.me|line\.me|m\.me|(?:[\w-]+\.)?(?:whatsapp|telegram|facebook|instagram|weixin)"
    r"\.(?:com|org|qq\.com))\b",
    re.IGNORECASE,
)
_HTML = re.compile(r"</?[a-z][^<>]*>|&(?:nbsp|amp|lt|gt|quot|#\d{1,6});", re.IGNORECASE)
_PLAIN_RULES = (
    (_EMAIL, "eBay forbids e-mail addresses in messages"),
    (_PHONE, "eBay forbids telephone numbers in messages"),
    (_MESSENGER, "eBay forbids links to messengers and social media in messages"),
    (_HTML, "eBay shows messages as plain text, HTML would be read as it is written"),
)


def may_send(draft: Draft) -> Verdict:
    """Whether eBay's rules let `draft` out."""
    reason = _recipient(draft) or _shape(draft) or _content(draft.text)
    return Verdict.never(reason) if reason else Verdict.yes()


def _recipient(draft: Draft) -> str:
    if draft.thread_id or draft.buyer.id:
        return ""
    return "neither a conversation nor the buyer's eBay user name is known"


def _shape(draft: Draft) -> str:
    if len(draft.attachments) > MAX_FILES:
        return f"the message has {len(draft.attachments)} files, eBay takes {MAX_FILES}"
    for file in draft.attachments:
        if not (file.url or "").startswith("https://"):
            return f"eBay takes files only from an https address, which {file.name!r} does not have"
        if _media_type(file) is None:
            return f"eBay takes images, PDF, DOC and TXT, not {file.media_type}: {file.name!r}"
    if not draft.text.strip():
        return "the text is empty"
    length = text_length(draft.text)
    if length > MAX_CHARACTERS:
        return f"the text has {length} characters, eBay takes {MAX_CHARACTERS}"
    return ""


def media(attachments: Sequence[Attachment]) -> dict[str, list[dict[str, str | None]]]:
    """The files of a message as `sendMessage` wants them."""
    files = [
        {"mediaName": file.name, "mediaType": _media_type(file), "mediaUrl": file.url}
        for file in attachments
    ]
    return {"messageMedia": files} if files else {}


def _media_type(file: Attachment) -> str | None:
    return next((name for start, name in _MEDIA if file.media_type.startswith(start)), None)


def _content(text: str) -> str:
    for pattern, rule in _PLAIN_RULES:
        found = pattern.search(text)
        if found:
            return f"{rule}: {found.group()[:60]!r}"
    return ""
