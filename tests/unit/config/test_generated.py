"""The files that come from the code are as `make docs` would write them."""

from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner

from syncd.cli.generated import files, write
from syncd.model import Item

ROOT = Path(__file__).parents[3]
GENERATED = dict(files(ROOT))


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_has_drifted(path: Path) -> None:
    assert path.read_text() == GENERATED[path], "run make docs"


def test_every_connector_of_the_repository_has_an_example() -> None:
    connectors = {project.parent.name for project in ROOT.glob("connectors/*/pyproject.toml")}
    examples = {path.name.split(".")[0] for path in GENERATED if path.suffix == ".example"}
    assert examples == connectors


def test_each_field_of_an_item_is_told_with_its_meaning() -> None:
    page = GENERATED[ROOT / "docs" / "connectors" / "fields.md"]
    assert "| `sent_at` | `datetime` |  |" in page
    assert (
        "| `order_ids` | `tuple[str, ...]` | `()` | Orders the source says it is about. |" in page
    )
    assert "| `PLATFORM` | The marketplace itself speaks; nobody expects an answer. |" in page
    told = [name for item in get_args(Item) for name in item.__struct_fields__]
    assert not [name for name in told if f"| `{name}` |" not in page]


def test_check_names_what_has_drifted_and_writing_mends_it(tmp_path: Path) -> None:
    def run(*args: str) -> tuple[int, str]:
        result = CliRunner().invoke(write, [str(tmp_path), *args])
        return result.exit_code, result.output

    config, docs = tmp_path / "config" / "syncd.toml", tmp_path / "docs"
    files = (config, docs / "configuration.md", docs / "cli.md", docs / "connectors" / "fields.md")
    drifted = "".join(f"{file} has drifted: make docs\n" for file in files)
    assert run("--check") == (1, drifted)
    assert not config.exists()
    assert run() == (0, "".join(f"{file} written\n" for file in files))
    assert run("--check") == (0, "")
    config.write_text("# mine")
    assert run("--check") == (1, f"{config} has drifted: make docs\n")
