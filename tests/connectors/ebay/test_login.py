"""The login outlives the process, and is made by a seller's consent."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from syncd.connector import AuthFailed, Consent, Context, Rejected
from syncd_ebay import EbayConfig, EbayConnector
from syncd_ebay.client import DISPUTE_SCOPE, FULFILLMENT_SCOPE, MESSAGE_SCOPE

CONSENT = Consent(state="st&te", redirect="http://127.0.0.1:9465/", verifier="v" * 43)
RU_NAME = "Lamp_Shop-LampShop-syncd-abcdefg"


@pytest.fixture
def process(connect, now, tokens):
    """Makes the connector as a new process does, with the tokens that are kept."""
    made = []

    def make(**settings):
        config = EbayConfig(**{**connect().config.model_dump(), **settings})
        made.append(EbayConnector(config, Context(account="lamps", now=now, tokens=tokens)))
        return made[-1]

    yield make
    for connector in made:
        connector.close()


@pytest.fixture
def consenting(process, ebay):
    """An account that was never connected."""
    ebay.accept_urls[RU_NAME] = "https://lamp.example/accepted"
    return process(refresh_token=None, ru_name=RU_NAME)


def agree(connector):
    """What the browser ends at when the seller has agreed."""
    answer = httpx.get(connector.authorize_url(CONSENT), trust_env=False)
    assert answer.status_code == 302
    url = urlsplit(answer.headers["location"])
    return url, {name: values[0] for name, values in parse_qs(url.query).items()}


def test_a_rotated_token_is_used_by_the_next_process(ebay, process, now):
    ebay.rotates = True
    process().check()
    now.forward(hours=3)
    process().check()
    assert ebay.refresh_token == "v^1.1#refresh#2"


def test_a_seller_agrees_on_ebays_page(ebay, consenting, process):
    url, given = agree(consenting)
    assert url.netloc == "lamp.example"
    assert given["state"] == CONSENT.state
    assert ebay.scopes == [MESSAGE_SCOPE, FULFILLMENT_SCOPE, DISPUTE_SCOPE]
    consenting.exchange(given["code"], CONSENT)

    consenting.check()
    process(refresh_token=None).check()
    assert ebay.tokens_given == 1


def test_a_consent_asks_for_no_more_than_what_is_read(process, ebay, consenting):
    modest = process(refresh_token=None, ru_name=RU_NAME, payment_disputes=False)
    agree(modest)
    assert ebay.scopes == [MESSAGE_SCOPE, FULFILLMENT_SCOPE]


def test_a_code_is_good_once_and_not_for_long(ebay, consenting, now):
    _, given = agree(consenting)
    consenting.exchange(given["code"], CONSENT)
    with pytest.raises(AuthFailed, match="invalid_grant"):
        consenting.exchange(given["code"], CONSENT)

    _, given = agree(consenting)
    now.forward(minutes=5)
    with pytest.raises(AuthFailed, match="invalid_grant"):
        consenting.exchange(given["code"], CONSENT)


def test_a_login_that_was_never_made_names_the_fix(consenting):
    with pytest.raises(AuthFailed, match="syncd connect"):
        consenting.check()


def test_without_a_runame_the_page_cannot_be_named(process):
    with pytest.raises(Rejected, match="set ru_name"):
        process().authorize_url(CONSENT)


@pytest.mark.parametrize(
    ("sandbox", "page"),
    [(False, "https://auth.ebay.com"), (True, "https://auth.sandbox.ebay.com")],
)
def test_the_page_is_ebays_own(process, sandbox, page):
    made = process(base_url=None, sandbox=sandbox, ru_name=RU_NAME)
    url = urlsplit(made.authorize_url(CONSENT))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{page}/oauth2/authorize"
    assert parse_qs(url.query)["redirect_uri"] == [RU_NAME]


def test_a_consent_shows_neither_of_its_secrets():
    assert CONSENT.verifier not in repr(CONSENT)
    assert CONSENT.state not in repr(CONSENT)


def test_the_fake_knows_its_client(ebay, consenting):
    ebay.accept_urls.clear()
    assert httpx.get(consenting.authorize_url(CONSENT), trust_env=False).status_code == 400
