"""docs/connectors keeps its word: what it prints is built, installed and run."""

import ast
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd import connector, plugins
from syncd.connector import Capability, ConnectorError, Context
from syncd.model import BadItem
from syncd.testing.conformance import SECTIONS
from syncd.testing.server import Fault
from syncd.testing.world import World

DOCS = sorted((Path(__file__).parents[3] / "docs" / "connectors").glob("*.md"))
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in DOCS)
START = datetime(2026, 3, 1, tzinfo=UTC)


def block(language: str, marker: str) -> str:
    """The one code block of `language` that has `marker` in it."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    [code] = [code for code in found if marker in code]
    return code


CONNECTOR = block("python", "class Shop(Connector)")
TESTS = block("python", "class FakeShop(FakeServer)")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the tutorial, as an author would have them."""
    folder = tmp_path_factory.mktemp("tutorial") / "syncd-shop"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(block("toml", "[build-system]"), "utf-8")
    (folder / "README.md").write_text(block("markdown", "# syncd-shop"), "utf-8")
    (folder / "syncd_shop.py").write_text(CONNECTOR, "utf-8")
    (folder / "test_shop.py").write_text(TESTS, "utf-8")
    return folder


@pytest.fixture(scope="module")
def site(project: Path) -> Path:
    """A folder in which the tutorial's distribution is installed."""
    _run(project, "-m", "hatchling", "build", "-t", "wheel")
    [wheel] = (project / "dist").glob("*.whl")
    site = project.parent / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def _run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def shop(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[connector.Connector]]:
    """The tutorial's connector, found by its entry point."""
    monkeypatch.syspath_prepend(str(site))
    found = plugins.load()
    assert not [problem for problem in found.problems if "syncd-shop" in problem.distribution]
    yield found.connectors["shop"]
    sys.modules.pop("syncd_shop", None)


def test_the_smallest_connector_has_fewer_than_50_lines() -> None:
    lines = [line for line in CONNECTOR.splitlines() if line.strip()]
    assert len(lines) < 50, len(lines)


def test_it_is_found_and_polls_the_sandbox_world(
    shop: type[connector.Connector], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = START + timedelta(days=30)
    with World(now=lambda: now, start=START) as world:
        monkeypatch.setenv("SHOP_TOKEN", world.token)
        config = shop.Config.model_validate({"url": world.url, "token": {"env": "SHOP_TOKEN"}})
        account = shop(config, Context(account="shop", now=lambda: now))
        batches = list(account.poll("messages", {}))
        again = list(account.poll("messages", batches[-1].cursor))
        account.close()
        items = [item for batch in batches for item in batch.items]
        good = {item.source_id for item in items if not isinstance(item, BadItem)}
        assert len(good) == world.counts().messages > 300
        assert {item.source_id for item in items} - good == {"m_bad1", "m_bad2"}
        assert not [item for batch in again for item in batch.items]


def test_what_cannot_be_read_is_told_apart_without_an_id(shop: type[connector.Connector]) -> None:
    """Two of the same id would be one row of the quarantine."""
    describe = sys.modules[shop.__module__].describe
    without, none = describe({"text": "a"}), describe({"id": None, "text": "b"})
    assert len({source_id for source_id, _ in (without, none)}) == 2
    assert describe({"id": 7})[0] == "7"


def test_the_printed_tests_pass(project: Path) -> None:
    out = _run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=.", ".")
    assert int(re.search(r"(\d+) passed", out)[1]) > 15


def test_all_python_is_valid() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 4
    for code in blocks:
        ast.parse(code)


def _recovers(part: object) -> bool:
    return isinstance(part, type) and issubclass(part, ConnectorError)


def test_everything_of_the_contract_is_told() -> None:
    errors = [name for name in connector.__all__ if _recovers(getattr(connector, name))]
    methods = [name for name in vars(connector.Connector) if not name.startswith("_")]
    words = [*errors, *(c.name for c in Capability), *(f.name for f in Fault), *methods]
    assert not [word for word in words if f"`{word}" not in TEXT and word not in CONNECTOR]
    assert not [section for section in SECTIONS if f"## {section}" not in TEXT]
