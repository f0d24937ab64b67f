"""The demo's verb: where it keeps its store, what it prints, how it ends, how its time goes."""

import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta

import click
import msgspec
import pytest

from syncd import clock
from syncd.cli import demo as verb
from syncd.cli import exits
from syncd.cli.demo_page import page
from syncd.cli.progress import Shown
from syncd.demo import Report, files
from syncd.demo.pace import Pace, WorldClock, followed_until
from syncd.demo.report import report
from syncd.model import NewNotice
from syncd.testing.world import Counts, World

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(days=30)

GOOD = Report(
    world_days=30.0, messages=531, conversations=121, customers=100, orders=120, shipments=130,
    tracking_events=1300, quarantined=6, late_found=28,
    findings={"no_movement": 2, "customs_hold": 9}, notices_sent=34,
    notices_by_channel={"marketplace": 29, "email": 5},
    notices_by_language={"de": 4, "pt-BR": 2, "pt": 2, "xx-nope": 1},
    duplicate_notices=0, notices_missing_facts=0, notices_in_wrong_language=0,
    notices_in_quiet_hours=0, notices_needless=0, buyers_not_told=0, items_missing=0,
    items_stored_twice=0, for_a_person=0, in_world={"messages": 531},
    examples={"order": "12-1", "outbox": 35, "conversation": 7, "quarantine": 2}, faults=(),
)  # fmt: skip


class FakeDemo:
    """Leaves a config as a real one does, and reports what the test wants."""

    report = GOOD
    ran = 0

    def __init__(self, folder, *, seconds, seed):
        self.folder = folder
        self.seconds = seconds

    def run(self, progress):
        type(self).ran += 1
        files.write(
            self.folder, shop_url="http://127.0.0.1:1", shop_token="token",
            address="shop@sandbox.example", password="secret", imap_port=1, smtp_port=2,
        )  # fmt: skip
        progress(0.5, {"messages": 3}, "day 15 of 30")
        return self.report


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(verb, "Demo", FakeDemo)
    monkeypatch.setattr(FakeDemo, "report", GOOD)
    monkeypatch.setattr(FakeDemo, "ran", 0)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("HOME", str(place))
    return place


@pytest.fixture
def syncd(command, tmp_path):
    return command(tmp_path / "none.toml")


def test_what_it_leaves_is_kept_for_a_closer_look(syncd, home):
    kept = home / ".cache" / "syncd" / "demo"
    for _ in range(2):
        ended = syncd("demo")
        assert (ended.code, ended.err) == (exits.OK, "")
        assert f'url = "sqlite:///{kept}/syncd.db"' in (kept / "syncd.toml").read_text()
        (kept / "syncd.db-wal").touch()  # as somebody who looks closer leaves it
    for command in ("show 12-1", "outbox show 35", "show 7 --as conversation", "quarantine show 2"):
        assert f"syncd --config {kept}/syncd.toml {command}" in ended.out
    assert list((home.parent / "tmp").iterdir()) == []


def test_json_is_all_there_is_and_nothing_is_kept(syncd, home):
    ended = syncd("demo", "--json")
    assert (ended.json, ended.err) == (json.loads(msgspec.json.encode(GOOD)), "")
    assert list(home.iterdir()) == []
    syncd("demo", "--json", "--keep", home / "here")
    assert (home / "here" / "syncd.toml").exists()


def test_a_place_with_something_else_in_it_is_refused_before_the_run(syncd, home):
    (home / "precious").write_text("x")
    ended = syncd("demo", "--keep", home)
    assert (ended.code, ended.out, FakeDemo.ran) == (exits.USAGE, "", 0)
    assert f"{home} holds something else than an earlier demo" in ended.err


@pytest.mark.parametrize(
    "mine",
    [
        {"syncd.toml": "[store]\n"},
        {"syncd.toml": b"\xff\xfe"},
        {"syncd.toml": "# The config of `syncd demo`.\n", "letter.txt": "x"},
        {"syncd.db": "x"},
    ],
)
def test_a_folder_of_the_users_own_is_not_replaced_for_its_config(syncd, home, mine):
    """A config in the home, as the quickstart has it, does not make the home an earlier demo."""
    written = {
        name: text if isinstance(text, bytes) else text.encode() for name, text in mine.items()
    }
    for name, data in written.items():
        (home / name).write_bytes(data)
    ended = syncd("demo", "--keep", home)
    assert (ended.code, ended.out, FakeDemo.ran) == (exits.USAGE, "", 0)
    assert f"{home} holds something else than an earlier demo" in ended.err
    assert {each.name: each.read_bytes() for each in home.iterdir()} == written


def test_what_came_into_the_folder_while_it_ran_is_not_replaced(syncd, home, monkeypatch):
    place, run = home / "here", FakeDemo.run

    def meanwhile(self, progress):
        place.mkdir()
        (place / "precious").write_text("x")
        return run(self, progress)

    monkeypatch.setattr(FakeDemo, "run", meanwhile)
    ended = syncd("demo", "--keep", place)
    assert f"Nothing was kept: {place} holds something else" in ended.err
    assert (place / "precious").read_text() == "x"


@pytest.mark.parametrize("place", ["/dev/null", "/proc"])
def test_without_a_home_to_write_to_nothing_is_kept_and_it_says_so(syncd, home, monkeypatch, place):
    monkeypatch.setenv("HOME", place)
    ended = syncd("demo")
    assert (ended.code, FakeDemo.ran) == (exits.OK, 1)
    assert "531 messages" in ended.out
    assert "Look closer" not in ended.out
    assert f"Nothing was kept: {place}" in ended.err
    assert "--keep names another place" in ended.err
    assert list((home.parent / "tmp").iterdir()) == []


def test_a_read_only_home(syncd, home, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert f"Nothing was kept: {home} cannot be written to" in syncd("demo").err
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("seconds", ["4.9", "601"])
def test_how_long_it_may_take(syncd, home, seconds):
    assert syncd("demo", "--seconds", seconds).code == exits.USAGE


@pytest.mark.parametrize("fault", [name for name in msgspec.structs.asdict(GOOD)
                                   if name.startswith(("duplicate", "notices_missing", "buyers",
                                                       "notices_in", "notices_needless", "items",
                                                       "for_a_person"))])  # fmt: skip
def test_every_fault_counts(syncd, home, monkeypatch, fault):
    bad = msgspec.structs.replace(GOOD, **{fault: 3}, faults=("\x1b[2Jm_1: so",))
    monkeypatch.setattr(FakeDemo, "report", bad)
    ended = syncd("demo")
    assert ended.code == exits.FOUND_WRONG
    assert "faults   3 " in ended.out
    assert "0: none" not in ended.out


@pytest.fixture
def market():
    with World(now=lambda: START, start=START, orders=20) as world:
        yield world


def counted(world, market, mails=0):
    """What a demo would report that has just begun."""
    pace = Pace.of(60, END - START)
    return report(world.runtime, market, started=START, ended=START, pace=pace, mails=mails)


def test_what_was_lost_or_came_twice_is_counted_against_the_worlds_own_figures(world, market, make):
    told = Counts(orders=3, messages=1, shipments=0, tracking=0, stock=9, malformed=2)
    market.counts = lambda: told
    world.bring(make.order("o1"), make.message("m1"), make.message("m2", 1), make.message("m3", 2))

    found = counted(world, market, mails=1)
    assert found.in_world == {
        "messages": 2, "orders": 3, "shipments": 0, "tracking_events": 0, "quarantined": 2,
    }  # fmt: skip
    assert (found.items_missing, found.items_stored_twice) == (4, 1)

    market.untold = lambda by: ["TN1", "TN2"]
    assert counted(world, market).buyers_not_told == 2


def test_a_notice_to_a_wrong_buyer_counts_beside_a_needless_one(world, market):
    judged = market.judge()
    market.judge = lambda **_: msgspec.structs.replace(judged, needless=1, wrong_buyer=2)
    assert counted(world, market).notices_needless == 3


def test_the_page_is_english():
    text = "\n".join(page(GOOD, None))
    assert "9 customs hold, 2 no movement" in text
    assert "4 in German, 2 in Portuguese (Brazil), 2 in Portuguese, 1 in xx-nope" in text
    assert "0: none sent twice" in text


def test_the_page_fits_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    lines = [click.unstyle(line).strip("\n") for line in page(GOOD, None)]
    assert max(map(len, lines)) <= 60
    assert "site or latest event" in " ".join(" ".join(lines).split())


@pytest.fixture
def handlers():
    """Put the signals' handlers back."""
    before = {each: signal.getsignal(each) for each in verb._ENDING}
    yield before
    for each, handler in before.items():
        signal.signal(each, handler)


def test_a_second_interrupt_does_not_disturb_the_tidying_up(handlers):
    seen = []

    def work():
        with verb._interrupted_once():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGINT)
                seen.append("tidy")

    with pytest.raises(KeyboardInterrupt):
        work()
    signal.raise_signal(signal.SIGINT)
    assert seen == ["tidy"]


def test_an_undisturbed_end_leaves_the_handlers_as_they_were(handlers):
    with verb._interrupted_once():
        assert signal.getsignal(signal.SIGINT) is not handlers[signal.SIGINT]
    assert {each: signal.getsignal(each) for each in handlers} == handlers


def test_what_is_to_be_ignored_stays_ignored(handlers):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with verb._interrupted_once():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


class TestProgress:
    def test_a_line_fits_the_terminal(self, capsys, monkeypatch):
        monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
        monkeypatch.setenv("COLUMNS", "60")
        with Shown() as shown:
            shown(0.5, {"messages": 123456, "orders": 7, "findings": 99}, "day 15 of 30")
        said = capsys.readouterr().err
        assert "day 15 of 30  123456 messages" in said
        (line,) = [part for part in said.split("\r") if "day" in part]
        plain = line.replace("\x1b[K", "").replace("\x1b[0m", "").replace("\x1b[32m", "")
        assert len(plain.replace("\x1b[2m", "")) <= 60

    def test_elsewhere_a_line_now_and_then(self, capsys, monkeypatch):
        now = [0.0]
        monkeypatch.setattr(clock, "monotonic", lambda: now[0])
        with Shown() as shown:
            for second in range(25):
                now[0] = float(second)
                shown(second / 25, {"messages": second}, "day 1")
        assert capsys.readouterr().err == " 40%  day 1  10 messages\n 80%  day 1  20 messages\n"


class TestTime:
    @pytest.fixture
    def second(self, monkeypatch):
        now = [100.0]
        monkeypatch.setattr(clock, "monotonic", lambda: now[0])

        def forward(seconds):
            now[0] += seconds

        return forward

    def test_it_goes_as_fast_as_asked_and_ends(self, second):
        world = WorldClock(START, END, speed=86_400)
        world.wait_at(END)
        second(10)
        assert world() == START + timedelta(days=10)
        second(50)
        assert world() == END
        world.wait_at(END + timedelta(days=1))
        second(50)
        assert world() == END

    def test_it_waits_and_goes_on_from_there(self, second):
        world = WorldClock(START, END, speed=86_400)
        world.wait_at(START + timedelta(days=1))
        second(1.5)
        assert world() == START + timedelta(days=1)
        world.wait_at(START)
        assert world() == START + timedelta(days=1)
        world.wait_at(START + timedelta(days=9))
        second(2)
        assert world() == START + timedelta(days=3)

    def test_it_does_not_wait_for_ever(self, second):
        world = WorldClock(START, END, speed=86_400)
        second(5)
        assert world() == START
        second(2)
        assert START < world() < START + timedelta(days=0.2)

    def test_a_stream_that_backs_off_does_not_hold_the_world_up(self, kept, filled):
        pace, now = Pace.of(60, END - START), clock.now()
        for stream in ("messages", "orders", "tracking"):
            claim = filled.claim(stream)
            kept.accounts.failed(claim, OSError(), now=now, retry_at=now + timedelta(days=2))
        known = now + timedelta(days=3)
        assert followed_until(kept, pace, streams=3, start=START) == known

    def test_the_world_waits_for_news_and_for_what_is_due(self, kept, filled, make):
        pace = Pace.of(60, END - START)
        assert (pace.poll, pace.tick) == (timedelta(hours=12), timedelta(hours=1.2))
        known = clock.now() + timedelta(days=1)
        assert followed_until(kept, pace, streams=3, start=START) == known
        assert followed_until(kept, pace, streams=4, start=START) == START + timedelta(days=1)
        kept.outbox.queue(
            NewNotice(key="k", account_id=filled.id, recipient=make.buyer, language="en",
                      not_before=clock.now() - timedelta(hours=2), text="x"),
            clock.now(),
        )  # fmt: skip
        due = clock.now() - timedelta(hours=1)
        assert followed_until(kept, pace, streams=3, start=START) == due
