"""The README's table of settings is the settings class."""

import re
from pathlib import Path

from syncd_tiktokshop import TikTokShopConfig

README = Path(__file__).parents[3] / "connectors" / "tiktokshop" / "README.md"


def test_settings():
    written = dict(re.findall(r"(?m)^\| `(\w+)` \| (\S+) \|", README.read_text()))
    assert written == {name: shown(field) for name, field in TikTokShopConfig.model_fields.items()}


def shown(field):
    if field.is_required():
        return "required"
    return "none" if field.default is None else f"`{str(field.default).lower()}`"
