"""The connector against the stateful fake, and its table against the lists it is made from."""

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from syncd.connector import AuthFailed, Context, Unavailable
from syncd.connector.scans import meanings, rows
from syncd.model import BadItem, Draft, Milestone, OffsetSource, ParcelRef, Party
from syncd.testing.royalmail import CLIENT_ID, CLIENT_SECRET, FakeRoyalMail
from syncd.testing.server import Fault
from syncd_royalmail import RoyalMail
from syncd_royalmail.parse import read

SUMMER = timezone(timedelta(hours=1))
START = datetime(2026, 6, 2, 9, tzinfo=SUMMER)
NUMBER = "FQ087430672GB"
WRITTEN_DOWN = {
    "a": "ASRXS EVAIE EVAIP EVBAH EVDAC EVDAV EVGMI EVGPD EVIAV EVIMC EVIPI EVKAA EVKAI EVKDN EVKGA "
    "EVKLC EVKNA EVKOP EVKRF EVKSF EVKSP EVKSU EVNAA EVNAR EVNDA EVNDN EVNGA EVNKS EVNMI EVNOC EVNRF "
    "EVNRT EVPLC EVRTS RFRXS RNRXS RORXS RPRXS RSRXS",
    "b": "EVKSP EVKSF EVGPD EVNSR EVNDA EVKNA EVODO EVORI EVOAC EVAIE EVAIP EVPPA EVDAV EVIMC EVDAC "
    "EVBAV EVIAV EVKOP EVNRT EVOCO EVKNR RSRXS RORXS EVKLS EVPLA EVPLC",
}


class World:
    """A fake, the parcels that are due and one account."""

    def __init__(self, fake, **config):
        self.fake = fake
        self.parcels = []
        secret = {"env": "ROYALMAIL"}
        settings = {"client_id": CLIENT_ID, "client_secret": secret, "base_url": fake.base_url}
        self.connector = RoyalMail(
            RoyalMail.Config.model_validate({**settings, **config}),
            Context(account="royalmail", now=lambda: START, parcels=lambda: self.parcels),
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
    monkeypatch.setenv("ROYALMAIL", CLIENT_SECRET)
    worlds = []
    with FakeRoyalMail() as fake:

        def make(**config):
            worlds.append(World(fake, **config))
            return worlds[-1]

        yield make
        for world in worlds:
            world.connector.close()


@pytest.fixture
def world(make):
    return make()


def piece(*events, **fields):
    return msgspec.json.encode({"mailPieces": {"events": list(events), **fields}})


def event(**fields):
    return {"eventCode": "EVDAC", "eventDateTime": "2026-06-02T09:00:00+01:00", **fields}


def parsed(raw):
    return read(ParcelRef(tracking_number=NUMBER), raw)


@pytest.mark.parametrize("source", ["a", "b"])
def test_every_code_that_was_written_down_has_a_row(source):
    assert set(WRITTEN_DOWN[source].split()) <= set(meanings("syncd_royalmail"))


def test_no_code_is_made_up_and_only_requests_are_unknown():
    written = {code for codes in WRITTEN_DOWN.values() for code in codes.split()}
    assert {row["code"] for row in rows("syncd_royalmail", "statuses.csv")} == written
    table = meanings("syncd_royalmail")
    unknown = {code for code, said in table.items() if said.milestone == Milestone.UNKNOWN}
    assert unknown == {code for code in written if code.endswith("RXS")}


def test_an_unknown_code_is_unknown():
    assert [item.milestone for item in parsed(piece(event(eventCode="EVXXX")))] == ["unknown"]


def test_a_scan_keeps_words_code_place_and_clock(world):
    world.due("fq 0874 3067 2gb")
    world.fake.add_event(NUMBER, "EVNMI", "Forwarded - Mis-sort", at=START, location="Stafford DO")
    (item,) = world.items()
    assert (item.tracking_number, item.code) == ("fq 0874 3067 2gb", "EVNMI")
    assert (item.milestone, item.reason) == ("in_transit", "missort")
    assert (item.text, item.location) == ("Forwarded - Mis-sort", "Stafford DO")
    assert item.occurred_local.isoformat() == "2026-06-02T09:00:00"
    assert (item.utc_offset_minutes, item.offset_source) == (60, OffsetSource.CARRIER)


def test_a_time_without_an_offset_gets_none():
    (item,) = parsed(piece(event(eventDateTime="2026-06-02T09:00:00")))
    assert (item.utc_offset_minutes, item.offset_source) == (None, None)


def test_one_event_that_cannot_be_read_does_not_hide_the_others():
    items = parsed(piece(event(), event(eventDateTime=None), 7))
    assert [type(item) for item in items].count(BadItem) == 2
    assert items[-1].code == "EVDAC"


@pytest.mark.parametrize(
    "told",
    [
        ("2026-06-03", "08:00:00+01:00", "11:00:00+01:00"),
        ("2026-06-03T00:00:00+00:00", "2026-06-03T08:00:00+01:00", "2026-06-03T11:00:00+01:00"),
    ],
)
def test_the_window_in_both_forms(told):
    names = ("date", "startOfEstimatedWindow", "endOfEstimatedWindow")
    (item,) = parsed(piece(event(), estimatedDelivery=dict(zip(names, told, strict=True))))
    assert item.eta.earliest == datetime(2026, 6, 3, 8, tzinfo=SUMMER)
    assert item.eta.latest == datetime(2026, 6, 3, 11, tzinfo=SUMMER)


@pytest.mark.parametrize("fields", [{"date": "2026-06-03"}, {}, {"endOfEstimatedWindow": "noon"}])
def test_an_estimate_without_an_offset_is_left_out(fields):
    assert parsed(piece(event(), estimatedDelivery=fields))[0].eta is None


def test_an_unknown_number_is_no_news(world):
    world.due(NUMBER)
    assert [(list(batch.items), batch.looked) for batch in world.poll()] == [([], (NUMBER,))]


def test_a_refused_number_is_told_and_the_next_is_asked_for(world):
    world.due("n/a", NUMBER)
    world.fake.add_event(NUMBER, "EVDAC", "On its way", at=START)
    bad, good = world.items()
    assert (bad.source_id, "E1144" in bad.reason) == ("n/a", True)
    assert good.tracking_number == NUMBER


def test_a_number_the_api_fails_at_does_not_stop_the_others(world):
    world.due("FQ000000001GB", NUMBER)
    world.fake.add_event(NUMBER, "EVDAC", "On its way", at=START)
    world.fake.fail(Fault.SERVER_ERROR, path="FQ000000001GB", times=100)
    good, bad = world.poll()
    assert (good.looked, bad.looked) == ((NUMBER,), ())
    assert bad.unanswered == ("FQ000000001GB",)
    assert "cannot be looked up" in bad.items[0].reason


def test_a_poll_stays_within_its_calls(make):
    world = make(requests_per_poll=2)
    world.due(*(f"FQ{index:09d}GB" for index in range(5)))
    assert len(world.looked()) == len(world.fake.requests) == 2


def test_a_wrong_secret_is_a_failed_login_without_the_secret_in_the_error(world, monkeypatch):
    monkeypatch.setenv("ROYALMAIL", "wrong-secret-0815")
    with pytest.raises(AuthFailed) as failed:
        world.connector.check()
    assert "0815" not in str(failed.value)


def test_a_wrong_base_url_is_told(make):
    world = make(base_url="http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="cannot connect"):
        world.connector.check()
    world = make(base_url=world.fake.url)
    with pytest.raises(Unavailable, match="is base_url right"):
        world.connector.check()


def test_it_writes_to_nobody(world):
    assert not world.connector.may_send(Draft(text="Hello", buyer=Party(name="Ann"))).allowed
