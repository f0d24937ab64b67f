"""A signature by hand, to compare with another program's: ``python -m syncd_aliexpress.signing --json``.

Reads one JSON object and prints its signature, or says what is wrong with it and ends with 2::

    {"kind": "system", "path": "/auth/token/create", "params": {"app_key": "…"}, "secret": "…"}
    {"kind": "business", "params": {"method": "…", "app_key": "…"}, "secret": "…"}

``path`` is what stands behind ``/rest``; a business interface has none, and one that is given for it
is not signed. Numbers among ``params`` are signed as they are written, ``true`` and ``false`` as
these words. ``null``, an empty text and the parameter ``sign`` are not signed.
"""

import argparse
import sys

import msgspec

from syncd_aliexpress.signature import signature


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
    params = [(name, _value(name, bytes(raw))) for name, raw in asked.params.items()]
    if isinstance(asked, _Business):
        return signature(asked.secret, params)
    if not asked.path.startswith("/") or "?" in asked.path:
        raise ValueError(
            "`path` is what stands behind /rest and without parameters, such as /auth/token/create"
        )
    return signature(asked.secret, params, asked.path)


def _value(name: str, raw: bytes) -> str:
    if raw[:1] in {b"{", b"["}:
        raise ValueError(
            f"parameter {name!r} is neither text nor a number; what AliExpress wants as an object "
            "it wants as the text of its JSON"
        )
    if raw[:1] == b'"':
        return msgspec.json.decode(raw, type=str)
    return "" if raw == b"null" else raw.decode()


def main(arguments: list[str]) -> int:
    """Sign what stands on standard input; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="syncd_aliexpress.signing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", required=True, help="read JSON")
    parser.parse_args(arguments)
    try:
        sys.stdout.write(f"{signed(sys.stdin.buffer.read())}\n")
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
