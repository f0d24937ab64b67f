"""The README names every setting, and no other."""

import re
from pathlib import Path

from syncd_imap import ImapConfig

README = Path(__file__).parents[3] / "connectors" / "imap" / "README.md"


def test_settings():
    section = README.read_text().partition("## Settings")[2].partition("\n## ")[0]
    keys = re.findall(r"(?m)^\| ([^|]+) \|", section)
    named = {name for key in keys for name in re.findall(r"`(\w+)`", key)}
    assert named == set(ImapConfig.model_fields)
