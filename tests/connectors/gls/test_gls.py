"""The connector against the stateful fake, and its tables against the published lists."""

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from syncd.connector.scans import meanings
from syncd.model import BadItem, Milestone, OffsetSource
from syncd.testing.gls import FakeGLS
from syncd.testing.server import Answer
from syncd_gls import GLS
from syncd_gls.parse import scans

BERLIN = timezone(timedelta(hours=1))
START = datetime(2026, 11, 2, 9, tzinfo=BERLIN)
NUMBER = "36301917596"
STATUSES = (
    "PLANNEDPICKUP INPICKUP NOTPICKEDUP PREADVICE INTRANSIT INDELIVERY DELIVEREDPS DELIVERED "
    "INWAREHOUSE NOTDELIVERED CANCELED FINAL"
)
EVENTS = (
    "INTIAL.PREADVICE INTIAL.E48_DATA INTIAL.NORMAL INBOUD.NORMAL OUTBOD.NORMAL OUTDEL.NORMAL "
    "DELIVD.NORMAL DELIVD.PARCELSHOP CANCEL.NORMAL"
)


@pytest.fixture
def carrier():
    return GLS, FakeGLS


def numbers(count):
    return [f"{36301917000 + index}" for index in range(count)]


def parcel(*events, **fields):
    return msgspec.json.encode({"unitno": NUMBER, "events": list(events), **fields})


def event(code, hour=9, **fields):
    at = f"2026-11-02T{hour:02}:00:00+0100"
    return {"code": code, "description": code, "eventDateTime": at, **fields}


def milestones(*events, **fields):
    return [item.milestone for item in scans(NUMBER, parcel(*events, **fields))]


def test_every_published_status_has_a_meaning_and_only_final_has_none():
    table = meanings("syncd_gls")
    assert set(table) == set(STATUSES.split())
    unknown = [code for code, said in table.items() if said.milestone == Milestone.UNKNOWN]
    assert unknown == ["FINAL"]


def test_every_event_code_whose_words_are_public_has_a_meaning():
    table = meanings("syncd_gls", "events.csv")
    assert set(table) == set(EVENTS.split())
    assert all(said.milestone != Milestone.UNKNOWN for said in table.values())


def test_an_unknown_code_is_unknown_but_the_latest_is_told_by_the_status():
    odd = [event("DELIVD.LATER", 12), event("INBOUD.ODD", 10)]
    assert milestones(*odd, status="DELIVERED") == ["unknown", "delivered"]
    assert milestones(*odd[::-1], status="NOTDELIVERED") == ["unknown", "attempt_failed"]
    assert milestones(*odd, status="FINAL") == ["unknown", "unknown"]
    assert milestones(*odd, status="NEVERHEARD") == ["unknown", "unknown"]
    assert milestones(*odd) == ["unknown", "unknown"]


def test_a_known_code_counts_whatever_the_status_says():
    assert milestones(event("DELIVD.PARCELSHOP"), status="DELIVERED") == ["ready_for_pickup"]


def test_a_scan_keeps_words_code_place_and_clock(world):
    world.due("3630 1917 596")
    world.fake.add_scan(
        NUMBER, "At the center", START, code="INBOUD.NORMAL", city="Lyon", country="FR"
    )
    (item,) = world.items()
    assert (item.tracking_number, item.code) == ("3630 1917 596", "INBOUD.NORMAL")
    assert (item.text, item.location, item.country) == ("At the center", "Lyon", "FR")
    assert item.occurred_local.isoformat() == "2026-11-02T09:00:00"
    assert (item.utc_offset_minutes, item.offset_source) == (60, OffsetSource.CARRIER)


def test_one_event_that_cannot_be_read_does_not_hide_the_others():
    raw = parcel(event("INTIAL.NORMAL"), event("X", eventDateTime="soon"), 7)
    items = scans(NUMBER, raw)
    assert [type(item) for item in items].count(BadItem) == 2
    assert items[-1].milestone == "accepted"


def test_a_number_gls_cannot_answer_for_is_told_and_no_look(world):
    world.due(*numbers(2))
    world.fake.errors[numbers(2)[0]] = "E_500_01"
    (batch,) = world.poll()
    assert (batch.looked, batch.unanswered) == ((numbers(2)[1],), (numbers(2)[0],))
    assert "E_500_01" in batch.items[0].reason


def test_the_default_stays_within_the_daily_quota(make):
    world = make()
    world.due(*numbers(100))
    assert len(world.poll()) == len(world.calls("trackids")) == 5
    assert 5 * timedelta(days=1) / GLS.streams["tracking"] <= 500


def test_what_is_asked_for(make):
    world = make(language="DE")
    world.due(NUMBER)
    world.poll()
    (call,) = world.calls("trackids")
    assert call.query == {"showEvents": ["true"], "showLinks": ["false"]}
    assert call.headers["accept-language"] == "DE"


def test_a_number_that_gls_leaves_out_is_no_look(world):
    world.due(*numbers(2))
    world.connector.check()
    said = {"parcels": [{"requested": numbers(2)[1], "events": []}, {"unitno": "other"}, 7]}
    world.fake.answer = lambda request: Answer.json(said)
    (batch,) = world.poll()
    assert (batch.looked, batch.unanswered) == ((numbers(2)[1],), (numbers(2)[0],))
