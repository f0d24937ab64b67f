"""The folder a demo works in: a config such as a user would write, the secrets beside it."""

from pathlib import Path

from syncd.testing.accounts import mail_account, shop_account, write_secrets

_TITLE = "# The config of `syncd demo`."
_SECRETS = {"shop-token", "mail-password"}
_CONFIG = """\
{title} The world it talked to is gone, what it left in the store is not.
[store]
url = "sqlite:///{folder}/syncd.db"

[metrics]
enabled = false

{shop}
{mail}
# Days of the world pass between two polls.
[guards.stale_source]
after = "10d"

[guards.fresh_look]
within = "5d"

# As soon as within a country, so that a demo of three weeks shows what becomes of such parcels.
[watches.no_movement]
between_countries = "5d"

# The world's shelves: open orders take nothing off before they are sent.
[watches.out_of_stock]
on_hand = ["shop"]

[[playbooks]]
name = "tell-the-buyer"
when = [
  "number_changed", "no_movement", "customs_hold", "attempt_failed", "awaiting_pickup", "exception",
  "lost", "damaged", "returning", "returned", "eta_slipped", "promise_passed",
]
tell = "buyer"
"""


def left_by_a_demo(folder: Path) -> bool:
    """Whether a folder holds what a demo left and nothing else: only that may be replaced.

    A `syncd.toml` alone does not say so: it may be the user's own, in their home.
    """
    names = {each.name for each in folder.iterdir()}
    others = {name for name in names - _SECRETS if not name.startswith("syncd.db")}
    config = folder / "syncd.toml"
    return others == {config.name} and config.read_bytes().startswith(_TITLE.encode())


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
    write_secrets(folder, {"shop-token": shop_token, "mail-password": password})
    config = folder / "syncd.toml"
    text = _CONFIG.format(
        title=_TITLE,
        folder=folder,
        shop=shop_account(folder, "shop", shop_url),
        mail=mail_account(folder, address=address, imap_port=imap_port, smtp_port=smtp_port),
    )
    config.write_text(text, encoding="utf-8")
    return config
