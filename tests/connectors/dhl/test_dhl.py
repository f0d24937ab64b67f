"""What DHL's answers become, and what is asked of it."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from syncd.connector.scans import meanings
from syncd.model import BadItem, Leg, Milestone, OffsetSource, ParcelRef, Reason
from syncd.testing.carrier import KEY
from syncd.testing.dhl import FakeDhl
from syncd_dhl import Dhl
from syncd_dhl.parse import read, service_of

NUMBER = "00340434292135100124"
NOON = datetime.fromisoformat("2026-11-02T12:00")
CET = timezone(timedelta(hours=1))

# statusCode of developer.dhl.com/api-reference/shipment-tracking.
PUBLISHED = {"pre-transit", "transit", "delivered", "failure", "unknown"}
# DHL Express's list of checkpoints.
EXPRESS = """
AD AF AR BA BN BR CA CC CD CM CR CS DD DF DS EM FD HP IC MC MD MS ND NH OH OK PD PL PU PY RD RR RT
SA SC SD SM SS TP TR UD WC
""".split()  # noqa: SIM905  a list of words reads better than a list of literals


@pytest.fixture
def carrier():
    return Dhl, FakeDhl


def event(**fields):
    return {"timestamp": "2026-11-02T12:00:00", "statusCode": "transit", **fields}


def shipment(*events, service="parcel-de", to="DE", **fields):
    there = {"address": {"countryCode": to}}
    return {"id": NUMBER, "service": service, "destination": there, "events": events, **fields}


def parsed(*shipments, **ref):
    raw = msgspec.json.encode({"shipments": shipments})
    return read(ParcelRef(tracking_number=NUMBER, **ref), raw)


def one(*, service="parcel-de", **fields):
    (item,) = parsed(shipment(event(**fields), service=service))
    return item


def test_every_published_code_is_in_the_tables():
    assert set(meanings("syncd_dhl")) == PUBLISHED
    assert set(meanings("syncd_dhl", "express.csv")) == set(EXPRESS)


@pytest.mark.parametrize(
    ("code", "milestone"),
    [
        ("pre-transit", Milestone.PRE_SHIPMENT),
        ("transit", Milestone.IN_TRANSIT),
        ("delivered", Milestone.DELIVERED),
        ("failure", Milestone.EXCEPTION),
        ("unknown", Milestone.UNKNOWN),
        ("teleported", Milestone.UNKNOWN),
        (None, Milestone.UNKNOWN),
    ],
)
def test_status(code, milestone):
    item = one(statusCode=code)
    assert item.milestone is milestone
    assert item.code == code


@pytest.mark.parametrize(
    ("status", "milestone", "reason", "leg"),
    [
        ("WC", Milestone.OUT_FOR_DELIVERY, None, Leg.LAST),
        ("NH", Milestone.ATTEMPT_FAILED, Reason.ABSENT, Leg.LAST),
        ("CC", Milestone.READY_FOR_PICKUP, None, Leg.LAST),
        ("UD", Milestone.CUSTOMS_HOLD, None, None),
        ("ZZ", Milestone.IN_TRANSIT, None, None),  # not on the list: DHL's own status code
    ],
)
def test_express_tells_more_by_its_checkpoints(status, milestone, reason, leg):
    item = one(service="express", status=status, description="Said")
    assert (item.milestone, item.reason, item.leg) == (milestone, reason, leg)
    assert item.code == f"transit/{status}"


def test_checkpoints_of_other_divisions_are_not_read_as_those_of_express():
    assert one(service="parcel-de", status="OK").milestone is Milestone.IN_TRANSIT


@pytest.mark.parametrize(
    ("country", "milestone"), [("CN", Milestone.EXPORT_CUSTOMS), ("DE", Milestone.IMPORT_CUSTOMS)]
)
def test_clearance_at_the_origin_is_export(country, milestone):
    here = {"address": {"countryCode": country}}
    origin = {"address": {"countryCode": "CN"}}
    (item,) = parsed(shipment(event(status="IC", location=here), service="express", origin=origin))
    assert item.milestone is milestone


@pytest.mark.parametrize(
    ("said", "offset", "source"),
    [
        ("2026-11-02T12:00:00", None, None),
        ("2026-11-02T12:00:00+08:00", 480, OffsetSource.CARRIER),
        ("2026-11-02T12:00:00Z", 0, OffsetSource.CARRIER),
    ],
)
def test_time_is_kept_as_said(said, offset, source):
    item = one(timestamp=said)
    assert (item.occurred_local, item.utc_offset_minutes, item.offset_source) == (
        NOON,
        offset,
        source,
    )


def test_what_is_said_and_where():
    address = {"countryCode": "nl", "addressLocality": "AMSTERDAM"}
    item = one(
        description="Held (<a href='https://x.example'>more</a>)",
        remark="Customs",
        location={"address": address},
    )
    assert item.text == "Held (more) - Customs"
    assert (item.location, item.country, item.carrier) == ("AMSTERDAM", "NL", "DHL")


def test_an_event_that_cannot_be_read_stops_no_other():
    found = parsed(shipment(event(timestamp=None), event(description=7), event()))
    bad = [item for item in found if isinstance(item, BadItem)]
    assert len(found) == 3
    assert sorted(item.reason.split(":")[0] for item in bad) == ["ValidationError", "ValueError"]


def test_the_estimate_is_kept_with_the_latest_scan():
    frame = {"estimatedFrom": "2026-11-04T08:00:00+01:00", "estimatedThrough": "2026-11-04T12:00Z"}
    older, latest = parsed(
        shipment(event(timestamp="2026-11-01T12:00:00"), event(), estimatedDeliveryTimeFrame=frame)
    )
    assert older.eta is None
    assert latest.eta.earliest == datetime(2026, 11, 4, 8, tzinfo=CET)
    assert latest.eta.latest == datetime(2026, 11, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stamp", "country", "expected"),
    [
        ("2026-11-02T12:00:00+01:00", "DE", datetime(2026, 11, 4, 23, 59, 59, tzinfo=CET)),
        ("2026-11-02T12:00:00", "DE", None),
        ("2026-11-02T12:00:00+08:00", "CN", None),
    ],
)
def test_a_day_is_one_of_the_recipients_calendar_or_none(stamp, country, expected):
    here = {"address": {"countryCode": country}}
    (item,) = parsed(
        shipment(event(timestamp=stamp, location=here), estimatedTimeOfDelivery="2026-11-04")
    )
    assert (item.eta and item.eta.latest) == expected


def test_of_several_divisions_the_one_to_the_parcels_country_is_taken():
    here, there = shipment(event(description="Mine")), shipment(event(), service="express", to="US")
    (item,) = parsed(there, here, destination_country="DE")
    assert item.text == "Mine"


@pytest.mark.parametrize("country", [None, "FR", "DE"])
def test_of_several_that_fit_none_is_guessed(country):
    with pytest.raises(ValueError, match=r"several divisions .* \(express, parcel-de\)"):
        parsed(shipment(), shipment(service="express"), destination_country=country)


@pytest.mark.parametrize(
    ("name", "service"),
    [("DHL Paket", "parcel-de"), ("dhl-express", "express"), ("DHL", None), (None, None)],
)
def test_a_name_that_leaves_no_doubt_tells_the_division(name, service):
    assert service_of(name) == service


def test_what_is_asked_for(fake, make):
    world = make(ParcelRef(tracking_number="A 1", carrier="DHL Paket", postcode="10115"))
    world.poll()
    assert fake.requests[0].query == {
        "trackingNumber": ["A1"],
        "language": ["en"],
        "service": ["parcel-de"],
        "recipientPostalCode": ["10115"],
    }
    assert fake.requests[0].headers["dhl-api-key"] == KEY


def test_the_service_of_the_config_goes_before_the_carriers_name(fake, make):
    make(ParcelRef(tracking_number="A1", carrier="DHL Paket"), service="express").poll()
    assert fake.requests[0].one("service") == "express"


def test_an_answer_without_a_shipment_is_told():
    with pytest.raises(ValueError, match="no shipment"):
        parsed()
