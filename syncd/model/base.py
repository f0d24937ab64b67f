"""What all values of the model are made of."""

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An immutable record compared by content.

    A msgspec Struct rather than a dataclass: frozen dataclasses cost about ten times as much to
    build, and every message pulled becomes one (docs/decisions/001-msgspec-values.md). No value can
    hold itself, so that the garbage collector need not look at them.
    """
