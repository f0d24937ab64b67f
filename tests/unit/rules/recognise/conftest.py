import sys

import pytest


@pytest.fixture
def tell(capsys):
    """Print a figure past pytest's capture: the bars are to be seen, not only passed."""

    def write(line):
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return write
