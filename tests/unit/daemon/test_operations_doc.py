"""docs/operations.md, deploy/ and the code say the same."""

import re
from configparser import RawConfigParser
from pathlib import Path

import pytest
import yaml

from syncd import metrics
from syncd.cli import exits
from syncd.config import DaemonSettings

ROOT = Path(__file__).parents[3]
ALERTS = ROOT / "deploy/prometheus/alerts.yml"


@pytest.fixture(scope="module")
def doc():
    return (ROOT / "docs/operations.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def alerts():
    return yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"][0]["rules"]


@pytest.fixture(scope="module")
def unit():
    lines = (ROOT / "deploy/syncd.service").read_text(encoding="utf-8").splitlines()
    parser = RawConfigParser(strict=False, interpolation=None, delimiters="=")
    parser.optionxform = str
    parser.read_string("\n".join(lines))
    return parser["Service"]


def rows(doc, header):
    """The cells of the table whose first column is headed so."""
    table = doc.split(f"\n| {header} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def exposed_name(metric):
    """The name as Prometheus shows it."""
    return metric.describe()[0].name + ("_total" if metric.describe()[0].type == "counter" else "")


def test_every_exit_code_is_documented_by_its_name(doc):
    documented = {row[1]: int(row[0]) for row in rows(doc, "code")}
    assert documented == {name: value for name, value in vars(exits).items() if name.isupper()}


def test_the_exit_codes_that_are_not_restarted_are_those_of_the_unit(doc, unit):
    not_restarted = {row[0] for row in rows(doc, "code") if row[3] == "no"} - {"0"}
    assert set(unit["RestartPreventExitStatus"].split()) == not_restarted | {"243"}


def test_every_metric_is_documented_with_its_labels(doc):
    documented = {
        row[0].strip("`"): tuple(filter(None, re.split(r",\s*", row[1])))
        for row in rows(doc, "metric")
    }
    assert documented == {exposed_name(each): each._labelnames for each in metrics.OURS}


def test_every_alert_is_documented(doc, alerts):
    assert [row[0].strip("`") for row in rows(doc, "alert")] == [rule["alert"] for rule in alerts]


def test_alerts_ask_only_for_metrics_and_labels_that_exist(alerts):
    known = {exposed_name(each): set(each._labelnames) for each in metrics.OURS}
    for rule in alerts:
        for name, selector in re.findall(r"(syncd_[a-z_]+)(?:\{([^}]*)\})?", rule["expr"]):
            assert name in known
            assert set(re.findall(r"(\w+)=~?\"", selector)) <= known[name]


def test_every_event_of_the_documentation_is_logged_somewhere(doc):
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "syncd").rglob("*.py"))
    events = [event for row in rows(doc, "event") for event in re.findall("`([^`]+)`", row[0])]
    assert events
    assert [event for event in events if f'"{event}"' not in code] == []


def test_the_units_stop_time_leaves_room_for_the_drain(unit):
    assert int(unit["TimeoutStopSec"]) >= DaemonSettings().stop_timeout.total_seconds() + 15
