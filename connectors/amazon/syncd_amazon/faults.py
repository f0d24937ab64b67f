"""What Amazon's error answers mean for recovery.

Sources: the models' error lists; github.com/amzn/selling-partner-api-models issues 19 and 4122,
selling-partner-api-docs issues 121, 193, 1662, 2132 and 2147. Amazon says 403 with the code
"Unauthorized" to four things: a token that has ended, a role that is missing, a message that is not
offered for this order, and a review request out of its window. Only their texts tell them apart.
"""

import msgspec

from syncd.connector import NOT_JSON, AuthFailed, ConnectorError, NotPermitted, Rejected
from syncd.http import Reply, Throttled
from syncd_amazon.wire import Fault, Faults

RATE_HEADER = "x-amzn-ratelimit-limit"


class NotOffered(Rejected):
    """Amazon does not let this be done for this order, now."""


class RoleMissing(NotPermitted):
    """The application lacks the role for an operation, or the seller's consent is older than it."""


class QuotaExceeded(Throttled):
    """Too many requests; `rate` is the allowed one a second, where the answer tells it."""

    def __init__(self, message: str, retry_after: float | None, rate: float | None) -> None:
        super().__init__(message, retry_after)
        self.rate = rate


def told_rate(reply: Reply) -> float | None:
    """The rate that an answer tells; most error answers do not."""
    try:
        return float(reply.headers.get(RATE_HEADER, ""))
    except ValueError:
        return None


def expired(reply: Reply) -> bool:
    """Whether an answer means that the access token has ended, for which Amazon says 403."""
    if reply.status == 401:
        return True
    return reply.status == 403 and any(map(_is_about_token, faults(reply.content)))


def judge(reply: Reply, *, offers: bool = False) -> ConnectorError | None:
    """What an error answer means; None leaves it to the common rules.

    `offers`: it is from one of the APIs that refuse with 403 what they do not offer for an order.
    """
    if reply.status < 400:
        return None
    found = faults(reply.content)
    said = _said(found)
    if reply.status == 429 or any(fault.code == "QuotaExceeded" for fault in found):
        return QuotaExceeded(
            f"Amazon's quota is used up: {said}", reply.retry_after, told_rate(reply)
        )
    if reply.status == 403:
        return _forbidden(found, said, offers=offers)
    if reply.status < 500 and reply.status != 401 and found:
        return Rejected(f"Amazon refuses: {said}")
    return None


def faults(content: bytes) -> list[Fault]:
    """The entries of an error answer; none where it is none of Amazon's."""
    try:
        return msgspec.json.decode(content, type=Faults).errors
    except NOT_JSON:
        return []


def _forbidden(found: list[Fault], said: str, *, offers: bool) -> ConnectorError:
    if any(map(_is_about_token, found)):
        return AuthFailed(
            f"Amazon takes no access token of this login ({said}): let the seller consent again "
            "(`syncd connect`), or set refresh_token anew"
        )
    if offers and found and not any(map(_is_denial, found)):
        return NotOffered(f"Amazon does not offer it for this order now: {said}")
    if any(fault.code == "Unauthorized" and _is_denial(fault) for fault in found):
        return RoleMissing(f"Amazon denies access ({said})", "give the application the role for it")
    return AuthFailed(
        f"Amazon refuses the login ({said}): let the seller consent again (`syncd connect`)"
    )


def _is_about_token(fault: Fault) -> bool:
    words = f"{fault.message} {fault.details or ''}".lower()
    return "access token" in words or "security token" in words


def _is_denial(fault: Fault) -> bool:
    return fault.code != "Unauthorized" or fault.message.lower().startswith("access to requested")


def _said(found: list[Fault]) -> str:
    texts = (" ".join(filter(None, (one.code, one.message, one.details))) for one in found)
    return "; ".join(texts)[:500] or "no reason given"
