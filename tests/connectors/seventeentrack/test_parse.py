"""What scans in 17TRACK's shapes become."""

import csv
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model import BadItem, Leg, Milestone, OffsetSource, Reason
from syncd_seventeentrack import parse
from syncd_seventeentrack.client import Outcome
from syncd_seventeentrack.parse import sighting

# The lists of asset.17track.net/api/document/v2.4_en, "Tracking status" and "Sub status".
PUBLISHED = """
NotFound InfoReceived InTransit Expired AvailableForPickup OutForDelivery DeliveryFailure
Delivered Exception NotFound_Other NotFound_InvalidCode InTransit_PickedUp InTransit_Other
InTransit_Departure InTransit_Arrival InTransit_CustomsProcessing InTransit_CustomsReleased
InTransit_CustomsRequiringInformation Expired_Other AvailableForPickup_Other
OutForDelivery_Other DeliveryFailure_Other DeliveryFailure_NoBody DeliveryFailure_Security
DeliveryFailure_Rejected DeliveryFailure_InvalidAddress Delivered_Other Exception_Other
Exception_Returning Exception_Returned Exception_NoBody Exception_Security Exception_Damage
Exception_Rejected Exception_Delayed Exception_Lost Exception_Destroyed Exception_Cancel
PickedUp Departure Arrival Returning Returned
""".split()  # noqa: SIM905  a list of words reads better than a list of literals


def scan(**fields):
    told = {"time_iso": "2026-06-28T08:40:00-03:00", "description": "Left", **fields}
    return {"sub_status": "InTransit_Other", **told}


def parcel(*events, route=None, **info):
    providers = [{"provider": {"key": 2151, "name": "Correios"}, "events": list(events)}]
    info = {"shipping_info": route, "tracking": {"providers": providers}, **info}
    return msgspec.json.encode({"number": "AA1", "carrier": 2151, "track_info": info})


def one(**fields):
    (item,) = sighting("AA1", parcel(scan(**fields))).items
    return item


def test_every_published_status_is_in_the_table():
    assert set(parse.statuses()) == set(PUBLISHED)


def test_the_tables_have_no_line_twice():
    folder = Path(parse.__file__).parent / "data"
    for name, key in (("statuses.csv", "code"), ("errors.csv", "code"), ("carriers.csv", "name")):
        lines = [line for line in (folder / name).read_text().splitlines() if line[:1] != "#"]
        keys = [row[key] for row in csv.DictReader(lines)]
        assert len(keys) == len(set(keys)) > 5


@pytest.mark.parametrize(
    ("code", "milestone", "reason", "leg"),
    [
        ("InfoReceived", Milestone.PRE_SHIPMENT, None, None),
        ("InTransit_PickedUp", Milestone.ACCEPTED, None, Leg.FIRST),
        ("InTransit_Arrival", Milestone.ARRIVED_DESTINATION, None, Leg.LINEHAUL),
        ("InTransit_CustomsProcessing", Milestone.IMPORT_CUSTOMS, None, None),
        ("InTransit_CustomsRequiringInformation", Milestone.CUSTOMS_HOLD, Reason.DOCUMENTS, None),
        ("DeliveryFailure_NoBody", Milestone.ATTEMPT_FAILED, Reason.ABSENT, Leg.LAST),
        ("Exception_Lost", Milestone.EXCEPTION, Reason.LOST, None),
        ("Exception_Returning", Milestone.RETURNING, None, None),
        ("Delivered_Other", Milestone.DELIVERED, None, Leg.LAST),
        ("InTransit_TransportArrived", Milestone.IN_TRANSIT, None, None),  # seen, undocumented
        ("Delivered_ByDrone", Milestone.DELIVERED, None, Leg.LAST),
        ("Delayed", Milestone.UNKNOWN, None, None),
        ("", Milestone.UNKNOWN, None, None),
    ],
)
def test_status(code, milestone, reason, leg):
    item = one(sub_status=code)
    assert (item.milestone, item.reason, item.leg) == (milestone, reason, leg)
    assert item.code == (code or None)


def test_the_stage_speaks_where_the_status_is_missing_or_undocumented():
    assert one(sub_status=None, stage="Returned").milestone is Milestone.RETURNED
    assert one(sub_status="InTransit_New", stage="Arrival").milestone is (
        Milestone.ARRIVED_DESTINATION
    )


def test_expired_makes_no_event_and_is_told_apart():
    seen = sighting(
        "AA1",
        parcel(scan(sub_status="Expired_Other"), scan(), latest_status={"status": "Expired"}),
    )
    assert [item.milestone for item in seen.items] == [Milestone.IN_TRANSIT]
    assert seen.status == "Expired"


@pytest.mark.parametrize(
    ("country", "milestone"),
    [("CN", Milestone.EXPORT_CUSTOMS), ("GB", Milestone.IMPORT_CUSTOMS), (None, "import_customs")],
)
def test_customs_at_the_origin_is_export(country, milestone):
    route = {"shipper_address": {"country": "CN"}, "recipient_address": {"country": "GB"}}
    event = scan(sub_status="InTransit_CustomsProcessing", address={"country": country})
    (item,) = sighting("AA1", parcel(event, route=route)).items
    assert item.milestone == milestone


@pytest.mark.parametrize(
    ("text", "milestone"),
    [
        ("Returned to sender", Milestone.RETURNED),
        ("The item was not delivered and has been returned to the sender.", Milestone.RETURNED),
        ("Being returned to sender", Milestone.RETURNING),
        ("Will be returned to sender unless collected", Milestone.IN_TRANSIT),
    ],
)
def test_a_return_hidden_in_transit_is_found_by_its_words(text, milestone):
    assert one(description=text).milestone is milestone


LOCAL = datetime.fromisoformat("2026-06-28T08:40")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # The carrier wrote its offset.
        (
            {"time_raw": {"date": "2026-06-28", "time": "08:40:00", "timezone": "-03:00"}},
            (LOCAL, -180, OffsetSource.CARRIER),
        ),
        # 17TRACK added one.
        (
            {"time_raw": {"date": "2026-06-28", "time": "08:40:00", "timezone": None}},
            (LOCAL, -180, OffsetSource.ASSUMED),
        ),
        ({"time_raw": None}, (LOCAL, -180, OffsetSource.ASSUMED)),
        # Nobody tells one.
        (
            {"time_iso": None, "time_raw": {"date": "2026-06-28", "time": "08:40:00"}},
            (LOCAL, None, None),
        ),
        ({"time_iso": "2026-06-28T08:40:00"}, (LOCAL, None, None)),
        # 17TRACK shows another clock than the carrier's: its offset says nothing of this one.
        (
            {"time_raw": {"date": "2026-06-28", "time": "19:40:00", "timezone": None}},
            (LOCAL + timedelta(hours=11), None, None),
        ),
        ({"time_raw": {"date": "28.06.", "time": "?"}}, (LOCAL, -180, OffsetSource.ASSUMED)),
        (
            {"time_iso": None, "time_raw": {"date": "2026-06-28", "time": None}},
            (datetime.fromisoformat("2026-06-28"), None, None),
        ),
        (
            {"time_iso": None, "time_utc": "2026-06-28T11:40:00Z"},
            (datetime.fromisoformat("2026-06-28T11:40"), 0, OffsetSource.ASSUMED),
        ),
    ],
)
def test_time_is_kept_as_said(fields, expected):
    item = one(**fields)
    assert (item.occurred_local, item.utc_offset_minutes, item.offset_source) == expected


def test_an_event_without_any_time_is_a_bad_item_and_the_rest_goes_on():
    seen = sighting("AA1", parcel(scan(time_iso=None), scan(), scan(description=5)))
    bad = [item for item in seen.items if isinstance(item, BadItem)]
    assert len(seen.items) == 3
    assert sorted(item.reason.split(":")[0] for item in bad) == ["ValidationError", "ValueError"]
    assert all(item.raw.startswith(b"{") for item in bad)


@pytest.mark.parametrize(
    "raw", [b'{"number":"AA1","track_info":7}', b'{"track_info":{"tracking":{"providers":{}}}}']
)
def test_a_parcel_of_another_shape_is_a_bad_item(raw):
    (bad,) = sighting("AA1", raw).items
    assert isinstance(bad, BadItem)
    assert bad.source_id.startswith("AA1-")


@pytest.mark.parametrize("info", [None, {}, {"tracking": None}, {"tracking": {"providers": None}}])
def test_a_parcel_without_news_yet_has_no_items(info):
    raw = msgspec.json.encode({"number": "AA1", "carrier": 0, "track_info": info})
    assert sighting("AA1", raw).items == ()


def test_events_come_oldest_first_and_once_whatever_order_the_answer_has():
    first = scan(time_iso="2026-06-27T23:00:00+08:00", description="Posted")
    second = scan(time_iso="2026-06-27T17:00:00+00:00", description="Left")
    for order in ((first, second), (second, first), (second, first, second)):
        items = sighting("AA1", parcel(*order)).items
        assert [item.text for item in items] == ["Posted", "Left"]


def test_a_corrected_status_keeps_the_events_id():
    assert one().source_id == one(sub_status="Exception_Delayed").source_id
    assert one().source_id != one(description="Right").source_id
    assert one().source_id != one(location="Recife").source_id


def test_where_it_was():
    item = one(address={"country": "br", "city": "Recife", "state": "PE"})
    assert (item.location, item.country, item.carrier) == ("Recife, PE", "BR", "Correios")
    assert one(location="Depot 7", address={"city": "Recife"}).location == "Depot 7"


def test_the_estimate_goes_with_the_latest_event():
    estimate = {"from": "2026-07-01T08:00:00-03:00", "to": None}
    raw = parcel(
        scan(),
        scan(time_iso="2026-06-29T08:40:00-03:00"),
        time_metrics={"estimated_delivery_date": estimate},
    )
    older, latest = sighting("AA1", raw).items
    brasilia = timezone(timedelta(hours=-3))
    assert older.eta is None
    assert latest.eta.earliest == datetime(2026, 7, 1, 8, tzinfo=brasilia)
    assert latest.eta.earliest.astimezone(UTC).hour == 11
    assert latest.eta.latest is None


@pytest.mark.parametrize("said", ["2026-07-01", "2026-07-01T08:00:00", "soon", None])
def test_an_estimate_without_an_offset_is_left_out(said):
    raw = parcel(scan(), time_metrics={"estimated_delivery_date": {"from": said, "to": said}})
    assert sighting("AA1", raw).items[-1].eta is None


ODD = st.one_of(st.none(), st.integers(), st.text(max_size=20), st.lists(st.none(), max_size=2))
ODD_EVENT = st.dictionaries(
    st.sampled_from(
        ["time_iso", "time_raw", "time_utc", "description", "sub_status", "stage", "address"]
    ),
    st.one_of(ODD, st.dictionaries(st.sampled_from(["date", "time", "timezone", "country"]), ODD)),
)


@given(st.lists(ODD_EVENT, max_size=4), ODD)
def test_whatever_is_answered_becomes_items(events, estimate):
    raw = parcel(*events, time_metrics={"estimated_delivery_date": {"from": estimate}})
    items = sighting("AA1", raw).items
    assert len({item.source_id for item in items}) == len(items) <= max(len(events), 1)


@pytest.mark.parametrize("broken", [b'"\xff"', b'{"x": ' * 100_000])
def test_one_parcel_that_is_no_json_stops_no_other(broken):
    named = Outcome(accepted=[msgspec.Raw(b'{"number": %b}' % broken), msgspec.Raw(parcel(scan()))])
    assert [one.number for one in named.went_through(["AA1"])] == ["AA1"]
    seen = sighting("AA1", b'{"track_info": {"latest_status": %b}}' % broken)
    assert not seen.readable
