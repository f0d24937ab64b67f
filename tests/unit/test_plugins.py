"""Plug-ins as pip leaves them: a module and a .dist-info folder on the path."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncd import plugins
from syncd.connector import API_VERSION

GOOD = """
from datetime import timedelta
from syncd.connector import AccountConfig, Connector
from syncd.hookspecs import hookimpl

class Config(AccountConfig):
    host: str

class Shop(Connector):
    name = "shop"
    api_version = 1
    Config = Config
    streams = {"messages": timedelta(minutes=5)}

    def poll(self, stream, cursor):
        yield from ()

@hookimpl
def syncd_connectors():
    return [Shop]
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install distributions into an otherwise empty environment: `install(name, source)`."""
    before = set(sys.modules)

    def add(name: str, source: str, *, version: str = "1.0") -> None:
        module = name.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[syncd.connectors]\n{name[6:]} = {module}\n")

    installed = [path for path in sys.path if "site-packages" not in path and path]
    monkeypatch.setattr(sys, "path", [str(tmp_path), *installed])
    sys.path_importer_cache.clear()
    yield add
    for name in set(sys.modules) - before:
        if name.startswith("syncd_"):
            del sys.modules[name]


def problem(found: plugins.Plugins) -> str:
    (only,) = found.problems
    return only.text


def test_a_good_connector_is_there_with_its_origin(install: Install) -> None:
    install("syncd-shop", GOOD, version="2.3")
    found = plugins.load()
    assert list(found.connectors) == ["shop"]
    assert found.origins == {"shop": "syncd-shop 2.3"}
    assert found.problems == []


def test_only_the_wanted_are_imported(install: Install) -> None:
    install("syncd-shop", GOOD)
    install("syncd-broken", "import no_such_module")
    found = plugins.load({"shop"})
    assert (list(found.connectors), found.problems) == (["shop"], [])
    assert "syncd_broken" not in sys.modules


def test_a_wanted_one_is_sought_under_other_names_too(install: Install) -> None:
    install("syncd-shop", GOOD)
    install("syncd-mall", GOOD.replace('"shop"', '"bazaar"'))
    assert list(plugins.load({"bazaar"}).connectors) == ["bazaar", "shop"]


def test_nothing_installed_is_no_problem(install: Install) -> None:
    assert plugins.load() == plugins.Plugins()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("import no_such_module", "importing syncd_broken failed: ModuleNotFoundError"),
        ("raise SystemExit(3)", "importing syncd_broken failed: SystemExit: 3"),
        ("def (", "importing syncd_broken failed: SyntaxError"),
        ("", "it registers no connector"),
        (GOOD.replace("return [Shop]", "return []"), "it registers no connector"),
        (GOOD.replace("return [Shop]", "return 1 / 0"), "syncd_connectors() failed: ZeroDivision"),
        (GOOD.replace("return [Shop]", "return Shop"), "syncd_connectors() failed: TypeError"),
        (GOOD.replace("return [Shop]", "return None"), "it registers no connector"),
        (
            GOOD.replace("def syncd_connectors", "def syncd_conectors"),
            "a hook that syncd does not have (unknown hook 'syncd_conectors'",
        ),
        (
            GOOD.replace("def syncd_connectors()", "def syncd_connectors(config)"),
            "a hook that syncd does not have",
        ),
        (GOOD.replace("return [Shop]", "return [int]"), "<class 'int'> is not a subclass"),
        (GOOD.replace("return [Shop]", "return ['shop']"), "'shop' is not a subclass"),
        (GOOD.replace('name = "shop"', ""), "Shop has no name"),
        (GOOD.replace('"shop"', '"My Shop"'), "Shop.name is 'My Shop'"),
        (GOOD.replace('"shop"', '"my_shop"'), "Shop.name is 'my_shop'"),
        (GOOD.replace("Config = Config", "Config = dict"), "must be a subclass of syncd.connector"),
        (GOOD.replace('"messages"', '"mesages"'), "streams must map streams (messages, orders"),
        (GOOD.replace("minutes=5", "minutes=-5"), "streams must map"),
        (GOOD.replace("timedelta(minutes=5)", "300"), "streams must map"),
        (GOOD.replace("def poll", "def pull"), "names streams but has no poll()"),
        (
            GOOD.replace("    Config = Config", "    Config = Config; capabilities = {'reply'}"),
            "capabilities must be a frozenset of Capability",
        ),
        (
            GOOD.replace("    Config = Config", "    Config = Config; able = lambda self, _: {}"),
            "able must be a class method that takes the settings",
        ),
        (
            GOOD.replace("    Config = Config", "    Config = Config; reads = {}"),
            "reads must be a class method that takes the settings",
        ),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_goes_on(
    install: Install, source: str, text: str
) -> None:
    install("syncd-broken", source)
    install("syncd-fine", GOOD.replace('"shop"', '"fine"'))
    found = plugins.load()
    assert text in problem(found)
    assert "\n" not in problem(found)
    assert found.problems[0].distribution == "syncd-broken 1.0"
    assert found.problems[0].entry_point == "broken"
    assert str(found.problems[0]).startswith("broken (syncd-broken 1.0): ")
    assert list(found.connectors) == ["fine"]


@pytest.mark.parametrize(
    ("theirs", "stale"), [(API_VERSION + 1, "syncd"), (API_VERSION - 1, "syncd-shop")]
)
def test_another_api_version_names_both_and_who_is_behind(
    install: Install, theirs: int, stale: str
) -> None:
    install("syncd-shop", GOOD.replace("api_version = 1", f"api_version = {theirs}"))
    assert problem(plugins.load()) == (
        f"it was written for version {theirs} of the connector contract, this syncd has version "
        f"{API_VERSION}: update {stale}"
    )


def test_an_api_version_that_is_no_number(install: Install) -> None:
    install("syncd-shop", GOOD.replace("api_version = 1", "api_version = '1'"))
    assert problem(plugins.load()) == "Shop.api_version must be a number, not '1'"


def test_an_api_version_is_named_by_the_class_itself(install: Install) -> None:
    heir = "class Heir(Shop):\n    name = 'heir'\n\n@hookimpl"
    install("syncd-shop", GOOD.replace("@hookimpl", heir).replace("[Shop]", "[Shop, Heir]"))
    install("syncd-mute", GOOD.replace("    api_version = 1\n", "").replace('"shop"', '"mute"'))
    found = plugins.load()
    assert list(found.connectors) == ["shop"]
    mute, heir = found.problems
    assert mute.text == (
        "Shop names no api_version: write api_version = 1 into the class itself, the version of the "
        "connector contract that it was written for"
    )
    assert heir.text.startswith("Heir names no api_version")


def test_the_second_of_the_same_name_is_refused(install: Install) -> None:
    install("syncd-a", GOOD)
    install("syncd-b", GOOD)
    found = plugins.load()
    assert found.origins == {"shop": "syncd-a 1.0"}
    assert found.problems[0].distribution == "syncd-b 1.0"
    assert "the name 'shop' is already taken by syncd-a 1.0" in problem(found)


def test_one_unfit_class_does_not_cost_its_neighbour(install: Install) -> None:
    install("syncd-shop", GOOD.replace("return [Shop]", "return [int, Shop]"))
    found = plugins.load()
    assert list(found.connectors) == ["shop"]
    assert "is not a subclass" in problem(found)


def test_a_name_that_is_taken_has_an_owner(install: Install) -> None:
    install("syncd-shops", GOOD)
    install("syncd-broken", "def (")
    names = ["shop", "shops", "broken", "newshop"]
    assert [plugins.owner(name) for name in names] == [
        "syncd-shops 1.0",
        "syncd-shops 1.0",
        "syncd-broken 1.0",
        None,
    ]
