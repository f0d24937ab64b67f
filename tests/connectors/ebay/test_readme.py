"""The README's table of settings is the settings class."""

import re
from pathlib import Path

from syncd_ebay import EbayConfig

README = Path(__file__).parents[3] / "connectors" / "ebay" / "README.md"


def test_settings():
    written = dict(re.findall(r"(?m)^\| `(\w+)` \| (\S+) \|", README.read_text()))
    shown = {
        name: "required" if field.is_required() else _word(field.default)
        for name, field in EbayConfig.model_fields.items()
    }
    assert written == shown


def _word(default):
    word = str(default).lower() if isinstance(default, bool) else str(default)
    return "none" if default is None else f"`{word}`"
