"""What AliExpress's error answers mean for recovery; they come with HTTP 200.

Sources: developer.alibaba.com, "Troubleshooting and Error Codes" for the numbers of the old
gateway, whose `sub_code` begins with ``isp.`` where the platform failed; openservice.aliexpress.com
and the published SDK for the words of the new one, whose `type` is ISV (the caller), ISP or SYSTEM
(the platform).
"""

import re

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
from syncd_aliexpress.wire import Answer, Fault

_EXPIRED = frozenset({"IllegalAccessToken", "27"})
_LIMITED = frozenset({"ApiCallLimit", "AppCallLimit", "7"})
_CLOCK = frozenset({"IllegalTimestamp", "InvalidTimestamp", "30", "31"})
_TROUBLE = frozenset({"ServiceUnavailable", "ServiceTimeout", "UnknownRuntimeException", "10"})
# "Remote service error": the call's own, which its sub_code tells.
_REMOTE = "15"
_APP = {
    "InvalidAppKey": "check app_key",
    "28": "check app_key",
    "29": "check app_key",
    "MissingSignature": "check app_secret",
    "IncompleteSignature": "check app_key and app_secret",
    "25": "check app_key and app_secret",
    "26": "run `syncd connect ACCOUNT`",
}
_NOT_GRANTED = frozenset({"InsufficientPermission", "InvalidApiPath", "11", "12", "13", "22"})
_BAN = re.compile(r"ban will last (\d{1,6})(?: more)? seconds?", re.IGNORECASE)
# An error answer is short; a page of orders is not looked through for one.
_LONGEST = 16_384


class NotGranted(NotPermitted):
    """The app may not make this call, or AliExpress has taken it away."""


def judge(reply: Reply) -> ConnectorError | None:
    """What an answer means; None where it is good, or leaves it to the common rules."""
    fault = fault_in(reply)
    if fault is None or reply.status >= 500:
        return None
    said = _said(fault)
    if str(fault.code) in _LIMITED or (fault.sub_code or "").startswith("accesscontrol.limited"):
        return Throttled(f"{said}; the limit of calls is reached", _ban(fault))
    by_app = _of_app(str(fault.code), said)
    if by_app is not None:
        return by_app
    if _is_trouble(fault):
        return OutcomeUnknown(said) if reply.to_change else Unavailable(said)
    return Rejected(said)


def expired(reply: Reply) -> bool:
    """Whether the access token has ended, so that a new one may do."""
    fault = fault_in(reply)
    return reply.status == 401 if fault is None else str(fault.code) in _EXPIRED


def fault_in(reply: Reply) -> Fault | None:
    """What an answer says that is wrong; None where it says nothing of the kind."""
    if len(reply.content) > _LONGEST:
        return None
    try:
        answer = msgspec.json.decode(reply.content, type=Answer)
    except NOT_JSON:
        return None
    if answer.error_response is not None:
        return answer.error_response
    return None if str(answer.code) == "0" else answer


def _of_app(code: str, said: str) -> ConnectorError | None:
    """What is wrong with the app, its login or machine, if that is it; nothing was carried out."""
    if code in _EXPIRED:
        return AuthFailed(f"{said}; run `syncd connect ACCOUNT`")
    if code in _APP:
        return AuthFailed(f"{said}; {_APP[code]}")
    if code in _NOT_GRANTED:
        return NotGranted(said, "apply for the app's permission for it in the App Console")
    if code in _CLOCK:
        return Unavailable(f"{said}; set this machine's clock: AliExpress allows it two hours")
    return None


def _is_trouble(fault: Fault) -> bool:
    sub = fault.sub_code or ""
    if fault.type in {"ISP", "SYSTEM"} or sub.startswith("isp."):
        return True
    return str(fault.code) in _TROUBLE or (str(fault.code) == _REMOTE and not sub)


def _ban(fault: Fault) -> float | None:
    found = _BAN.search(fault.msg or fault.message or "")
    return float(found[1]) if found else None


def _said(fault: Fault) -> str:
    parts = (str(fault.code), fault.msg or fault.message, fault.sub_code, fault.sub_msg)
    text = " ".join(part for part in parts if part)
    return f"AliExpress: {text[:300]} (request {fault.request_id or 'unknown'})"
