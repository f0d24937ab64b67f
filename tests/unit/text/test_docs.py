"""docs/templates.md is complete and true."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from syncd.text.facts import (
    NoticeFacts,
    OrderNoticeFacts,
    must_be_told,
    names,
    optional,
)
from syncd.text.formats import filters
from syncd.text.samples import SAMPLE
from syncd.text.templates import TemplateProblems, Templates

PAGE = (Path(__file__).parents[3] / "docs" / "templates.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| `")
]


def rows_of(width, *first):
    return {row[0].strip("`"): row[1:] for row in ROWS if len(row) == width and row[0] in first}


@pytest.mark.parametrize(
    ("kind", "heading"),
    [(NoticeFacts, "## The facts"), (OrderNoticeFacts, "### Of an order that has no parcel yet")],
)
def test_the_table_of_facts_is_complete(kind, heading):
    section = PAGE.split(heading + "\n")[1].split("\n#")[0]
    told = {
        cells[0].strip("`"): cells[1]
        for line in section.splitlines()
        if line.startswith("| `")
        and len(cells := [cell.strip() for cell in line.split("|")[1:-1]]) == 3
    }

    assert set(told) == set(names(kind))
    assert {name for name, always in told.items() if always == "no"} == set(optional(kind))
    assert {name for name, always in told.items() if "must" in always} == set(must_be_told(kind))


def test_the_table_of_templates_is_complete():
    assert {row[0].strip("`") for row in ROWS if len(row) == 2} == set(Templates.load().names)


def test_the_table_of_filters_shows_what_they_write():
    at = datetime.fromisoformat("2026-11-03T15:04")
    table = {row[0].strip("`"): row[2:] for row in ROWS if len(row) == 4}

    assert table == {
        name: [filters(language)[name](9 if "days" in name else at) for language in ("en", "de")]
        for name in ("day", "short_day", "moment", "days", "days_ago")
    }


def test_the_example_is_a_good_template(tmp_path):
    example = PAGE.split("```text\n")[1].split("```")[0]
    (tmp_path / "delay.en.txt").write_text(example, encoding="utf-8")

    notice = Templates.load(tmp_path).render("delay", "en", SAMPLE)

    assert "It was last scanned 9 days ago.\n\nTracking number: LX123456785CN" in notice.text


@pytest.mark.parametrize(
    ("language", "line", "text"), [("de", 8, "{{ tracking_numer }}"), ("fr", 4, "{{ carrier }}")]
)
def test_the_shown_problems_are_what_a_user_sees(tmp_path, language, line, text):
    facts = "{{ tracking_number }} {{ tracking_site }} {{ latest_event }}\n"
    blank = "x\n" * (line - 4)
    (tmp_path / f"delay.{language}.txt").write_text(f"Subject: x\n\n{facts}{blank}{text}\n")
    shown = re.search(rf"/etc/syncd/templates/(delay\.{language}\.txt:.*)", PAGE)

    with pytest.raises(TemplateProblems) as caught:
        Templates.load(tmp_path)

    assert shown is not None
    assert str(caught.value) == f"{tmp_path}/{shown[1]}"
