"""The board: parcels at risk on a terminal, in a pipe and for scripts, from either database."""

import re
import sys
from datetime import timedelta

import pytest

from syncd import watch
from syncd.cli import exits
from syncd.cli.output import Lines, Looks, emit, printable
from syncd.model import Milestone, OrderStatus, Window


@pytest.fixture
def config(tmp_path, store_url):
    path = tmp_path / "syncd.toml"
    path.write_text(f'[store]\nurl = "{store_url}"\n')
    return path


@pytest.fixture
def syncd(config, command):
    return command(config)


@pytest.fixture
def three(store, templates, time, world_of, make):
    """TN1 three days late, TN2 nine days late, and the buyer was not at home, TN3 in time."""
    world = world_of(store)
    world.add()
    for number, promise in ((1, -3), (2, -9), (3, 5)):
        order = f"o{number}"
        world.bring(
            make.order(order, promise=promise),
            make.shipment(f"p{number}", f"TN{number}", order),
            make.event(-1, number=f"TN{number}"),
        )
    world.bring(make.event(-0.5, Milestone.ATTEMPT_FAILED, number="TN2"))
    watch.run(world.runtime)
    return world


def test_the_worst_first_with_reason_and_days_left(syncd, three):
    found = syncd("board")
    assert found.code == exits.OK
    head, first, second = found.out.splitlines()
    assert head.split()[:4] == ["parcel", "order", "account", "country"]
    assert first.startswith("TN2     o2     shop     DE       attempt failed")
    assert "promised by 2026-03-01, not delivered 9 days later (and 1 more)" in first
    assert re.search(r"2026-03-01  9 d ago +none +no$", first)
    assert second.startswith("TN1")
    assert "3 d ago" in second


def test_for_scripts(syncd, three):
    worst, _ = syncd("board", "--json").json
    assert (worst["tracking_number"], worst["days_to_promise"]) == ("TN2", -9)
    assert worst["days_to_protection_end"] is None
    assert {each["kind"] for each in worst["findings"]} == {"promise_passed", "attempt_failed"}


def test_all_shows_those_in_time_too(syncd, three):
    rows = syncd("board", "--all", "--json").json
    assert [row["tracking_number"] for row in rows] == ["TN2", "TN1", "TN3"]
    assert (rows[2]["reason"], rows[2]["since"]) == (None, None)
    assert "in 5 d" in syncd("board", "--all").out


def test_a_limit_says_what_it_leaves_out(syncd, three):
    found = syncd("board", "--limit", 1)
    assert len(found.out.splitlines()) == 2
    assert found.err == "1 more at risk: --limit 2 lists all\n"


def test_of_one_account(syncd, three):
    assert len(syncd("board", "--account", "shop", "--json").json) == 2
    wrong = syncd("board", "--account", "shpo")
    assert wrong.code == exits.USAGE
    assert "Did you mean 'shop'?" in wrong.err


def test_nothing_at_risk_is_said(syncd, store):
    assert syncd("board", "--json").json == []
    assert syncd("board").err == "nothing to list\n"


def test_today(syncd, three, make, time):
    time(timedelta(days=4.5))
    rows = syncd("board", "--all").out.splitlines()
    assert "today" in next(row for row in rows if row.startswith("TN3"))


@pytest.mark.parametrize("terminal", [True, False])
def test_colours_only_on_a_terminal(capsys, monkeypatch, terminal):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    emit(
        [{"a": "x"}, {"a": "y"}],
        as_json=False,
        looks=Looks(colour=lambda row: "red" if row["a"] == "x" else None),
    )
    out = capsys.readouterr().out
    assert ("\x1b[31mx" in out) is terminal
    assert "\x1b[31my" not in out


def test_on_a_narrow_terminal_numbers_stay_whole(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    row = {"number": Lines(("LX546349272CN", "82-19596-44476")), "reason": "no scan for days " * 5}
    emit([row], as_json=False, columns=("number", "reason"), looks=Looks(wraps=("reason",)))
    lines = printable(capsys.readouterr().out).splitlines()
    assert [line.split()[0] for line in lines[3:5]] == ["LX546349272CN", "82-19596-44476"]
    assert max(len(line.rstrip()) for line in lines) <= 60


def test_on_a_terminal_each_parcel_takes_three_columns(syncd, three, monkeypatch):
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    monkeypatch.setenv("TERM", "dumb")
    lines = [" ".join(line.split()) for line in syncd("board").out.splitlines()]
    assert lines[1] == "parcel, order trouble dates"
    assert lines[3].startswith("TN2 attempt failed, to DE promise 9 d ago")
    assert any("protection none" in line for line in lines)


@pytest.mark.parametrize("width", [24, 36, 44, 48, 60, 90])
def test_however_narrow_the_terminal_ids_are_whole(syncd, three, make, monkeypatch, width):
    three.bring(
        make.order("348-2899777-8583471", promise=-30),
        make.shipment("long", "LX546349272CN", "348-2899777-8583471"),
        make.event(-1, number="LX546349272CN"),
    )
    watch.run(three.runtime)
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", f"{width}")
    out = printable(syncd("board").out)
    assert re.search(r"^ *LX546349272CN\b", out, re.MULTILINE)
    assert re.search(r"^ *348-2899777-8583471\b", out, re.MULTILINE)
    assert "\N{HORIZONTAL ELLIPSIS}" not in out
    assert "promised by" in " ".join(out.split())
    assert max(map(len, map(str.rstrip, out.splitlines()))) <= width


class TestOrdersWithoutAParcel:
    @pytest.fixture
    def waiting(self, three, make, time):
        """An order that should have left two days ago, and one that has time."""
        for name, ship_by in (("w1", -2), ("w2", 9)):
            three.bring(
                make.order(name, promise=4, status=OrderStatus.UNSHIPPED,
                           placed_at=make.at(-5), protection_ends_at=make.at(20),
                           ship_by=Window(latest=make.at(ship_by)))
            )  # fmt: skip
        time(timedelta(hours=1))  # that long a shop has to tell of a parcel
        watch.run(three.runtime)
        return three

    def test_they_have_a_row_with_the_same_columns(self, syncd, waiting):
        (row,) = (line for line in syncd("board").out.splitlines() if " w1 " in line)
        assert row.startswith("no parcel yet  w1     shop     DE       unshipped")
        assert re.search(r"2026-03-08  in 4 d +in 20 d +no$", row)

    def test_for_scripts(self, syncd, waiting):
        (row,) = (row for row in syncd("board", "--json").json if row["order"] == "w1")
        assert (row["kind"], row["tracking_number"], row["milestone"]) == ("order", None, None)
        assert (row["status"], row["days_to_promise"]) == ("unshipped", 4)
        assert row["days_to_protection_end"] == 20
        assert row["ship_by"] == row["since"] == "2026-03-08T12:00:00+00:00"
        assert [each["kind"] for each in row["findings"]] == ["late_dispatch"]

    def test_those_with_time_come_with_all(self, syncd, waiting):
        rows = syncd("board", "--all", "--json").json
        assert {row["order"] for row in rows} == {"o1", "o2", "o3", "w1", "w2"}
        assert [row["order"] for row in rows[3:]] == ["w2", "o3"]

    def test_once_there_is_a_parcel_it_is_that(self, syncd, waiting, make):
        waiting.bring(make.shipment("pw", "TNW", "w1"))
        watch.run(waiting.runtime)
        assert "w1" not in {row["order"] for row in syncd("board", "--json").json}

    def test_on_a_terminal_of_sixty_columns(self, syncd, waiting, monkeypatch):
        monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "60")
        out = printable(syncd("board").out)
        assert "no parcel yet" in out
        assert max(map(len, map(str.rstrip, out.splitlines()))) <= 60
