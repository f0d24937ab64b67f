"""The login: a seller's consent, TikTok's own token endpoint, and the shop's cipher."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from syncd.connector import AuthFailed, Consent, Rejected, Unavailable
from syncd.http import observed
from syncd.testing.server import Fault

CONSENT = Consent(state="st&te", redirect="http://127.0.0.1:9465/", verifier="v" * 43)
OTHER = {"id": "7494049642642440002", "cipher": "GCP_other", "name": "Lamp Shop DE", "region": "DE"}


def agree(connector):
    answer = httpx.get(connector.authorize_url(CONSENT), trust_env=False)
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer.headers["location"]).query)


def test_a_seller_agrees_on_tiktoks_page(tiktok, connect):
    connector = connect(refresh_token=None)
    given = agree(connector)
    assert given["state"] == [CONSENT.state]
    connector.exchange(given["code"][0], CONSENT)
    connector.check()
    connect(refresh_token=None).check()  # the next process
    assert tiktok.tokens_given == 1


def test_a_code_is_good_once(connect):
    connector = connect(refresh_token=None)
    [code] = agree(connector)["code"]
    connector.exchange(code, CONSENT)
    with pytest.raises(AuthFailed, match="36004004: the consent has ended") as told:
        connector.exchange(code, CONSENT)
    assert code not in str(told.value)


@pytest.mark.parametrize(
    ("us", "page"),
    [(False, "https://services.tiktokshop.com"), (True, "https://services.us.tiktokshop.com")],
)
def test_sellers_of_the_us_agree_elsewhere(connect, us, page):
    url = connect(base_url=None, us_shop=us).authorize_url(CONSENT)
    assert url == f"{page}/open/authorize?service_id=7310000000000000001&state=st%26te"


def test_without_a_service_id_the_page_cannot_be_named(connect):
    with pytest.raises(Rejected, match="set service_id"):
        connect(service_id=None).authorize_url(CONSENT)


def test_a_login_that_was_never_made_names_the_fix(connect):
    with pytest.raises(AuthFailed, match="syncd connect"):
        connect(refresh_token=None).check()


def test_a_token_is_renewed_before_it_ends_and_its_refresh_token_kept(tiktok, connect, now):
    connect().check()
    now.forward(days=6, hours=23, minutes=58)
    connect().check()
    assert tiktok.tokens_given == 1
    now.forward(minutes=2)
    connect().check()
    assert (tiktok.tokens_given, tiktok.refresh_token) == (2, "ROW_refresh-2")
    asked = [request.path for request in tiktok.requests]
    assert asked.count("/authorization/202309/shops") == 3  # none was refused and asked again


@pytest.mark.parametrize("forgotten", [False, True], ids=["105002", "36009004"])
def test_a_token_that_tiktok_ends_early_is_renewed(tiktok, connector, forgotten):
    connector.check()
    tiktok.expire_tokens()
    if forgotten:
        tiktok._tokens.clear()
    connector.check()
    assert tiktok.tokens_given == 2


def test_another_apps_secret_is_told_without_telling_it(tiktok, connect, tmp_path):
    (tmp_path / "other").write_text("an0ther-secret")
    with pytest.raises(AuthFailed, match="36009004: check app_key and app_secret") as told:
        connect(app_secret={"file": tmp_path / "other"}).check()
    assert "an0ther" not in str(told.value)


@pytest.mark.parametrize(
    "fault", [Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.TRUNCATED, Fault.HTML, Fault.EMPTY]
)
def test_a_token_endpoint_that_is_down_is_waited_for(tiktok, connector, fault):
    tiktok.fail(fault, path="/token/", times=4, retry_after=7)
    with pytest.raises(Unavailable) as told:
        connector.check()
    assert "ROW_" not in str(told.value)
    assert (told.value.retry_after == 7) == (fault is Fault.RATE_LIMITED)


def test_what_tokens_are_asked_with_is_shown_to_no_recorder(connector):
    paths = []
    with observed(lambda base, request, reply: paths.append(request.path)):
        connector.check()
    assert paths == [
        "/authorization/202309/shops",
        "/customer_service/202309/conversations",
        "/order/202309/orders/search",
        "/return_refund/202309/returns/search",
    ]


def test_the_shop_is_asked_for_once_and_not_where_it_is_given(tiktok, connect):
    connector = connect()
    connector.check()
    connector.check()
    connect(shop_cipher=tiktok.shops[0]["cipher"]).check()
    asked = [request.path for request in tiktok.requests]
    assert asked.count("/authorization/202309/shops") == 1


def test_of_several_shops_one_has_to_be_chosen(tiktok, connect):
    tiktok.shops.append(OTHER)
    with pytest.raises(AuthFailed, match=r"set shop_id .*7494049642642440002 \(Lamp Shop DE, DE\)"):
        connect().check()
    connect(shop_id=OTHER["id"]).check()
    assert tiktok.requests[-1].one("shop_cipher") == "GCP_other"


def test_a_login_for_no_shop(tiktok, connect):
    tiktok.shops.clear()
    with pytest.raises(AuthFailed, match="good for: none"):
        connect().check()
