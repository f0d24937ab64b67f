"""What AfterShip's answers and webhooks become, and what is asked of it."""

import hashlib
import hmac
from base64 import b64encode
from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from syncd.connector import Push, Unavailable, Wake
from syncd.connector.scans import meanings
from syncd.model import BadItem, Leg, Milestone, OffsetSource, ParcelRef, Reason
from syncd.testing.aftership import WEBHOOK_SECRET, FakeAftership
from syncd.testing.server import Answer, Fault
from syncd_aftership import Aftership
from syncd_aftership.parse import read, three_letters, tracked, two_letters

NUMBER = "RR000000001CN"
NOON = datetime.fromisoformat("2026-11-02T12:00")
GMT = timezone(timedelta(0))

# aftership.com/docs/tracking/2026-07/enum: delivery statuses and delivery sub-statuses; the latter
# also at support.aftership.com for those of March 2026.
STATUSES = {
    "Pending", "InfoReceived", "InTransit", "OutForDelivery", "AttemptFail", "Delivered",
    "AvailableForPickup", "Exception", "Expired",
}  # fmt: skip
SUB_STATUSES = {
    "Delivered": (1, 2, 3, 4, 5),
    "AvailableForPickup": (1,),
    "Exception": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18),
    "AttemptFail": (1, 2, 3),
    "InTransit": (1, 2, 3, 4, 5, 6, 7, 8, 9),
    "InfoReceived": (1,),
    "OutForDelivery": (1, 2, 3, 4),
    "Pending": (1, 2, 3, 4, 5, 6),
    "Expired": (1,),
}
PUBLISHED = STATUSES | {f"{tag}_{n:03d}" for tag, serials in SUB_STATUSES.items() for n in serials}


@pytest.fixture
def carrier():
    return Aftership, FakeAftership


def calls(fake):
    return [(request.method, request.path.rpartition("/2026-07")[2]) for request in fake.requests]


def checkpoint(subtag="InTransit_001", **fields):
    return {"checkpoint_time": "2026-11-02T12:00:00", "subtag": subtag, **fields}


def parsed(*checkpoints, **facts):
    body = {"tracking_number": NUMBER, "checkpoints": checkpoints, **facts}
    return read(ParcelRef(tracking_number=NUMBER), msgspec.json.encode(body))


def one(*args, **fields):
    (item,) = parsed(checkpoint(*args, **fields))
    return item


def test_every_published_code_is_in_the_table():
    assert set(meanings("syncd_aftership")) == PUBLISHED


@pytest.mark.parametrize(
    ("subtag", "tag", "milestone", "reason"),
    [
        ("InfoReceived_001", "InfoReceived", Milestone.PRE_SHIPMENT, None),
        ("InTransit_002", "InTransit", Milestone.ACCEPTED, None),
        ("InTransit_004", "InTransit", Milestone.ARRIVED_DESTINATION, None),
        ("Exception_018", "Exception", Milestone.CUSTOMS_HOLD, Reason.DOCUMENTS),
        ("AttemptFail_002", "AttemptFail", Milestone.ATTEMPT_FAILED, Reason.ABSENT),
        ("Exception_008", "Exception", Milestone.READY_FOR_PICKUP, Reason.NOT_COLLECTED),
        ("Exception_010", "Exception", Milestone.RETURNING, None),
        ("Exception_013", "Exception", Milestone.EXCEPTION, Reason.LOST),
        ("Delivered_005", "Delivered", Milestone.DELIVERED, None),
        ("Delivered_099", "Delivered", Milestone.DELIVERED, None),
        ("Expired_001", "Expired", Milestone.UNKNOWN, None),
        ("Delayed_001", "Delayed", Milestone.UNKNOWN, None),
        (None, None, Milestone.UNKNOWN, None),
    ],
)
def test_status(subtag, tag, milestone, reason):
    item = one(subtag, tag=tag)
    assert (item.milestone, item.reason, item.code) == (milestone, reason, subtag)


@pytest.mark.parametrize(
    ("country", "milestone"),
    [("CHN", Milestone.EXPORT_CUSTOMS), ("GBR", Milestone.IMPORT_CUSTOMS)],
)
def test_clearance_at_the_origin_is_export(country, milestone):
    (item,) = parsed(
        checkpoint("InTransit_006", country_region=country),
        origin_country_region="CHN",
        destination_country_region="GBR",
    )
    assert item.milestone is milestone
    assert item.country == two_letters(country)


@pytest.mark.parametrize(
    ("said", "offset"),
    [("2026-11-02T12:00:00", None), ("2026-11-02T12:00:00+08:00", 480)],
)
def test_time_is_kept_as_said(said, offset):
    item = one(checkpoint_time=said)
    assert (item.occurred_local, item.utc_offset_minutes) == (NOON, offset)
    assert item.offset_source is (None if offset is None else OffsetSource.CARRIER)


def test_words_place_courier_and_its_own_code_are_kept():
    item = one(message="Left <b>hub</b>", city="Ulm", state="BW", slug="gls", raw_tag="3.0")
    assert (item.text, item.location, item.carrier) == ("Left hub", "Ulm, BW", "gls")
    assert item.code == "InTransit_001/3.0"


@pytest.mark.parametrize(
    ("slug", "leg"), [("china-post", Leg.FIRST), ("royal-mail", Leg.LAST), ("x", None)]
)
def test_whose_scan_it_is_tells_the_leg(slug, leg):
    ends = {"first_mile": {"slug": "china-post"}, "last_mile": {"slug": "royal-mail"}}
    assert parsed(checkpoint(slug=slug), **ends)[0].leg is leg


def test_one_courier_all_the_way_tells_no_leg():
    ends = {"first_mile": {"slug": "dhl"}, "last_mile": {"slug": "dhl"}}
    assert parsed(checkpoint(slug="dhl"), **ends)[0].leg is None


@pytest.mark.parametrize(
    ("date", "low", "high", "earliest", "latest"),
    [
        ("2026-11-04", None, None, (4, 0, 0, 0), (4, 23, 59, 59)),
        ("2026-11-04", "2026-11-04", "2026-11-06", (4, 0, 0, 0), (6, 23, 59, 59)),
        ("2026-11-04T18:00:00", None, None, None, (4, 18, 0, 0)),
        ("2026-11-04T18:00:00+00:00", None, None, None, (4, 18, 0, 0)),
    ],
)
def test_the_couriers_estimate(date, low, high, earliest, latest):
    expected = {
        "estimated_delivery_date": date,
        "estimated_delivery_date_min": low,
        "estimated_delivery_date_max": high,
    }
    (item,) = parsed(
        checkpoint(checkpoint_time="2026-11-02T12:00:00+00:00", country_region="GBR"),
        destination_country_region="GBR",
        courier_estimated_delivery_date=expected,
        latest_estimated_delivery={"source": "Order EDD", "datetime": "2026-11-09"},
    )
    assert item.eta.earliest == (earliest and datetime(2026, 11, *earliest, tzinfo=GMT))
    assert item.eta.latest == datetime(2026, 11, *latest, tzinfo=GMT)


def test_a_checkpoint_that_cannot_be_read_stops_no_other():
    found = parsed(checkpoint(checkpoint_time=None), checkpoint(message=7), checkpoint())
    bad = [item for item in found if isinstance(item, BadItem)]
    assert len(found) == 3
    assert sorted(item.reason.split(":")[0] for item in bad) == ["ValidationError", "ValueError"]


def test_a_tracking_of_another_shape_is_a_bad_item(fake, make):
    odd = {"tracking_number": NUMBER, "checkpoints": 7}
    page = {"trackings": [7, {"tracking_number": "B2"}, odd]}
    fake.answer = lambda request: Answer.json({"data": page})
    (batch,) = make(NUMBER).poll()
    (bad,) = batch.items
    assert isinstance(bad, BadItem)
    assert (bad.source_id, batch.looked, batch.unanswered) == (NUMBER, (), (NUMBER,))
    assert "checkpoints" in bad.reason


@pytest.mark.parametrize("raw", [b"7", b"[]", b'{"tracking_number": {}}', b"{}"])
def test_what_is_no_tracking_has_no_number(raw):
    assert tracked(msgspec.Raw(raw)).tracking_number == ""


def test_countries_have_two_letters_here_and_three_there():
    assert (two_letters("GBR"), three_letters("gb")) == ("GB", "GBR")
    assert (two_letters("GB"), three_letters("GBR"), two_letters(None)) == (None, None, None)


def test_a_new_number_is_followed_once_and_then_read(fake, make):
    ref = ParcelRef(
        tracking_number="RR 000000001 CN",
        carrier="China Post",
        origin_country="CN",
        destination_country="GB",
        postcode="SW1A 1AA",
    )
    world = make(ref, couriers={"china post": "china-post"})
    assert [batch.looked for batch in world.poll()] == [("RR 000000001 CN",)]
    assert fake.requests[-1].json() == {
        "tracking_number": NUMBER,
        "slug": "china-post",
        "origin_country_region": "CHN",
        "destination_country_region": "GBR",
        "destination_postal_code": "SW1A 1AA",
    }
    fake.add_scan(NUMBER, "Posted", NOON)
    (item,) = world.items()
    assert (item.text, item.tracking_number) == ("Posted", "RR 000000001 CN")
    assert calls(fake) == [("GET", "/trackings"), ("POST", "/trackings"), ("GET", "/trackings")]


def test_fifty_numbers_a_call_and_no_more_calls_than_the_budget(fake, make):
    numbers = [f"A{index:03d}" for index in range(120)]
    for number in numbers[:50]:
        fake.followed[number] = {"id": f"id-{number}"}
    batches = make(*numbers, requests_per_poll=4).poll()
    looked = [number for batch in batches for number in batch.looked]
    assert looked == numbers[:52]  # two lists, and two of the new ones
    assert len(fake.requests) == 4


def test_a_list_of_several_pages_is_read_to_its_end(fake, make):
    fake.size = 2
    numbers = [f"A{index}" for index in range(5)]
    for number in numbers:
        fake.followed[number] = {"id": f"id-{number}"}
        fake.add_scan(number, "Moved", NOON)
    assert len(make(*numbers).items()) == 5


def test_what_cannot_be_followed_is_told_and_the_rest_goes_on(fake, make):
    fake.refused["A1"] = 4012
    bad, good = make("A1", "B2").poll()
    assert bad.items[0].reason.startswith("cannot be followed: AfterShip 4012")
    assert (bad.looked, bad.unanswered) == ((), ("A1",))
    assert (good.items, good.looked) == ([], ("B2",))


def test_a_number_with_a_comma_is_not_asked_for(fake, make):
    bad, good = make("A1,B2", "C3").poll()
    assert bad.items[0].reason == "cannot be followed: not a tracking number"
    assert (bad.unanswered, bad.looked, good.looked) == (("A1,B2",), (), ("C3",))


def test_a_number_that_is_followed_already_is_no_error(fake, make):
    fake.refused["A1"] = 4003
    (batch,) = make("A1").poll()
    assert (batch.items, batch.looked) == ([], ("A1",))


def test_of_two_with_one_number_that_with_news_is_read(fake, make):
    fake.followed[NUMBER] = {"id": "id-1"}
    fake.add_scan(NUMBER, "Moved", NOON)
    full = fake._tracking(NUMBER)
    empty = {**full, "checkpoints": [], "slug": "other", "updated_at": "2026-11-02"}
    for pair in ([full, empty], [empty, full]):
        page = {"trackings": pair, "pagination": {"has_next_page": False}}
        fake.answer = lambda request, page=page: Answer.json({"data": page})
        assert [item.text for item in make(NUMBER).items()] == ["Moved"]


def test_an_expired_one_is_started_again_once(fake, make):
    fake.followed[NUMBER] = {"id": f"id-{NUMBER}", "active": False, "tag": "Expired"}
    world = make(NUMBER)
    assert world.items() == []
    assert calls(fake)[-1] == ("POST", f"/trackings/id-{NUMBER}/retrack")
    fake.followed[NUMBER].update(active=False, tag="Expired")
    (bad,) = world.items()
    assert bad.reason.startswith("cannot be followed: AfterShip 4016")


def test_the_rate_limit_ends_the_poll_and_keeps_what_was_read(fake, make):
    batches = make("A1", "B2").connector.poll("tracking", {})
    assert next(batches).looked == ("A1",)
    fake.fail(Fault.RATE_LIMITED, retry_after=9)
    with pytest.raises(Unavailable) as caught:
        next(batches)
    assert caught.value.retry_after == 9


def test_a_signed_webhook_wakes_its_parcel(fake, make):
    connector = make().connector
    wake = connector.verify_push(fake.push(NUMBER))
    assert wake == Wake(tracking_numbers=(NUMBER,), event_id=f"event-{NUMBER}")


def test_a_webhook_of_another_shape_wakes_the_stream(make):
    connector = make().connector
    digest = hmac.digest(WEBHOOK_SECRET.encode(), b"{}", hashlib.sha256)
    headers = {"aftership-hmac-sha256": b64encode(digest).decode()}
    assert connector.verify_push(Push(headers=headers, body=b"{}")) == Wake(streams=("tracking",))


@pytest.mark.parametrize("signature", ["", "é", "AAAA"])
def test_an_unsigned_webhook_wakes_nothing(fake, make, signature):
    connector = make().connector
    push = msgspec.structs.replace(fake.push(NUMBER), headers={"aftership-hmac-sha256": signature})
    assert connector.verify_push(push) is None
    assert connector.verify_push(Push(headers={}, body=push.body)) is None
    assert connector.verify_push(fake.push(NUMBER, secret="another")) is None


def test_without_a_webhook_secret_nobody_is_believed(fake, make):
    assert make(webhook_secret=None).connector.verify_push(fake.push(NUMBER)) is None
