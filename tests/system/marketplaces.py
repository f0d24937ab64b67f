"""Five marketplaces at their fakes, one config over them, and a late parcel in each shop."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

from syncd.testing.accounts import mail_account, write_secrets
from syncd.testing.aliexpress import FakeAliExpress
from syncd.testing.allegro import FakeAllegro
from syncd.testing.amazon import FakeAmazon
from syncd.testing.ebay import FakeEbay
from syncd.testing.mailbox import Mailbox
from syncd.testing.seventeentrack import KEY, Fake17Track
from syncd.testing.tiktokshop import FakeTikTokShop

SOLD, SILENT = timedelta(days=29), timedelta(days=26)
"""How long ago the late orders were placed, and their parcels scanned last."""
REVIEWABLE = timedelta(days=15)
"""How long ago the orders were placed that arrived: Amazon lets ask for a review of them now."""
JUST_ARRIVED = timedelta(minutes=10)
"""How long ago their parcels arrived."""
LAST_SCAN = "Left the sorting centre"
AMAZON, ALLEGRO, ALIEXPRESS = "amazon-de", "allegro-pl", "aliexpress-es"
TIKTOK, EBAY = "tiktok-uk", "ebay-de"
SHOPS = (AMAZON, ALLEGRO, ALIEXPRESS, TIKTOK, EBAY)
LATE = {
    AMAZON: "00340434161094042557", ALLEGRO: "620000000000000000000001",
    ALIEXPRESS: "LP00123456789012", TIKTOK: "RR473124829GB", EBAY: "00340434161094042564",
}  # fmt: skip
ARRIVED = {
    AMAZON: "00340434161094042571", ALLEGRO: "620000000000000000000002",
    ALIEXPRESS: "LP00123456789013", TIKTOK: "RR473124846GB", EBAY: "00340434161094042588",
}  # fmt: skip
REFUSED = "00340434161094042595"
"""The parcel of a late order about which Amazon offers to send nothing."""
MAILBOX, MAIL_PASSWORD = "shop@lamp.example", "secret"

_CONFIG = """
[store]
url = "{url}"
key = {{ file = "{folder}/store-key" }}

[metrics]
enabled = false

[quiet_hours]
enabled = false

[accounts.amazon-de]
connector = "amazon"
seller_id = "{amazon.seller_id}"
marketplaces = ["DE"]
client_id = "{amazon.client_id}"
client_secret = {{ file = "{folder}/amazon-secret" }}
refresh_token = {{ file = "{folder}/amazon-token" }}
base_url = "{amazon.url}"
shop_name = "Blue Lamp"
{writes_mail_by}
intervals = {{ orders = "2s" }}

[accounts.allegro-pl]
connector = "allegro"
client_id = "{allegro.client_id}"
client_secret = {{ file = "{folder}/allegro-secret" }}
refresh_token = {{ file = "{folder}/allegro-token" }}
base_url = "{allegro.url}"
shop_name = "Blue Lamp"
intervals = {{ messages = "1s", orders = "1s" }}

[accounts.aliexpress-es]
connector = "aliexpress"
app_key = "{aliexpress.app_key}"
app_secret = {{ file = "{folder}/aliexpress-secret" }}
refresh_token = {{ file = "{folder}/aliexpress-token" }}
base_url = "{aliexpress.url}"
shop_name = "Blue Lamp"
intervals = {{ orders = "1s" }}

[accounts.tiktok-uk]
connector = "tiktokshop"
app_key = "{tiktok.app_key}"
app_secret = {{ file = "{folder}/tiktok-secret" }}
refresh_token = {{ file = "{folder}/tiktok-token" }}
base_url = "{tiktok.url}"
shop_name = "Blue Lamp"
intervals = {{ messages = "1s", orders = "1s" }}

[accounts.ebay-de]
connector = "ebay"
username = "{ebay.shop.seller}"
client_id = "{ebay.client_id}"
client_secret = {{ file = "{folder}/ebay-secret" }}
refresh_token = {{ file = "{folder}/ebay-token" }}
base_url = "{ebay.url}"
shop_name = "Blue Lamp"
intervals = {{ messages = "1s", orders = "1s" }}

[accounts.tracking]
connector = "seventeentrack"
api_key = {{ file = "{folder}/tracking-key" }}
base_url = "{track.base_url}"
intervals = {{ tracking = "1s" }}

{mail}
[[playbooks]]
name = "tell-the-buyer"
when = ["no_movement", "promise_passed"]
tell = "buyer"

[[playbooks]]
name = "more-time"
when = ["no_movement", "promise_passed", "protection_ending"]
tell = "platform"
accounts = ["aliexpress-*"]

[[playbooks]]
name = "ask-for-a-review"
when = ["arrived"]
tell = "platform"
ask = "review"
"""


class Clock:
    """The fakes' clock, which can be put back while the past is made up."""

    def __init__(self):
        self.back = timedelta(0)

    def __call__(self):
        return datetime.now(UTC) - self.back


class Marketplaces:
    """The fakes with their orders, and the config over them, in `folder`.

    `late` and `arrived` name the order of each account, `refused` that of the parcel `REFUSED`.
    With `mail` a mailbox writes for Amazon.
    """

    def __init__(self, stack, folder, *, mail=False):
        self.now = Clock()
        fakes = (FakeAmazon, FakeAllegro, FakeAliExpress, FakeTikTokShop, FakeEbay, Fake17Track)
        self.fakes = [stack.enter_context(fake(self.now)) for fake in fakes]
        self.amazon, self.allegro, self.aliexpress, self.tiktok, self.ebay, self.track = self.fakes
        self.box = stack.enter_context(Mailbox(MAILBOX, MAIL_PASSWORD))
        self.folder, self.config = folder, folder / "syncd.toml"
        self.url = f"sqlite:///{folder}/syncd.db"
        self._sell()
        self.config.write_text(_CONFIG.format(**vars(self), **self._mail(mail)))
        write_secrets(folder, self._secrets())

    def _mail(self, wanted):
        if not wanted:
            return {"mail": "", "writes_mail_by": ""}
        ports = {"imap_port": self.box.imap_port, "smtp_port": self.box.smtp_port}
        account = mail_account(self.folder, address=MAILBOX, **ports)
        return {"mail": account, "writes_mail_by": 'writes_mail_by = "mail"'}

    def _secrets(self):
        secrets = {"store-key": b64encode(bytes(range(32))).decode(), "tracking-key": KEY}
        secrets["mail-password"] = MAIL_PASSWORD
        for name in ("amazon", "allegro", "ebay"):
            secrets[f"{name}-secret"] = getattr(self, name).client_secret
        for name in ("aliexpress", "tiktok"):
            secrets[f"{name}-secret"] = getattr(self, name).app_secret
        for name in ("amazon", "allegro", "aliexpress", "tiktok", "ebay"):
            secrets[f"{name}-token"] = getattr(self, name).refresh_token
        return secrets

    def _sell(self):
        self.now.back = SOLD
        self.late = self._sell_in_all("ann", LATE)
        shop = self.amazon.shop
        self.refused = shop.add_order("bea")
        shop.offered[self.refused] = []
        shop.ship(self.refused, REFUSED)
        self.now.back = REVIEWABLE
        self.arrived = self._sell_in_all("cleo", ARRIVED)
        self.now.back = timedelta(0)
        for number in (*LATE.values(), REFUSED):
            self._scan(number, LAST_SCAN, SILENT)
        for number in ARRIVED.values():
            self._scan(number, LAST_SCAN, timedelta(days=3))
            self._scan(number, "Delivered", JUST_ARRIVED, sub_status="Delivered_Other")

    def _sell_in_all(self, buyer, numbers):
        """An order in each shop, sent at once; gives their ids."""
        amazon, allegro, tiktok = self.amazon.shop, self.allegro.shop, self.tiktok.shop
        sold = {
            AMAZON: amazon.add_order(buyer),
            ALLEGRO: allegro.add_order(buyer),
            ALIEXPRESS: self.aliexpress.shop.add_order(f"es{buyer}"),
            TIKTOK: tiktok.add_order(f"749456010973233845{len(buyer)}"),
            EBAY: self.ebay.add_order(buyer),
        }
        amazon.ship(sold[AMAZON], numbers[AMAZON])
        allegro.ship(sold[ALLEGRO], numbers[ALLEGRO])
        allegro.send_order(sold[ALLEGRO])
        self.aliexpress.shop.ship(sold[ALIEXPRESS], numbers[ALIEXPRESS])
        tiktok.ship(sold[TIKTOK], numbers[TIKTOK], "Royal Mail")
        self.ebay.fulfil(sold[EBAY], numbers[EBAY])
        return sold

    def _scan(self, number, text, ago, **fields):
        at = (self.now() - ago).replace(microsecond=0)
        self.track.add_event(number, text, at=at, **fields)
