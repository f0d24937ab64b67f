"""The three forms of a log line, each for its own reader."""

import io
import json
import logging
from datetime import datetime

import pytest
import structlog

from syncd import log


@pytest.fixture(autouse=True)
def _reset():
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def lines(fmt="auto", level="info", stream=None):
    stream = stream or io.StringIO()
    log.configure(fmt, level, stream)
    return stream


def test_json_lines_carry_time_level_component_and_fields():
    out = lines("json")
    log.get("ingest").info("polled", account="ebay-de", new=3)
    entry = json.loads(out.getvalue())
    assert datetime.fromisoformat(entry.pop("timestamp")).tzinfo is not None
    assert entry == {
        "event": "polled",
        "level": "info",
        "component": "ingest",
        "account": "ebay-de",
        "new": 3,
    }


@pytest.mark.parametrize(
    ("method", "priority"),
    [("debug", "<7>"), ("info", "<6>"), ("warning", "<4>"), ("error", "<3>"), ("critical", "<2>")],
)
def test_journal_lines_begin_with_their_priority_and_have_no_time(method, priority):
    out = lines("journal", "debug")
    getattr(log.get("outbox"), method)("sent", account="shop de")
    assert out.getvalue() == f'{priority}event=sent component=outbox account="shop de"\n'


def test_a_traceback_is_one_journal_entry():
    out = lines("journal")
    try:
        raise ValueError("bad cursor")
    except ValueError:
        log.get("ingest").exception("bug", account="ebay-de")
    (entry,) = out.getvalue().splitlines()
    assert entry.startswith("<3>event=bug")
    assert "Traceback" in entry
    assert "ValueError: bad cursor" in entry


def test_a_hostile_value_cannot_forge_a_journal_entry():
    out = lines("journal")
    log.get("ingest").info("polled", subject="hello\n<0>event=forged")
    assert len(out.getvalue().splitlines()) == 1


def test_bound_context_is_on_every_line_inside_the_block():
    out = lines("json")
    with structlog.contextvars.bound_contextvars(account="ebay-de", stream="orders"):
        log.get("ingest").info("polled")
    log.get("ingest").info("idle")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert (first["account"], first["stream"]) == ("ebay-de", "orders")
    assert "account" not in second


def test_lines_below_the_level_are_not_written():
    out = lines("json", "warning")
    log.get("ingest").info("polled")
    log.get("ingest").warning("slow")
    assert [json.loads(line)["event"] for line in out.getvalue().splitlines()] == ["slow"]


def test_auto_is_colour_on_a_terminal(monkeypatch):
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    out = lines("auto", stream=Terminal())
    log.get("ingest").info("polled")
    assert "\x1b[" in out.getvalue()


def test_auto_is_json_in_a_pipe(monkeypatch):
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    out = lines("auto")
    log.get("ingest").info("polled")
    assert json.loads(out.getvalue())["event"] == "polled"


def test_auto_is_the_journal_form_as_a_service(monkeypatch):
    monkeypatch.setattr("syncd.systemd.under_journald", lambda: True)
    out = lines("auto", stream=Terminal())
    log.get("ingest").info("polled")
    assert out.getvalue() == "<6>event=polled component=ingest\n"


@pytest.mark.parametrize("fmt", ["console", "json", "journal"])
def test_a_traceback_shows_no_local_variables(fmt):
    """They hold secrets: a bug in the middle of a login is logged, too."""
    out = lines(fmt, stream=Terminal())
    password = str(7**20)
    try:
        raise ZeroDivisionError("bug in a login")
    except ZeroDivisionError:
        log.get("ingest").exception("bug", account="mail")
    assert "bug in a login" in out.getvalue()
    assert password not in out.getvalue()


def test_the_http_library_does_not_log_each_request(caplog):
    """With its address, and what a platform wants to have in that."""
    lines("json", level="debug")
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("httpx").info("HTTP Request: GET https://api.example/?token=t")
    assert caplog.records == []


@pytest.mark.parametrize("fmt", ["journal", "console", "json"])
def test_a_platforms_words_neither_forge_a_line_nor_move_the_cursor(fmt):
    """Control characters would also make journalctl hide the line as "blob data"."""
    out = lines(fmt)
    words = "no\r\n<3>event=forged \x1b]0;title\x07 \x9b2J \u202e\u061c"
    try:
        raise ValueError(words)
    except ValueError:
        log.get("http").exception("refused", reason=words)
    shown = out.getvalue()
    assert not set(shown) & set("\r\x1b\x07\x9b\u202e\u061c")
    assert fmt == "console" or shown.count("\n") == 1
