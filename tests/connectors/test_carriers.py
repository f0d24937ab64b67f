"""What all connectors of carriers do alike, each against its own fake."""

from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd import plugins
from syncd.connector import AuthFailed, Capability, Connector, Unavailable
from syncd.model import BadItem, Draft, Party
from syncd.rules.recognise import carriers
from syncd.testing.aftership import FakeAftership
from syncd.testing.carrier import FakeCarrier, OAuthCarrier
from syncd.testing.dhl import FakeDhl
from syncd.testing.fedex import FakeFedex
from syncd.testing.gls import FakeGLS
from syncd.testing.laposte import FakeLaPoste
from syncd.testing.postnl import FakePostNL
from syncd.testing.royalmail import FakeRoyalMail
from syncd.testing.server import Answer, Fault
from syncd.testing.ups import FakeUps
from syncd.testing.usps import FakeUsps
from syncd.testing.yunexpress import FakeYunExpress
from syncd_aftership import Aftership
from syncd_dhl import Dhl
from syncd_fedex import Fedex
from syncd_gls import GLS
from syncd_laposte import LaPoste
from syncd_postnl import PostNL
from syncd_royalmail import RoyalMail
from syncd_ups import Ups
from syncd_usps import Usps
from syncd_yunexpress import YunExpress

START = datetime(2026, 11, 2, 9, tzinfo=timezone(timedelta(hours=1)))
SENDING = {Capability.REPLY, Capability.START_CONVERSATION, Capability.NOTIFY_TEMPLATED}


class Kind(NamedTuple):
    """A carrier: its numbers, and its words for one that it refuses."""

    connector: type[Connector]
    fake: type[FakeCarrier]
    numbers: str
    refusal: str = ""
    in_path: bool = True

    def number(self, index: int) -> str:
        return self.numbers.format(index)


KINDS = {
    kind.connector.name: kind
    for kind in (
        Kind(Aftership, FakeAftership, "RR{:09d}CN", in_path=False),
        Kind(Dhl, FakeDhl, "0034043429213510{:04d}", "trackingNumber: wrong format", in_path=False),
        Kind(
            Fedex, FakeFedex, "7760943376{:02d}", "FedEx TRACKING.TRACKINGNUMBER.INVALID: Invalid",
            in_path=False,
        ),
        Kind(GLS, FakeGLS, "363019170{:02d}", "refused by GLS"),
        Kind(LaPoste, FakeLaPoste, "6A{:011d}"),
        Kind(PostNL, FakePostNL, "3SDEVC{:09d}", "refused by PostNL: "),
        Kind(RoyalMail, FakeRoyalMail, "FQ{:09d}GB", "Royal Mail E1144: N/A is no barcode"),
        Kind(Ups, FakeUps, "1Z023E2X02143234{:02d}", "UPS TV1002: Invalid inquiry number"),
        Kind(Usps, FakeUsps, "94001091042505329085{:02d}", "USPS OASValidation: Invalid tracking"),
        Kind(YunExpress, FakeYunExpress, "YT{:016d}", in_path=False),
    )
}  # fmt: skip
REFUSING = [name for name, kind in KINDS.items() if kind.refusal]
BY_PATH = [name for name, kind in KINDS.items() if kind.in_path]
# AfterShip has a budget of another kind, YunExpress errors of another kind.
ALIKE = [name for name in KINDS if name != "aftership"]
TOLD_APART = [name for name in KINDS if name != "yunexpress"]
SIGNED_IN = [name for name, kind in KINDS.items() if issubclass(kind.fake, OAuthCarrier)]


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture
def carrier(kind):
    return kind.connector, kind.fake


def only(names):
    return pytest.mark.parametrize("kind", names, indirect=True)


def test_every_carrier_that_a_connector_names_is_in_the_courier_table():
    connectors = plugins.load().connectors.values()
    named = {each.name: each.carriers for each in connectors if each.carriers is not None}
    assert "dhl" in named
    unknown = {name: codes - set(carriers()) for name, codes in named.items()}
    assert not any(unknown.values()), unknown


def test_blanks_and_small_letters_in_a_number_are_the_shops(kind, world):
    number = kind.number(1)
    shops = f" {number[:4]} {number[4:].lower()}"
    world.due(shops)
    world.fake.add_scan(number, "Moved", START)
    (item,) = world.items()
    assert (item.tracking_number, item.text) == (shops, "Moved")
    assert world.looked() == [shops]


def test_an_unknown_number_is_no_news(kind, world):
    world.due(kind.number(1))
    (batch,) = world.poll()
    assert (list(batch.items), batch.looked, batch.unanswered) == ([], (kind.number(1),), ())


def test_scans_come_oldest_first(kind, world):
    world.due(kind.number(1))
    for hours in (1, 3, 2):
        world.fake.add_scan(kind.number(1), f"{hours} h", START - timedelta(hours=hours))
    assert [item.text for item in world.items()] == ["3 h", "2 h", "1 h"]


@only(REFUSING)
def test_a_refused_number_is_told_and_the_others_are_read(kind, make):
    world = make(requests_per_poll=10)
    good = [kind.number(index) for index in range(3)]
    world.due(good[0], "n/a", *good[1:])
    for number in good:
        world.fake.add_scan(number, "Moved", START)
    batches = world.poll()
    assert sorted(number for batch in batches for number in batch.looked) == good
    assert [number for batch in batches for number in batch.unanswered] == ["n/a"]
    items = [item for batch in batches for item in batch.items]
    (bad,) = [item for item in items if isinstance(item, BadItem)]
    assert sorted(item.tracking_number for item in items if item is not bad) == good
    assert (bad.source_id, bool(bad.raw)) == ("n/a", True)
    assert kind.refusal in bad.reason


@only(BY_PATH)
def test_a_number_the_api_fails_at_does_not_stop_the_others(kind, make):
    world = make(requests_per_poll=10)
    numbers = [kind.number(index) for index in range(3)]
    world.due(*numbers)
    world.connector.http.sign_in()
    world.fake.fail(Fault.SERVER_ERROR, path=f".*{numbers[0]}.*", times=100)
    *good, bad = world.poll()
    assert [number for batch in good for number in batch.looked] == numbers[1:]
    assert (bad.looked, bad.unanswered) == ((), (numbers[0],))
    assert "cannot be looked up" in bad.items[0].reason


@only(ALIKE)
def test_a_poll_stays_within_its_calls(kind, make):
    world = make(requests_per_poll=2)
    numbers = [kind.number(index) for index in range(3 * kind.connector.size)]
    world.due(*numbers)
    world.connector.http.sign_in()
    asked = len(world.fake.requests)
    assert world.looked() == numbers[: 2 * kind.connector.size]
    assert len(world.fake.requests) == asked + 2


@only(ALIKE)
def test_the_quota_ends_the_poll_and_keeps_what_was_read(kind, world):
    numbers = [kind.number(index) for index in range(2 * kind.connector.size)]
    world.due(*numbers)
    world.fake.add_scan(numbers[0], "Moved", START)
    batches = world.connector.poll("tracking", {})
    first = next(batches)
    assert first.looked == tuple(numbers[: kind.connector.size])
    assert [item.text for item in first.items] == ["Moved"]
    world.fake.fail(Fault.RATE_LIMITED, retry_after=1800)
    with pytest.raises(Unavailable) as caught:
        next(batches)
    assert caught.value.retry_after == 1800


def test_too_many_requests_are_not_followed_by_more(kind, world):
    world.due(*(kind.number(index) for index in range(3)))
    world.connector.http.sign_in()
    asked = len(world.fake.requests)
    world.fake.fail(Fault.RATE_LIMITED_SILENT, times=100)
    with pytest.raises(Unavailable):
        world.poll()
    assert len(world.fake.requests) == asked + 1


@only(SIGNED_IN)
def test_a_revoked_token_is_renewed(kind, world):
    world.due(kind.number(1))
    world.poll()
    world.fake.tokens.clear()
    world.fake.add_scan(kind.number(1), "Moved", START)
    assert [item.text for item in world.items()] == ["Moved"]


@only(TOLD_APART)
@pytest.mark.parametrize("status", [400, 404])
def test_a_wrong_address_is_no_missing_parcel(kind, world, status):
    if (kind.connector.name, status) in {("gls", 400), ("postnl", 400)}:
        pytest.skip("any 400 is about the number")
    world.due(kind.number(1))
    world.connector.http.sign_in()
    world.fake.answer = lambda request: Answer(status, b"<html>Not here</html>", "text/html")
    with pytest.raises(Unavailable, match="is base_url right"):
        world.poll()


def test_check_tells_when_nobody_is_there(make):
    with pytest.raises(Unavailable):
        make(base_url="http://127.0.0.1:1").connector.check()


def test_a_wrong_secret_is_a_failed_login_without_the_secret_in_the_error(kind, world, monkeypatch):
    for name in kind.fake.secrets:
        monkeypatch.setenv(name.upper(), "wrong-secret-0815")
    with pytest.raises(AuthFailed) as failed:
        world.connector.check()
    assert "0815" not in str(failed.value)


def test_it_writes_to_nobody(world):
    assert not world.connector.may_send(Draft(text="Hello", buyer=Party(name="Ann"))).allowed
    assert not world.connector.capabilities & SENDING


ODD = st.one_of(st.none(), st.integers(), st.text(max_size=20), st.lists(st.none(), max_size=2))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_scanned_becomes_items(kind, world, data):
    number = kind.number(1)
    world.parcels[:] = []
    world.due(number)
    world.fake.parcels.clear()
    good = world.fake.add_scan(number, "Moved", START)
    some = st.dictionaries(st.sampled_from(sorted(good)), ODD)
    odd: list[dict[str, Any]] = data.draw(st.lists(some, max_size=4))
    world.fake.parcels[number].scans[:0] = odd
    (batch,) = world.poll()
    assert batch.looked == (number,)
    assert len({item.source_id for item in batch.items}) == len(batch.items) <= len(odd) + 1
    assert "Moved" in [getattr(item, "text", None) for item in batch.items]
