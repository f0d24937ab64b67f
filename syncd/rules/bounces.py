"""What a bounce says of the mail that it returns."""

import re

from syncd.model import Message

# RFC 3464, 2.3; a value goes on in lines that begin with a blank.
_ACTION = re.compile(r"^Action:[ \t]*([a-z]+)", re.IGNORECASE | re.MULTILINE)
_REASONS = tuple(
    re.compile(rf"^{name}:[ \t]*(?:[\w-]+[ \t]*;)?[ \t]*(\S.*(?:\n[ \t]+\S.*){{0,5}})",
               re.IGNORECASE | re.MULTILINE)
    for name in ("Diagnostic-Code", "Status")
)  # fmt: skip
_LATE = re.compile(r"\b(?:delay(?:ed)?|warning|still being retried)\b", re.IGNORECASE)
_LONGEST = 200


def why_it_failed(bounce: Message) -> str | None:
    """In the mail system's words why a mail did not arrive, as far as it says so.

    None where it has not failed: it is only late, or was handed on.
    """
    actions = {action.lower() for action in _ACTION.findall(bounce.text)}
    if actions and "failed" not in actions:
        return None
    if not actions and _LATE.search(bounce.subject or ""):
        return None
    found = (reason.search(bounce.text) for reason in _REASONS)
    said = next((" ".join(one[1].split()) for one in found if one), "")
    return said[:_LONGEST]
