"""The connector against the stateful fake."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from syncd.connector import AuthFailed, Context, Rejected, SecretUnavailable, Unavailable
from syncd.model import BadItem, Draft, ParcelRef, Party, TrackingEvent
from syncd.testing.seventeentrack import KEY, Fake17Track
from syncd_seventeentrack import SeventeenTrack

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
NUMBER = "RR000000001CN"


class World:
    """A fake, its clock, the parcels that are due and one account; `poll` tells news only."""

    def __init__(self, fake, **config):
        self.fake = fake
        self.now = START
        fake.now = lambda: self.now
        self.parcels = []
        self.known = {}
        self.looked, self.unanswered = [], []
        self.connector = SeventeenTrack(
            SeventeenTrack.Config(
                api_key={"env": "SEVENTEENTRACK"}, base_url=fake.base_url, **config
            ),
            Context(account="parcels", now=lambda: self.now, parcels=lambda: list(self.parcels)),
        )

    def open(self, number=NUMBER, scans=0, **ref):
        self.parcels.append(ParcelRef(tracking_number=number, **ref))
        for index in range(scans):
            self.scan(f"Scan {index}", number=number, at=START - timedelta(hours=scans - index))

    def scan(self, text="Left", *, number=NUMBER, at=None, **event):
        return self.fake.add_event(number, text, at=at or self.now, **event)

    def poll(self):
        """What is new or changed, as the store would find it."""
        news = []
        self.looked, self.unanswered = [], []
        for batch in self.connector.poll("tracking", {}):
            self.looked += batch.looked
            self.unanswered += batch.unanswered
            news += [item for item in batch.items if self._is_news(item)]
        return news

    def _is_news(self, item):
        before = self.known.get(item.source_id)
        self.known[item.source_id] = item = msgspec.structs.replace(item, raw=b"")
        return item != before

    def texts(self):
        return [item.text for item in self.poll()]

    def calls(self, path=""):
        return [r.json() for r in self.fake.requests if r.path.endswith(path)]


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setenv("SEVENTEENTRACK", KEY)
    with Fake17Track() as fake:
        world = World(fake)
        yield world
        world.connector.close()


@pytest.fixture
def small(monkeypatch):
    """Two calls for registering and reading each: 40 parcels a poll are read."""
    monkeypatch.setenv("SEVENTEENTRACK", KEY)
    with Fake17Track() as fake:
        world = World(fake, requests_per_poll=2, carriers={"Evri": 100331}, language="en")
        yield world
        world.connector.close()


def test_registers_once_and_reads_only_what_is_new(world):
    world.open(scans=2)
    assert world.texts() == ["Scan 0", "Scan 1"]
    assert world.texts() == []
    world.scan("Arrived")
    assert world.texts() == ["Arrived"]
    assert world.looked == [NUMBER]
    assert len(world.calls("/register")) == 1
    assert world.fake.quota == world.fake.quota_total - 1


def test_a_scan_reported_late_is_not_missed(world):
    world.open(scans=2)
    world.poll()
    world.scan("Forgotten scan", at=START - timedelta(days=3))
    assert "Forgotten scan" in world.texts()
    assert world.texts() == []


def test_a_corrected_scan_comes_again_with_the_same_id(world):
    world.open()
    event = world.scan("Held")
    (before,) = world.poll()
    event["sub_status"] = "InTransit_CustomsRequiringInformation"
    (after,) = world.poll()
    assert after.source_id == before.source_id
    assert (before.milestone, after.milestone) == ("in_transit", "customs_hold")


def test_an_estimate_that_moves_is_an_edit_of_the_latest_scan(world):
    world.open(scans=2)
    world.fake.set_eta(NUMBER, "2026-11-05T08:00:00+00:00", "2026-11-05T20:00:00+00:00")
    assert [item.eta is None for item in world.poll()] == [True, False]
    world.fake.set_eta(NUMBER, None, "2026-11-09T20:00:00+00:00")
    (latest,) = world.poll()
    assert (latest.text, latest.eta.latest.day) == ("Scan 1", 9)
    assert world.poll() == []


def test_calls_hold_forty_numbers_at_most(world):
    for index in range(95):
        world.open(f"RR{index:09d}CN", scans=1)
    assert len(world.poll()) == 95
    assert [len(rows) for rows in world.calls("/register")] == [40, 40, 15]
    assert [len(rows) for rows in world.calls("/gettrackinfo")] == [40, 40, 15] * 2


def test_what_one_poll_has_no_room_for_stays_due_and_is_not_named(small):
    for index in range(90):
        small.open(f"RR{index:09d}CN", scans=1)
        small.fake.parcel(f"RR{index:09d}CN").registered = True
    polls = []
    while small.parcels:
        small.poll()
        assert small.looked == [parcel.tracking_number for parcel in small.parcels][:40]
        polls.append(len(small.looked))
        small.parcels = small.parcels[len(small.looked) :]
    assert polls == [40, 40, 10]


def test_every_poll_stays_within_its_calls(small):
    for index in range(200):
        small.open(f"RR{index:09d}CN", scans=1)
    for _ in range(8):
        before = len(small.fake.requests)
        small.poll()
        assert len(small.fake.requests) - before <= 2


def test_what_is_told_at_registration(small):
    small.open("RR1-0001", carrier="china-post", origin_country="CN")
    small.open("H0001 0002", carrier="evri", destination_country="GB", postcode="SW1A 1AA")
    small.open("QQ10003", carrier="DHL")
    small.poll()
    (rows,) = small.calls("/register")
    common = {"auto_detection": True, "lang": "en"}
    assert rows == [
        {"number": "RR1-0001", "carrier": 3011, "origin_country": "CN", **common},
        {
            "number": "H00010002",
            "carrier": 100331,
            "destination_country": "GB",
            "destination_postal_code": "SW1A 1AA",
            **common,
        },
        {"number": "QQ10003", **common},
    ]


def test_events_carry_the_number_as_the_order_has_it(world):
    world.open("rr 000 000 001 cn")
    world.scan("Posted", number="rr000000001cn")
    assert [item.tracking_number for item in world.poll()] == ["rr 000 000 001 cn"]


def test_a_number_registered_before_is_not_registered_again(world):
    world.open(scans=1)
    world.fake.parcel(NUMBER).registered = True
    assert world.texts() == ["Scan 0"]
    assert world.calls("/register") == []


def test_a_number_that_somebody_else_registers_meanwhile_is_read(world, monkeypatch):
    world.open(scans=1)
    world.fake.parcel(NUMBER).registered = True
    before, read = iter([-18019902]), world.fake._track_info
    monkeypatch.setattr(world.fake, "_track_info", lambda row: next(before, None) or read(row))
    assert world.texts() == ["Scan 0"]
    assert len(world.calls("/register")) == 1


@pytest.mark.parametrize("code", [-18019903, -18010019, -18019911])
def test_a_refused_number_is_reported_and_no_look(world, code):
    world.open(scans=1)
    world.fake.parcel(NUMBER).refusal = code
    (bad,) = world.poll()
    assert isinstance(bad, BadItem)
    assert bad.source_id == NUMBER
    assert str(code) in bad.reason
    assert (world.looked, world.unanswered) == ([], [NUMBER])
    world.fake.parcel(NUMBER).refusal = None
    assert world.texts() == ["Scan 0"]
    assert (world.looked, world.unanswered) == ([NUMBER], [])


def test_a_new_number_without_scans_is_read_once_more_soon(world):
    world.open()
    world.fake.track_info_refusal = -18019909
    assert world.poll() == []
    assert (world.looked, world.unanswered) == ([], [])
    assert world.poll() == []
    assert (world.looked, world.unanswered) == ([NUMBER], [])


def test_a_number_that_is_left_out_of_the_answer_is_unanswered(world, monkeypatch):
    world.open(scans=1)
    world.poll()
    monkeypatch.setattr(Fake17Track, "page", lambda self, items: [])
    assert world.poll() == []
    assert (world.looked, world.unanswered) == ([], [NUMBER])


def test_what_is_no_number_is_refused_by_itself(world):
    world.open("n/a")
    world.open(scans=1)
    items = world.poll()
    assert [type(item) for item in items] == [BadItem, TrackingEvent]


def test_a_spent_quota_keeps_nobody_from_reading(world):
    world.open(scans=1)
    world.poll()
    world.scan("Arrived")
    world.fake.quota = 0
    world.open("RR000000002CN", scans=1)
    with pytest.raises(Unavailable, match="-18019908"):
        world.poll()
    assert (world.looked, world.unanswered) == ([NUMBER], ["RR000000002CN"])
    assert [item.text for item in world.known.values()] == ["Scan 0", "Arrived"]
    world.fake.quota = 5
    assert world.texts() == ["Scan 0"]


def test_a_quota_refused_for_the_whole_call_is_the_same(world):
    world.open(scans=1)
    world.poll()
    world.scan("Arrived")
    new = [f"RR{index:09d}CN" for index in range(100, 141)]
    for number in new:
        world.open(number)
    world.fake.refuse_registering = -18019907
    with pytest.raises(Unavailable, match="-18019907"):
        world.poll()
    assert (world.looked, world.unanswered) == ([NUMBER], new[:40])
    assert [len(rows) for rows in world.calls("/register")] == [1, 40]


@pytest.mark.parametrize("code", [-18010001, -18010004, -18010005])
def test_an_account_that_may_not_is_a_failed_login(world, code):
    world.open()
    world.fake.refuse_all = code
    with pytest.raises(AuthFailed, match=str(code)):
        world.poll()


def test_a_wrong_key_is_a_failed_login_without_the_key_in_the_error(world, monkeypatch):
    monkeypatch.setenv("SEVENTEENTRACK", "wrong-key-0815")
    with pytest.raises(AuthFailed, match="-18010002") as failed:
        world.connector.check()
    assert "0815" not in str(failed.value)


def test_a_missing_key_says_which(world, monkeypatch):
    monkeypatch.delenv("SEVENTEENTRACK")
    with pytest.raises(SecretUnavailable, match="SEVENTEENTRACK is not set"):
        world.connector.check()


def test_a_wrong_base_url_is_no_bug(world):
    connector = SeventeenTrack(
        SeventeenTrack.Config(api_key={"env": "SEVENTEENTRACK"}, base_url=world.fake.url),
        world.connector.context,
    )
    with pytest.raises(Unavailable, match="404"):
        connector.check()
    connector.close()


def test_an_internal_error_of_17track_is_waited_out(world):
    world.open(scans=1)
    world.fake.refuse_all = -18010003
    with pytest.raises(Unavailable, match="-18010003"):
        world.poll()
    world.fake.refuse_all = None
    assert world.texts() == ["Scan 0"]


def test_a_stopped_parcel_that_is_still_open_is_started_again_once(world):
    world.open(scans=1)
    world.poll()
    world.fake.stop(NUMBER)
    assert world.poll() == []
    assert not world.fake.parcel(NUMBER).stopped
    world.scan("At last")
    assert world.texts() == ["At last"]
    assert world.looked == [NUMBER]


def test_of_many_that_stopped_as_many_are_started_as_a_call_takes(world):
    numbers = [f"RR{index:09d}CN" for index in range(45)]
    for number in numbers:
        world.open(number, scans=1)
    world.poll()
    for number in numbers:
        world.fake.stop(number)
    assert world.poll() == []
    assert [len(rows) for rows in world.calls("/retrack")] == [40]
    assert world.looked == numbers


def test_a_carriers_key_in_the_settings_goes_before_the_built_in_one(world):
    own = World(world.fake, carriers={"CHINA-POST": 7})
    own.open(carrier="China Post")
    own.poll()
    own.connector.close()
    assert [row["carrier"] for (row,) in own.calls("/register")] == [7]


def test_a_start_that_17track_allows_no_more_is_reported(world):
    world.open(scans=1)
    world.fake.parcel(NUMBER).restarted = True
    world.fake.stop(NUMBER)
    assert [type(item) for item in world.poll()] == [TrackingEvent, BadItem]
    assert world.looked == [NUMBER]


def test_a_number_expired_but_not_yet_stopped_is_started_when_it_is(world):
    world.open(scans=1)
    world.fake.parcel(NUMBER).status = "Expired"
    assert [type(item) for item in world.poll()] == [TrackingEvent]
    world.fake.stop(NUMBER)
    world.poll()
    assert not world.fake.parcel(NUMBER).stopped


def test_a_number_that_17track_has_forgotten_is_registered_again(world):
    world.open(scans=1)
    world.poll()
    world.fake.parcel(NUMBER).registered = False
    world.scan("Arrived")
    assert world.texts() == ["Arrived"]


def test_answers_about_numbers_nobody_asked_for_are_left_alone(world, monkeypatch):
    world.open(scans=1)
    other = {"number": "XX999", "carrier": 1, "track_info": {}}
    page = Fake17Track.page
    monkeypatch.setattr(Fake17Track, "page", lambda self, items: [other, 7, *page(self, items)])
    assert [item.text for item in world.poll() if isinstance(item, TrackingEvent)] == ["Scan 0"]
    assert world.looked == [NUMBER]


def test_it_writes_to_nobody(world):
    draft = Draft(text="Hello", buyer=Party(name="Ann"))
    assert not world.connector.may_send(draft).allowed
    assert "follows parcels" in world.connector.may_send(draft).reason
    with pytest.raises(Rejected, match="follows parcels"):
        world.connector.send(draft, "key")


def test_the_fake_refuses_what_the_real_one_refuses(world):
    call = world.connector._client._http.query
    with pytest.raises(Unavailable, match="-18010014"):
        call("/register", [{"number": f"RR{i:09d}CN"} for i in range(41)])
    with pytest.raises(Unavailable, match="-18010010"):
        call("/register", [])
    with pytest.raises(Unavailable, match="-18010013"):
        call("/register", {"number": NUMBER})
