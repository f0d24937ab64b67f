"""A parcel's story: what the seller's people read, and what scripts get, from either database."""

from datetime import timedelta

import pytest

from syncd import clock, watch
from syncd.cli import cli, completing, exits
from syncd.config import FreshLook, Guards, Playbook, StaleSource
from syncd.connector import Unavailable
from syncd.model import Milestone, OrderStatus, OutboxState

LAST_HEARD = "2026-03-10 12:00 UTC (4 days ago)"


@pytest.fixture
def config(tmp_path, store_url):
    path = tmp_path / "syncd.toml"
    path.write_text(
        f'[store]\nurl = "{store_url}"\n[watches.presumed_lost]\nafter = "5d"\n'
        "[watches.exception]\nenabled = false\n"
        '[[playbooks]]\nname = "tell"\nwhen = ["promise_passed"]\ntell = "buyer"\n'
    )
    return path


@pytest.fixture
def syncd(config, command):
    return command(config)


@pytest.fixture
def world(store, templates, time, world_of):
    made = world_of(store)
    made.add()
    return made


def lines_of(out, title):
    """The sentences below a title."""
    block = out.split(f"\n{title}\n", 1)[1].splitlines()
    return [
        line.strip()
        for line in block[
            : next((n for n, line in enumerate(block) if not line.startswith("  ")), None)
        ]
    ]


@pytest.fixture
def under_way(world, make):
    world.bring(make.order(promise=2), make.shipment())
    world.bring(
        make.event(-6, Milestone.ACCEPTED, utc_offset_minutes=480, location="Shenzhen", country="CN"),
        make.event(-4, utc_offset_minutes=None, text="On \x1b[2Jits way"),
        make.event(-3),
    )  # fmt: skip
    watch.run(world.runtime)
    return world


class TestUnderWay:
    def test_how_far_it_is_and_how_it_came_there(self, syncd, under_way):
        out = syncd("explain", "tn1").out
        assert lines_of(out, "how it stands")[:2] == [
            "In transit since 2026-03-06 12:00 UTC (4 days ago).",
            "Order 12-00001-00001 of account shop, to DE, with DHL.",
        ]
        assert lines_of(out, "milestones") == [
            '2026-03-04 12:00 local time (UTC+08:00): accepted, Shenzhen, CN: "Scan: accepted"',
            '2026-03-06 12:00 local time (zone not told): in transit: "On its way"',
            '2026-03-07 12:00 local time (UTC+00:00): in transit: "Scan: in_transit"',
            "3 scans in all; `syncd show` lists each.",
        ]

    def test_an_earlier_parcel_of_its_number_is_told_from_it(self, syncd, under_way, make):
        under_way.bring(make.event(-300), make.event(-290, Milestone.DELIVERED))
        told = lines_of(syncd("explain", "TN1").out, "milestones")
        assert "delivered" in told[1]
        assert told[2] == "The carrier gave the number out again: what follows is another parcel."
        assert "accepted" in told[3]

    @pytest.mark.parametrize("typed", ["t n 1", "TN-1", "\uff34\uff2e\uff11"])
    def test_however_its_number_is_written(self, syncd, under_way, typed):
        assert syncd("explain", typed).out == syncd("explain", "TN1").out != ""

    def test_what_is_expected_by_when(self, syncd, under_way):
        said = lines_of(syncd("explain", "TN1").out, "expected")
        assert said[0].startswith(
            "Next: the next scan on the way; without news presumed lost looks at it first, "
            "on 2026-03-12 12:00 UTC (in 2 days)"
        )
        assert "The buyer was promised it by 2026-03-12 12:00 UTC (in 2 days)." in said

    def test_each_watch_says_when_it_would_speak_by_the_config_of_now(self, syncd, under_way):
        said = lines_of(syncd("explain", "TN1").out, "watches")
        assert (
            "presumed lost: would speak on 2026-03-12 12:00 UTC (in 2 days) if nothing happens before."
            in said
        )
        assert (
            "promise passed: would speak on 2026-03-13 12:00 UTC (in 3 days) if nothing happens "
            "before." in said
        )
        assert "exception: switched off in the config." in said
        assert said[-1].startswith("They look again at 2026-03-")

    def test_nothing_was_found_and_nothing_told(self, syncd, under_way):
        out = syncd("explain", "TN1").out
        assert lines_of(out, "findings") == ["Nothing was ever found wrong with it."]
        assert lines_of(out, "the buyer") == [
            "The buyer was told nothing: there was nothing to tell."
        ]

    def test_hostile_text_reaches_no_terminal(self, syncd, under_way):
        assert "\x1b" not in syncd("explain", "TN1").out
        assert "\x1b" not in syncd("explain", "TN1", "--json").out

    def test_for_scripts(self, syncd, under_way):
        (parcel,) = syncd("explain", "TN1", "--json").json["parcels"]
        assert parcel["parcel"]["state"]["milestone"] == "in_transit"
        assert parcel["watches"]["presumed_lost"]["due_at"] == "2026-03-12T12:00:00+00:00"
        assert parcel["scans"][0]["utc_offset"] == 28800
        assert parcel["story"]["findings"] == ["Nothing was ever found wrong with it."]


class TestLate:
    @pytest.fixture
    def late(self, under_way, time, config):
        under_way.configure(
            playbooks=(Playbook(name="tell", when=("promise_passed",), tell="buyer"),)
        )
        time(timedelta(days=6))
        watch.run(under_way.runtime)
        return under_way

    def test_findings_with_evidence_and_what_the_buyer_was_told(self, syncd, late):
        out = syncd("explain", "TN1").out
        found = lines_of(out, "findings")
        assert any(
            line.startswith("Open: promise passed since 2026-03-12 12:00 UTC") for line in found
        )
        assert any("noticed 2026-03-16 12:00 UTC: promised by 2026-03-12" in line for line in found)
        (row,) = late.outbox(states=[OutboxState.PENDING, OutboxState.PERSON])
        (said,) = [line for line in lines_of(out, "the buyer") if line.startswith("Message")]
        assert said.startswith(f"Message {row.id} about delay")

    def test_why_the_buyer_was_not_told(self, syncd, late, config):
        config.write_text(config.read_text().replace("promise_passed", "customs_hold"))
        with late.store.database.write() as connection:
            connection.exec_driver_sql("DELETE FROM outbox")
        said = lines_of(syncd("explain", "TN1").out, "the buyer")
        assert (
            "Not told of promise passed: no playbook answers it for this account and country."
            in said
        )
        config.write_text(
            config.read_text()
            .replace("customs_hold", "promise_passed")
            .replace('"buyer"', '"staff"')
        )
        said = lines_of(syncd("explain", "TN1").out, "the buyer")
        assert "Not told of promise passed: playbook tell tells the staff only." in said

    def test_of_an_order_that_was_called_off_no_trouble_is_looked_for(self, syncd, late, make):
        late.bring(make.order(promise=-3, status=OrderStatus.CANCELLED))
        said = syncd("explain", "TN1").out
        assert "Its order was called off: no trouble is looked for, but that it comes back." in said

    def test_a_parcel_that_arrived_is_watched_no_more(self, syncd, late, make):
        late.bring(make.event(5, Milestone.DELIVERED))
        watch.run(late.runtime)
        out = syncd("explain", "TN1").out
        assert lines_of(out, "expected") == ["It was delivered; nothing more is expected."]
        assert lines_of(out, "watches") == ["No watch looks at it."]
        assert all(line.startswith("Over: ") for line in lines_of(out, "findings"))


class TestStaleSource:
    """What is found on silence is not stated while nobody listens; the story says so."""

    @pytest.fixture
    def silent(self, under_way, time, config, source_of):
        config.write_text(
            config.read_text()
            + '[accounts.shop]\nconnector = "sandbox"\nurl = "http://127.0.0.1:1"\n'
            'token = { env = "NO_SUCH_TOKEN" }\n'
        )
        source_of(under_way.store, "shop").bring(stream="tracking")
        guards = Guards(stale_source=StaleSource(), fresh_look=FreshLook(enabled=False))
        under_way.configure(guards=guards)
        time(timedelta(days=4))
        claim = source_of(under_way.store, "shop").claim("tracking")
        now = clock.now()
        under_way.store.accounts.failed(claim, Unavailable("503 down"), now=now, retry_at=now)
        watch.run(under_way.runtime)
        assert under_way.store.look.open_findings() == {}
        return under_way

    def test_it_says_what_is_held_back_and_why(self, syncd, silent):
        assert lines_of(syncd("explain", "TN1").out, "held back") == [
            "Presumed lost is not stated yet: it rests on silence, and nobody listens.",
            "Promise passed is not stated yet: it rests on silence, and nobody listens.",
            f"shop is stale: it gave its last good answer on {LAST_HEARD} (503 down).",
            "Messages about delays wait, too, until one of its sources answers.",
        ]
        (parcel,) = syncd("explain", "TN1", "--json").json["parcels"]
        assert parcel["held_back_since"] == "2026-03-11T12:00:00+00:00"

    def test_when_it_is_heard_again_nothing_is_held_back(self, syncd, silent, source_of):
        source_of(silent.store, "shop").bring(stream="tracking")
        assert "held back" not in syncd("explain", "TN1").out


class TestUnknown:
    @pytest.mark.parametrize(
        ("number", "said"),
        [
            ("LX123456785CN", "it can be a number of China Post"),
            ("LX123456784CN", "but its check digit is wrong: was it mistyped?"),
            ("hello", "it fits no carrier's format that syncd knows"),
        ],
    )
    def test_what_the_recogniser_thinks_and_what_to_do(self, syncd, store, number, said):
        found = syncd("explain", number)
        assert (found.code, found.out) == (exits.FOUND_WRONG, "")
        assert f"no parcel has the number {number!r}" in found.err
        assert said in found.err
        assert "`syncd show ORDER`" in found.err

    def test_for_scripts(self, syncd, store):
        found = syncd("explain", "LX123456785CN", "--json")
        assert (found.code, found.json["parcels"]) == (exits.FOUND_WRONG, [])
        assert found.json["recognised"]["candidates"][0]["name"] == "China Post"

    def test_an_orders_id_leads_to_its_parcels(self, syncd, source, make):
        source.bring(make.order("o1"), make.shipment(order="o1"), make.order("o2"))
        found = syncd("explain", "o1")
        assert found.code == exits.FOUND_WRONG
        assert "it is an order's id: `syncd explain TN1` tells of its parcel\n" in found.err
        assert syncd("explain", "o1", "--json").json["recognised"]["parcels_of_order"] == ["TN1"]
        assert "no parcel of it has a number yet" in syncd("explain", "o2").err

    def test_scans_of_nobodys_parcel(self, syncd, source, make):
        source.bring(make.event(-1, number="XX9"), stream="tracking")
        found = syncd("explain", "XX9")
        assert found.code == exits.OK
        assert lines_of(found.out, "how it stands")[0].startswith("No shop has told of a shipment")


def test_numbers_are_completed_with_their_orders(config, under_way):
    context = cli.make_context("syncd", ["--config", str(config), "status"])
    items = completing.tracking_numbers(context, cli.params[0], "TN")
    assert [(item.value, item.help) for item in items] == [("TN1", "12-00001-00001")]


def test_no_number_that_a_shell_would_run_is_completed_or_shown_to_be_copied(
    syncd, config, under_way, source, make
):
    evil = "TN$(reboot)"
    source.bring(make.order("o9"), make.shipment("p9", number=evil, order="o9"))
    source.bring(make.event(-1, number=evil), stream="tracking")
    context = cli.make_context("syncd", ["--config", str(config), "status"])
    items = completing.tracking_numbers(context, cli.params[0], "TN")
    assert [item.value for item in items] == ["TN1"]
    assert f"`syncd explain '{evil}'`" in syncd("explain", "o9").err
    assert f"`syncd show '{evil}' --as parcel" in syncd("show", "o9").out


def test_a_config_with_a_wrong_watch_says_where(syncd, config):
    config.write_text(config.read_text().replace('"5d"', '"soon"'))
    found = syncd("explain", "TN1")
    assert found.code == exits.CONFIG
    assert "watches.presumed_lost.after" in found.err


def test_what_the_lateness_model_expects(syncd, under_way):
    said = lines_of(syncd("explain", "TN1").out, "watches")
    (line,) = [each for each in said if each.startswith("at risk:")]
    assert line == (
        "at risk: speaks now - still under way on day 20 of 22, 91% of the promised time; "
        "fewer than 30 parcels like it are known to go by."
    )
