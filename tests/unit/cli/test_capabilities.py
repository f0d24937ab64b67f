"""What each account can do is told from what its connector declares, and no platform is asked."""

import pytest

from syncd.cli import exits
from syncd.connector import Capability
from syncd_ebay import EbayConnector

CONFIG = """
[accounts.lamps]
connector = "ebay"
username = "lamp-shop"
client_id = "app"
client_secret = { env = "NO_SUCH_SECRET" }
base_url = "http://127.0.0.1:1"
intervals = { messages = "10m" }

[accounts.parcels]
connector = "seventeentrack"
enabled = false
api_key = { env = "NO_SUCH_KEY" }
"""


@pytest.fixture
def syncd(tmp_path, command):
    path = tmp_path / "syncd.toml"
    path.write_text(CONFIG)
    return command(path)


def test_people_read_a_table_and_the_reasons_below(syncd):
    ended = syncd("capabilities")
    assert ended.code == exits.OK
    head, lamps, parcels, *notes = ended.out.splitlines()
    assert head.split()[:4] == ["account", "connector", "reads", "sends"]
    assert "messages, orders" in lamps
    assert "replies, first messages" in lamps
    assert "parcels (at rest)" in parcels
    assert "yes" in parcels
    assert notes == [
        f"lamps: no {each.value.replace('_', ' ')}: {EbayConnector.lacks[each]}"
        for each in Capability
        if each in EbayConnector.lacks
    ]
    assert "lamps: no extend promise: eBay has no call that puts off a promised date" in notes


def test_programs_read_all_of_it(syncd):
    lamps, parcels = syncd("capabilities", "--json").json
    reads = {"messages": 600.0, "orders": 300.0, "returns": 900.0, "disputes": 900.0}
    assert (lamps["reads"], lamps["not_permitted"]) == (reads, {})
    assert lamps["can"]["reply"] is True
    assert lamps["can"]["extend_promise"] is False
    assert "extend_promise" in lamps["why_not"]
    assert lamps["text"]["longest"] == 2000
    assert parcels["enabled"] is False
    assert parcels["can"]["track_parcels"] is True


@pytest.mark.parametrize(
    ("more", "instead"),
    [
        ("", "notices become tasks for staff"),
        ('writes_mail_by = "mail"', "mail writes mail instead"),
    ],
)
def test_where_nothing_can_be_sent_it_says_what_is_done_instead(syncd, monkeypatch, more, instead):
    monkeypatch.setattr(EbayConnector, "capabilities", frozenset())
    mail = (
        '[accounts.mail]\nconnector = "imap"\naddress = "a@shop.example"\n'
        'password = { env = "NONE" }\nimap_host = "shop.example"\nsmtp_host = "shop.example"\n'
    )
    syncd.config.write_text(CONFIG.replace("intervals", f"{more}\nintervals", 1) + mail)

    lamps, *_ = syncd("capabilities", "--json").json
    assert lamps["why_not"]["sends"] == f"ebay takes no messages: {instead}"


AMAZON = """
[accounts.lamps]
connector = "amazon"
seller_id = "A3TH9S8BH6GOGM"
marketplaces = ["DE"]
client_id = "app"
client_secret = { env = "NO_SUCH_SECRET" }
"""
TIKTOK = """
[accounts.lamps]
connector = "tiktokshop"
app_key = "app"
app_secret = { env = "NO_SUCH_SECRET" }
chat = false
"""


@pytest.mark.parametrize(
    ("config", "out", "why", "off"),
    [
        (AMAZON, {"push"}, "`queue` names it", ["returns"]),
        (TIKTOK, {"read_messages", "reply", "start_conversation"}, "`chat = false`", ["messages"]),
    ],
)
def test_what_the_settings_leave_out_is_not_told_as_there(tmp_path, command, config, out, why, off):
    path = tmp_path / "syncd.toml"
    path.write_text(config)
    [lamps] = command(path)("capabilities", "--json").json
    assert lamps["switched_off"] == off
    assert not lamps["reads"].keys() & set(off)
    said = f"lamps: its settings switch off: {off[0]}"
    assert said in command(path)("capabilities").out.splitlines()
    assert not {each for each in out if lamps["can"][each]}
    assert all(why in lamps["why_not"][each] for each in out)
