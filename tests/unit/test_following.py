"""From the config to the look: whose parcels an account is given, and when again."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from syncd import clock, ingest, metrics
from syncd.accounts import Runtime
from syncd.config import AccountSettings, Settings
from syncd.connector import AccountConfig, Batch, Capability, Connector, Unavailable
from syncd.plugins import Plugins


class Anybody(Connector):
    """Looks at all that is due; brings what the test has written down."""

    name = "anybody"
    streams = {"tracking": timedelta(minutes=10)}  # noqa: RUF012  nobody changes it
    capabilities = frozenset({Capability.TRACK_PARCELS})

    def __init__(self, config, context):
        super().__init__(config, context)
        self.events = []
        self.looked = []
        self.fails_at = None
        self.meanwhile = lambda: None

    def poll(self, stream, cursor):
        self.looked = []
        for parcel in self.context.parcels():
            number = parcel.tracking_number
            if number == self.fails_at:
                raise Unavailable("HTTP 503")
            self.looked.append(number)
            self.meanwhile()
            own = [event for event in self.events if event.tracking_number == number]
            yield Batch(own, {}, looked=(number,))


class Dhl(Anybody):
    name = "dhl-like"
    carriers = frozenset({"dhl-de"})


class SwitchedOff(Dhl):
    """Whose settings leave its parcels to others."""

    name = "switched-off"

    @classmethod
    def able(cls, config):
        return frozenset()


class Crashing(Dhl):
    """Cannot even say what it can do."""

    name = "crashing"

    @classmethod
    def able(cls, config):
        raise ZeroDivisionError


KINDS = (Anybody, Dhl, SwitchedOff, Crashing)
PLUGINS = Plugins(connectors={each.name: each for each in KINDS})


@pytest.fixture
def opened(sqlite_url, time):
    """Open a runtime on the same store with these accounts; what was opened before is closed."""
    running = []

    def begin(**accounts):
        while running:
            running.pop().close()
        settings = Settings.model_validate({"store": {"url": sqlite_url}}).model_copy(
            update={
                "accounts": {
                    name: AccountSettings(name=name, options=AccountConfig(), **keys)
                    for name, keys in accounts.items()
                }
            }
        )
        running.append(Runtime.open(settings, PLUGINS))
        return running[-1]

    yield begin
    while running:
        running.pop().close()


ANYBODY = {"connector": "anybody"}
DHL = {"connector": "dhl-like"}
GERMAN, OTHER = "00340434161094042557", "1Z999AA10123456784"


@pytest.fixture
def bring(source_of, make):
    """Let a shop send one parcel by DHL and one by UPS."""

    def both(runtime):
        ups = make.shipment("p2", OTHER, carrier="UPS")
        source_of(runtime.store).bring(make.order(), make.shipment("p1", GERMAN), ups)

    return both


def polled(runtime, name):
    """What a poll of this account looks at."""
    account = runtime.accounts[name]
    result = ingest.poll(account, "tracking", runtime.store)
    assert result.outcome in {"ok", "unavailable"}, result
    return account.connector.looked


def test_each_account_is_given_its_carriers_parcels_and_the_aggregator_the_rest(opened, bring):
    runtime = opened(dhl=DHL, parcels=ANYBODY)
    bring(runtime)
    assert polled(runtime, "dhl") == [GERMAN]
    assert polled(runtime, "parcels") == [OTHER]
    assert polled(runtime, "dhl") == polled(runtime, "parcels") == []


def test_an_accounts_own_setting_counts_more(opened, bring):
    runtime = opened(dhl=DHL, parcels={**ANYBODY, "follow_carriers": ["ups"]})
    bring(runtime)
    assert (polled(runtime, "dhl"), polled(runtime, "parcels")) == ([GERMAN], [OTHER])
    runtime = opened(dhl={**DHL, "follow_carriers": []}, parcels=ANYBODY)
    assert polled(runtime, "dhl") == []
    # The aggregator looked at one of them just now, and goes on from there.
    assert polled(runtime, "parcels") == [GERMAN]


def test_an_account_that_leaves_gives_its_parcels_to_the_others(opened, bring):
    runtime = opened(dhl=DHL, parcels=ANYBODY)
    bring(runtime)
    polled(runtime, "dhl")
    runtime = opened(parcels=ANYBODY)
    assert sorted(polled(runtime, "parcels")) == [GERMAN, OTHER]


def test_so_does_one_that_is_switched_off(opened, bring):
    runtime = opened(parcels=ANYBODY, dhl={**DHL, "enabled": False})
    bring(runtime)
    assert sorted(polled(runtime, "parcels")) == [GERMAN, OTHER]


def test_one_whose_settings_take_the_following_away_leaves_all_to_the_others(opened, bring):
    runtime = opened(dhl={"connector": "switched-off"}, parcels=ANYBODY)
    bring(runtime)
    assert sorted(polled(runtime, "parcels")) == [GERMAN, OTHER]


def test_one_that_cannot_say_what_it_can_do_is_left_out_and_its_parcels_wait(opened, bring):
    runtime = opened(dhl={"connector": "crashing"}, parcels=ANYBODY)
    bring(runtime)
    assert "ZeroDivisionError" in runtime.broken["dhl"]
    assert polled(runtime, "parcels") == [OTHER]


def test_a_code_that_nobody_knows_is_told(opened):
    with capture_logs() as logs:
        opened(dhl={**DHL, "follow_carriers": ["dlh-de"]})
    (told,) = [entry for entry in logs if entry["event"] == "carriers that nobody knows"]
    assert (told["account"], told["carriers"]) == ("dhl", ["dlh-de"])


def test_news_come_sooner_the_next_time(opened, bring, make, time):
    runtime = opened(parcels=ANYBODY)
    bring(runtime)
    connector = runtime.accounts["parcels"].connector
    for hours in (4, 7, 14):
        assert sorted(polled(runtime, "parcels")) == [GERMAN, OTHER]
        time(timedelta(hours=hours))
    connector.events = [make.event(0.5, number=OTHER)]
    assert sorted(polled(runtime, "parcels")) == [GERMAN, OTHER]
    time(timedelta(hours=4))
    assert polled(runtime, "parcels") == [OTHER]


def test_what_was_not_come_to_is_still_due_after_a_failure(opened, bring):
    runtime = opened(parcels=ANYBODY)
    bring(runtime)
    runtime.accounts["parcels"].connector.fails_at = OTHER
    assert polled(runtime, "parcels") == [GERMAN]
    assert polled(runtime, "parcels") == []
    runtime.accounts["parcels"].connector.fails_at = None
    assert polled(runtime, "parcels") == [OTHER]


def counted(result):
    labels = {"account": "parcels", "result": result}
    return metrics.REGISTRY.get_sample_value("syncd_parcel_looks_total", labels) or 0


def test_looks_are_counted_by_whether_they_were_answered(opened, bring, monkeypatch):
    runtime, results = opened(parcels=ANYBODY), ("answered", "unanswered")
    bring(runtime)
    before = [counted(result) for result in results]
    batch = Batch([], {}, looked=(GERMAN,), unanswered=(OTHER, "TN3"))
    connector = runtime.accounts["parcels"].connector
    monkeypatch.setattr(connector, "poll", lambda stream, cursor: iter([batch]))
    polled(runtime, "parcels")
    assert [counted(result) - was for result, was in zip(results, before, strict=True)] == [1, 2]


def test_a_push_that_comes_while_its_parcel_is_asked_about_is_not_lost(opened, bring, time):
    runtime = opened(dhl=DHL)
    bring(runtime)
    follower = runtime.accounts["dhl"]

    def push():
        time(timedelta(seconds=0.1))
        runtime.store.follows.look_now([GERMAN], clock.now(), account_id=follower.id)
        time(timedelta(seconds=0.1))

    follower.connector.meanwhile = push
    assert polled(runtime, "dhl") == [GERMAN]
    follower.connector.meanwhile = lambda: None
    assert polled(runtime, "dhl") == [GERMAN]
    assert polled(runtime, "dhl") == []
