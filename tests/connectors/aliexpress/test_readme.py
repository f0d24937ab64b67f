"""The README's table of settings is the settings classes."""

import re
from pathlib import Path

from syncd_aliexpress import AliExpressLegacyConfig

README = Path(__file__).parents[3] / "connectors" / "aliexpress" / "README.md"


def test_settings():
    written = dict(re.findall(r"(?m)^\| `(\w+)` \| (\S+) \|", README.read_text()))
    shown = {
        name: "required" if field.is_required() else _word(field.default)
        for name, field in AliExpressLegacyConfig.model_fields.items()
    }
    assert written == shown


def _word(default):
    return "none" if default is None else f"`{str(default).lower()}`"
