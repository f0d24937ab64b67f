"""The documents are complete and true: tables, links, commands, config, both READMEs.

What is documented page by page is tested beside the code: exit codes, metrics, alerts and events in
tests/unit/daemon, facts and filters of templates in tests/unit/text, generated pages in
tests/unit/config, the tutorial in tests/connectors/sandbox.
"""

import inspect
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from syncd import config, hookspecs, plugins
from syncd.cli import cli
from syncd.connector import Capability
from syncd.store.tables import metadata
from syncd.testing.mailbox import Mailbox

ROOT = Path(__file__).parents[1]
READMES = (ROOT / "README.md", ROOT / "README.zh.md")
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
        *(ROOT / "benchmarks").rglob("*.md"),
        *(ROOT / "connectors").glob("*/README.md"),
    ]
)
CONNECTORS = sorted(each.parent.name for each in ROOT.glob("connectors/*/pyproject.toml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

SENDING = {Capability.REPLY, Capability.START_CONVERSATION, Capability.NOTIFY_TEMPLATED}
# Programs that take "syncd" as the name of a unit, user or folder.
NOT_RUNNING_IT = {
    "apt-get", "chown", "install", "journalctl", "ln", "pg_dump", "pip", "rm", "systemctl",
    "systemd-analyze", "systemd-sysusers",
}  # fmt: skip
# Spelled in two halves, lest this file be what it looks for.
NEVER = (
    "py" + "pi.org", "python" + "hosted.org", "/wo" + "rk/", "/root/.py" + "env", r"\bA" + r"I\b",
    r"\bL" + r"LM\b", r"\bsub" + r"agent",
)  # fmt: skip


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(text: str, *languages: str) -> list[str]:
    """The code blocks of these languages."""
    wanted = "|".join(languages)
    return re.findall(rf"^```(?:{wanted})\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def prose(text: str) -> str:
    """The text without its code blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def rows(text: str, first: str) -> list[list[str]]:
    """The cells of the table whose first column is headed so."""
    body = text.split(f"\n| {first} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body]


# Completeness


def test_every_hook_is_documented_with_its_signature() -> None:
    page = "\n".join(text_of(each) for each in ROOT.glob("docs/connectors/*.md"))
    hooks = [
        function
        for _, function in inspect.getmembers(hookspecs, inspect.isfunction)
        if hasattr(function, f"{hookspecs.PROJECT}_spec")
    ]
    assert hooks
    for hook in hooks:
        signature = inspect.getsource(hook).splitlines()[1].partition(":  #")[0]
        assert f"{signature}:" in page


def test_every_table_of_the_store_is_described() -> None:
    documented = [row[0] for row in rows(text_of(ROOT / "docs/architecture.md"), "table")]
    assert sorted(documented) == sorted(f"`{name}`" for name in metadata.tables)


def test_every_layer_is_described_in_its_order() -> None:
    [contract] = [each for each in _contracts() if each["id"] == "layers"]
    layers = [[part.strip() for part in layer.split("|")] for layer in contract["layers"]]
    page, picture = (text_of(ROOT / f"docs/architecture.{kind}") for kind in ("md", "svg"))
    assert [re.findall(r"`(\w+)`", row[0]) for row in rows(page, "layer")] == layers
    drawn = [re.split(r" \| ", line) for line in re.findall(r'"small" x="155".*?>(.*?)<', picture)]
    assert drawn == layers


def _contracts() -> list[dict[str, object]]:
    return PROJECT["tool"]["importlinter"]["contracts"]


@pytest.mark.parametrize(("page", "first"), list(zip(READMES, ("connector", "插件"), strict=True)))
def test_the_readme_lists_every_connector_as_it_is(page: Path, first: str) -> None:
    found = plugins.load().connectors
    listed = {re.match(r"\[`(.*?)`\]", row[0])[1]: row[1:3] for row in rows(text_of(page), first)}
    yes, no = ("yes", "no") if first == "connector" else ("可以", "不可以")
    assert listed == {
        name: [
            ", ".join(found[name].streams),
            yes if found[name].capabilities & SENDING else no,
        ]
        for name in CONNECTORS
    }


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs/README.md"
    linked = {(index.parent / target).resolve() for target, _ in _links(index)}
    pages = set(PAGES) - set(DECISIONS) - {index, *READMES}
    assert {path for path in pages if "benchmarks" not in path.parts} - linked == set()


@pytest.mark.parametrize("page", DECISIONS, ids=ids)
def test_decisions_have_their_form(page: Path) -> None:
    lines = text_of(page).splitlines()
    assert lines[0].startswith(f"# {page.name[:3]}: ")
    assert [line for line in lines if line.startswith("## ")] == [
        "## Decision", "## Why", "## Is / Is not",
    ]  # fmt: skip
    assert len(lines) <= 45


def test_decisions_are_numbered_without_gaps() -> None:
    assert [page.name[:3] for page in DECISIONS] == [
        f"{number:03}" for number in range(1, len(DECISIONS) + 1)
    ]


def test_decisions_named_in_the_code_exist() -> None:
    code = [*(ROOT / "syncd").rglob("*.py"), *(ROOT / "connectors").rglob("*.py")]
    named = {
        name for path in code for name in re.findall(r"docs/decisions/[\w-]+\.md", text_of(path))
    }
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_changelog_begins_with_what_is_not_released() -> None:
    headings = re.findall(r"^##+ (.*)$", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert headings[:2] == ["[Unreleased]", "What you must do"]


# Truth


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [
        f"{target}#{anchor}" for target, anchor in _links(page) if not _leads(page, target, anchor)
    ]
    assert broken == []


def _links(page: Path) -> Iterator[tuple[str, str]]:
    """The links within the repository: file, anchor."""
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(text_of(page))):
        if not re.match(r"[a-z]+:", link):
            target, _, anchor = link.partition("#")
            yield target, anchor


def _leads(page: Path, target: str, anchor: str) -> bool:
    path = (page.parent / target).resolve() if target else page
    if not path.exists() or not path.is_relative_to(ROOT):
        return False
    return not anchor or anchor in _anchors(path)


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", prose(text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_files_that_are_named_exist(page: Path) -> None:
    folders = r"syncd|tests|docs|connectors|deploy|config|requirements|benchmarks|\.ci"
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", prose(text_of(page)))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_make_targets_that_are_named_exist(page: Path) -> None:
    code = "\n".join([*blocks(text_of(page), "console", "sh"), *_inline(page)])
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"^\$? ?make ([a-z-]+)", code, re.MULTILINE)) - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_modules_that_are_run_exist(page: Path) -> None:
    for module in re.findall(r"python -m ((?:syncd|benchmarks|tests)[\w.]*)", text_of(page)):
        paths = [root / module.replace(".", "/") for root in (ROOT, *ROOT.glob("connectors/*"))]
        files = [file for path in paths for file in (path.with_suffix(".py"), path / "__main__.py")]
        assert any(file.exists() for file in files), module


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_commands_have_the_verbs_and_options_that_are_written(page: Path) -> None:
    lines = "\n".join(blocks(text_of(page), "console", "sh")).replace("\\\n", " ").splitlines()
    for line in [*lines, *_inline(page)]:
        for arguments in _calls(line):
            assert _understood(arguments), line


def _inline(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", prose(text_of(page)))


def _calls(line: str) -> Iterator[list[str]]:
    """What `syncd` is called with in a line of shell."""
    try:
        words = shlex.split(line.removeprefix("$ "), comments=True)
    except ValueError:
        return  # no shell: an apostrophe in what a command printed
    if not words or words[0] in NOT_RUNNING_IT:
        return
    for place, word in enumerate(words):
        if (word == "syncd" or word.endswith("/bin/syncd")) and words[place - 1] != "-u":
            yield words[place + 1 :]


def _understood(arguments: list[str]) -> bool:
    command: click.Command = cli
    skip = False
    for argument in arguments:
        if argument in {"|", ">", ">>", "&&", ";"}:
            break
        known = {name for option in command.params for name in option.opts}
        if skip or not argument:
            skip = False
        elif argument.startswith("-"):
            name = argument.partition("=")[0]
            if name not in known | {"--help", "-h"}:
                return False
            skip = name == "--config" and "=" not in argument
        elif isinstance(command, click.Group) and argument.islower():
            below = command.get_command(click.Context(command), argument)
            if below is None:
                return False
            command = below
    return True


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_accounts_in_examples_are_good_config(page: Path, tmp_path: Path) -> None:
    found = plugins.load().connectors
    for example in blocks(text_of(page), "toml"):
        named = re.findall(r'^connector = "(.*)"', example, re.MULTILINE)
        if named and set(named) <= set(CONNECTORS):
            file = tmp_path / "syncd.toml"
            file.write_text(example, encoding="utf-8")
            assert config.load(file, found).accounts


@pytest.mark.parametrize(
    "path",
    [
        *PAGES,
        ROOT / "Makefile",
        ROOT / "pyproject.toml",
        ROOT / ".ci/run",
        *(ROOT / "requirements").iterdir(),
        *(path for path in (ROOT / "config").rglob("*") if path.is_file()),
    ],
    ids=ids,
)
def test_nothing_tells_where_it_was_made(path: Path) -> None:
    assert [word for word in NEVER if re.search(word, text_of(path))] == []


# Both READMEs


def test_the_chinese_readme_has_the_same_commands_and_output() -> None:
    english, chinese = (
        re.findall(r"^```.*?^```$", text_of(page), re.MULTILINE | re.DOTALL) for page in READMES
    )
    assert chinese == english


def test_the_chinese_readme_has_the_same_outline() -> None:
    english, chinese = (_outline(text_of(page)) for page in READMES)
    assert chinese == english


def test_the_chinese_readme_leads_to_the_same_pages() -> None:
    english, chinese = ({target for target, _ in _links(page)} for page in READMES)
    assert chinese - {"README.md"} == english - {"README.zh.md"}


def test_the_chinese_readme_is_chinese() -> None:
    paragraphs = [each for each in prose(text_of(READMES[1])).split("\n\n") if len(each) > 60]
    assert len(paragraphs) > 10
    assert [each for each in paragraphs if not re.search(r"[\u4e00-\u9fff]{4}", each)] == []


def _outline(text: str) -> list[str]:
    """The kind of each heading, list entry, table row and code block, in their order."""
    return re.findall(r"^(#+ |- |\||```)", re.sub(r"(?m)^  .*$", "", text), re.MULTILINE)


# The commands, run


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "docs/quickstart.md"], ids=lambda page: page.name
)
def test_the_commands_for_a_first_mailbox_work(page: Path, tmp_path: Path) -> None:
    tested = re.findall(
        r"<!-- tested -->\n```console\n(.*?)^```$", text_of(page), re.MULTILINE | re.DOTALL
    )
    commands = [line.removeprefix("$ ") for block in tested for line in block.splitlines()]
    with Mailbox("support@shop.example", "secret") as box:
        box.deliver(_MAIL)
        user = Newcomer(tmp_path, box)
        for command in commands:
            user.types(command)
        assert "Where is my parcel?" in user.seen
        assert "syncd run" in commands


_MAIL = b"""\
From: Ann <ann@mail.example>
To: support@shop.example
Subject: Where is my parcel?
Message-ID: <1@mail.example>
Date: Sat, 21 Nov 2026 10:00:00 +0000

Hello, where is it?
"""


class Newcomer:
    """Somebody who types what a page says, with a home of their own."""

    def __init__(self, home: Path, box: Mailbox) -> None:
        self._home = home
        self._box = box
        self._environment = {
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
        }
        self.seen = ""

    def types(self, command: str) -> None:
        """Run a command, which has to succeed."""
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            self._environment[name] = value.replace("~", str(self._home))
        elif command == "syncd run":
            self._runs_for_a_moment()
        else:
            done = subprocess.run(
                command, shell=True, env=self._environment, cwd=self._home,
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            self.seen += done.stdout
        if command.startswith("syncd init"):
            self._fills_in()

    def _fills_in(self) -> None:
        """What the page tells to fill in; and a port for metrics that nobody else has."""
        file = Path(self._environment["SYNCD_CONFIG"])
        text = file.read_text(encoding="utf-8")
        for before, after in (
            ('address = ""', f'address = "{self._box.address}"'),
            ('imap_host = ""', f'imap_host = "127.0.0.1"\nimap_port = {self._box.imap_port}'),
            ('smtp_host = ""', f'smtp_host = "127.0.0.1"\nsmtp_port = {self._box.smtp_port}'),
            ('# imap_security = "tls"', 'imap_security = "none"'),
            ('# smtp_security = "tls"', 'smtp_security = "none"'),
            ('# password = { credential = "NAME" }', 'password = { file = "~/mail-password" }'),
            ('# listen = "127.0.0.1:9464"', 'listen = "127.0.0.1:0"'),
        ):
            assert text.count(before) == 1, f"{before} is not in the config that init writes"
            text = text.replace(before, after)
        file.write_text(text, encoding="utf-8")
        (self._home / "mail-password").write_text("secret\n", encoding="utf-8")

    def _runs_for_a_moment(self) -> None:
        with subprocess.Popen(
            ["syncd", "run"], env=self._environment, cwd=self._home,
            stderr=subprocess.PIPE, text=True,
        ) as daemon:  # fmt: skip
            assert daemon.stderr is not None
            limit = threading.Timer(60, daemon.kill)
            limit.start()
            log = []
            for line in daemon.stderr:
                log.append(line)
                if '"started"' in line:
                    daemon.send_signal(signal.SIGINT)
            limit.cancel()
        assert daemon.returncode == 0, "".join(log)
        assert any('"started"' in line for line in log), "".join(log)
