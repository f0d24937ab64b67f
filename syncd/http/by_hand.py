"""Signing by hand: a connector's ``python -m syncd_NAME.signing --json``.

It reads one JSON object and prints its signature alone, or says what is wrong with it and ends with
2, so that a platform's signature can be compared with another program's.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

import msgspec


def sign_by_hand(
    module: str,
    description: str | None,
    signed: Callable[[bytes], str],
    arguments: Sequence[str],
) -> int:
    """Print what `signed` makes of standard input; gives the exit code.

    `signed` raises ValueError with the reason, as msgspec's decoding does. `module` and
    `description` are for ``--help``.
    """
    parser = argparse.ArgumentParser(
        prog=module, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", required=True, help="read JSON")
    parser.parse_args(arguments)
    try:
        sys.stdout.write(f"{signed(sys.stdin.buffer.read())}\n")
    except (ValueError, RecursionError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


def as_written(params: Mapping[str, msgspec.Raw], instead: str) -> list[tuple[str, str]]:
    """Parameters as they are signed: numbers as they stand in the JSON, ``null`` not at all.

    Raises ValueError for an object or a list; `instead` says what the platform wants there.
    """
    told = [(name, _value(name, bytes(raw), instead)) for name, raw in params.items()]
    return [(name, value) for name, value in told if value is not None]


def _value(name: str, raw: bytes, instead: str) -> str | None:
    if raw[:1] in {b"{", b"["}:
        raise ValueError(f"parameter {name!r} is neither text nor a number; {instead}")
    if raw[:1] == b'"':
        return msgspec.json.decode(raw, type=str)
    return None if raw == b"null" else raw.decode()
