"""syncd record: what a platform answers lands in files, with nothing in it that is anybody's."""

import json
import stat
from datetime import timedelta

import httpx
import pytest

from syncd import clock
from syncd.cli import exits
from syncd.connector import Batch, Connector, Context
from syncd.http import Outgoing, Reply
from syncd.http.observing import show
from syncd.model import Order, OrderStatus
from syncd.store import Store
from syncd.testing.ebay import FakeEbay
from syncd.testing.mailbox import Mailbox
from syncd.testing.masking import Masker
from syncd.testing.recording import Recording, answer_of
from syncd.testing.server import Answer, Fault
from syncd_ebay import EbayConfig, EbayConnector

PEOPLE = ("mustermann", "Erika", "Muster", "Lampenweg", "Berlin", "10115", "erika@", "1234567")
SECRETS = ("cert-id", "v^1.1#refresh", "v^1.1#access", "app-id")


@pytest.fixture
def ebay(monkeypatch):
    with FakeEbay(seller="lamp-shop-77") as server:
        monkeypatch.setenv("EBAY_SECRET", server.client_secret)
        monkeypatch.setenv("EBAY_TOKEN", server.refresh_token)
        began = clock.now() - timedelta(days=3)
        for number in range(4):
            buyer, at = f"mustermann-{number}", began + timedelta(hours=number)
            text = f"Hello, I am Erika, erika@mail.example.org, +49 170 1234567. {server.refresh_token}"
            server.add_message(buyer, text, at=at, listing=f"33000000000{number}")
            server.fulfil(server.add_order(buyer, at=at), f"RB{number:09d}CN", at=at)
        yield server


@pytest.fixture
def syncd(command, ebay, tmp_path, sqlite_url, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "syncd.toml"
    config.write_text(
        f'[store]\nurl = "{sqlite_url}"\n'
        '[accounts.lamps]\nconnector = "ebay"\nusername = "lamp-shop-77"\nclient_id = "app-id"\n'
        'client_secret = { env = "EBAY_SECRET" }\nrefresh_token = { env = "EBAY_TOKEN" }\n'
        f'base_url = "{ebay.url}"\n'
        '[accounts.mail]\nconnector = "imap"\naddress = "a@b.example"\nimap_host = "127.0.0.1"\n'
        'imap_port = 9\nimap_security = "none"\nsmtp_host = "127.0.0.1"\npassword = { env = "EBAY_SECRET" }\n'
    )
    return command(config)


def recorded(folder):
    return {file.name: json.loads(file.read_text()) for file in sorted(folder.iterdir())}


def test_each_exchange_is_a_file_without_anything_personal(syncd, tmp_path):
    ended = syncd("record", "lamps")
    assert ended.code == exits.OK, ended.err
    files = recorded(tmp_path / "recorded-lamps")
    assert {name.split("-")[0] for name in files} >= {"messages", "orders"}
    for file in (tmp_path / "recorded-lamps").iterdir():
        text = file.read_text()
        assert not [word for word in (*PEOPLE, *SECRETS) if word in text], file.name
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "masked: " in ended.out
    assert "orderPaymentStatus: PAID" in ended.out


def test_what_is_left_reads_as_what_came(syncd, tmp_path):
    syncd("record", "lamps", "--stream", "orders", "--out", "here")
    files = recorded(tmp_path / "here")
    [lists] = [name for name in files if name.endswith("GET-sell-fulfillment-v1-order.json")]
    orders = answer_of(tmp_path / "here" / lists)["orders"]
    assert len({order["orderId"] for order in orders}) == 4
    assert {order["orderPaymentStatus"] for order in orders} == {"PAID"}
    assert orders[0]["creationDate"].endswith("Z")
    assert files[lists]["request"]["headers"]["authorization"] == "***"
    asked = {each["request"]["path"] for each in files.values()}
    assert any(f"/order/{orders[0]['orderId']}/" in path for path in asked)


class Replay(FakeEbay):
    """Answers as was recorded, one after the other."""

    def answer(self, request):
        if request.path.startswith("/identity"):
            return super().answer(request)
        said = self.recorded.pop(0)["answer"]
        return Answer.json(said["json"], said["status"])


def test_a_recording_reads_like_the_real_answers(syncd, ebay, tmp_path):
    syncd("record", "lamps", "--stream", "orders")
    with Replay() as replay:
        replay.recorded = list(recorded(tmp_path / "recorded-lamps").values())
        real, masked = (_orders(server, tmp_path) for server in (ebay, replay))
        assert replay.recorded == []
    assert [type(item) for item in masked] == [type(item) for item in real]
    assert {item.source_id for item in masked}.isdisjoint(item.source_id for item in real)
    assert [item.status for item in masked if isinstance(item, Order)] == [OrderStatus.SHIPPED] * 4


def _orders(server, tmp_path):
    for name, value in (("secret", server.client_secret), ("token", server.refresh_token)):
        (tmp_path / name).write_text(value)
    config = EbayConfig(
        username="x", client_id=server.client_id, client_secret={"file": tmp_path / "secret"},
        refresh_token={"file": tmp_path / "token"}, base_url=server.url,
    )  # fmt: skip
    connector = EbayConnector(config, Context(account="lamps", now=clock.now))
    items = [item for batch in connector.poll("orders", {}) for item in batch.items]
    connector.close()
    return items


def test_nothing_is_stored(syncd, sqlite_url):
    syncd("record", "lamps")
    store = Store(sqlite_url, as_is=True)
    try:
        assert store.look.conversations(account=None, text=None, waiting=False, limit=9) == []
    finally:
        store.close()


def test_json_tells_the_same(syncd):
    ended = syncd("record", "lamps", "--stream", "messages", "--json").json
    [row] = ended["streams"]
    assert row["exchanges"] == len(ended["files"]) > 0
    assert ended["masked"]["text"] > 0
    assert ended["kept"]["conversationStatus"] == ["ACTIVE"]


def test_limits_hold(syncd, tmp_path):
    ended = syncd("record", "lamps", "--limit", 2, "--max-kb", 1, "--out", "few")
    assert ended.code == exits.OK
    files = recorded(tmp_path / "few")
    assert len([name for name in files if name.startswith("orders")]) == 2
    assert any("over the limit of 1024" in str(each["answer"]) for each in files.values())


def test_nothing_is_overwritten_and_nobody_asked_for_it(syncd, ebay, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    ended = syncd("record", "lamps", "--out", "mine")
    assert ended.code == exits.USAGE
    assert "mine is there already; name another folder by --out" in ended.err
    assert not ebay.requests


def test_what_came_before_an_error_is_kept_for_the_report(syncd, ebay, tmp_path):
    ebay.fail(Fault.HTML, times=100, path="/order")
    ended = syncd("record", "lamps", "--stream", "orders")
    assert ended.code == exits.UNAVAILABLE
    assert "Unavailable" in ended.out
    [first, *_] = recorded(tmp_path / "recorded-lamps").values()
    assert first["answer"]["text"] == "<html><h1>Xxxxxxxxxxx</h1></html>"


def test_a_bug_of_the_connector_loses_nothing_that_was_recorded(syncd, tmp_path, monkeypatch):
    monkeypatch.setattr("syncd_ebay.client.FulfillmentList", object())
    ended = syncd("record", "lamps", "--stream", "orders")
    assert ended.code == exits.UNAVAILABLE
    assert "the connector has a bug: " in ended.out
    assert recorded(tmp_path / "recorded-lamps")


def test_a_fields_value_is_kept_where_it_is_asked_for(syncd, tmp_path):
    syncd("record", "lamps", "--stream", "orders", "--out", "kept", "--keep", "legacyItemId")
    assert "3300000" in "".join(file.read_text() for file in (tmp_path / "kept").iterdir())


def test_a_mailbox_is_said_not_to_be_recorded(syncd, tmp_path):
    with Mailbox("a@b.example", "cert-id") as box:
        box.deliver(b"From: Ann <ann@mail.example>\nMessage-ID: <1@mail.example>\n\nHello\n")
        config = syncd.config.read_text().replace("imap_port = 9", f"imap_port = {box.imap_port}")
        syncd.config.write_text(config)
        ended = syncd("record", "mail")
    assert ended.code == exits.FOUND_WRONG
    assert "speaks another protocol (as imap does), which cannot be recorded" in ended.out
    assert not (tmp_path / "recorded-mail").exists()


class TestAPlatformOfAnotherKind:
    """Forms, several values of a parameter, answers that are no JSON, an error in the middle."""

    @pytest.fixture
    def exchanged(self):
        def seen(content, media_type, *, asked=b"", asked_type=None, params=()):
            masker = Masker([SECRETS[0]])
            recording = Recording(masker, most_bytes=200)
            request = Outgoing(
                method="POST", path="/orders/Erika", params=params, content=asked,
                headers={"x-api-key": "k3y-of-erika"}, media_type=asked_type,
            )  # fmt: skip
            reply = Reply(200, httpx.Headers({"content-type": media_type}), content)
            recording.poll(Asks(request, reply), "orders")
            [(name, file)] = recording.files()
            return name, json.loads(file)

        return seen

    def test_a_form_is_masked_field_by_field(self, exchanged):
        form = b"grant=x&email=erika%40mail.example&status=OPEN&status=NEW&note=k3y-of-erika"
        _, shown = exchanged(
            b'{"name": "Erika"}', "application/json", asked=form,
            asked_type="application/x-www-form-urlencoded", params=[("a", "1"), ("a", "2")],
        )  # fmt: skip
        assert shown["request"]["query"] == {"a": ["1", "2"]}
        assert shown["request"]["form"]["status"] == ["OPEN", "NEW"]
        assert shown["request"]["form"]["email"].endswith("@mail.example")
        assert "erika" not in json.dumps(shown).lower().replace("/orders/erika", "")

    @pytest.mark.parametrize(
        ("content", "shown"),
        [
            (b"\xff\xd8\xff", {"left_out": "3 bytes that are no text"}),
            (b"x" * 201, {"left_out": "201 bytes, over the limit of 200"}),
            (b"<a>Erika</a>", {"text": "<a>Xxxxx</a>"}),
            (b"[" * 100, {"text": "[" * 100}),
            (b"", {}),
        ],
    )
    def test_what_is_no_json_is_left_out_or_only_its_form_is_left(self, exchanged, content, shown):
        answer = exchanged(content, "text/plain")[1]["answer"]
        assert {name: answer[name] for name in answer.keys() - {"status", "headers"}} == shown

    def test_a_files_name_is_made_of_what_is_masked(self, exchanged):
        name, shown = exchanged(b'{"buyer": {"name": "Erika"}}', "application/json")
        path = shown["request"]["path"]
        assert "Erika" not in path
        assert name == f"orders-001-POST-{path.strip('/').replace('/', '-')}.json"


class Asks(Connector):
    """Makes one exchange, as a client would."""

    def __init__(self, request, reply):
        self.exchange = "https://api.shop.example/v1", request, reply

    def poll(self, stream, cursor):
        show(*self.exchange)
        yield Batch([], {})
