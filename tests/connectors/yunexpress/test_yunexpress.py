"""The connector against the stateful fake, and its tables against the lists they are made from."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from syncd import clock
from syncd.connector import Unavailable
from syncd.connector.scans import meanings
from syncd.model import BadItem, Milestone, OffsetSource, ParcelRef
from syncd.testing.yunexpress import APP_SECRET, FakeYunExpress
from syncd_yunexpress import YunExpress
from syncd_yunexpress.parse import read, when

CHINA = timezone(timedelta(hours=8))
START = datetime(2026, 11, 2, 9, tzinfo=CHINA)
NUMBER = "YT2231431267000001"
NODES = """
ORDER_CREATION PICKED_UP PRE_ADVICING PRE_INFO FIRST_MILE_ARRIVE FIRST_MILE_DEPART TRANSIT_OUT
TRANSIT_IN DEPART_CONFIRM_OC ARRIVE_CONFIRM_OC ARRIVE_ORIN_CUSTOMS EXPORT_CUSTOMS_COMPLETE
AIRPORT_RELEASE MAIN_LINE_DEPART MAIN_LINE_ARRIVE CUSTOMS_PROCESSING CUSTOMS_COMPLETE
CUSTOMS_RELEASE READY_FOR_PICKUP PICKUP_CARGO_TERMINAL IN_TRANSIT READY_FOR_OUTBOUND
TRANSITHUB_ARRIVE CHANGE_WAYBILL_INFO EDD CARRIER_PICKUP IN_TRANSIT_CARRIER DELIVERY_ATTEMPT
DELIVERED DELIVERY_FAILURE CUSTOMS_DELAY CUSTOMS_HOLD CUSTOMS_INSPCTION AIRPORT_HOLD
AIRPORT_INSPECTION PACKAGE_EXCEPTION PACKAGE_LOST OTHER RETURNED RETURNED_BACK RETURNED_TO_SENDER
"""


@pytest.fixture
def carrier():
    return YunExpress, FakeYunExpress


def answer(*events, status="T", name="track_Info"):
    result = {"package_status": status, name: {"track_events": list(events)}}
    return msgspec.json.encode({"success": True, "result": [result]})


def event(node, hour=9):
    at = f"2026-11-02T{hour:02}:00:00.000Z"
    return {"track_node_code": node, "process_content": node, "process_time": at}


def parsed(raw):
    return read(ParcelRef(tracking_number=NUMBER), raw)


def test_every_node_has_a_meaning_and_only_data_have_none():
    table = meanings("syncd_yunexpress", "nodes.csv")
    assert set(table) == set(NODES.split())
    unknown = {code for code, said in table.items() if said.milestone == Milestone.UNKNOWN}
    assert unknown == {"PRE_ADVICING", "PRE_INFO", "CHANGE_WAYBILL_INFO", "EDD"}


def test_every_package_status_has_a_meaning_and_only_not_found_has_none():
    table = meanings("syncd_yunexpress")
    assert set(table) == set("NFTDERC")
    assert [code for code, said in table.items() if said.milestone == "unknown"] == ["N"]


def test_waiting_at_the_cargo_terminal_is_not_waiting_for_the_buyer():
    assert [item.milestone for item in parsed(answer(event("READY_FOR_PICKUP")))] == [
        "arrived_destination"
    ]


def test_an_unknown_node_is_unknown_but_the_latest_is_told_by_the_status():
    odd = [event("NEW_NODE", 12), event("OLD_NODE", 10)]
    for name in ("track_Info", "track_info"):
        told = [item.milestone for item in parsed(answer(*odd, status="D", name=name))]
        assert told == ["unknown", "delivered"]
    assert [item.milestone for item in parsed(answer(*odd, status="?"))] == ["unknown", "unknown"]


@pytest.mark.parametrize(
    ("local", "utc", "minutes"),
    [
        ("2026-05-30T16:00:00", "2026-05-30T08:00:00", 480),
        ("2026-05-30T04:00:00.562Z", "2026-05-30T08:00:00.562Z", -240),
        ("2026-05-30T13:30:00", "2026-05-30T08:00:00", 330),
        ("2026-05-30T16:07:00", "2026-05-30T08:00:00", None),
        ("2026-05-31T16:00:00", "2026-05-30T08:00:00", None),
        ("2026-05-30T16:00:00Z", None, None),
    ],
)
def test_the_offset_is_the_difference_of_both_clocks(local, utc, minutes):
    at = when(local, utc)
    assert at.replace(tzinfo=None) == datetime.fromisoformat(local[:19])
    offset = at.utcoffset()
    assert (None if offset is None else offset.total_seconds() / 60) == minutes


def test_utc_alone_is_utc_and_nothing_is_no_time():
    assert when(None, "2026-05-30T08:00:00Z") == datetime(2026, 5, 30, 8, tzinfo=UTC)
    assert when("", "soon") is None


def test_a_scan_keeps_words_node_place_and_clock(world):
    world.due(" yt2231431267000001")
    world.fake.add_scan(NUMBER, "Picked up", START, location="Shenzhen")
    (item,) = world.items()
    assert (item.tracking_number, item.code) == (" yt2231431267000001", "PICKED_UP")
    assert (item.text, item.location, item.country) == ("Picked up", "Shenzhen", "CN")
    assert item.occurred_local.isoformat() == "2026-11-02T09:00:00"
    assert (item.utc_offset_minutes, item.offset_source) == (480, OffsetSource.CARRIER)


def test_one_event_that_cannot_be_read_does_not_hide_the_others():
    items = parsed(answer(event("PICKED_UP"), {"process_time": "soon"}, 7))
    assert [type(item) for item in items].count(BadItem) == 2
    assert items[-1].milestone == "accepted"


@pytest.mark.parametrize("result", [None, [], {}])
def test_no_result_is_no_news(result):
    assert parsed(msgspec.json.encode({"success": True, "result": result})) == []


def test_a_refused_number_does_not_stop_the_others(world):
    world.due("YT1", NUMBER)
    world.fake.refusals["YT1"] = "order number is invalid"
    good, bad = world.poll()
    assert (good.looked, bad.unanswered) == ((NUMBER,), ("YT1",))
    assert "order number is invalid" in bad.items[0].reason


def test_refusals_of_all_are_waited_out(world):
    world.due("YT1", "YT2")
    world.fake.refusals.update(YT1="busy", YT2="busy")
    with pytest.raises(Unavailable, match="YunExpress 1: busy"):
        world.poll()


def test_one_token_serves_until_it_ends_or_is_revoked(time, world):
    world.due(NUMBER)
    for _ in range(3):
        world.poll()
    assert len(world.calls("token")) == 1
    time(timedelta(hours=2))
    world.poll()
    assert len(world.calls("token")) == 2
    world.fake.tokens.clear()
    world.poll()
    assert len(world.calls("token")) == 3


def test_the_signature_covers_time_method_and_path(time, world):
    world.due(NUMBER)
    world.poll()
    (call,) = world.calls("track-service")
    assert call.headers["date"] == str(int(clock.now().timestamp() * 1000))
    assert call.headers["accept-language"] == "en-US"
    assert APP_SECRET not in str(call)


def test_the_source_key_is_told_where_there_is_one(make):
    world = make(source_key={"env": "APP_SECRET"})
    world.connector.check()
    assert world.calls("token")[0].json()["sourceKey"] == APP_SECRET
