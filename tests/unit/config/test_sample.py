"""The sample is a config that works, as it is and with every optional key set."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from syncd.config import FOR_BUYERS, FOR_STAFF, ConfigError, effective, load, reference, sample
from syncd.config.accounts import account
from syncd.config.fields import Key, keys_of
from syncd.config.sampling import account_sample, grouped_sections, plain_sections
from syncd.config.settings import AccountKeys, Playbook
from syncd.config.watches import FORECAST
from syncd.connector import AccountConfig, Connector
from tests.unit.config.conftest import CONNECTORS, Mail, Shop, ShopConfig

SAMPLE = sample(CONNECTORS)
TABLES: list[type[BaseModel]] = [
    *(model for _, model in plain_sections()),
    *(model for _, model in grouped_sections()),
    AccountKeys,
    Playbook,
]


def uncommented(text: str) -> str:
    """Every optional key set to what the sample shows; `##` stays a comment."""
    return re.sub(r"^# (?=[a-z_]+ = )", "", text, flags=re.MULTILINE)


def test_the_sample_loads_as_it_is(read) -> None:
    found = read(SAMPLE)
    assert list(found.accounts) == ["mail", "shop"]
    assert found.playbooks[0].approval is True
    assert [playbook.tell for playbook in found.playbooks] == ["buyer", "staff"]
    told = {kind for playbook in found.playbooks for kind in playbook.when}
    assert told == {*FOR_BUYERS} | FOR_STAFF - FORECAST


def test_the_sample_has_the_defaults(read, monkeypatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/syncd")
    shown = tomllib.loads(uncommented(sample({})))
    defaults = tomllib.loads(effective(read("")))
    for table in ("log", "daemon", "metrics", "quiet_hours", "watches"):
        assert shown[table] == defaults[table]
    assert shown["store"]["url"] == defaults["store"]["url"]


def test_the_sample_loads_with_every_key_set(read) -> None:
    text = uncommented(SAMPLE).replace('writes_mail_by = "support-mail"', "")
    found = read(text)
    assert found.accounts["shop"].options.oauth.user == "shop@example.org"
    assert found.accounts["shop"].intervals == dict(Shop.streams)
    assert found.store.password.credential == "database"
    assert set(found.store.model_fields_set) == set(type(found.store).model_fields)


def test_required_keys_stand_bare_and_optional_ones_behind_a_hash() -> None:
    lines = account_sample(Shop).splitlines()
    assert "## The shop's host." in lines
    assert 'host = "shop.example.org"' in lines
    assert "# port = 443" in lines
    assert 'token = { credential = "NAME" }' in lines
    assert '# oauth = { user = "shop@example.org", refresh = { credential = "NAME" } }' in lines


def test_a_key_of_ours_that_the_connector_has_too_is_given_to_both(read) -> None:
    class Config(AccountConfig):
        language: str = Field(default="en", description="Language of the texts.")

    class Tracker(Connector):
        name = "tracker"

    Tracker.Config = Config
    text = account_sample(Tracker)
    assert '## Language of the texts.\n# language = "en"' in text
    assert text.count("language = ") == 1
    assert '| `language` | text | `"en"` | Language of the texts. |' in reference(
        {"tracker": Tracker}
    )
    made, problems = account(
        "t", {"connector": "tracker", "language": "fr"}, {"tracker": Tracker}, {}
    )
    assert problems == []
    assert (made.language, made.options.language) == ("fr", "fr")


def test_a_connector_without_keys_of_its_own(read) -> None:
    assert list(read(account_sample(Mail)).accounts) == ["mail"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_key_is_described_and_shows_a_value(table: type[BaseModel]) -> None:
    def silent(key: Key) -> bool:
        return not key.description.endswith(".") or (key.default, key.example) == (None, None)

    assert [key.name for key in keys_of(table) if silent(key)] == []


def test_the_reference_has_every_key() -> None:
    page = reference(CONNECTORS)
    for table in (*TABLES, ShopConfig):
        for key in keys_of(table):
            assert f"| `{key.name}` |" in page
    assert "| `oauth.refresh` | secret by reference | **required** | The refresh token. |" in page
    assert "| `port` | whole number | `443` | The shop's port. |" in page
    assert "Streams: messages, orders. Capabilities: none." in page


def test_the_effective_settings_load_again_and_hold_no_secret(read, monkeypatch) -> None:
    monkeypatch.setenv("HIDDEN", "hunter2")
    found = read(SAMPLE.replace('{ credential = "NAME" }', '{ env = "HIDDEN" }'))
    shown = effective(found)
    assert 'token = { env = "HIDDEN" }' in shown
    assert "hunter2" not in shown
    again = read(shown)
    assert again == found


LINES = uncommented(SAMPLE).splitlines()
BITS = [
    "",
    "[",
    "]]",
    '"',
    "'''",
    "=",
    "{",
    "}",
    ",",
    "#",
    ".",
    "\\",
    "\x00",
    "é",
    "\ud7ff",
    "1",
    "\n",
]
VALUES = [
    "0", "-1", "1.5", "inf", "nan", "true", '""', '"x"', "[]", "[1]", "[[]]", "{}", "{ a = 1 }", "07:32:00",
    "1979-05-27", "1979-05-27T07:32:00Z", '"' + "9" * 30 + 'd"', "9" * 30, '"\\u0000"', '["*"]', "[{ a = [1] }]",
    '{ env = "X" }', "{ env = {} }", '"[a-"', "9" * 5000,
]  # fmt: skip


@st.composite
def mutations(draw: st.DrawFn) -> str:
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        kind = draw(st.sampled_from(["drop", "double", "move", "value", "bit", "header"]))
        if kind == "drop":
            lines[at] = ""
        elif kind == "double":
            lines.insert(at, line)
        elif kind == "move":
            lines.insert(draw(st.integers(0, len(lines) - 1)), line)
        elif kind == "value" and " = " in line:
            lines[at] = f"{line.split(' = ')[0]} = {draw(st.sampled_from(VALUES))}"
        elif kind == "header" and line.startswith("["):
            lines[at] = draw(st.sampled_from([f"[{line}]", line.replace("[[", "[").replace("]]", "]"),
                                              line.replace("]", ".x]"), "[watches]", "[accounts]"]))  # fmt: skip
        else:
            cut = draw(st.integers(0, len(line)))
            lines[at] = line[:cut] + draw(st.sampled_from(BITS)) + line[cut + 1 :]
    return "\n".join(lines)


@given(text=mutations(), second=st.none() | mutations())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_mutation_gives_settings_or_a_config_error(
    tmp_path: Path, text: str, second: str | None
) -> None:
    main, more = tmp_path / "syncd.toml", tmp_path / "conf.d" / "more.toml"
    main.write_text(text, newline="")
    more.parent.mkdir(exist_ok=True)
    more.write_text(second or "", newline="")
    problems = None
    try:
        load(main, CONNECTORS)
    except ConfigError as error:
        problems = error.problems
    if problems is not None:  # else it is a config, as mutated as it is
        assert problems
        assert all(problem.file in {main, more} and problem.message for problem in problems)
