"""Amazon's own rules for what a seller sends, as far as a draft can show that it breaks them; pure.

Sources: the request bodies of the Messaging API v1 (length, files, "do not include HTML or email
addresses", the buyer's language), and the Communication Guidelines, which forbid external and
tracking links; so no link at all is let through.
"""

import re
from collections.abc import Mapping
from functools import cache

import msgspec

from syncd.connector import text_length
from syncd.connector.scans import rows
from syncd.model import Draft

NOTICE = "unexpectedProblem"
"""What Amazon calls a notice that something about the order goes wrong, such as a delay."""

_LINK = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://\S|\bwww\.\S"
    r"|(?<![\w@.-])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})?\.(?:com|net|org|info|shop|[a-z]{2})/\S",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,}")
_HTML = re.compile(r"</?[a-z][^<>]*>|&(?:nbsp|amp|lt|gt|quot|#\d{1,6});", re.IGNORECASE)
_PLAIN_RULES = (
    (_LINK, "Amazon forbids external and tracking links"),
    (_EMAIL, "Amazon forbids e-mail addresses"),
    (_HTML, "Amazon takes no HTML"),
)


class Message(msgspec.Struct, frozen=True):
    """One of the messages that Amazon has."""

    name: str
    longest: int
    files: int


def message_of(draft: Draft) -> Message | None:
    """Which of Amazon's messages a draft is; None where it is none.

    A notice is `NOTICE`; another purpose may name one of them itself.
    """
    return _messages().get(NOTICE if draft.purpose in {"notice", "test"} else draft.purpose)


def broken_by(draft: Draft, message: Message) -> str:
    """The rule that `draft` breaks as this message, in a sentence; empty where it breaks none."""
    return _shape(draft, message) or _content(draft.text)


def reads(locale: str | None, language: str) -> bool:
    """Whether a buyer with this locale, such as ``de-DE``, reads a language such as ``de``."""
    return not locale or _primary(locale) == _primary(language)


def _primary(tag: str) -> str:
    return tag.replace("_", "-").partition("-")[0].lower()


def _shape(draft: Draft, message: Message) -> str:
    files = draft.attachments
    if len(files) > message.files:
        return f"it has {len(files)} files, {message.name} takes {message.files}"
    if any(file.content is None for file in files):
        return "a file has no content to send"
    if not message.longest and not files:
        return f"{message.name} is nothing without a file"
    return _length(draft.text, message)


def _length(text: str, message: Message) -> str:
    length = text_length(text)
    if length > message.longest:
        return f"the text has {length} characters, {message.name} takes {message.longest}"
    return "the text is empty" if message.longest and not text.strip() else ""


def _content(text: str) -> str:
    for pattern, rule in _PLAIN_RULES:
        found = pattern.search(text)
        if found:
            return f"{rule}: {found.group()[:60]!r}"
    return ""


@cache
def _messages() -> Mapping[str, Message]:
    table = rows("syncd_amazon", "messages.csv")
    return {row["name"]: msgspec.convert(row, Message, strict=False) for row in table}
