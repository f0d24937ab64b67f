import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from syncd.cli.output import Lines, Looks, emit, fitted, printable, tell_cut, to_json
from syncd.connector import Capability

HOSTILE = "a\x1b[2J\x1b]0;title\x07b\x9b31mc\x1bcd\u202ee\x00f\x85\r\ng\ud800"


def test_hostile_text_loses_what_a_terminal_would_obey() -> None:
    assert printable(HOSTILE) == "abcdef\ng?"


@pytest.mark.parametrize(
    "text", ["plain", "中文\tbuyer\nline", "größe 👍", "[red]not markup[/red]"]
)
def test_other_text_stays(text: str) -> None:
    assert printable(text) == text


def test_plain_columns_line_up_chinese_too(capsys) -> None:
    rows = [
        {"name": "王芳", "n": 1, "ok": True, "id": 7},
        {"name": "Jo\x1b[31m\nX", "n": None, "ok": False},
    ]
    emit(rows, as_json=False, columns=["name", "n", "ok"])
    assert capsys.readouterr().out == "name  n  ok\n王芳  1  yes\nJo X     no\n"


def test_without_columns_all_are_shown_in_the_order_they_appear(capsys) -> None:
    emit([{"a": 1}, {"b": ["x", "y"]}], as_json=False)
    assert capsys.readouterr().out == "a  b\n1\n   x, y\n"


def test_nothing_to_list_is_said_beside_the_output(capsys) -> None:
    emit([], as_json=False)
    assert capsys.readouterr() == ("", "nothing to list\n")


def test_a_mapping_is_a_list_of_pairs(capsys) -> None:
    emit({"since": datetime(2026, 5, 1, 9, 30, tzinfo=UTC), "n": 3}, as_json=False)
    assert capsys.readouterr().out == "since  2026-05-01 09:30 UTC\nn      3\n"


def test_a_table_on_a_terminal_does_not_read_markup(capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    emit([{"text": "[bold]x[/bold]\x1b[31m"}], as_json=False)
    out = capsys.readouterr().out
    assert "[bold]x[/bold]" in out
    assert "\x1b[31m" not in out


def test_json_is_safe_on_a_terminal_and_loses_nothing(capsys) -> None:
    emit([{"text": HOSTILE, "名": "值"}], as_json=True)
    out = capsys.readouterr().out
    assert json.loads(out) == [{"text": HOSTILE, "名": "值"}]
    assert "值" in out
    assert [char for char in out if char in "\x1b\x9b\x07\u202e\x00\x85\ud800"] == []


def test_json_of_values_that_json_does_not_have() -> None:
    data = {
        "at": datetime(2026, 5, 1, tzinfo=UTC),
        "for": timedelta(minutes=1),
        "in": Path("/x"),
        "can": frozenset({Capability.REPLY}),
        "raw": b"x\xff",
    }
    assert json.loads(to_json(data)) == {
        "at": "2026-05-01T00:00:00+00:00",
        "for": 60.0,
        "in": "/x",
        "can": ["reply"],
        "raw": "x\ufffd",
    }


def test_json_of_what_nobody_foresaw_is_an_error() -> None:
    with pytest.raises(TypeError, match="object cannot be printed as JSON"):
        to_json(object())


def test_on_a_terminal_a_row_may_be_folded_and_text_without_blanks_wraps(
    capsys, monkeypatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    said = "我的包裹在哪里" * 5

    def fold(row):
        return {"id": Lines((row["id"], row["account"])), "said": row["said"]}

    row = {"id": "348-2899777-8583471", "account": "shop", "said": said}
    emit(
        [row],
        as_json=False,
        columns=("id", "account", "said"),
        looks=Looks(wraps=("said",), fold=fold),
    )
    lines = printable(capsys.readouterr().out).splitlines()
    assert "348-2899777-8583471" in lines[3]
    assert "shop" in lines[4]
    shown = "".join(lines[3:]).replace("348-2899777-8583471", "").replace("shop", "")
    assert "".join(shown.split()) == said


def test_what_is_cut_off_is_told_beside_the_output(capsys) -> None:
    tell_cut([1, 2, 3], 2)
    tell_cut([1, 2], 2)
    assert capsys.readouterr() == ("", "there are more: --limit 4 lists up to 4\n")


@pytest.mark.parametrize("width", [20, 33, 80])
def test_a_line_breaks_between_words_on_a_terminal_only(monkeypatch, width) -> None:
    title = click.style("findings   ", bold=True)
    line = f"{title} 12 promise passed,  6 包裹 no movement"
    monkeypatch.setenv("COLUMNS", f"{width}")
    assert list(fitted(line, 14)) == [line]

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    first, *others = map(click.unstyle, fitted(line, 14))
    assert " ".join(" ".join([first, *others]).split()) == " ".join(click.unstyle(line).split())
    assert first.startswith("findings    12")
    assert all(other.startswith(" " * 14) and other[14] != " " for other in others)
    assert max(map(len, [first, *others])) <= max(width, 14 + len("movement"))
    assert bool(others) is (width < 50)
