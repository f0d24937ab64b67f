"""Signs by hand, to compare with another program: ``python -m syncd_tiktokshop.signing --json``.

Reads one JSON object and prints its signature, or says what is wrong with it and ends with 2::

    {"kind": "request", "path": "/order/202309/orders/search", "params": {"app_key": "…"},
     "body": "{…}", "secret": "…"}
    {"kind": "webhook", "app_key": "…", "secret": "…", "body": "{…}"}

``body`` is the text as it is sent. As an object or a list it is taken for what becomes of it by
JavaScript's ``JSON.stringify``, as TikTok's own sample does it: without blanks, and left out where
it is empty. A ``content_type`` of ``multipart/form-data`` leaves it out as well. Numbers among
``params`` are signed as they are written, ``true`` and ``false`` as these words; ``null`` is no
parameter.
"""

import json
import sys
from typing import Any

import msgspec

from syncd.http.by_hand import as_written, sign_by_hand
from syncd_tiktokshop.signature import push_signature, request_signature


class _Request(msgspec.Struct, tag_field="kind", tag="request"):
    path: str
    secret: str
    params: dict[str, msgspec.Raw] | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")
    content_type: str = "application/json"


class _Webhook(msgspec.Struct, tag_field="kind", tag="webhook"):
    app_key: str
    secret: str
    body: msgspec.Raw


def signature(text: bytes) -> str:
    """The signature of what `text` describes; raises ValueError with the reason."""
    try:
        asked = msgspec.json.decode(text, type=_Request | _Webhook)
        if not asked.secret:
            raise ValueError("`secret` is empty")
        if isinstance(asked, _Webhook):
            return push_signature(asked.secret, asked.app_key, _body(asked.body, of_request=False))
        return _of_request(asked)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _of_request(asked: _Request) -> str:
    if not asked.path.startswith("/") or "?" in asked.path:
        raise ValueError(
            "`path` is the address behind the host and without parameters, such as "
            "/authorization/202309/shops"
        )
    params = as_written(asked.params or {}, "several values are one text, with commas between them")
    multipart = asked.content_type.partition(";")[0].strip().lower() == "multipart/form-data"
    body = b"" if multipart else _body(asked.body, of_request=True)
    return request_signature(asked.secret, asked.path, params, body)


def _body(raw: msgspec.Raw, *, of_request: bool) -> bytes:
    value: Any = json.loads(bytes(raw))
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict | list):
        compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return compact.encode() if value or not of_request else b""
    if value is None and of_request:
        return b""
    raise ValueError("`body` is neither text nor an object")


def main(arguments: list[str]) -> int:
    """Sign what stands on standard input; gives the exit code."""
    return sign_by_hand("syncd_tiktokshop.signing", __doc__, signature, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
