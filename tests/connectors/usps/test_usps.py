"""What USPS's answers become, and what is asked of it."""

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from syncd.connector.scans import meanings
from syncd.model import BadItem, Milestone, OffsetSource, ParcelRef, Reason
from syncd.testing.usps import FakeUsps
from syncd_usps import Usps
from syncd_usps.parse import read

NUMBER = "9400109104250532908587"
NOON = datetime.fromisoformat("2026-11-02T12:00")
EST = timezone(timedelta(hours=-5))

# The event codes of USPS Web Tools; of eHub's list, its first rows; those in an answer of the API.
PUBLISHED = """
MA OF PC 01 DX 03 TM 04 05 06 07 08 10 PA 11 14 15 16 17 19 41 42 43 44 51 80 81 82 EF SF 71 30
09 21 22 23 24 25 26 27 28 29 31 02 52 53 54 55 56
83 89 AD GC GX MA OA TM UA
A1 T1 TL NT
""".split()  # noqa: SIM905  a list of words reads better than a list of literals


@pytest.fixture
def carrier():
    return Usps, FakeUsps


def event(code="10", **fields):
    return {"eventCode": code, "eventTimestamp": "2026-11-02T12:00:00", **fields}


def parsed(*events, **facts):
    raw = msgspec.json.encode({"trackingNumber": NUMBER, "trackingEvents": events, **facts})
    return read(ParcelRef(tracking_number=NUMBER), raw)


def one(*args, **fields):
    (item,) = parsed(event(*args, **fields))
    return item


def test_every_code_that_was_found_in_print_is_in_the_table():
    assert set(meanings("syncd_usps")) == set(PUBLISHED)


@pytest.mark.parametrize(
    ("code", "milestone", "reason"),
    [
        ("GX", Milestone.PRE_SHIPMENT, None),
        ("03", Milestone.ACCEPTED, None),
        ("TL", Milestone.IN_TRANSIT, None),
        ("07", Milestone.AT_DELIVERY_DEPOT, None),
        ("OF", Milestone.OUT_FOR_DELIVERY, None),
        ("56", Milestone.ATTEMPT_FAILED, Reason.ABSENT),
        ("14", Milestone.READY_FOR_PICKUP, None),
        ("27", Milestone.RETURNING, Reason.NOT_COLLECTED),
        ("01", Milestone.DELIVERED, None),
        ("43", Milestone.UNKNOWN, None),
        ("Q9", Milestone.UNKNOWN, None),
        (None, Milestone.UNKNOWN, None),
    ],
)
def test_status(code, milestone, reason):
    item = one(code)
    assert (item.milestone, item.reason, item.code) == (milestone, reason, code)


@pytest.mark.parametrize(
    ("stamp", "told", "offset"),
    [
        ("2026-11-02T12:00:00", "-05:00", -300),
        ("2026-11-02T12:00:00", "-7:00", -420),
        ("2026-11-02T12:00:00Z", "-05:00", -300),
        ("2026-11-02T12:00:00Z", None, None),
        ("2026-11-02T12:00:00", None, None),
        ("2026-11-02T12:00:00", "EST", None),
    ],
)
def test_the_offset_is_usps_own_or_none(stamp, told, offset):
    item = one(eventTimestamp=stamp, GMTOffset=told, GMTTimestamp="2026-11-02T17:00:40Z")
    assert (item.occurred_local, item.utc_offset_minutes) == (NOON, offset)
    assert item.offset_source is (None if offset is None else OffsetSource.CARRIER)


@pytest.mark.parametrize(
    ("fields", "location", "country"),
    [
        ({"eventCity": "HERNANDO", "eventState": "FL"}, "HERNANDO, FL", "US"),
        ({"eventCity": "QUEENS NY DISTRIBUTION CENTER"}, "QUEENS NY DISTRIBUTION CENTER", None),
        ({"eventCity": "SHANGHAI", "eventCountry": "CHINA"}, "SHANGHAI", None),
        ({"eventCountry": "cn"}, None, "CN"),
    ],
)
def test_where_it_was(fields, location, country):
    item = one(**fields)
    assert (item.location, item.country) == (location, country)


def test_an_event_that_cannot_be_read_stops_no_other():
    found = parsed(event(eventTimestamp=None), event(eventType=7), event())
    bad = [item for item in found if isinstance(item, BadItem)]
    assert len(found) == 3
    assert sorted(item.reason.split(":")[0] for item in bad) == ["ValidationError", "ValueError"]


@pytest.mark.parametrize(
    ("facts", "earliest", "latest"),
    [
        ({"predictedDeliveryDate": "2026-11-04"}, (4, 0, 0, 0), (4, 23, 59, 59)),
        ({"expectedDeliveryTimeStamp": "2026-11-05T21:00:00"}, None, (5, 21, 0, 0)),
        ({"expectedDeliveryTimeStamp": "2026-11-05T21:00:00Z"}, None, (5, 21, 0, 0)),
        ({"guaranteedDeliveryTimeStamp": "2026-11-06"}, (6, 0, 0, 0), (6, 23, 59, 59)),
    ],
)
def test_the_estimate_is_on_the_recipients_clock(facts, earliest, latest):
    (item,) = parsed(event(eventState="FL", GMTOffset="-05:00"), destinationZIP="34442", **facts)
    assert item.eta.earliest == (earliest and datetime(2026, 11, *earliest, tzinfo=EST))
    assert item.eta.latest == datetime(2026, 11, *latest, tzinfo=EST)


@pytest.mark.parametrize(
    "facts", [{}, {"expectedDeliveryTimeStamp": "soon"}, {"predictedDeliveryDate": ""}]
)
def test_without_a_date_there_is_no_estimate(facts):
    (item,) = parsed(event(eventState="FL", GMTOffset="-05:00"), destinationZIP="34442", **facts)
    assert item.eta is None


def test_it_is_kept_until_the_day_it_is_sent_back():
    (item,) = parsed(
        event("14", eventState="FL", GMTOffset="-05:00"),
        destinationZIP="34442",
        returnDateNotice="2026-11-17",
    )
    assert item.pickup_by == datetime(2026, 11, 17, tzinfo=EST)


def test_what_is_asked_for(fake, make):
    make(f"{NUMBER[:4]} {NUMBER[4:]}").poll()
    token, first = fake.requests
    assert token.path == "/oauth2/v3/token"
    assert b"scope=tracking" in token.body
    assert first.path == f"/tracking/v3/tracking/{NUMBER}"
    assert first.query == {"expand": ["DETAIL"]}
