"""What TikTok Shop's error codes mean for recovery; they come with HTTP 200 as well as with 4xx.

Source: partner.tiktokshop.com, "Common errors", and the tables of the calls. 36009004 stands for
many things, which only its message tells apart.
"""

import msgspec

from syncd.connector import (
    NOT_JSON,
    AuthFailed,
    ConnectorError,
    NotPermitted,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from syncd.http import Reply, Throttled
from syncd_tiktokshop.rules import WHO
from syncd_tiktokshop.wire import Fault

MISSING_SCOPE = 105005
QUOTA_PAUSE = 3600.0
"""Seconds; a day's calls are used up, and when TikTok's day ends is not told."""

_EXPIRED = frozenset({105001, 105002})
_THROTTLED = 36009002
_QUOTA_SPENT = 45101004
# TikTok failed while it worked on it.
_TROUBLE = frozenset({36009003, 36009007, 45101001, 10006402})
_AGAIN = "run `syncd connect ACCOUNT`"
_LOGIN: dict[int, str] = {
    101000: f"the login is not one for this shop: {_AGAIN} as its owner, and check shop_cipher",
    105001: _AGAIN,
    105002: _AGAIN,
    106001: "check app_key and app_secret: the signature is refused",
    106013: "set shop_cipher or shop_id",
    36009033: "add this machine's address to the app's IP allow list (Partner Center), or drop the list",
    36009043: "the shop is closed or blocked: see Seller Center",
    36009044: "the seller's account is closed or blocked: see Seller Center",
}
_REFUSED: dict[int, str] = {
    45101003: "it is not, or no longer, this shop's",
    45101006: "TikTok finds sensitive words in the text: put it differently",
    45109001: WHO,
    45109003: WHO,
}


class MissingScope(NotPermitted):
    """The app or the seller's consent does not cover the call."""


def judge(reply: Reply) -> ConnectorError | None:
    """What an answer means; None where it is good, or leaves it to the common rules."""
    fault = _fault(reply)
    if fault is None or fault.code == 0 or reply.status >= 500:
        return None
    said = f"TikTok Shop: {fault.code} {fault.message} (request {fault.request_id or 'unknown'})"
    if fault.code == _THROTTLED or reply.status == 429:
        return Throttled(said, reply.retry_after)
    if fault.code == _QUOTA_SPENT:
        return Unavailable(f"{said}; the day's calls are used up", reply.retry_after or QUOTA_PAUSE)
    if fault.code in _TROUBLE:
        return OutcomeUnknown(said) if reply.to_change else Unavailable(said)
    return _by_login(fault, said) or _refusal(fault, said)


def expired(reply: Reply) -> bool:
    """Whether the access token has ended, so that a new one may do."""
    fault = _fault(reply)
    if fault is None:
        return reply.status == 401
    return fault.code in _EXPIRED or _about_token(fault)


def clock_is_off(reply: Reply) -> bool:
    """Whether TikTok finds the request too old, by 5 minutes, or to be from the future."""
    fault = _fault(reply)
    return fault is not None and fault.code == 36009004 and "timestamp" in fault.message


def code(reply: Reply) -> int:
    """TikTok's code in an answer; 0 where there is none."""
    fault = _fault(reply)
    return fault.code if fault else 0


def _by_login(fault: Fault, said: str) -> ConnectorError | None:
    if fault.code == MISSING_SCOPE:
        return MissingScope(said, "apply for its scope in Partner Center")
    if fault.code in _LOGIN:
        return AuthFailed(f"{said}; {_LOGIN[fault.code]}")
    if _about_token(fault):
        return AuthFailed(f"{said}; {_AGAIN}")
    if fault.code != 36009004:
        return None
    if "timestamp" in fault.message:
        return Unavailable(f"{said}; set this machine's clock")
    return AuthFailed(f"{said}; check app_key, app_secret and shop_cipher")


def _refusal(fault: Fault, said: str) -> ConnectorError:
    why = _REFUSED.get(fault.code)
    return Rejected(f"{said}; {why}" if why else said)


def _about_token(fault: Fault) -> bool:
    return fault.code == 36009004 and "access" in fault.message and "token" in fault.message


def _fault(reply: Reply) -> Fault | None:
    try:
        return msgspec.json.decode(reply.content, type=Fault)
    except NOT_JSON:
        return None
