"""The connector against the stateful fake, and its table against the published list."""

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from syncd.connector import Unavailable
from syncd.connector.scans import meanings
from syncd.model import BadItem, Milestone, OffsetSource, ParcelRef
from syncd.testing.laposte import FakeLaPoste
from syncd.testing.server import Fault
from syncd_laposte import LaPoste
from syncd_laposte.parse import read

PARIS = timezone(timedelta(hours=1))
START = datetime(2026, 11, 2, 9, tzinfo=PARIS)
NUMBER = "6A00000000001"
PUBLISHED = (
    "DR1 PC1 PC2 ET1 ET2 ET3 ET4 EP1 DO1 DO2 DO3 PB1 PB2 MD2 ND1 AG1 RE1 DI1 DI2"
)  # fmt: skip


@pytest.fixture
def carrier():
    return LaPoste, FakeLaPoste


def numbers(count):
    return [f"6A{index:011d}" for index in range(count)]


def scans(raw):
    return read(ParcelRef(tracking_number=NUMBER), raw)


def shipment(*events, **fields):
    return msgspec.json.encode({"idShip": NUMBER, "event": list(events), **fields})


def test_every_published_code_has_a_meaning_and_only_the_unpublished_have_none():
    table = meanings("syncd_laposte")
    assert set(PUBLISHED.split()) <= set(table)
    unknown = {code for code, said in table.items() if said.milestone == Milestone.UNKNOWN}
    assert unknown == set(table) - set(PUBLISHED.split())


@pytest.mark.parametrize("code", ["DI0", "ZZ9", ""])
def test_an_unknown_code_is_unknown(code):
    event = {"code": code, "label": "?", "date": "2026-11-02T09:00:00+01:00"}
    (item,) = scans(shipment(event))
    assert item.milestone == Milestone.UNKNOWN


def test_a_scan_keeps_words_code_and_clock(world):
    world.due(" 6a00000000001 ")
    world.fake.add_scan(NUMBER, "Votre colis est à retirer.", START, code="AG1")
    (item,) = world.items()
    assert (item.tracking_number, item.code) == (" 6a00000000001 ", "AG1")
    assert (item.milestone, item.leg) == ("ready_for_pickup", "last")
    assert item.text == "Votre colis est à retirer."
    assert item.occurred_local.isoformat() == "2026-11-02T09:00:00"
    assert (item.utc_offset_minutes, item.offset_source) == (60, OffsetSource.CARRIER)
    assert msgspec.json.decode(item.raw)["code"] == "AG1"


def test_a_time_without_an_offset_gets_none():
    (item,) = scans(shipment({"code": "PC1", "date": "2026-11-02T09:00:00", "label": ""}))
    assert (item.utc_offset_minutes, item.offset_source) == (None, None)


def test_one_event_that_cannot_be_read_does_not_hide_the_others():
    good = {"code": "PC1", "label": "Pris", "date": "2026-11-02T09:00:00+01:00"}
    items = scans(shipment(good, {"code": "ET1", "label": "Vers", "date": "hier"}, 7))
    assert [type(item) for item in items].count(BadItem) == 2
    assert items[-1].text == "Pris"


def test_the_estimate_is_the_hours_or_the_whole_day_and_ends_with_delivery():
    event = {"code": "ET1", "label": "", "date": "2026-11-02T09:00:00+01:00"}
    day = {"estimDate": "2026-11-04T00:00:00+01:00"}
    hours = {
        "estimHourMin": "2026-11-04T09:00:00+01:00",
        "estimHourMax": "2026-11-04T11:00:00+01:00",
    }
    whole = scans(shipment(event, **day))[0].eta
    assert whole.earliest == datetime(2026, 11, 4, tzinfo=PARIS)
    assert whole.latest == datetime(2026, 11, 4, 23, 59, 59, tzinfo=PARIS)
    assert scans(shipment(event, **day, **hours))[0].eta.latest.hour == 11
    assert scans(shipment(event, **day, isFinal=True))[0].eta is None
    assert scans(shipment(event, estimDate="2026-11-04"))[0].eta is None


def test_a_badly_written_number_does_not_spoil_the_call(world):
    world.due("n/a,7", NUMBER)
    world.fake.add_scan(NUMBER, "Pris", START, code="PC1")
    assert world.looked() == ["n/a,7", NUMBER]
    assert [item.tracking_number for item in world.items()] == [NUMBER]


def test_a_number_la_poste_is_too_slow_for_is_no_look(world):
    world.due(*numbers(3))
    world.fake.slow.add(numbers(3)[1])
    (batch,) = world.poll()
    assert batch.looked == (numbers(3)[0], numbers(3)[2])
    assert batch.unanswered == (numbers(3)[1],)


def test_a_shipment_that_cannot_be_read_is_told_and_no_look(world):
    world.due(*numbers(2))
    world.fake.add_scan(numbers(2)[1], "Pris", START, code="PC1")
    world.fake.parcel(numbers(2)[0]).facts["isFinal"] = "perhaps"
    (batch,) = world.poll()
    assert [type(item) is BadItem for item in batch.items] == [True, False]
    assert (batch.looked, batch.unanswered) == ((numbers(2)[1],), (numbers(2)[0],))


def test_when_la_poste_is_too_slow_for_all_nothing_is_settled(world):
    world.due(*numbers(3))
    world.fake.slow.update(numbers(3))
    with pytest.raises(Unavailable, match="tells nothing"):
        world.poll()


def test_a_call_that_fails_is_split(world):
    world.due(*numbers(3))
    for number in numbers(3):
        world.fake.add_scan(number, "Pris", START, code="PC1")
    world.fake.fail(Fault.SERVER_ERROR, path=",", times=100)
    assert world.looked() == numbers(3)


def test_the_language_is_asked_for(make):
    world = make(language="en_GB")
    world.due(NUMBER)
    world.poll()
    assert world.fake.requests[0].one("lang") == "en_GB"
