"""status, conversations, show, quarantine, db: what people see of a store, and what scripts do."""

import subprocess
import sys
from datetime import timedelta

import click
import pytest

from syncd import clock, status, watch
from syncd.cli import cli, completing, exits
from syncd.cli.output import printable
from syncd.connector import AuthFailed, NotPermitted, Unavailable
from syncd.model import (
    BadItem,
    Cause,
    Direction,
    Draft,
    Finding,
    NewNotice,
    OutboxState,
    Party,
    Receipt,
)
from syncd.plugins import Plugins

HEAVY = ("syncd.plugins", "syncd.accounts", "syncd.text", "syncd_sandbox", "syncd_imap", "httpx",
         "jinja2", "babel", "psycopg", "structlog", "alembic", "apscheduler")  # fmt: skip


@pytest.fixture
def trouble(filled, kept, make):
    """The buyer was told once; a second message waits for approval."""
    with kept.database.read() as connection:
        shipment = connection.exec_driver_sql("SELECT id FROM shipments").scalar()
    for number, state in ((1, OutboxState.SENT), (2, OutboxState.HELD)):
        kept.outbox.queue(
            NewNotice(
                key=f"k{number}", account_id=filled.id, recipient=make.buyer, language="de",
                not_before=clock.now(), state=state, template="delay", shipment_id=shipment,
                order_id="12-00001-00001", subject=f"Nachricht {number}", text="Hallo",
            ),
            clock.now(),
        )  # fmt: skip
    return filled


class TestOrdersOfOneIdInTwoShops:
    @pytest.fixture
    def world(self, kept, world_of, make):
        """A mail that names an order id which both shops have; both parcels are late."""
        world = world_of(kept)
        for name in ("lamps", "chairs", "mail"):
            world.add(name)
        world.playbook(tell="staff")
        for name, number in (("lamps", "TN1"), ("chairs", "TN2")):
            buyer = Party(id=f"of-{name}")
            world.bring(
                make.order("1001", promise=-3, buyer=buyer),
                make.shipment("p", number, "1001"),
                make.event(-1, number=number),
                account=name,
            )
        ann = Party(id="ann@example.org", email="ann@example.org")
        world.bring(make.message(thread_id="t", order_ids=("1001",), buyer=ann), account="mail")
        watch.run(world.runtime)
        return world

    def test_each_thing_says_whose_it_is(self, syncd, world):
        head, _, story = syncd("show", "1", "--as", "conversation").out.partition("timeline (UTC)")
        assert "about      order 1001 of lamps or chairs: each has one" in head
        for shop, number in (("lamps", "TN1"), ("chairs", "TN2")):
            assert f"order        1001 · {shop} ·" in head
            assert (
                f"parcel       {number} · DHL · in transit since 2026-03-09 12:00 · order 1001 of {shop}\n"
                in head
            )
            assert f"promise passed, parcel {number} of {shop}:" in head
            assert f"({shop}) is for a person to do" in head
            assert f"promise passed\n    account: {shop}\n    parcel: {number}\n" in story
            assert f"shipment   {number}\n    account: {shop}\n" in story

    def test_where_there_is_only_one_it_goes_without_saying(self, syncd, world):
        shown = syncd("show", "1001", "--account", "lamps").out
        assert "account: " not in shown
        assert "parcel: " not in shown
        assert "each has one" not in shown
        found = syncd("show", "1001", "--account", "lamps", "--json").json
        assert {finding["account"] for finding in found["open_findings"]} == {"lamps"}


class TestShow:
    def test_the_facts_come_before_the_timeline(self, syncd, trouble):
        shown = syncd("show", "12-00001-00001")
        assert shown.code == exits.OK
        head, _, story = shown.out.partition("timeline (UTC)")
        assert "12-00001-00001 · shop · shipped · to DE" in head
        assert "promised by 2026-03-08" in head
        assert "buyer      Ann" in head
        assert "TN1 · DHL · in transit since 2026-02-28 12:00" in head
        assert "latest     2026-03-01 12:00 local time: Held at customs" in head
        assert "1 (delay) is sent" not in head
        assert "message 1: Nachricht 1" in head
        assert "not told" in head
        assert "message 2 (delay) is held" in head
        assert "waits for an answer since 2026-03-07 12:00" in head
        kinds = ["placed, to DE", "shipped with DHL", "Held at customs", "my parcel?"]
        assert [story.index(kind) for kind in kinds] == sorted(story.index(kind) for kind in kinds)

    def test_hostile_text_reaches_no_terminal(self, syncd, filled):
        for args in (["show", "TN1"], ["show", "1"], ["conversations"]):
            assert "\x1b" not in syncd(*args).out
            assert "\x07" not in syncd(*args).out
        story = syncd("show", "TN1", "--json")
        assert "\x1b" not in story.out
        assert "Where is \x1b]0;pwned\x07my parcel?" in {e["text"] for e in story.json["timeline"]}

    @pytest.mark.parametrize("typed", ["TN1", " tn1 ", "t n 1"])
    def test_a_tracking_number_as_people_type_it(self, syncd, filled, typed):
        found = syncd("show", typed, "--json").json
        assert (found["kind"], found["name"]) == ("parcel", "TN1")
        assert [order["id"] for order in found["orders"]] == ["12-00001-00001"]

    def test_a_parcel_followed_for_nobody(self, syncd, kept, source_of, make):
        source_of(kept).bring(make.event(-1, number="XX9"), stream="tracking")
        found = syncd("show", "XX9")
        assert found.code == exits.OK
        assert "XX9 · unnamed carrier · in transit" in found.out

    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ("lx 123 456 785 cn", ["m8"]),  # who asks
            ("LX-123456785CN", ["m8"]),
            ("4901 2345 6789", ["m9"]),  # what the shop wrote
        ],
    )
    def test_a_number_that_only_messages_name(self, syncd, filled, make, typed, told):
        texts = {"m8": "Where is LX123456785CN?", "m9": "It is 4901 2345 6789"}
        filled.bring(make.message("m8", text=texts["m8"], thread_id="m8"))
        ours = {"direction": Direction.OUTBOUND, "text": texts["m9"]}
        filled.bring(make.message("m9", thread_id="m9", **ours))
        found = syncd("show", typed)
        assert (found.code, found.err) == (exits.OK, "")
        assert "nothing is known of it but that messages name it" in found.out
        assert [one for one, text in texts.items() if text in found.out] == told
        assert syncd("show", typed, "--json").json["parcels"] == []
        assert syncd("show", typed, "--as", "order").code == exits.FOUND_WRONG
        assert "no parcel to write about" in syncd("show", typed, "--reply").out
        assert syncd("explain", typed).code == exits.FOUND_WRONG

    def test_a_conversation_with_the_number_of_an_order(self, syncd, kept, filled, make):
        filled.bring(make.order("1"), stream="orders")
        order = syncd("show", "1", "--json")
        assert (order.json["kind"], order.json["also"]) == ("order", ["conversation"])
        assert "1 is a conversation too: --as conversation shows it" in order.err
        talk = syncd("show", "1", "--as", "conversation", "--json").json
        assert [entry["kind"] for entry in talk["timeline"] if entry["kind"] == "message"]
        assert [one["id"] for one in talk["orders"]] == ["12-00001-00001"]

    @pytest.mark.parametrize("args", [["zz"], ["zz", "--as", "order"], ["99" * 40]])
    def test_nothing_known_is_1_with_valid_json(self, syncd, filled, args):
        found = syncd("show", *args, "--json")
        assert (found.code, found.json["kind"]) == (exits.FOUND_WRONG, None)
        assert "nothing is known of" in found.err

    def test_another_kind_of_thing_of_this_name_is_pointed_at(self, syncd, filled):
        found = syncd("show", "TN1", "--as", "order")
        assert found.err.startswith("TN1 is a parcel: --as parcel shows it\n")
        assert "nothing is known of an order 'TN1'" in found.err

    def test_a_finding_is_told_while_it_is_open(self, syncd, kept, filled, make):
        finding = Finding(
            kind="customs_hold", cause=Cause.CUSTOMS, fingerprint="f", since=make.at(-9),
            evidence="held \x1b[2Jby customs",
        )  # fmt: skip
        with kept.watch.batch(clock.now(), 10) as watching:
            watching.open([(1, finding)])
        assert "customs hold, parcel TN1: held by customs" in syncd("show", "TN1").out
        with kept.watch.batch(clock.now(), 10) as watching:
            watching.close([1])
        head, _, story = syncd("show", "TN1").out.partition("timeline")
        assert "held by customs" not in head
        assert "held by customs" in story

    def test_an_order_of_several_accounts_is_asked_back(self, syncd, kept, filled, source_of, make):
        bob = Party(id="b", name="Bob")
        source_of(kept, "mail").bring(make.order(promise=3, buyer=bob, placed_at=make.at(-2)))
        found = syncd("show", "12-00001-00001")
        assert found.code == exits.USAGE
        assert "mail (placed 2026-03-08, to DE, Bob), shop (placed 2026-02-18, to DE, Ann)" in (
            found.err
        )
        assert "Say which by --account" in found.err
        assert "buyer      Bob" in syncd("show", "12-00001-00001", "--account", "mail").out
        assert "Did you mean 'shop'" in syncd("show", "TN1", "--account", "shpo").err

    def test_what_syncd_sent_is_told_once(self, syncd, kept, filled, make):
        kept.outbox.queue(
            NewNotice(
                key="k", account_id=filled.id, recipient=make.buyer, language="en",
                not_before=clock.now(), order_id="12-00001-00001", text="It is late",
            ),
            clock.now(),
        )  # fmt: skip
        (row,) = kept.outbox.rows()
        draft = Draft(text="It is late", buyer=make.buyer)
        kept.outbox.sent(row, Receipt(source_id="o1", accepted_at=clock.now()), draft)
        filled.bring(
            make.message("o1", thread_id="t", direction=Direction.OUTBOUND, text="It is late")
        )
        shown = syncd("show", "12-00001-00001").out
        assert shown.count("It is late") == 1
        assert "platform's id: o1" in shown
        assert "delivered, read back at: 2026-03-10 12:00" in shown

    def test_tasks_and_messages_say_what_they_wait_for(self, syncd, kept, filled, make):
        for number, (purpose, state) in enumerate(
            (("task", "person"), ("notice", "held"), ("notice", "person"), ("task", "cancelled"),
             ("notice", "sent")), 1,
        ):  # fmt: skip
            kept.outbox.queue(
                NewNotice(
                    key=f"k{number}", account_id=filled.id, recipient=make.buyer, language="en",
                    not_before=clock.now(), order_id="12-00001-00001", purpose=purpose,
                    state=OutboxState(state), template="order_late", reason="late",
                ),
                clock.now(),
            )  # fmt: skip
        approve = "`syncd outbox approve 2`"
        told = {line.strip() for line in syncd("show", "12-00001-00001").out.splitlines()}
        assert told >= {
            "task         1 is for a person to do: late (`syncd outbox show 1`)",
            f"not told     message 2 (order late) is held, waits for approval ({approve}): late",
            "not told     message 3 (order late) needs a person (`syncd outbox show 3`): late",
            "task         4 is cancelled: late (`syncd outbox show 4`)",
            "told         as a person says by shop in en, message 5: order late",
        }

    def test_words_of_the_model_are_written_as_people_write_them(self, syncd, filled):
        story = syncd("show", "TN1").out.partition("timeline")[2]
        assert "in transit: Held at customs" in story
        assert "in_transit: " not in story


class TestConversations:
    def test_a_buyer_without_a_name_is_called_as_the_platform_does(self, syncd, filled, make):
        stranger = Party(id="u_6f60:26")
        filled.bring(make.message("n1", thread_id="t9", buyer=stranger, text="Hi"))
        (talk,) = syncd("conversations", "--search", "Hi", "--json").json
        assert (talk["customer"], talk["last_text"]) == ("u_6f60:26", "Hi")

    def test_the_last_thing_said_is_not_the_platforms(self, syncd, filled, make):
        said = make.message("p1", 1, thread_id="t9", direction=Direction.PLATFORM, text="Sent")
        filled.bring(make.message("n1", thread_id="t9", text="Hi"), said)
        (talk,) = syncd("conversations", "--search", "Hi", "--json").json
        assert talk["last_text"] == "Hi"

    def test_on_a_terminal_ids_stay_whole_and_the_last_words_are_there(
        self, syncd, filled, make, monkeypatch
    ):
        filled.bring(make.message("m2", -2, thread_id="z", text="我的包裹在哪里," * 30))
        monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "80")
        out = printable(syncd("conversations").out)
        assert "12-00001-00001" in out
        assert "Where is my parcel?" in out
        assert "waits 3 days" in out
        assert "我的包裹在哪里,我的包裹" in out

    def test_a_limit_says_that_there_are_more(self, syncd, filled, make):
        filled.bring(make.message("m2", -2, thread_id="z"))
        assert (
            syncd("conversations", "--limit", 1).err == "there are more: --limit 2 lists up to 2\n"
        )
        assert syncd("conversations", "--limit", 2).err == ""

    def test_who_waits_and_since_when(self, syncd, filled, make):
        filled.bring(make.message("m2", -2, text="Hello?"), make.message("m3", -1, text="?"))
        (talk,) = syncd("conversations", "--waiting", "--json").json
        assert talk["waiting"] is True
        assert talk["waits_since"] == "2026-03-07T12:00:00+00:00"
        assert (talk["customer"], talk["orders"]) == ("Ann", ["12-00001-00001"])
        assert "waits_since" in syncd("conversations").out.splitlines()[0]

    def test_search_and_account(self, syncd, filled):
        assert len(syncd("conversations", "--search", "MY PARCEL", "--json").json) == 1
        assert syncd("conversations", "--search", "%", "--json").json == []
        assert len(syncd("conversations", "--account", "shop", "--json").json) == 1
        wrong = syncd("conversations", "--account", "shpo")
        assert wrong.code == exits.USAGE
        assert "there is no account 'shpo'. Did you mean 'shop'?" in wrong.err

    def test_none_is_an_empty_list(self, syncd, kept):
        assert syncd("conversations", "--json").json == []
        assert syncd("conversations").err == "nothing to list\n"


class TestStatus:
    def test_all_is_well(self, syncd, filled, time):
        time(timedelta(minutes=3))
        found = syncd("status")
        assert found.code == exits.OK
        assert "shop  sandbox  ok        messages 3 min ago, orders 3 min ago" in found.out
        assert "mail" not in found.out
        assert "open: none" in found.out

    def test_on_a_narrow_terminal_its_lines_go_on_beside_their_titles(
        self, syncd, filled, monkeypatch
    ):
        monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
        monkeypatch.setenv("COLUMNS", "50")
        lines = click.unstyle(syncd("status").out).splitlines()
        store = next(number for number, line in enumerate(lines) if line.startswith("store"))
        assert lines[store + 1].startswith(" " * 16)
        assert max(map(len, [line for line in lines if "://" not in line])) <= 50

    def test_what_fails_and_why(self, syncd, kept, filled, time):
        now = clock.now()
        for stream in ("messages", "orders"):
            claim = filled.claim(stream)
            error = Unavailable("503 \x1b[31mdown")
            kept.accounts.failed(claim, error, now=now, retry_at=now + timedelta(hours=1))
        time(timedelta(minutes=10))
        found = syncd("status")
        assert found.code == exits.FOUND_WRONG
        assert (
            "messages, orders: failing for 10 min (1 poll, again in 50 min): 503 down" in found.out
        )
        as_json = syncd("status", "--json")
        assert (as_json.code, as_json.json["accounts"][0]["state"]) == (1, "failing")
        assert as_json.json["streams"][0]["lag_seconds"] == 600

    def test_what_may_not_be_read_while_the_rest_is(self, syncd, kept, filled, time):
        now = clock.now()
        error = NotPermitted("HTTP 403", "consent with the scope sell.orders")
        claim = filled.claim("orders")
        kept.accounts.failed(claim, error, now=now, retry_at=now + timedelta(days=1))
        time(timedelta(hours=20))
        filled.bring()
        found = syncd("status")
        assert found.code == exits.FOUND_WRONG
        assert "shop  sandbox  not permitted  messages 0 s ago" in found.out
        said = "orders: not permitted for 20 h (1 poll, again in 4 h): HTTP 403: consent with the"
        assert said in found.out
        as_json = syncd("status", "--json").json
        assert as_json["accounts"][0]["state"] == "not_permitted"
        states = {one["stream"]: one["state"] for one in as_json["streams"]}
        assert states == {"messages": "ok", "orders": "not_permitted", "tracking": "ok"}

        (told,) = [one for one in syncd("capabilities", "--json").json if one["account"] == "shop"]
        assert told["not_permitted"] == {"orders": str(error)}
        shown = syncd("capabilities").out
        assert "orders (not permitted)" in shown
        assert f"shop: orders may not be read: {error}" in shown

        time(timedelta(days=9))
        filled.bring()
        stale = syncd("status", "--json").json["stale"]
        assert {one["stream"] for one in stale} == {"tracking"}

        config = syncd.config.read_text()
        syncd.config.write_text(config[: config.index("[accounts.shop]")])
        assert syncd("status", "--json").json["stale"] == []

    def test_a_stale_source_is_named_with_what_waits_for_it(self, syncd, kept, filled, time):
        filled.bring(stream="tracking")
        time(timedelta(hours=25))
        filled.bring()
        filled.bring(stream="orders")
        found = syncd("status")
        assert found.code == exits.FOUND_WRONG
        assert (
            "stale       shop tracking has given no good answer for 25 h: findings that rest on its "
            "silence wait" in found.out
        )
        (stale,) = syncd("status", "--json").json["stale"]
        assert (stale["account"], stale["stream"]) == ("shop", "tracking")
        assert stale["stale_since"] == "2026-03-11T12:00:00+00:00"

    def test_how_long_a_source_may_be_silent_is_the_configs(self, syncd, kept, filled, time):
        with syncd.config.open("a") as file:
            file.write('[guards.stale_source]\nafter = "2d"\n')
        time(timedelta(hours=25))
        found = syncd("status")
        assert (found.code, "stale" in found.out) == (exits.OK, False)

    def test_a_stopped_account(self, syncd, kept, filled):
        kept.accounts.suspend(filled.id, str(AuthFailed("401: token unknown")), clock.now())
        found = syncd("status")
        assert found.code == exits.FOUND_WRONG
        assert found.out.count("401: token unknown") == 1
        assert "stopped" in found.out

    def test_an_account_that_was_removed_is_no_trouble(self, syncd, kept, filled):
        syncd.config.write_text(f'[store]\nurl = "{kept.database.url}"\n')
        found = syncd("status")
        assert found.code == exits.OK
        assert "removed   not in the config any longer" in found.out

    def test_an_account_that_was_never_polled(self, syncd, kept):
        found = syncd("status")
        assert found.code == exits.FOUND_WRONG
        assert "unpolled  the daemon does not run, or could not make it" in found.out
        syncd.config.write_text(syncd.config.read_text().replace('"sandbox"', '"sandbux"'))
        assert "no connector 'sandbux' is fit for use" in syncd("status").out

    def test_an_account_that_only_sends_misses_no_poll(self):
        account = {"account": "letters", "connector": "letters", "state": "unpolled"}
        letters = type("Letters", (), {"streams": {}})
        told = status.explain({"accounts": [account]}, Plugins(connectors={"letters": letters}))
        assert told["accounts"] == [{**account, "state": "ok", "reason": "it only sends"}]

    def test_what_waits_for_a_person_is_said_with_the_command(self, syncd, trouble):
        found = syncd("status")
        assert "1 held, waiting for approval: `syncd outbox`" in found.out
        assert found.out.index("1 held") < found.out.index("1 sent")
        assert syncd("status", "--json").json["outbox"]["held"]["rows"] == 1

    def test_a_mistake_elsewhere_in_the_config_does_not_keep_from_looking(self, syncd, filled):
        with syncd.config.open("a") as file:
            file.write('[[playbooks]]\nname = "x"\nwhen = "nonsense"\n')
        assert syncd("status").code == exits.OK

    def test_looking_imports_no_connector_and_no_template(self, syncd, filled):
        script = (
            f"import sys\nsys.argv = ['syncd', '--config', {str(syncd.config)!r}, 'status']\n"
            "from syncd.cli import main\n"
            "try:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
            f"print(code, [name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
        )
        run = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
        assert run.stderr == "1 []\n", "by the real clock its polls are long ago: stale"


class TestQuarantine:
    @pytest.fixture
    def bad(self, filled):
        filled.bring(BadItem(source_id="b1", reason="no \x1b[1mdate", raw=b'{"x": "\x1b[2Jy\x07"}'))
        return filled

    def test_list_and_show(self, syncd, bad):
        assert "b1" in syncd("quarantine").out
        shown = syncd("quarantine", "show", 1)
        assert (shown.code, "\x1b" in shown.out) == (exits.OK, False)
        assert '{"x": "y"}' in shown.out
        item = syncd("quarantine", "show", 1, "--json").json
        assert (item["payload"], item["reason"]) == ('{"x": "\x1b[2Jy\x07"}', "no \x1b[1mdate")
        assert "shop/messages 1" in syncd("status").out

    def test_of_one_account_and_not_more_than_wanted(self, syncd, kept, bad, source_of):
        source_of(kept, "mail").bring(BadItem(source_id="b2", reason="no date"))
        some = syncd("quarantine", "--limit", 1)
        assert ("b2" in some.out, "b1" in some.out) == (True, False)
        assert some.err == "there are more: --limit 2 lists up to 2\n"
        (own,) = syncd("quarantine", "--account", "shop", "--json").json
        assert own["source_id"] == "b1"

    def test_what_was_read_since_is_gone_from_the_list(self, syncd, bad, make):
        bad.bring(make.message("b1"))
        assert syncd("quarantine", "--json").json == []
        (item,) = syncd("quarantine", "--released", "--json").json
        assert item["released_at"] == "2026-03-10T12:00:00+00:00"

    def test_an_unknown_number_is_64(self, syncd, kept):
        wrong = syncd("quarantine", "show", 7)
        assert (wrong.code, wrong.out) == (exits.USAGE, "")
        assert "the quarantine has no item 7" in wrong.err


LOOKING = [["status"], ["conversations"], ["show", "1"], ["outbox"], ["outbox", "show", "1"],
           ["outbox", "approve", "1"], ["outbox", "cancel", "1"], ["quarantine"],
           ["db", "counts"]]  # fmt: skip


@pytest.mark.parametrize("args", LOOKING, ids=" ".join)
def test_looking_never_makes_a_store(syncd, tmp_path, args):
    missing = tmp_path / "var" / "syncd.db"
    syncd.config.write_text(f'[store]\nurl = "sqlite:///{missing}"\n')
    ended = syncd(*args)
    assert (ended.code, ended.out) == (exits.UNAVAILABLE, "")
    assert f"there is no store yet at sqlite:///{missing}: `syncd run` makes it" in ended.err
    assert not missing.parent.exists()


def test_looking_does_not_migrate(syncd, tmp_path):
    (tmp_path / "old.db").touch()
    syncd.config.write_text(f'[store]\nurl = "sqlite:///{tmp_path / "old.db"}"\n')
    assert syncd("status").code == exits.UNAVAILABLE
    upgraded = syncd("db", "upgrade", "--json")
    assert upgraded.json == {"store": f"sqlite:///{tmp_path / 'old.db'}", "up_to_date": True}
    assert syncd("db", "upgrade").out.endswith("is up to date\n")
    assert syncd("db", "counts", "--json").json["messages"] == 0


def test_a_bad_store_table_is_a_config_error(syncd):
    syncd.config.write_text('[store]\nurl = "mysql://x"\n')
    ended = syncd("status")
    assert ended.code == exits.CONFIG
    assert f"{syncd.config}:2: store.url: must begin with" in ended.err


def test_completing_accounts_and_rows(syncd, trouble):
    def said(*args, part=""):
        context = cli.make_context("syncd", ["--config", str(syncd.config), *args[:-1]],
                                   resilient_parsing=True)  # fmt: skip
        return [item.value for item in args[-1](context, None, part)]

    assert said(completing.accounts) == ["shop"]
    assert said(completing.accounts, part="x") == []
    assert said(completing.connectors, part="im") == ["imap"]
    assert said(completing.outbox_rows("held")) == ["2"]
    syncd.config.unlink()
    assert said(completing.outbox_rows("held")) == []
