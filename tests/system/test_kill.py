"""A daemon killed again and again under load loses nothing and says nothing twice.

A few kills here; ``make kill`` does fifty.
"""

import json
import subprocess
import sys
from pathlib import Path

import counting
import pytest

KILLING = Path(__file__).with_name("killing.py")
KILLS = 4


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_kills_under_load_cost_nothing(store, request):
    if store == "postgresql":
        request.getfixturevalue("postgres")  # skips where there is none
    done = subprocess.run(
        [
            sys.executable,
            str(KILLING),
            f"--kills={KILLS}",
            "--seed=3",
            f"--store={store}",
            "--json",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    figures = json.loads(done.stdout)
    assert {name: figures[name] for name in counting.MUST_BE_ZERO} == dict.fromkeys(
        counting.MUST_BE_ZERO, 0
    )
    assert figures["exit_code"] == 0
    assert done.returncode == 0
    assert sum(figures["ways"].values()) == KILLS
    assert figures["notices"] > 20
