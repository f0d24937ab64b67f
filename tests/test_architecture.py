"""The shape of the code: layers, folders, docstrings of the contract, size and annotations."""

import ast
import io
import shutil
import statistics
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["id"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
CONNECTORS = {f"syncd_{each.parent.name}" for each in ROOT.glob("connectors/*/pyproject.toml")}

TOP_FOLDERS = {
    ".ci", "benchmarks", "config", "connectors", "deploy", "docs", "requirements", "syncd", "tests",
}  # fmt: skip
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "lib"}
# What connector authors read; their editor shows it.
CONTRACT = [*sorted((ROOT / "syncd/connector").glob("*.py")), ROOT / "syncd/hookspecs.py"]

FUNCTION_LINES_P90, FUNCTION_LINES_MAX = 20, 60
MODULE_LINES_MEAN, MODULE_LINES_MAX = 170, 400

Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_imports_keep_the_contracts() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_module_has_a_layer() -> None:
    layers = {part.strip() for layer in CONTRACTS["layers"]["layers"] for part in layer.split("|")}
    modules = {
        path.stem
        for path in (ROOT / "syncd").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert layers == modules - {"__init__"}


def test_every_connector_is_under_every_contract_about_connectors() -> None:
    assert set(PROJECT["tool"]["importlinter"]["root_packages"]) == {"syncd"} | CONNECTORS
    assert set(CONTRACTS["core-knows-no-connector"]["forbidden_modules"]) == CONNECTORS
    assert set(CONTRACTS["connectors-know-the-contract"]["source_modules"]) == CONNECTORS
    assert set(CONTRACTS["connectors-are-strangers"]["modules"]) == CONNECTORS


def test_connectors_may_import_the_contract_only() -> None:
    allowed = {"connector", "hookspecs", "http", "model", "secret", "testing"}
    modules = {part.strip() for layer in CONTRACTS["layers"]["layers"] for part in layer.split("|")}
    forbidden = set(CONTRACTS["connectors-know-the-contract"]["forbidden_modules"])
    assert forbidden == {f"syncd.{module}" for module in modules - allowed}


def test_there_is_nothing_but_the_known_folders() -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "-c", f"safe.directory={ROOT}", "ls-files"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        pytest.skip(f"not a git checkout: {listed.stderr.strip()}")
    folders = {line.split("/")[0] for line in listed.stdout.splitlines() if "/" in line}
    assert folders - TOP_FOLDERS == set()


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in _modules() if {path.stem, path.parent.name} & VAGUE_NAMES] == []


def test_only_the_clock_reads_the_time_of_day() -> None:
    readers = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in _modules()
        if path != ROOT / "syncd/clock.py"
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr)
        in {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time")}
    ]
    assert readers == []


@pytest.mark.parametrize(
    "path", [*CONTRACT, *sorted((ROOT / "syncd/testing").rglob("*.py"))], ids=lambda path: path.name
)
def test_what_authors_use_has_docstrings(path: Path) -> None:
    tree = _tree(path)
    bare = [name for name, node in _public(tree) if ast.get_docstring(node) is None]
    assert ast.get_docstring(tree), "the module has none"
    assert bare == []


def test_functions_are_short() -> None:
    lengths = {
        f"{path.relative_to(ROOT)}:{node.name}": len(_body_lines(path, node))
        for path, node in _functions()
    }
    assert {where for where, lines in lengths.items() if lines > FUNCTION_LINES_MAX} == set()
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= FUNCTION_LINES_P90


def test_modules_are_small() -> None:
    lengths = {str(path.relative_to(ROOT)): len(_code_lines(path)) for path in _modules()}
    assert {where for where, lines in lengths.items() if lines > MODULE_LINES_MAX} == set()
    assert statistics.mean(lengths.values()) <= MODULE_LINES_MEAN


def test_everything_is_annotated() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path, node in _functions()
        if node.returns is None or any(argument.annotation is None for argument in _arguments(node))
    ]
    assert bare == []


def _modules() -> list[Path]:
    """The modules of the core and of the connectors, without migrations, which only grow older."""
    roots = [ROOT / "syncd", *(ROOT / "connectors").glob("*/syncd_*")]
    found = [path for root in roots for path in sorted(root.rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def _functions() -> Iterator[tuple[Path, Function]]:
    for path in _modules():
        for node in ast.walk(_tree(path)):
            if isinstance(node, Function):
                yield path, node


def _public(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.ClassDef | Function]]:
    """Classes and functions that are not private, with the methods of such classes."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from _public(node, f"{node.name}.")


def _arguments(node: Function) -> Iterator[ast.arg]:
    several = node.args
    named = [*several.posonlyargs, *several.args, *several.kwonlyargs]
    yield from (argument for argument in named if argument.arg not in {"self", "cls"})
    yield from (argument for argument in (several.vararg, several.kwarg) if argument)


def _body_lines(path: Path, node: Function) -> set[int]:
    return {
        line for line in _code_lines(path) if node.body[0].lineno <= line <= (node.end_lineno or 0)
    }


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _code_lines(path: Path) -> frozenset[int]:
    """The numbers of the lines that hold code: no blank, comment or docstring."""
    text = path.read_text(encoding="utf-8")
    words = [
        token
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in _NO_CODE
    ]
    code = {line for token in words for line in range(token.start[0], token.end[0] + 1)}
    said = {
        line
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return frozenset(code - said)


_NO_CODE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER, tokenize.ENCODING,
}  # fmt: skip
