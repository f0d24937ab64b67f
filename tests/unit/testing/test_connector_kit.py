"""A new connector's tests pass as it is written; each thing broken in it is told in a sentence."""

import subprocess
import sys
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from syncd import plugins
from syncd.cli import exits
from syncd.testing import trial
from syncd.testing.conformance import SECTIONS
from syncd.testing.recording import lately
from syncd.testing.scaffolding import CannotScaffold, scaffold
from syncd.testing.server import FakeServer, Fault
from tests.unit.cli.conftest import Command


@pytest.fixture
def command(tmp_path, capsys):
    return Command(tmp_path / "no-config-is-needed.toml", capsys)


@pytest.fixture
def acme(tmp_path):
    folder = tmp_path / "syncd-acme"
    scaffold("acme", folder)
    return folder


def change(file, old, new):
    text = file.read_text()
    assert text.count(old) == 1, text.count(old)
    file.write_text(text.replace(old, new))


def is_running(pid):
    """Whether a process is there and not just waited for by nobody."""
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def ends(pid):
    """Whether a process that was killed is gone soon: it may have to wait for a core to die."""
    until = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not is_running(pid)


class TestNew:
    def test_a_part_of_its_tests_is_asked_for_no_suite_and_is_named_where_it_is_none(
        self, command, acme
    ):
        part = command("connector", "test", acme, "-k", "recorded")
        assert (part.code, part.out) == (exits.OK, "2 passed\n")

        none = command("connector", "test", acme, "-k", "no_such_thing")
        assert none.code == exits.FOUND_WRONG
        assert none.out == "WRONG    -k: no test's name matches 'no_such_thing'\nnone ran\n"

    def test_what_it_writes_passes_as_it_is(self, command, tmp_path):
        folder = tmp_path / "mine"
        made = command("connector", "new", "acme", "--path", folder)
        assert made.code == exits.OK
        assert f"syncd connector test {folder}" in made.out

        tested = command("connector", "test", folder, "--json")
        assert tested.code == exits.OK, tested.out
        assert tested.json["ok"] is True
        assert len([check for check in tested.json["checks"] if check["conformance"]]) > 50
        assert {check["outcome"] for check in tested.json["checks"]} <= {"passed", "skipped"}

    def test_a_script_is_told_what_was_written(self, command, tmp_path):
        folder = tmp_path / "mine"
        made = command("connector", "new", "acme", "--path", folder, "--json").json
        assert made["folder"] == str(folder)
        assert {folder / file for file in made["files"]} == {
            path for path in folder.rglob("*") if path.is_file()
        }

    def test_it_is_whole_and_names_nothing_but_itself(self, acme):
        texts = {path: path.read_text() for path in acme.rglob("*") if path.is_file()}
        assert not [path for path, text in texts.items() if "newshop" in (str(path) + text).lower()]
        assert all(f"## {section}" in texts[acme / "README.md"] for section in SECTIONS)
        project = tomllib.loads(texts[acme / "pyproject.toml"])["project"]
        assert project["entry-points"]["syncd.connectors"] == {"acme": "syncd_acme"}
        lines = [
            line
            for path in (acme / "syncd_acme").glob("*.py")
            for line in texts[path].splitlines()
            if line.strip()
        ]
        assert len(lines) < 300, len(lines)

    def test_it_is_canonical(self, acme):
        ruff = Path(sys.executable).with_name("ruff")
        for verb in (["format", "--check"], ["check"]):
            run = subprocess.run(
                [ruff, *verb, "--no-cache", acme], capture_output=True, text=True, check=False
            )
            assert run.returncode == 0, run.stdout

    def test_what_it_writes_is_found_by_syncd(self, acme, monkeypatch):
        info = acme / "syncd_acme-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: syncd-acme\nVersion: 0.1.0\n")
        (info / "entry_points.txt").write_text("[syncd.connectors]\nacme = syncd_acme\n")
        monkeypatch.syspath_prepend(str(acme))
        found = plugins.load()
        for name in [name for name in sys.modules if name.startswith("syncd_acme")]:
            monkeypatch.delitem(sys.modules, name)
        assert found.origins["acme"] == "syncd-acme 0.1.0"

    @pytest.mark.parametrize("name", ["Shop", "my-shop", "my_shop", "1shop", "", "a" * 40, "é"])
    def test_a_name_that_does_not_do_is_refused(self, command, name, tmp_path):
        ended = command("connector", "new", name, "--path", tmp_path / "x")
        assert ended.code == exits.USAGE
        assert "a-z and 0-9" in ended.err
        assert not (tmp_path / "x").exists()

    @pytest.mark.parametrize("name", ["ebay", "aliexpresslegacy"])
    def test_a_name_that_an_installed_connector_has_is_refused(self, command, name, tmp_path):
        ended = command("connector", "new", name, "--path", tmp_path / "x")
        assert (ended.code, ended.out) == (exits.USAGE, "")
        assert f"the connector '{name}' is there already, brought by syncd-" in ended.err
        assert f'take another name, such as "my{name}"' in ended.err
        assert not (tmp_path / "x").exists()

    def test_nothing_is_overwritten(self, acme):
        with pytest.raises(CannotScaffold, match="is there already"):
            scaffold("acme", acme)


class TestTest:
    def test_each_end_of_a_check_is_explained(self, acme, command):
        change(acme / "syncd_acme" / "__init__.py", '{"since": since})', '{"since": 0})')
        setup = acme / "tests" / "test_conformance.py"
        change(setup, "        return True\n", "        return False\n")
        change(setup, "def add_item", "def added_item")

        only = "orders and (polling_again or an_edit or a_new_item)"
        ended = command("connector", "test", acme, "-k", only)
        assert ended.code == exits.FOUND_WRONG
        failed, wrong, here, *others, skipped, counts = ended.out.splitlines()
        assert failed == "FAILED   polling again brings nothing new[orders]"
        assert "what is wrong: The cursor does not move behind the last item" in wrong
        assert "here: orders: nothing happened, and ['o-9001', 'o-9002', 'o-9003', 'p-1']" in here
        assert "         here: NotImplementedError: conformance: write `add_item`" in others
        assert skipped == "skipped  an edit is seen[orders]: items of orders are not edited"
        assert counts == "2 failed, 1 skipped"

    def test_a_module_that_cannot_be_imported_is_a_failure(self, acme):
        change(acme / "syncd_acme" / "__init__.py", "LONGEST = 2000", "LONGEST = twothousand")
        done = trial.run(acme)
        assert not done.ok
        assert "name 'twothousand' is not defined" in done.failed[0].said

    def test_without_the_suite_it_does_not_pass(self, acme):
        (acme / "pyproject.toml").write_text("[project]\nname = 'x'\n")
        (acme / "tests" / "test_conformance.py").unlink()
        (acme / "tests" / "test_acme.py").write_text("def test_nothing(): pass\n")
        done = trial.run(acme)
        assert [check.name for check in done.ended("passed")] == ["nothing"]
        assert not done.ok
        undeclared, suiteless = done.problems
        assert "syncd would not find the connector" in undeclared
        assert "subclass syncd.testing.conformance.ConnectorConformance" in suiteless


class TestHints:
    def test_times_of_a_recording_are_moved_together_by_days(self, monkeypatch):
        now = datetime(2026, 11, 22, 5, tzinfo=UTC)
        monkeypatch.setattr("syncd.clock.now", lambda: now)
        answer = {"items": [{"at": "2026-03-01T10:00:00.5+02:00", "day": "2026-02-27", "n": 3}]}
        moved = {"items": [{"at": "2026-11-21T10:00:00.5+02:00", "day": "2026-11-19", "n": 3}]}
        assert lately(answer) == moved
        assert lately({"id": "2026-03-011", "odd": "2026-02-30"}) == {
            "id": "2026-03-011",
            "odd": "2026-02-30",
        }

    def test_an_empty_stream_fails_one_check_and_leaves_the_others(self, acme, command):
        fake = acme / "tests" / "fake_acme.py"
        change(fake, '["items"] for name in', '["items"][:0] for name in')
        only = "messages and (something or resuming or again or edit or twice) and not text"
        ended = command("connector", "test", acme, "-k", only)
        failed, _, here, skipped, counts = ended.out.splitlines()
        assert failed == "FAILED   something comes[messages]"
        assert "recording.lately" in here
        assert skipped.endswith("checks: not run, since the first poll of messages brought nothing")
        assert counts.startswith("1 failed, ")

    def test_a_fault_may_be_for_one_method_of_a_path(self):
        with FakeServer() as shop:
            shop.fail(Fault.HTML, path="POST /tickets")
            assert httpx.get(f"{shop.url}/tickets").status_code == 404
            assert httpx.post(f"{shop.url}/tickets").status_code == 200


class TestProcesses:
    """The author's tests may do anything to their process."""

    @pytest.fixture
    def folder(self, tmp_path):
        def write(body):
            (tmp_path / "pyproject.toml").write_text(
                '[project]\n[project.entry-points."syncd.connectors"]\nx = "x"\n'
            )
            (tmp_path / "test_it.py").write_text(f"import os, subprocess, time\n{body}\n")
            return tmp_path

        return write

    def test_one_that_ends_it_is_told(self, folder):
        done = trial.run(folder("def test_a(): pass\ndef test_b(): os._exit(0)"))
        assert [check.name for check in done.ended("passed")] == ["a"]
        assert "ended before its time (exit code 0)" in done.problems[0]

    def test_one_that_hangs_is_ended_with_all_it_started(self, folder):
        body = (
            "def test_quick(): pass\n"
            "def test_b():\n"
            "    child = subprocess.Popen(['sleep', '600'])\n"
            "    open('child', 'w').write(str(child.pid))\n"
            "    time.sleep(600)"
        )
        for patience in (3, 9, 27):  # how long pytest takes to begin depends on the machine
            done = trial.run(folder(body), timeout=patience)
            if done.checks:
                break
        assert "killed; the last that ended was 'quick'" in done.problems[0]
        child = int((folder(body) / "child").read_text())
        assert ends(child)
