"""What FedEx's answers become, and what is asked of it."""

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from syncd.connector.scans import meanings
from syncd.model import BadItem, Milestone, OffsetSource, ParcelRef, Reason
from syncd.testing.fedex import FakeFedex
from syncd.testing.server import Answer as Reply
from syncd_fedex import Fedex
from syncd_fedex.parse import read

NUMBER = "776094337676"
NOON = datetime.fromisoformat("2026-11-02T12:00")
MST = timezone(timedelta(hours=-7))

# "Tracking Status Codes" of FedEx's API reference guide: movement, then regulatory.
PUBLISHED = """
AA AC AD AF AO AP AR AX CA CH DD DE DL DP DR DS DY EA ED EO EP FD HL HP IT IX LO OC OD OF OW OX PD
PF PL PM PU PX RR RM RC RS RP LP RG RD SE SF SP TR
CC CD CP
""".split()  # noqa: SIM905  a list of words reads better than a list of literals
SEEN = {"AE"}


@pytest.fixture
def carrier():
    return Fedex, FakeFedex


def event(code="IT", **fields):
    return {"date": "2026-11-02T12:00:00-07:00", "eventType": code, **fields}


def answered(*results):
    return read(ParcelRef(tracking_number=NUMBER), msgspec.json.encode(results))


def parsed(*events, **facts):
    return answered({"scanEvents": events, **facts})


def one(*args, **fields):
    (item,) = parsed(event(*args, **fields))
    return item


def test_every_published_code_is_in_the_table():
    assert set(meanings("syncd_fedex")) == set(PUBLISHED) | SEEN


@pytest.mark.parametrize(
    ("code", "milestone"),
    [
        ("OC", Milestone.PRE_SHIPMENT),
        ("PU", Milestone.ACCEPTED),
        ("OD", Milestone.OUT_FOR_DELIVERY),
        ("HP", Milestone.READY_FOR_PICKUP),
        ("DE", Milestone.EXCEPTION),
        ("CD", Milestone.CUSTOMS_HOLD),
        ("RS", Milestone.RETURNING),
        ("DL", Milestone.DELIVERED),
        ("CA", Milestone.CANCELLED),
        ("AO", Milestone.UNKNOWN),  # a forecast, and no scan of the parcel
        ("Ow", Milestone.IN_TRANSIT),  # as FedEx's list spells it
        ("QQ", Milestone.UNKNOWN),
        (None, Milestone.UNKNOWN),
    ],
)
def test_status(code, milestone):
    item = one(code)
    assert (item.milestone, item.code) == (milestone, code)


def test_a_delay_by_weather_has_its_reason():
    assert one("DY", delayDetail={"type": "WEATHER"}).reason is Reason.WEATHER
    assert one("DY", delayDetail={"type": "STRIKE"}).reason is None


@pytest.mark.parametrize(
    ("country", "milestone"), [("CN", Milestone.EXPORT_CUSTOMS), ("US", Milestone.IMPORT_CUSTOMS)]
)
def test_clearance_at_the_origin_is_export(country, milestone):
    ends = {
        "shipperInformation": {"address": {"countryCode": "CN"}},
        "recipientInformation": {"address": {"countryCode": "US"}},
    }
    (item,) = parsed(event("CC", scanLocation={"countryCode": country}), **ends)
    assert item.milestone is milestone


def test_time_place_and_words_are_kept_as_said():
    item = one(
        "DE",
        eventDescription="Delivery exception",
        exceptionDescription="Customer not available or business closed",
        exceptionCode="15",
        scanLocation={"city": "CLOVIS", "stateOrProvinceCode": "CA", "countryCode": "US"},
    )
    assert (item.occurred_local, item.utc_offset_minutes) == (NOON, -420)
    assert item.offset_source is OffsetSource.CARRIER
    assert item.text == "Delivery exception - Customer not available or business closed"
    assert (item.code, item.location, item.country) == ("DE/15", "CLOVIS, CA", "US")
    assert one(date="2026-11-02T12:00:00").utc_offset_minutes is None


def test_a_scan_that_cannot_be_read_stops_no_other():
    found = parsed(event(date=None), event(eventDescription=7), event())
    bad = [item for item in found if isinstance(item, BadItem)]
    assert len(found) == 3
    assert sorted(item.reason.split(":")[0] for item in bad) == ["ValidationError", "ValueError"]


ESTIMATED = {"type": "ESTIMATED_DELIVERY", "dateTime": "2026-11-04T20:00:00-07:00"}
WINDOW = {"window": {"begins": "2026-11-04T09:00:00", "ends": "2026-11-04T13:00:00-07:00"}}
THERE = {"recipientInformation": {"address": {"countryCode": "US"}}}


@pytest.mark.parametrize(
    ("facts", "earliest", "latest"),
    [
        ({"dateAndTimes": [{"type": "SHIP", "dateTime": "2026-11-01"}, ESTIMATED]}, None, 20),
        ({"dateAndTimes": [ESTIMATED], "estimatedDeliveryTimeWindow": WINDOW}, 9, 13),
    ],
)
def test_the_estimate(facts, earliest, latest):
    (item,) = parsed(event(scanLocation={"countryCode": "US"}), **THERE, **facts)
    day = datetime(2026, 11, 4, tzinfo=MST)
    assert item.eta.earliest == (earliest and day.replace(hour=earliest))
    assert item.eta.latest == day.replace(hour=latest)


def test_without_an_estimate_there_is_none():
    (item,) = parsed(event(), estimatedDeliveryTimeWindow={"window": {}}, dateAndTimes=None)
    assert item.eta is None


def test_a_number_given_out_twice_is_the_parcel_scanned_last():
    old, new = event("DL", date="2025-03-01T10:00:00-07:00"), event("IT")
    for results in (
        ({"scanEvents": [old]}, {"scanEvents": [new]}),
        ({"scanEvents": [new]}, {"scanEvents": [old]}),
    ):
        assert [item.milestone for item in answered(*results)] == [Milestone.IN_TRANSIT]


def test_a_result_of_another_shape_is_no_answer():
    with pytest.raises(msgspec.ValidationError, match="scanEvents"):
        answered({"scanEvents": 7})


def test_not_found_is_no_news_and_another_error_is_told():
    code = "TRACKING.TRACKINGNUMBER.NOTFOUND"
    assert answered({"error": {"code": code, "message": "Cannot be found."}}) == []
    with pytest.raises(ValueError, match=r"^FedEx TRACKING.TRACKINGNUMBER.EMPTY: Which\?$"):
        answered({"error": {"code": "TRACKING.TRACKINGNUMBER.EMPTY", "message": "Which?"}})


def test_only_the_numbers_that_were_asked_about_are_answered(fake, make):
    results = [{"trackingNumber": "999", "trackResults": [{"scanEvents": [event()]}]}]
    world = make(NUMBER)
    world.connector.check()
    fake.answer = lambda request: Reply.json({"output": {"completeTrackResults": results}})
    (batch,) = world.poll()
    assert (batch.items, batch.looked, batch.unanswered) == ([], (), (NUMBER,))


def test_what_is_asked_for(fake, make):
    make(*(f"{index:012d}" for index in range(40))).poll()
    token, first, second = fake.requests
    assert token.path == "/oauth/token"
    assert first.headers["x-locale"] == "en_US"
    assert first.json()["includeDetailedScans"] is True
    assert [len(each.json()["trackingInfo"]) for each in (first, second)] == [30, 10]


def test_one_malformed_number_is_found_by_halves(fake, make):
    numbers = [f"{index:012d}" for index in range(7)] + ["12-34"]
    for number in numbers:
        fake.add_scan(number, "Moved", NOON)
    batches = make(*numbers).poll()
    assert sorted(number for batch in batches for number in batch.looked) == sorted(numbers[:-1])
    assert [number for batch in batches for number in batch.unanswered] == ["12-34"]
    items = [item for batch in batches for item in batch.items]
    (bad,) = [item for item in items if isinstance(item, BadItem)]
    assert (bad.source_id, len(items)) == ("12-34", 8)
    assert "TRACKING.TRACKINGNUMBER.INVALID" in bad.reason
    asked = [len(each.json()["trackingInfo"]) for each in fake.requests[1:]]
    assert asked == [8, 4, 4, 2, 2, 1, 1]
