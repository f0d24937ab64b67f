"""poll and send-test against a shop and a mailbox on loopback, and the whole way of an approval."""

from contextlib import closing
from datetime import timedelta

import pytest

from syncd import clock, config, plugins, watch
from syncd.accounts import Runtime
from syncd.cli import act, exits
from syncd.demo import files
from syncd.outbox import Sender
from syncd.store import Store
from syncd.testing.ebay import FakeEbay
from syncd.testing.mailbox import Mailbox
from syncd.testing.server import Fault
from syncd.testing.world import MAILBOX, World


@pytest.fixture
def shop(time):
    """A world whose 25th day it is."""
    start = clock.now() - timedelta(days=25)
    with World(now=clock.now, start=start, days=30, orders=20, seed=3) as world:
        yield world


@pytest.fixture
def box(time):
    with Mailbox(MAILBOX, "secret") as opened:
        yield opened


@pytest.fixture
def syncd(command, tmp_path, shop, box):
    path = files.write(
        tmp_path, shop_url=shop.url, shop_token=shop.token, address=MAILBOX, password="secret",
        imap_port=box.imap_port, smtp_port=box.smtp_port,
    )  # fmt: skip
    return command(path)


@pytest.fixture
def someone(monkeypatch):
    """Somebody sits at the terminal."""
    asked: list[str] = []
    monkeypatch.setattr(act, "_ask", asked.append)
    return asked


def test_on_a_terminal_of_eighty_columns_a_poll_is_a_table(syncd, monkeypatch):
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "80")
    head, _, *row = syncd("poll", "mail").out.strip().splitlines()
    assert head.split() == ["stream", "outcome", "what", "came"]
    assert " ".join(row[0].split()) == "messages ok 0 new, 0 edited, 0 repeated, 0 quarantined"


@pytest.mark.parametrize("verb", [("poll", "shop"), ("send-test", "shop", "--to", "b1", "--yes")])
def test_a_store_of_an_older_syncd_is_left_to_the_daemon(syncd, select, tmp_path, verb):
    """One that runs knows no other tables."""
    syncd("poll", "shop", "--stream", "orders")
    with closing(Store(f"sqlite:///{tmp_path}/syncd.db")) as store:
        with store.database.write() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        done = syncd(*verb)
        assert done.code == exits.UNAVAILABLE
        assert "has schema 0001" in done.err
        assert "`syncd db upgrade`" in done.err
        assert select(store, "SELECT version_num AS v FROM alembic_version") == [{"v": "0001"}]


class TestPoll:
    def test_what_came(self, syncd, shop):
        rows = {row["stream"]: row for row in syncd("poll", "shop", "--json").json}
        told = shop.counts()
        assert rows["messages"]["new"] == told.messages
        assert rows["tracking"]["new"] == told.tracking
        assert {row["outcome"] for row in rows.values()} == {"ok"}
        again = syncd("poll", "shop", "--stream", "messages", "--json")
        assert (again.code, len(again.json), again.json[0]["new"]) == (exits.OK, 1, 0)
        assert syncd("db", "counts", "--json").json["messages"] == told.messages

    def test_a_mailbox(self, syncd, box):
        box.deliver(
            b"From: a@b.example\r\nTo: x\r\nSubject: Hi\r\nMessage-ID: <1@b>\r\n\r\nHello\r\n"
        )
        assert "messages  ok       1" in syncd("poll", "mail").out
        assert syncd("conversations", "--search", "hello", "--json").json[0]["subject"] == "Hi"

    def test_a_source_that_is_down_is_69_and_seen_in_status(self, syncd, shop):
        shop.fail(Fault.SERVER_ERROR, times=20, path="/messages")
        found = syncd("poll", "shop")
        assert found.code == exits.UNAVAILABLE
        assert (found.out.count("unavailable"), found.out.count("  ok  ")) == (1, 3)
        assert "messages: failing for 0 s (1 poll" in syncd("status").out

    def test_a_secret_that_only_the_daemon_is_given_leaves_the_account_as_it_is(
        self, syncd, tmp_path
    ):
        syncd("poll", "shop")
        (tmp_path / "shop-token").unlink()
        refused = syncd("poll", "shop")
        assert (refused.code, refused.out) == (exits.CONFIG, "")
        assert "accounts.shop.token: cannot read the secret" in refused.err
        assert "stopped" not in syncd("status").out

    def test_a_refused_login_is_seen_in_status(self, syncd, shop):
        shop.token = "another"
        assert syncd("poll", "shop", "--stream", "messages").code == exits.UNAVAILABLE
        assert "stopped" in syncd("status").out

    @pytest.mark.parametrize(
        ("args", "said"),
        [
            (
                ["shpo"],
                "account 'shpo': it is not in the config. Did you mean 'shop'?",
            ),
            (
                ["shop", "--stream", "x"],
                "shop has no stream 'x'. Streams: messages, orders, tracking",
            ),
        ],
    )
    def test_what_is_not_there_is_64(self, syncd, args, said):
        wrong = syncd("poll", *args)
        assert (wrong.code, wrong.out) == (exits.USAGE, "")
        assert said in wrong.err


class TestRefusedLogin:
    """What somebody sees who tries a wrong secret by hand, and then the right one."""

    def by(self, syncd, secret):
        """Have the shop's token read from another place."""
        text = syncd.config.read_text()
        (line,) = [line for line in text.splitlines() if line.startswith("token = ")]
        syncd.config.write_text(text.replace(line, f"token = {{ {secret} }}"))

    @pytest.fixture(params=["file", "env", "credential"])
    def put(self, request, syncd, tmp_path, monkeypatch):
        """Put another token where the config says that it lies."""
        folder = tmp_path / "credentials"
        folder.mkdir()
        places = {
            "file": (f'file = "{folder}/shop"', f"into {folder}/shop, which a running daemon sees"),
            "env": ('env = "SHOP_TOKEN"', "set SHOP_TOKEN to the right secret, and start the"),
            "credential": ('credential = "shop"', "where the credential shop is loaded from, and"),
        }
        written, mending = places[request.param]
        self.by(syncd, written)
        if request.param == "credential":
            monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))

        def put(token):
            (folder / "shop").write_text(token)
            monkeypatch.setenv("SHOP_TOKEN", token)
            return mending

        return put

    def test_step_by_step(self, syncd, shop, put):
        mending = put("wrong-one")
        refused = syncd("poll", "shop")
        assert refused.code == exits.UNAVAILABLE
        assert "wrong-one" not in refused.out + refused.err
        assert "the login of shop was refused, and it counts as stopped until" in refused.err
        assert mending in refused.err
        assert "then `syncd poll shop` tells" in refused.err

        stopped = syncd("status")
        assert stopped.code == exits.FOUND_WRONG
        said = " ".join(stopped.out.split())
        assert "until its login is mended (" in said
        assert mending in said

        put(shop.token)
        assert syncd("poll", "shop").code == exits.OK
        states = {
            one["account"]: one["state"] for one in syncd("status", "--json").json["accounts"]
        }
        assert states["shop"] == "ok"

    def test_a_wrong_secret_is_offered_once(self, syncd, shop):
        shop.token = "another"
        refused = syncd("poll", "shop", "--json")
        first, *others = refused.json
        assert first["outcome"] == "auth_failed"
        assert {each["outcome"] for each in others} == {"not_polled"}
        assert {each["error"] for each in others} == {
            "not tried, since the login was refused before"
        }
        assert len([each for each in shop.requests if each.path.startswith("/")]) == 1

    def test_a_credential_is_not_there_by_hand(self, syncd):
        self.by(syncd, 'credential = "shop"')
        refused = syncd("poll", "shop")
        assert (refused.code, refused.out) == (exits.CONFIG, "")
        assert "systemd-run --property=LoadCredential=shop:/path" in refused.err

    def test_a_variable_is_not_set(self, syncd):
        self.by(syncd, 'env = "NO_SUCH_TOKEN"')
        refused = syncd("poll", "shop")
        assert (refused.code, refused.out) == (exits.CONFIG, "")
        assert "the environment variable NO_SUCH_TOKEN is not set; set it where" in refused.err


class TestSendTest:
    def test_by_the_shop(self, syncd, shop, someone):
        sale = next(sale for sale in shop.story.sales if not sale.buyer.mail_only)
        done = syncd("send-test", "shop", "--to", sale.buyer.id, "--order", sale.id, "--json")
        assert (done.code, done.json["sent"]) == (exits.OK, True)
        (notice,) = shop.received
        assert (notice.order_id, notice.buyer_id) == (sale.id, sale.buyer.id)
        assert someone == [f"Send to {sale.buyer.id} from shop?"]

    def test_by_mail(self, syncd, box):
        done = syncd("send-test", "mail", "--to", "ann@mail.example", "--text", "Hallo", "--yes")
        assert done.code == exits.OK
        (mail,) = box.sent
        assert mail.recipients == ("ann@mail.example",)
        assert b"Hallo" in mail.data

    def test_by_ebay(self, command, tmp_path, time):
        with FakeEbay(clock.now) as ebay:
            order = ebay.add_order("ann")
            (tmp_path / "secret").write_text(ebay.client_secret)
            (tmp_path / "token").write_text(ebay.refresh_token)
            path = tmp_path / "syncd.toml"
            path.write_text(
                f'[store]\nurl = "sqlite:///{tmp_path}/s.db"\n[accounts.lamps]\nconnector = "ebay"\n'
                f'username = "{ebay.shop.seller}"\nclient_id = "{ebay.client_id}"\n'
                f'client_secret = {{ file = "{tmp_path}/secret" }}\n'
                f'refresh_token = {{ file = "{tmp_path}/token" }}\nbase_url = "{ebay.url}"\n'
            )
            done = command(path)("send-test", "lamps", "--to", "ann", "--order", order,
                                 "--yes", "--json")  # fmt: skip
            assert (done.code, done.json["sent"]) == (exits.OK, True)
            bad = command(path)("send-test", "lamps", "--to", "ann", "--order", order,
                                "--text", "x" * 5000, "--yes", "--json")  # fmt: skip
        assert (bad.code, bad.json["sent"]) == (exits.FOUND_WRONG, False)
        assert "ebay does not take this text" in bad.json["reason"]

    def test_where_the_rules_forbid_it_is_1(self, syncd, shop):
        sale = next(sale for sale in shop.story.sales if sale.buyer.mail_only)
        done = syncd("send-test", "shop", "--to", sale.buyer.id, "--yes", "--json")
        assert (done.code, done.json["sent"]) == (exits.FOUND_WRONG, False)
        assert "e-mail only" in done.json["reason"]

    def test_where_it_cannot_be_sent_is_69(self, syncd, box):
        box.refuse("secret")
        done = syncd("send-test", "mail", "--to", "ann@mail.example", "--yes", "--json")
        assert (done.code, done.json["sent"]) == (exits.UNAVAILABLE, False)

    def test_nobody_to_ask_is_64(self, syncd, shop):
        done = syncd("send-test", "shop", "--to", "u_1")
        assert (done.code, done.out, shop.received) == (exits.USAGE, "", [])
        assert "--yes sends without a question" in done.err


def test_the_whole_way_of_an_approval(syncd, shop, time):
    text = syncd.config.read_text()
    syncd.config.write_text(text.replace('tell = "buyer"', 'tell = "buyer"\napproval = true'))
    assert syncd("poll", "shop").code == exits.OK
    found = plugins.load()
    runtime = Runtime.open(config.load(syncd.config, found.connectors), found)
    try:
        watch.run(runtime)
        Sender(runtime).run()
        held = syncd("outbox", "--json").json
        assert {row["state"] for row in held} == {"held"}
        assert shop.received == []
        first, second = held[0]["id"], held[1]["id"]
        assert syncd("outbox", "approve", first).code == exits.OK
        assert syncd("outbox", "cancel", second).code == exits.OK
        time(timedelta(hours=24 - clock.now().hour + 12))
        for _ in range(24):
            watch.run(runtime)
            Sender(runtime).run()
            time(timedelta(hours=1))
        (row,) = syncd("outbox", "--state", "sent", "--json").json
        assert row["id"] == first
        assert [notice.order_id for notice in shop.received] == [row["order"]]
        told = syncd("show", row["order"])
        assert f"message {first}" in told.out
        assert syncd("outbox", "cancel", first).code == exits.FOUND_WRONG
    finally:
        runtime.close()
