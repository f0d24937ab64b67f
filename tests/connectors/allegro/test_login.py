"""The login outlives the process, is made by a seller's consent, and each token is used once."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from syncd.connector import AuthFailed, Consent, Context

CONSENT = Consent(state="st&te", redirect="http://127.0.0.1:9465/", verifier="v" * 43)


@pytest.fixture
def process(connect, now, tokens):
    """Makes the connector as a new process does, with the tokens that are kept."""
    return lambda **settings: connect(Context(account="lamps", now=now, tokens=tokens), **settings)


def agree(connector, consent=CONSENT):
    """What the browser ends at when the seller has agreed."""
    answer = httpx.get(connector.authorize_url(consent), trust_env=False)
    assert answer.status_code == 302
    url = urlsplit(answer.headers["location"])
    return url, {name: values[0] for name, values in parse_qs(url.query).items()}


def test_rotated_tokens_are_used_once_and_kept(allegro, process, now):
    allegro.single_use = True
    for _ in range(3):
        process().check()
        now.forward(hours=13)
    assert allegro.tokens_given == 3


class Died(BaseException):
    """The process ends where this is raised."""


def test_a_token_that_was_lost_by_a_crash_is_asked_for_again_within_a_minute(
    allegro, process, now, tokens, monkeypatch
):
    def dies(kind, value):
        raise Died

    allegro.single_use = True
    process().check()
    for seconds in (30, 61):
        now.forward(hours=13)
        with monkeypatch.context() as crashing:
            crashing.setattr(tokens, "save", dies)
            with pytest.raises(Died):
                process().check()
        now.forward(seconds=seconds)
        if seconds < 60:
            process().check()
    with pytest.raises(AuthFailed, match="invalid_grant"):
        process().check()


def test_a_token_that_ended_early_is_renewed_once(allegro, connect):
    connector = connect()
    connector.check()
    allegro.expire_tokens()
    connector.check()
    assert allegro.tokens_given == 2


def test_a_seller_agrees_on_allegros_page(allegro, process):
    connector = process(refresh_token=None)
    url, given = agree(connector)
    assert (url.netloc, given["state"]) == ("localhost:9465", CONSENT.state)
    connector.exchange(given["code"], CONSENT)
    connector.check()
    process(refresh_token=None).check()
    assert allegro.tokens_given == 1


def test_a_code_is_worth_nothing_without_its_verifier_or_again(process):
    connector = process(refresh_token=None)
    _, given = agree(connector)
    stolen = Consent(state=CONSENT.state, redirect=CONSENT.redirect, verifier="w" * 43)
    with pytest.raises(AuthFailed, match="invalid_grant"):
        connector.exchange(given["code"], stolen)
    _, given = agree(connector)
    connector.exchange(given["code"], CONSENT)
    with pytest.raises(AuthFailed, match="invalid_grant"):
        connector.exchange(given["code"], CONSENT)


def test_a_login_that_was_never_made_names_the_fix(process):
    with pytest.raises(AuthFailed, match="syncd connect"):
        process(refresh_token=None).check()


@pytest.mark.parametrize(
    ("sandbox", "site"), [(False, "allegro.pl"), (True, "allegro.pl.allegrosandbox.pl")]
)
def test_the_page_is_allegros_own(process, sandbox, site):
    url = urlsplit(process(base_url=None, sandbox=sandbox).authorize_url(CONSENT))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"https://{site}/auth/oauth/authorize"
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert asked["redirect_uri"] == "http://localhost:9465/"
    assert (asked["code_challenge_method"], asked["code_challenge"]) == ("S256", CONSENT.challenge)
    assert CONSENT.verifier not in url.query


def test_the_fake_knows_where_a_consent_may_end(allegro, process):
    allegro.redirects = {"https://lamp.example/accepted"}
    answer = httpx.get(process().authorize_url(CONSENT), trust_env=False)
    assert answer.status_code == 400
