"""Login with Amazon: tokens that end, are withdrawn, or lack a role; and the seller's consent."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from syncd.connector import AuthFailed, Consent, NotPermitted, Rejected
from syncd.testing.server import Answer

CONSENT = Consent(state="st&te", redirect="http://127.0.0.1:9465/", verifier="v" * 43)


def test_the_token_goes_in_amazons_own_header(amazon, connector):
    connector.check()
    request = amazon.requests[-1]
    assert request.headers["x-amz-access-token"] == "Atza|access1"
    assert "authorization" not in request.headers


def test_a_token_that_ended_is_renewed_although_amazon_says_403(amazon, connector, read):
    read(connector)
    amazon.expire_tokens()
    read(connector)
    assert amazon.tokens_given == 2


def test_a_token_is_renewed_before_it_ends(amazon, connector, now):
    connector.check()
    now.forward(minutes=59, seconds=30)
    connector.check()
    assert amazon.tokens_given == 2
    assert [r.path for r in amazon.requests].count("/orders/2026-01-01/orders") == 2


def test_a_withdrawn_consent_is_a_failed_login(amazon, connector, read):
    read(connector)
    amazon.withdraw()
    with pytest.raises(AuthFailed, match="invalid_grant"):
        read(connector)


def test_a_token_that_is_still_refused_when_new_is_a_failed_login(amazon, connector):
    amazon._tokens = Forgetful()
    with pytest.raises(AuthFailed, match=r"revoked, malformed or invalid.*syncd connect"):
        connector.check()
    assert amazon.tokens_given == 2


class Forgetful(dict):
    def __setitem__(self, key, value):
        """Nothing is remembered."""


def test_a_missing_role_is_no_failed_login_and_says_what_to_do(amazon, connector, read):
    amazon.denied.add("/orders/2026-01-01")
    with pytest.raises(NotPermitted, match="lacks the role Inventory and Order Tracking"):
        read(connector)
    assert amazon.tokens_given == 1  # another token would not help


@pytest.fixture
def agreeing(connect, amazon):
    return connect(
        refresh_token=None,
        application_id=amazon.application_id,
        redirect_uri=amazon.redirect_uri,
    )


def agree(connector):
    answer = httpx.get(connector.authorize_url(CONSENT), trust_env=False)
    assert answer.status_code == 302, answer.text
    url = urlsplit(answer.headers["location"])
    return url, {name: values[0] for name, values in parse_qs(url.query).items()}


def test_a_seller_agrees_on_seller_central(amazon, agreeing, connect):
    url, given = agree(agreeing)
    assert url.netloc == "lamp.example"
    assert (given["state"], given["selling_partner_id"]) == (CONSENT.state, amazon.seller_id)
    agreeing.exchange(given[agreeing.consent_code], CONSENT)
    agreeing.check()
    connect(refresh_token=None).check()  # the next process
    assert amazon.tokens_given == 1


def test_a_code_is_good_once(agreeing):
    _, given = agree(agreeing)
    agreeing.exchange(given["spapi_oauth_code"], CONSENT)
    with pytest.raises(AuthFailed, match="invalid_grant"):
        agreeing.exchange(given["spapi_oauth_code"], CONSENT)


def test_a_draft_application_says_so(amazon, agreeing, connect):
    amazon.is_draft = True
    with pytest.raises(AssertionError, match="MD1000"):
        agree(agreeing)
    settings = agreeing.config.model_dump() | {"draft_application": True}
    agree(connect(**settings))


@pytest.mark.parametrize(
    ("stores", "page"),
    [
        (["DE", "FR"], "https://sellercentral-europe.amazon.com"),
        (["US"], "https://sellercentral.amazon.com"),
        (["JP"], "https://sellercentral.amazon.co.jp"),
    ],
)
def test_the_page_is_that_of_the_store(connect, amazon, stores, page):
    made = connect(
        base_url=None,
        marketplaces=stores,
        application_id=amazon.application_id,
        redirect_uri=amazon.redirect_uri,
    )
    url = urlsplit(made.authorize_url(CONSENT))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{page}/apps/authorize/consent"
    assert parse_qs(url.query)["redirect_uri"] == [amazon.redirect_uri]


def test_what_a_consent_takes_is_named(connect):
    with pytest.raises(Rejected, match="set application_id"):
        connect().authorize_url(CONSENT)
    with pytest.raises(Rejected, match="set redirect_uri"):
        connect(application_id="a").authorize_url(CONSENT)


def test_a_login_that_was_never_made_names_the_fix(connect):
    with pytest.raises(AuthFailed, match="syncd connect"):
        connect(refresh_token=None).check()


def test_a_refusal_to_read_is_a_failed_login_whatever_its_words(
    amazon, connector, read, monkeypatch
):
    """Only messages and solicitations say 403 to what is not offered."""
    fault = {"code": "Unauthorized", "message": "Not for you.", "details": ""}
    answer = Answer.json({"errors": [fault]}, 403)
    monkeypatch.setattr(type(amazon), "search", lambda *_: answer)
    with pytest.raises(AuthFailed, match="Not for you"):
        read(connector)


def test_an_answer_that_is_not_amazons_is_a_failed_login_too(amazon, connector, read, monkeypatch):
    monkeypatch.setattr(type(amazon), "search", lambda *_: Answer(403, b"<h1>Forbidden</h1>"))
    with pytest.raises(AuthFailed, match="no reason given"):
        read(connector)
