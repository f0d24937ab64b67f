"""The page that tells what each field of an item or a draft means, from the model's own words."""

import ast
import inspect
from collections.abc import Iterator
from enum import Enum
from types import ModuleType

from syncd.model import items, outbox

_HEAD = """# Items, drafts and receipts, field by field

Written by `make docs` from `syncd.model`, where your editor shows the same. A field without a default has to be given; one that the
platform does not tell stays at its default. `source_id` is the platform's id as a string, unique within the stream; times are aware; `raw` is
the payload as it came. [Reading](reading.md) and [Sending](sending.md) say what they are for.
"""
_OF_CONNECTORS = {
    items: (
        "Message", "Order", "OrderLine", "Shipment", "TrackingEvent", "Case", "Review", "StockLevel",
        "BadItem", "Party", "Window", "Address", "Attachment", "Direction", "MessageKind",
        "OrderStatus", "CaseKind", "CaseStatus",
    ),
    outbox: ("Draft", "Verdict", "Receipt"),
}  # fmt: skip


def item_fields() -> str:
    """The whole page."""
    parts = [_section(module, name) for module, names in _OF_CONNECTORS.items() for name in names]
    return "\n".join([_HEAD, *parts])


def _section(module: ModuleType, name: str) -> str:
    cls = getattr(module, name)
    about = inspect.cleandoc(cls.__doc__ or "").replace("\n", " ").replace("``", "`")
    if issubclass(cls, Enum):
        head = ["| value | meaning |", "|---|---|"]
        rows = [f"| `{value}` | {meaning} |" for value, _, _, meaning in _told(module, name)]
    else:
        head = ["| field | type | default | meaning |", "|---|---|---|---|"]
        rows = [
            f"| `{field}` | {_code(type_)} | {_code(default)} | {meaning} |"
            for field, type_, default, meaning in _told(module, name)
        ]
    return "\n".join([f"## {name}\n", about, "", *head, *rows, ""])


def _code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`" if text else ""


def _told(module: ModuleType, name: str) -> Iterator[tuple[str, str, str, str]]:
    """Name, type, default and meaning of each field, in their order."""
    [found] = [
        node
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ClassDef) and node.name == name
    ]
    for node, after in zip(found.body, [*found.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign):
            default = ast.unparse(node.value) if node.value else ""
            yield ast.unparse(node.target), ast.unparse(node.annotation), default, _words(after)
        elif isinstance(node, ast.Assign):
            yield ast.unparse(node.targets[0]), "", "", _words(after)


def _words(node: ast.stmt | None) -> str:
    """The text that stands below a field; none where something else does."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return ""
    return inspect.cleandoc(str(node.value.value)).replace("\n", " ").replace("``", "`")
