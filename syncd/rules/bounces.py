"""What a bounce says of the mail that it returns."""

import re

from syncd.model import Message

# RFC 3464, 2.3; a value goes on in lines that begin with a blank.
_ACTION = re.compile(r"^Action:[ \t]*([a-z]+)", re.IGNORECASE | re.MULTILINE)
_NOT_FAILED = frozenset({"delayed", "delivered", "deliverable", "relayed", "expanded"})
_REASONS = (
    re.compile(
        r"^Diagnostic-Code:[ \t]*(?:[\w-]+[ \t]*;)?[ \t]*(\S.*(?:\n[ \t]+\S.*){0,5})",
        re.IGNORECASE | re.MULTILINE,
    ),
    re.compile(r"(?<![\w.])(5[0-7]\d[ -].{3,})"),  # a mail server's answer, wherever it is told
    re.compile(r"^Status:[ \t]*(\S.*)", re.IGNORECASE | re.MULTILINE),
)
_LATE = re.compile(r"\b(?:delay(?:ed)?|warning|still being retried)\b", re.IGNORECASE)
_LONGEST = 200


def why_it_failed(bounce: Message) -> str | None:
    """In the mail system's words why a mail did not arrive, as far as it says so.

    None where it has not failed: it is only late, or was handed on.
    """
    actions = {action.lower() for action in _ACTION.findall(bounce.text)}
    if actions and actions <= _NOT_FAILED:
        return None
    if not actions and _LATE.search(bounce.subject or ""):
        return None
    found = (reason.search(bounce.text) for reason in _REASONS)
    said = next((" ".join(one[1].split()) for one in found if one), "")
    return said[:_LONGEST]
