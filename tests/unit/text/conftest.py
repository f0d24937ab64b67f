"""What the tests of notices share."""

import re

import pytest

_SLIPS = re.compile(r"None|undefined|[{}]|  | \n|\n{3}| ,|\(\)|（）|,,")  # noqa: RUF001  Chinese ones


@pytest.fixture(scope="session")
def slips():
    """What a template leaves in a text where it goes wrong: gaps, tags, too many blanks."""
    return _SLIPS.findall


@pytest.fixture
def folder_with(tmp_path):
    """Write templates of a user's own, ``delay__en`` as ``delay.en.txt``; gives their folder."""

    def written(**files):
        for name, text in files.items():
            (tmp_path / f"{name.replace('__', '.')}.txt").write_text(text, encoding="utf-8")
        return tmp_path

    return written
