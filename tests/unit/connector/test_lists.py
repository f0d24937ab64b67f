"""Streams of several lists: what stands in the cursor, and how far back is asked."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from syncd.connector import utc_text
from syncd.connector.lists import walk_lists
from syncd.connector.sweep import OVERLAP, Entry, Page, Source
from syncd.model import BadItem

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MONTH = timedelta(days=30)


def listing(name, asked, **limits):
    def fetch(start, end, offset):
        del end, offset
        asked.append((name, NOW - start))
        return Page([Entry(name, NOW, f"{name}@1", b"")], 1, more=False)

    def read(entries):
        return [BadItem(source_id=entry.id, reason="", raw=b"") for entry in entries]

    return Source(fetch, read, limit=10, batch=10, **limits)


def test_each_list_has_a_place_of_its_own():
    asked = []
    lists = {name: listing(name, asked) for name in ("open", "ended")}
    batches = list(walk_lists(lists, {"other": 1}, NOW, history=MONTH))
    assert [item.source_id for batch in batches for item in batch.items] == ["open", "ended"]
    assert [set(batch.cursor) for batch in batches] == [
        {"other", "open"}, {"other", "open", "ended"},
    ]  # fmt: skip
    again = list(walk_lists(lists, batches[0].cursor, NOW, history=MONTH))
    assert [item.source_id for batch in again for item in batch.items] == ["ended"]
    assert asked[-2:] == [("open", OVERLAP), ("ended", MONTH + OVERLAP)]


@pytest.mark.parametrize("overlap", [OVERLAP, timedelta(days=7)])
def test_no_list_is_asked_for_more_than_the_platform_tells(overlap):
    asked = []
    lists = {"all": listing("all", asked, oldest=timedelta(days=20), overlap=overlap)}
    first, *_ = walk_lists(lists, {}, NOW, history=MONTH)
    later = NOW + timedelta(days=100)
    list(walk_lists(lists, first.cursor, later, history=MONTH))
    assert asked == [("all", timedelta(days=20)), ("all", timedelta(days=-80))]


def test_times_are_told_in_utc():
    warsaw = timezone(timedelta(hours=1))
    assert utc_text(datetime(2026, 3, 2, 10, 0, 0, 1500, warsaw)) == "2026-03-02T09:00:00.001Z"
