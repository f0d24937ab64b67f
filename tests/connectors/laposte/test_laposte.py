"""The connector against the stateful fake, and its table against the published list."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from syncd.connector import AuthFailed, Context, Unavailable
from syncd.connector.scans import meanings
from syncd.model import BadItem, Draft, Milestone, OffsetSource, ParcelRef, Party
from syncd.testing.laposte import KEY, FakeLaPoste
from syncd.testing.server import Fault
from syncd_laposte import LaPoste
from syncd_laposte.parse import scans

PARIS = timezone(timedelta(hours=1))
START = datetime(2026, 11, 2, 9, tzinfo=PARIS)
NUMBER = "6A00000000001"
PUBLISHED = (
    "DR1 PC1 PC2 ET1 ET2 ET3 ET4 EP1 DO1 DO2 DO3 PB1 PB2 MD2 ND1 AG1 RE1 DI1 DI2"
)  # fmt: skip


class World:
    """A fake, the parcels that are due and one account."""

    def __init__(self, fake, **config):
        self.fake = fake
        self.parcels = []
        settings = {"api_key": {"env": "LAPOSTE"}, "base_url": fake.base_url, **config}
        self.connector = LaPoste(
            LaPoste.Config.model_validate(settings),
            Context(account="laposte", now=lambda: START, parcels=lambda: self.parcels),
        )

    def due(self, *numbers):
        self.parcels += [ParcelRef(tracking_number=number) for number in numbers]

    def poll(self):
        return list(self.connector.poll("tracking", {}))

    def items(self):
        return [item for batch in self.poll() for item in batch.items]

    def looked(self):
        return [number for batch in self.poll() for number in batch.looked]


@pytest.fixture
def make(monkeypatch):
    monkeypatch.setenv("LAPOSTE", KEY)
    worlds = []
    with FakeLaPoste() as fake:

        def make(**config):
            worlds.append(World(fake, **config))
            return worlds[-1]

        yield make
        for world in worlds:
            world.connector.close()


@pytest.fixture
def world(make):
    return make()


def numbers(count):
    return [f"6A{index:011d}" for index in range(count)]


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
    (item,) = scans(NUMBER, shipment(event))
    assert item.milestone == Milestone.UNKNOWN


def test_a_scan_keeps_words_code_and_clock(world):
    world.due(" 6a00000000001 ")
    world.fake.add_event(NUMBER, "AG1", "Votre colis est à retirer.", at=START)
    (item,) = world.items()
    assert (item.tracking_number, item.code) == (" 6a00000000001 ", "AG1")
    assert (item.milestone, item.leg) == ("ready_for_pickup", "last")
    assert item.text == "Votre colis est à retirer."
    assert item.occurred_local.isoformat() == "2026-11-02T09:00:00"
    assert (item.utc_offset_minutes, item.offset_source) == (60, OffsetSource.CARRIER)
    assert msgspec.json.decode(item.raw)["code"] == "AG1"


def test_a_time_without_an_offset_gets_none():
    (item,) = scans(NUMBER, shipment({"code": "PC1", "date": "2026-11-02T09:00:00", "label": ""}))
    assert (item.utc_offset_minutes, item.offset_source) == (None, None)


def test_one_event_that_cannot_be_read_does_not_hide_the_others():
    good = {"code": "PC1", "label": "Pris", "date": "2026-11-02T09:00:00+01:00"}
    items = scans(NUMBER, shipment(good, {"code": "ET1", "label": "Vers", "date": "hier"}, 7))
    assert [type(item) for item in items].count(BadItem) == 2
    assert items[-1].text == "Pris"


def test_the_estimate_is_the_hours_or_the_whole_day_and_ends_with_delivery():
    event = {"code": "ET1", "label": "", "date": "2026-11-02T09:00:00+01:00"}
    day = {"estimDate": "2026-11-04T00:00:00+01:00"}
    hours = {
        "estimHourMin": "2026-11-04T09:00:00+01:00",
        "estimHourMax": "2026-11-04T11:00:00+01:00",
    }
    whole = scans(NUMBER, shipment(event, **day))[0].eta
    assert whole.earliest == datetime(2026, 11, 4, tzinfo=PARIS)
    assert whole.latest == datetime(2026, 11, 4, 23, 59, 59, tzinfo=PARIS)
    assert scans(NUMBER, shipment(event, **day, **hours))[0].eta.latest.hour == 11
    assert scans(NUMBER, shipment(event, **day, isFinal=True))[0].eta is None
    assert scans(NUMBER, shipment(event, estimDate="2026-11-04"))[0].eta is None


def test_ten_a_call_and_each_is_looked_at(world):
    world.due(*numbers(23))
    for number in numbers(20):
        world.fake.add_event(number, "PC1", "Pris", at=START)
    assert world.looked() == numbers(23)
    assert len(world.fake.requests) == 3
    assert len(world.items()) == 20


def test_an_unknown_number_is_no_news(world):
    world.due(NUMBER)
    assert [(list(batch.items), batch.looked) for batch in world.poll()] == [([], (NUMBER,))]


def test_a_badly_written_number_does_not_spoil_the_call(world):
    world.due("n/a,7", NUMBER)
    world.fake.add_event(NUMBER, "PC1", "Pris", at=START)
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
    world.fake.add_event(numbers(2)[1], "PC1", "Pris", at=START)
    world.fake.shipment(numbers(2)[0])["isFinal"] = "perhaps"
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
        world.fake.add_event(number, "PC1", "Pris", at=START)
    world.fake.fail(Fault.SERVER_ERROR, path=",", times=100)
    assert world.looked() == numbers(3)


def test_a_poll_stays_within_its_calls(make):
    world = make(requests_per_poll=2)
    world.due(*numbers(35))
    assert world.looked() == numbers(20)
    assert len(world.fake.requests) == 2


def test_the_language_is_asked_for(make):
    world = make(language="en_GB")
    world.due(NUMBER)
    world.poll()
    assert world.fake.requests[0].one("lang") == "en_GB"


def test_a_wrong_key_is_a_failed_login_without_the_key_in_the_error(world, monkeypatch):
    monkeypatch.setenv("LAPOSTE", "wrong-key-0815")
    with pytest.raises(AuthFailed) as failed:
        world.connector.check()
    assert "0815" not in str(failed.value)


def test_a_wrong_base_url_is_told(make):
    world = make(base_url="http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="cannot connect"):
        world.connector.check()
    world = make(base_url=world.fake.url)
    world.due(NUMBER)
    with pytest.raises(Unavailable, match="is base_url right"):
        world.connector.check()
    with pytest.raises(Unavailable, match="is base_url right"):
        world.poll()


def test_it_writes_to_nobody(world):
    assert not world.connector.may_send(Draft(text="Hello", buyer=Party(name="Ann"))).allowed
    assert world.connector.context.now() == START.astimezone(UTC)
