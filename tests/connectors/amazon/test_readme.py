"""The README's settings and both accounts of its example are real."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from syncd_amazon import AmazonConfig
from syncd_imap import ImapConfig

README = Path(__file__).parents[3] / "connectors" / "amazon" / "README.md"
COMMON = {"connector", "writes_mail_by"}


def test_settings():
    written = dict(re.findall(r"(?m)^\| `(\w+)` \| (\S+) \|", README.read_text(encoding="utf-8")))
    shown = {
        name: "required" if field.is_required() else _word(field.default)
        for name, field in AmazonConfig.model_fields.items()
    }
    assert written == shown


def _word(default):
    if isinstance(default, tuple):
        return f"`{','.join(default)}`"
    word = str(default).lower() if isinstance(default, bool) else str(default)
    return "none" if default is None else f"`{word}`"


def test_both_accounts_of_the_example_are_good():
    blocks = re.findall(r"(?s)```toml\n(.*?)```", README.read_text(encoding="utf-8"))
    accounts = tomllib.loads("\n".join(blocks))["accounts"]
    options = {
        name: {key: value for key, value in given.items() if key not in COMMON}
        for name, given in accounts.items()
    }
    shop = AmazonConfig.model_validate(options["amazon-de"])
    ImapConfig.model_validate(options["amazon-mail"])
    assert accounts["amazon-de"]["writes_mail_by"] in accounts
    assert shop.queue is not None
    assert [store.country for store in shop.stores] == ["DE", "FR"]


def settings(**given):
    return {
        "seller_id": "A3TH9S8BH6GOGM",
        "marketplaces": ["DE"],
        "client_id": "c",
        "client_secret": {"env": "X"},
    } | given


@pytest.mark.parametrize(
    ("stores", "region", "ids"),
    [
        (["de", "UK"], None, ["A1PA6795UKMFR9", "A1F83G8C2ARO7P"]),
        (["GB"], None, ["A1F83G8C2ARO7P"]),
        (["ATVPDKIKX0DER"], None, ["ATVPDKIKX0DER"]),
        (["ANEWSTORE00000"], "eu", ["ANEWSTORE00000"]),
    ],
)
def test_stores_are_named_by_country_or_id(stores, region, ids):
    config = AmazonConfig.model_validate(settings(marketplaces=stores, region=region))
    assert [store.id for store in config.stores] == ids


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"marketplaces": ["DE", "US"]}, "make an account for each region"),
        ({"marketplaces": ["XX"]}, "is no store of Amazon's that syncd knows"),
        ({"marketplaces": []}, "at least 1 item"),
        ({"base_url": "http://evil.example"}, "https"),
        ({"seller_id": "lamp shop"}, "match pattern"),
    ],
)
def test_settings_that_do_not_fit(wrong, told):
    with pytest.raises(ValidationError, match=told):
        AmazonConfig.model_validate(settings(**wrong))


@pytest.mark.parametrize(
    ("stores", "sandbox", "host"),
    [
        (["DE"], False, "sellingpartnerapi-eu.amazon.com"),
        (["US"], False, "sellingpartnerapi-na.amazon.com"),
        (["JP"], True, "sandbox.sellingpartnerapi-fe.amazon.com"),
    ],
)
def test_the_api_is_that_of_the_region(connect, stores, sandbox, host):
    made = connect(base_url=None, marketplaces=stores, sandbox=sandbox)
    assert made._client._http.base_url == f"https://{host}/"
    assert made._auth._url == "https://api.amazon.com/auth/o2/token"
