"""Signs by hand, to compare with another program: ``python -m syncd_aliexpress.signing --json``.

Reads one JSON object and prints its signature, or says what is wrong with it and ends with 2::

    {"kind": "system", "path": "/auth/token/create", "params": {"app_key": "…"}, "secret": "…"}
    {"kind": "business", "params": {"method": "…", "app_key": "…"}, "secret": "…"}

``path`` is what stands behind ``/rest``; a business interface has none, and one given for it is
not signed. Numbers among ``params`` are signed as they are written, ``true`` and ``false`` as
these words. ``null``, an empty text and the parameter ``sign`` are not signed.
"""

import sys

import msgspec

from syncd.http.by_hand import as_written, sign_by_hand
from syncd_aliexpress.signature import signature

_INSTEAD = "what AliExpress wants as an object it wants as the text of its JSON"


class _System(msgspec.Struct, tag_field="kind", tag="system"):
    path: str
    params: dict[str, msgspec.Raw]
    secret: str


class _Business(msgspec.Struct, tag_field="kind", tag="business"):
    params: dict[str, msgspec.Raw]
    secret: str
    path: str | None = None


def signed(text: bytes) -> str:
    """The signature of what `text` describes; raises ValueError with the reason."""
    try:
        asked = msgspec.json.decode(text, type=_System | _Business)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None
    if not asked.secret:
        raise ValueError("`secret` is empty")
    params = as_written(asked.params, _INSTEAD)
    if isinstance(asked, _Business):
        return signature(asked.secret, params)
    if not asked.path.startswith("/") or "?" in asked.path:
        raise ValueError(
            "`path` is what stands behind /rest and without parameters, such as /auth/token/create"
        )
    return signature(asked.secret, params, asked.path)


def main(arguments: list[str]) -> int:
    """Sign what stands on standard input; gives the exit code."""
    return sign_by_hand("syncd_aliexpress.signing", __doc__, signed, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
