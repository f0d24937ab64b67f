"""The folder a demo works in: a config such as a user would write, the secrets beside it."""

from pathlib import Path

_CONFIG = """\
# The config of `syncd demo`. The world it talked to is gone, what it left in the store is not.
[store]
url = "sqlite:///{folder}/syncd.db"

[metrics]
enabled = false

[accounts.shop]
connector = "sandbox"
url = "{shop_url}"
token = {{ file = "{folder}/shop-token" }}
shop_name = "Blue Lamp"
writes_mail_by = "mail"
intervals = {{ messages = "1s", orders = "1s", tracking = "1s" }}

[accounts.mail]
connector = "imap"
address = "{address}"
password = {{ file = "{folder}/mail-password" }}
imap_host = "127.0.0.1"
imap_port = {imap_port}
imap_security = "none"
smtp_host = "127.0.0.1"
smtp_port = {smtp_port}
smtp_security = "none"
sent_grace_s = 0
shop_name = "Blue Lamp"
intervals = {{ messages = "1s" }}

# Days of the world pass between two polls.
[guards.stale_source]
after = "10d"

[guards.fresh_look]
within = "5d"

# As soon as within a country, so that a demo of three weeks shows what becomes of such parcels.
[watches.no_movement]
between_countries = "5d"

[[playbooks]]
name = "tell-the-buyer"
when = [
  "number_changed", "no_movement", "customs_hold", "attempt_failed", "awaiting_pickup", "exception",
  "lost", "damaged", "returning", "returned", "eta_slipped", "promise_passed",
]
tell = "buyer"
"""


def write(
    folder: Path,
    *,
    shop_url: str,
    shop_token: str,
    address: str,
    password: str,
    imap_port: int,
    smtp_port: int,
) -> Path:
    """Write the config and the secrets it names; returns the config's path."""
    for name, secret in (("shop-token", shop_token), ("mail-password", password)):
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(secret, encoding="utf-8")
    config = folder / "syncd.toml"
    text = _CONFIG.format(
        folder=folder, shop_url=shop_url, address=address, imap_port=imap_port, smtp_port=smtp_port
    )
    config.write_text(text, encoding="utf-8")
    return config
