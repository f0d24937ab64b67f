"""The command as a whole: verbs, help, global options, how it ends."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
import structlog
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from syncd import __version__, log
from syncd.cli import VERBS, cli, exits, main
from syncd.cli.invocation import Invocation


def syncd(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "syncd", *args], capture_output=True, text=True, check=False, env=env
    )


def ended(monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    monkeypatch.setattr(sys, "argv", ["syncd", *args])
    with pytest.raises(SystemExit) as caught:
        main()
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_help_lists_every_verb() -> None:
    result = CliRunner().invoke(cli, ["--help"])
    assert result.exit_code == 0
    for name, verb in VERBS.items():
        assert name in result.output
        assert verb.help in result.output


def test_help_imports_no_verb_and_no_heavy_library() -> None:
    script = (
        "import sys\nfrom click.testing import CliRunner\nfrom syncd.cli import cli\n"
        "print(CliRunner().invoke(cli, ['--help']).exit_code)\n"
        "print([m for m in sys.modules if m.partition('.')[0] in "
        "('pydantic', 'sqlalchemy', 'httpx', 'rich', 'pluggy', 'structlog', 'msgspec')])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "0\n[]\n"


def test_help_is_quick() -> None:
    def seconds() -> float:
        """Of the processor, since the tests beside this one cost time of the clock."""
        before = os.times()
        assert syncd("--help").returncode == 0
        after = os.times()
        return sum(after[2:4]) - sum(before[2:4])

    assert min(seconds() for _ in range(3)) < 0.3


def test_the_verbs_that_exist_have_help_of_their_own() -> None:
    for name, verb in VERBS.items():
        module, _, function = verb.target.partition(":")
        if (Path(__file__).parents[3] / f"{module.replace('.', '/')}.py").exists():
            command = cli.get_command(click.Context(cli), name)
            assert isinstance(command, click.Command), f"{module} has no {function}"
            assert command.help, f"syncd {name} --help tells nothing"


def test_version(monkeypatch, capsys) -> None:
    assert ended(monkeypatch, "--version") == exits.OK
    assert capsys.readouterr().out == f"syncd, version {__version__}\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["conectors"], "there is no verb 'conectors'. Did you mean 'connectors'?"),
        (["zzzz"], "there is no verb 'zzzz'. syncd --help lists the verbs."),
        (["--colour"], "No such option"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
    ],
)
def test_a_wrong_command_line_is_64(monkeypatch, capsys, args: list[str], said: str) -> None:
    assert ended(monkeypatch, *args) == exits.USAGE
    assert said in capsys.readouterr().err


def test_a_config_error_is_78_without_a_traceback(monkeypatch, capsys, tmp_path) -> None:
    missing = tmp_path / "no.toml"
    assert ended(monkeypatch, "--config", str(missing), "check-config") == exits.CONFIG
    assert capsys.readouterr().err == (
        f"{missing}: there is no such file. `syncd init {missing}` writes one to start from\n"
    )


@pytest.mark.parametrize("args", [["sample-config"], ["--help"]])
def test_a_reader_that_leaves_early_is_no_error(args: list[str]) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-m", "syncd", *args]
    run = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writes)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("closed", ["0<&-", ">&-", "2>&-"])
@pytest.mark.parametrize(
    ("args", "code"),
    [("status", exits.FOUND_WRONG), ("send-test shop --to b", exits.USAGE), ("x", exits.USAGE)],
)
def test_a_closed_stream_is_no_bug(shop_config, kept, closed: str, args: str, code: int) -> None:
    """Nor is the store's file ever opened in its place."""
    command = f'exec "$0" -m syncd --config "$1" {args} {closed}'
    run = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, shop_config],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, "Traceback" in run.stderr) == (code, False)
    assert bool(run.stderr) == (code == exits.USAGE and "2>" not in closed)


def test_a_full_disk_under_the_messages_leaves_the_exit_code(monkeypatch) -> None:
    class Full:
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

        def flush(self) -> None:
            """As it is."""

    monkeypatch.setattr(sys, "stderr", Full())
    assert ended(monkeypatch, "conectors") == exits.USAGE


@pytest.mark.parametrize("verb", ["show", "recognise", "connect"])
def test_bytes_that_are_no_text_are_64(monkeypatch, capsys, verb: str) -> None:
    assert ended(monkeypatch, verb, os.fsdecode(b"a\xff")) == exits.USAGE
    assert "Error: 'a?' is not UTF-8 text; type it anew" in capsys.readouterr().err


def test_a_config_that_may_not_be_read_is_78(monkeypatch, capsys, tmp_path) -> None:
    """It is no mistake of the command line, and verbs that need none go on."""
    config = tmp_path / "syncd.toml"
    config.touch()
    read = Path.read_bytes

    def refuse(file: Path) -> bytes:
        if file == config:
            raise PermissionError(13, "Permission denied", str(file))
        return read(file)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr("os.access", lambda *_: False)
    for args in (["check-config"], ["check-config", str(config)], ["status"]):
        assert ended(monkeypatch, "--config", str(config), *args) == exits.CONFIG
        assert "cannot be read: Permission denied. Run this as the" in capsys.readouterr().err
    assert ended(monkeypatch, "--config", str(config), "recognise", "1") == exits.OK


def test_a_folder_that_may_not_be_looked_into_is_where_the_systems_config_is(monkeypatch) -> None:
    class Closed:
        def stat(self) -> None:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("syncd.cli.invocation._SYSTEM", closed := Closed())
    assert Invocation().config is closed


def test_completing_verbs_imports_none() -> None:
    found = ShellComplete(cli, {}, "syncd", "_SYNCD_COMPLETE").get_completions([], "con")
    assert [(item.value, item.help) for item in found] == [
        ("conversations", VERBS["conversations"].help),
        ("connectors", VERBS["connectors"].help),
        ("connect", VERBS["connect"].help),
        ("connector", VERBS["connector"].help),
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    result = CliRunner().invoke(cli, ["completion", shell])
    assert result.exit_code == 0
    assert f"_SYNCD_COMPLETE={shell}_complete" in result.output


def test_which_config_is_read(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    system = tmp_path / "system.toml"
    monkeypatch.setattr("syncd.cli.invocation._SYSTEM", system)
    users = tmp_path / ".config" / "syncd" / "syncd.toml"
    assert Invocation().config == users
    system.touch()
    assert Invocation().config == system
    assert Invocation(given=Path("/x")).config == Path("/x")


@pytest.mark.parametrize(("user", "name"), [(0, "system.toml"), (1000, ".config/syncd/syncd.toml")])
def test_where_a_new_config_goes(monkeypatch, tmp_path, user: int, name: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("syncd.cli.invocation._SYSTEM", tmp_path / "system.toml")
    monkeypatch.setattr("os.geteuid", lambda: user)
    assert Invocation().new_config == tmp_path / name
    assert Invocation(given=Path("/x")).new_config == Path("/x")


@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_a_verb_did_to_the_log_ends_with_its_test(turn: str) -> None:
    assert not structlog.is_configured(), turn
    log.configure(level="error")


@pytest.mark.parametrize("given", ["abc", "1.5", "348-2899777-8583471"])
def test_what_is_no_number_of_a_row_is_told_in_words(given: str) -> None:
    result = CliRunner().invoke(cli, ["outbox", "show", given])
    assert f"'{given}' is not a valid number" in result.output
