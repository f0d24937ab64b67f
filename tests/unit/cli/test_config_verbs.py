import json
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from syncd import plugins
from syncd.cli import cli
from syncd.cli.failures import report
from syncd.connector import (
    AccountConfig,
    AuthFailed,
    Capability,
    Connector,
    NotPermitted,
    Secret,
    ask_each,
)
from syncd.plugins import PluginProblem, Plugins
from syncd.text.templates import BUILT_IN

closed: list[str] = []


class Config(AccountConfig):
    """Settings of a shop."""

    token: Secret
    says: str = "ok"


class Shop(Connector):
    """A shop whose check and constructor do what the config says."""

    name = "shop"
    Config = Config
    streams = MappingProxyType({"messages": timedelta(minutes=5)})
    capabilities = frozenset({Capability.REPLY, Capability.READ_MESSAGES})

    def __init__(self, config: Any, context: Any) -> None:
        super().__init__(config, context)
        if config.says == "unfit":
            raise ValueError("says and token do not go together")

    def check(self) -> None:
        if self.config.says == "refused":
            raise AuthFailed("401: the token is not known\x1b[2J")
        if self.config.says == "in part":
            right = partial(self._denied, "orders"), partial(self._denied, "returns"), list
            ask_each(*right)
        if self.config.says == "crash":
            raise ZeroDivisionError("oops")

    def _denied(self, what: str) -> None:
        raise NotPermitted("HTTP 403", f"give the app the right {what}")

    def close(self) -> None:
        closed.append(self.context.account)


FOUND = Plugins(
    connectors={"shop": Shop},
    problems=[PluginProblem("syncd-bad 0.1", "bad", "it registers no connector")],
    origins={"shop": "syncd-shop 1.2"},
)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed.clear()
    monkeypatch.setattr(plugins, "load", lambda *_: FOUND)


def syncd(*args: object) -> Result:
    """Run a verb as `main` does, errors worded and exit codes included."""
    result = CliRunner().invoke(cli, [str(arg) for arg in args])
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        result.exit_code = report(result.exception)
    return result


def account(name: str, says: str = "ok", more: str = "") -> str:
    return f'[accounts.{name}]\nconnector = "shop"\ntoken = {{ env = "TOKEN" }}\nsays = "{says}"\n{more}\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "syncd.toml"
    path.write_text(account("shop-de"))
    return path


def test_init_writes_a_config_that_passes_its_check(tmp_path) -> None:
    path = tmp_path / "etc" / "syncd.toml"
    result = syncd("init", path, "--connector", "shop")
    assert result.exit_code == 0
    assert f"wrote {path}" in result.output
    assert '[accounts.shop]\nconnector = "shop"' in path.read_text()
    assert syncd("check-config", path).exit_code == 0


def test_init_takes_the_path_of_the_config_option(tmp_path) -> None:
    path = tmp_path / "syncd.toml"
    result = syncd("--config", path, "init")
    assert (result.exit_code, path.exists()) == (0, True)
    assert f"syncd sample-config NAME >> {path}" in result.output


def test_init_tells_a_script_what_it_wrote(tmp_path) -> None:
    path = tmp_path / "syncd.toml"
    result = syncd("init", path, "--connector", "shop", "--json")
    assert json.loads(result.stdout) == {"file": str(path), "connectors": ["shop"]}
    assert path.exists()


def test_init_overwrites_only_by_force(config) -> None:
    before = config.read_text()
    refused = syncd("init", config)
    assert (refused.exit_code, config.read_text()) == (2, before)
    assert f"{config} is there already; --force overwrites it" in refused.output
    assert syncd("init", config, "--force").exit_code == 0
    assert config.read_text() != before


@pytest.mark.parametrize("verb", [("init", "x.toml", "--connector"), ("sample-config",)])
def test_an_unknown_connector_writes_nothing(verb, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = syncd(*verb, "shpo")
    assert result.exit_code == 2
    assert "no connector 'shpo'; installed: shop" in result.output
    assert list(tmp_path.iterdir()) == []


def test_sample_config() -> None:
    assert "[store]" in syncd("sample-config").output
    only = syncd("sample-config", "shop").output
    assert "[accounts.shop]" in only
    assert "[store]" not in only
    both = syncd("sample-config", "shop", "--all").output
    assert "[store]" in both
    assert "[accounts.shop]" in both


def test_check_config_of_a_good_one_asks_nobody(config) -> None:
    result = syncd("check-config", config)
    assert (result.exit_code, result.output) == (0, f"{config}: ok, accounts: 1\n")
    assert closed == ["shop-de"]


def test_check_config_of_a_bad_one_is_78(config, capsys) -> None:
    config.write_text(account("shop-de", more="toke = 1"))
    assert syncd("check-config", config).exit_code == 78
    assert capsys.readouterr().err == (
        f"{config}:5: accounts.shop-de: unknown key 'toke'. Did you mean 'token'?\n"
    )


def test_what_only_may_be_wrong_is_noted(config, tmp_path) -> None:
    config.write_text(
        '[accounts.shop-de]\nconnector = "shop"\ntoken = { file = "pw" }\n'
        'follow_carriers = ["dhl-d", "gls"]\n'
    )
    checked = syncd("check-config", config)
    assert checked.exit_code == 0
    first, second = checked.stderr.splitlines()
    assert first.startswith(f"note: {config}: accounts.shop-de.token: cannot read the secret in")
    assert f"{tmp_path}/pw: No such file or directory. The daemon does not start" in first
    assert "follow_carriers: no carrier has the code 'dhl-d'. Did you mean 'dhl-de'?" in second

    (tmp_path / "pw").write_text("swordfish")
    doubts = json.loads(syncd("check-config", config, "--json").stdout)["doubts"]
    assert len(doubts) == 1


def test_a_config_is_not_called_like_a_connector(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = syncd("init", "shop")
    assert ended.exit_code != 0
    assert "shop is a connector: --connector shop adds its account" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_check_config_as_json(config) -> None:
    good = syncd("check-config", config, "--json")
    assert (good.exit_code, json.loads(good.output)) == (
        0,
        {"file": str(config), "ok": True, "problems": [], "accounts": [], "doubts": []},
    )
    config.write_text(account("shop-de", more="toke = 1"))
    bad = syncd("check-config", config, "--json")
    assert bad.exit_code == 78
    assert json.loads(bad.output)["problems"] == [
        {
            "file": str(config),
            "line": 5,
            "key": "accounts.shop-de",
            "message": "unknown key 'toke'",
            "hint": "Did you mean 'token'?",
        }
    ]


def test_verbose_logs_debug_lines_too(config, monkeypatch) -> None:
    levels: list[str] = []
    monkeypatch.setattr("syncd.log.configure", lambda _, level: levels.append(level))
    for options in ([], ["-v"]):
        syncd("--config", config, *options, "check-config")
    assert levels == ["info", "debug"]


def test_what_a_connector_objects_to_is_a_config_error(config, capsys) -> None:
    unfit = account("shop-fr", "unfit") + account("shop-it", "unfit")
    config.write_text(account("shop-de") + unfit)
    assert syncd("check-config", config).exit_code == 78
    assert capsys.readouterr().err == (
        f"{config}: accounts.shop-fr: says and token do not go together\n"
        f"{config}: accounts.shop-it: says and token do not go together\n"
    )
    assert closed == ["shop-de"]


PLAYBOOK = """
[[playbooks]]
name = "late"
when = ["no_movement"]
tell = "buyer"
template = "{template}"
"""


@pytest.mark.parametrize("template", ["delay", "sorry"])
def test_a_playbook_may_name_a_built_in_template_or_ones_own(config, template) -> None:
    built_in = (BUILT_IN / "delay.en.txt").read_text()
    (config.parent / "texts").mkdir()
    (config.parent / "texts" / "sorry.en.txt").write_text(built_in)
    (config.parent / "texts" / ".#sorry.en.txt").write_text("an editor's own")
    config.write_text(f'[templates]\nfolder = "texts"\n{PLAYBOOK.format(template=template)}')
    result = syncd("check-config", config)
    assert (result.exit_code, result.output) == (0, f"{config}: ok, accounts: 0\n")


def test_a_template_that_is_not_there_is_a_config_error(config, capsys) -> None:
    config.write_text(PLAYBOOK.format(template="dealy"))
    assert syncd("check-config", config).exit_code == 78
    assert capsys.readouterr().err == (
        f"{config}:6: playbooks[1].template: there is no template \"dealy\". Did you mean 'delay'?\n"
    )


def test_a_template_that_cannot_be_rendered_is_a_config_error(config, capsys) -> None:
    broken = config.parent / "texts" / "delay.en.txt"
    broken.parent.mkdir()
    broken.write_text((BUILT_IN / "delay.en.txt").read_text() + "{{ no_such_fact }}\n")
    config.write_text('[templates]\nfolder = "texts"\n')
    assert syncd("check-config", config).exit_code == 78
    said = capsys.readouterr().err
    assert said.startswith(f"{broken}:")
    assert "no_such_fact" in said


def test_online_asks_each_account_and_one_failing_is_69(config) -> None:
    config.write_text(
        account("a")
        + account("b", "refused")
        + account("c", "crash")
        + account("resting", "refused", "enabled = false")
    )
    result = syncd("check-config", config, "--online", "--json")
    assert result.exit_code == 69
    assert [
        (row["account"], row["ok"], row["reason"]) for row in json.loads(result.output)["accounts"]
    ] == [
        ("a", True, ""),
        ("b", False, "401: the token is not known"),
        ("c", False, "the connector has a bug: ZeroDivisionError: oops"),
    ]
    assert sorted(closed) == ["a", "b", "c", "resting"]


def test_online_tells_all_that_is_not_permitted(config) -> None:
    config.write_text(account("a", "in part") + account("b"))
    result = syncd("check-config", config, "--online", "--json")
    assert result.exit_code == 69
    first, second = json.loads(result.output)["accounts"]
    assert (first["ok"], first["reason"]) == (
        False,
        "works but for this: HTTP 403: give the app the right orders; give the app the right returns",
    )
    assert second["ok"] is True


def test_online_with_all_well_is_0(config) -> None:
    result = syncd("check-config", config, "--online")
    assert (result.exit_code, result.output.splitlines()[1:]) == (
        0,
        ["account  connector  ok   reason", "shop-de  shop       yes"],
    )


def test_show_has_references_in_place_of_secrets(config, monkeypatch) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    result = syncd("check-config", config, "--show")
    assert result.exit_code == 0
    assert 'token = { env = "TOKEN" }' in result.output
    assert '[watches.no_movement]\nenabled = true\nafter = "5d"' in result.output
    assert "hunter2" not in result.output


def test_connectors_lists_the_fit_and_the_broken() -> None:
    result = syncd("connectors", "--json")
    assert result.exit_code == 1
    assert json.loads(result.output) == [
        {
            "name": "shop",
            "package": "syncd-shop 1.2",
            "streams": ["messages"],
            "capabilities": ["read_messages", "reply"],
            "problem": None,
        },
        {
            "name": "bad",
            "package": "syncd-bad 0.1",
            "streams": [],
            "capabilities": [],
            "problem": "it registers no connector",
        },
    ]


def test_connectors_breaks_no_word_on_a_narrow_terminal(monkeypatch) -> None:
    class Rich(Shop):
        streams = MappingProxyType(dict.fromkeys(("messages", "orders", "returns", "reviews")))
        capabilities = frozenset(Capability)

    found = Plugins({"rich": Rich}, [], {"rich": "syncd-seventeentrack 0.1.0"})
    monkeypatch.setattr(plugins, "load", lambda: found)
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    words = {word.rstrip(",") for word in syncd("connectors").output.split()}
    assert words >= {"syncd-seventeentrack", "0.1.0", "reviews", *map(str, Capability)}


def test_connectors_without_broken_ones_is_0(monkeypatch) -> None:
    monkeypatch.setattr(plugins, "load", lambda: Plugins({"shop": Shop}, [], {"shop": "x 1"}))
    result = syncd("connectors")
    assert (result.exit_code, result.output.splitlines()[0].split()) == (
        0,
        ["name", "package", "streams", "capabilities", "problem"],
    )
