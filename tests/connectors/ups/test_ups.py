"""What UPS's answers become, and what is asked of it."""

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from syncd.connector.scans import meanings
from syncd.model import BadItem, Milestone, OffsetSource, ParcelRef, Reason
from syncd.testing.ups import FakeUps
from syncd_ups import Ups
from syncd_ups.parse import read

NUMBER = "1Z023E2X0214323462"
NOON = datetime.fromisoformat("2026-11-02T12:00")
EST = timezone(timedelta(hours=-5))

# UPS's list of package status codes, 000 to 069, and what came later.
NEVER_GIVEN = {1, 2, 4, 8, 9, 15, 31}
PUBLISHED = {f"{code:03d}" for code in range(70) if code not in NEVER_GIVEN} | {
    "070",
    "071",
    "072",
    "077",
}


@pytest.fixture
def carrier():
    return Ups, FakeUps


def activity(code="005", type_="I", **fields):
    status = {"type": type_, "code": "XX", "statusCode": code, "description": "Said"}
    return {"date": "20261102", "time": "120000", "status": status, **fields}


def parsed(*activities, number=NUMBER, **facts):
    package = {"trackingNumber": number, "activity": activities, **facts}
    raw = msgspec.json.encode({"trackResponse": {"shipment": [{"package": [package]}]}})
    return read(ParcelRef(tracking_number=NUMBER), raw)


def one(*args, **fields):
    (item,) = parsed(activity(*args, **fields))
    return item


def test_every_published_code_is_in_the_tables():
    assert set(meanings("syncd_ups")) == PUBLISHED
    assert set(meanings("syncd_ups", "types.csv")) == {"M", "MV", "I", "X", "U", "D"}


@pytest.mark.parametrize(
    ("code", "type_", "milestone", "reason"),
    [
        ("003", "M", Milestone.PRE_SHIPMENT, None),
        ("021", "I", Milestone.OUT_FOR_DELIVERY, None),
        ("040", "I", Milestone.READY_FOR_PICKUP, None),
        ("058", "X", Milestone.CUSTOMS_HOLD, Reason.DOCUMENTS),
        ("062", "X", Milestone.ATTEMPT_FAILED, Reason.PAYMENT_DUE),
        ("052", "X", Milestone.EXCEPTION, Reason.WEATHER),
        ("034", "X", Milestone.RETURNED, None),
        ("007", "MV", Milestone.CANCELLED, Reason.CANCELLED_BY_SENDER),
        ("011", "D", Milestone.DELIVERED, None),
        ("999", "I", Milestone.IN_TRANSIT, None),
        ("999", "X", Milestone.UNKNOWN, None),
        ("999", "D", Milestone.UNKNOWN, None),
        (None, "??", Milestone.UNKNOWN, None),
    ],
)
def test_status(code, type_, milestone, reason):
    item = one(code, type_)
    assert (item.milestone, item.reason) == (milestone, reason)
    assert item.code == "/".join(filter(None, (type_, "XX", code)))


def test_an_unknown_code_of_a_delivery_counts_where_ups_tells_its_date():
    (item,) = parsed(activity("999", "D"), deliveryDate=[{"type": "DEL", "date": "20261102"}])
    assert item.milestone is Milestone.DELIVERED


@pytest.mark.parametrize(
    ("country", "milestone"), [("CN", Milestone.EXPORT_CUSTOMS), ("US", Milestone.IMPORT_CUSTOMS)]
)
def test_clearance_at_the_origin_is_export(country, milestone):
    ends = [
        {"type": type_, "address": {"countryCode": code}}
        for type_, code in (("ORIGIN", "CN"), ("DESTINATION", "US"))
    ]
    here = {"address": {"city": "X", "countryCode": country}}
    (item,) = parsed(activity("012", location=here), packageAddress=ends)
    assert item.milestone is milestone


@pytest.mark.parametrize(
    ("fields", "offset"),
    [
        ({"gmtOffset": "-05:00"}, -300),
        ({"gmtOffset": "EST"}, None),
        ({"gmtDate": "20261102", "gmtTime": "170000"}, None),
        ({}, None),
    ],
)
def test_the_offset_is_ups_own_or_none(fields, offset):
    item = one(**fields)
    assert (item.occurred_local, item.utc_offset_minutes) == (NOON, offset)
    assert item.offset_source is (None if offset is None else OffsetSource.CARRIER)


def test_where_it_was():
    address = {"city": "Wayne", "stateProvince": "NJ", "countryCode": "us"}
    item = one(location={"address": address, "slic": "8566"})
    assert (item.location, item.country, item.carrier) == ("Wayne, NJ", "US", "UPS")


def test_an_activity_that_cannot_be_read_stops_no_other():
    found = parsed(activity(date=None), activity(status=None), activity())
    bad = [item for item in found if isinstance(item, BadItem)]
    assert len(found) == 3
    assert sorted(item.reason.split(":")[0] for item in bad) == ["ValidationError", "ValueError"]


HERE = {"location": {"address": {"countryCode": "US"}}, "gmtOffset": "-05:00"}
ENDS = [{"type": "DESTINATION", "address": {"countryCode": "US"}}]


@pytest.mark.parametrize(
    ("dates", "hours", "earliest", "latest"),
    [
        ({"SDD": "20261104"}, None, (4, 0, 0, 0), (4, 23, 59, 59)),
        ({"SDD": "20261104", "RDD": "20261105"}, None, (5, 0, 0, 0), (5, 23, 59, 59)),
        ({"SDD": "20261104"}, ("EOD", None, None), (4, 0, 0, 0), (4, 23, 59, 59)),
        ({"SDD": "20261104"}, ("EDW", "091500", "131500"), (4, 9, 15, 0), (4, 13, 15, 0)),
        ({"SDD": "20261104"}, ("CMT", None, "120000"), (4, 0, 0, 0), (4, 12, 0, 0)),
    ],
)
def test_the_estimate(dates, hours, earliest, latest):
    facts = {"deliveryDate": [{"type": type_, "date": day} for type_, day in dates.items()]}
    if hours:
        facts["deliveryTime"] = dict(zip(("type", "startTime", "endTime"), hours, strict=True))
    (item,) = parsed(activity(**HERE), packageAddress=ENDS, **facts)
    assert item.eta.earliest == datetime(2026, 11, *earliest, tzinfo=EST)
    assert item.eta.latest == datetime(2026, 11, *latest, tzinfo=EST)


@pytest.mark.parametrize("dates", [{}, {"DEL": "20261104"}, {"SDD": ""}, {"SDD": "soon"}])
def test_without_a_date_there_is_no_estimate(dates):
    told = [{"type": type_, "date": day} for type_, day in dates.items()]
    (item,) = parsed(activity(**HERE), packageAddress=ENDS, deliveryDate=told)
    assert item.eta is None


def test_how_long_an_access_point_keeps_it():
    point = {"pickupByDate": "20261109"}
    (item,) = parsed(activity("040", **HERE), packageAddress=ENDS, accessPointInformation=point)
    assert item.pickup_by == datetime(2026, 11, 9, 23, 59, 59, tzinfo=EST)


def test_of_several_packages_the_one_asked_about_is_read():
    mine = {"trackingNumber": NUMBER, "activity": [activity()]}
    other = {"trackingNumber": "1Z0000000000000000", "activity": [activity(), activity("011")]}
    track = {"shipment": [{"package": [other, mine]}]}
    (item,) = read(ParcelRef(tracking_number=NUMBER), msgspec.json.encode({"trackResponse": track}))
    assert item.milestone is Milestone.IN_TRANSIT
    with pytest.raises(ValueError, match="several packages"):
        read(ParcelRef(tracking_number="A1"), msgspec.json.encode({"trackResponse": track}))


def test_what_is_asked_for(fake, make):
    make(f"{NUMBER[:2]} {NUMBER[2:]}", "1Z0000001").poll()
    token, first, second = fake.requests
    assert token.path == "/security/v1/oauth/token"
    assert first.path.endswith(NUMBER)
    assert first.query == {"locale": ["en_US"]}
    assert first.headers["transactionsrc"] == "syncd"
    assert first.headers["transid"] != second.headers["transid"]


def test_a_warning_instead_of_a_package_is_no_news(fake, make):
    fake.parcel(NUMBER)
    (batch,) = make(NUMBER).poll()
    assert (batch.items, batch.looked) == ([], (NUMBER,))
