"""A fake AliExpress and accounts that point at it, all on the test's clock."""

import pytest

from syncd.connector import Context
from syncd.testing.aliexpress import FakeAliExpress
from syncd_aliexpress import AliExpress, AliExpressLegacy


@pytest.fixture(autouse=True)
def _at_once(no_waiting):
    pass


@pytest.fixture
def aliexpress(now):
    with FakeAliExpress(now) as server:
        yield server


@pytest.fixture
def shop(aliexpress):
    return aliexpress.shop


@pytest.fixture
def connect(aliexpress, now, tokens, in_files, closing):
    """Makes connector objects; settings may be overridden."""
    secrets = in_files(app_secret=aliexpress.app_secret, refresh_token=aliexpress.refresh_token)

    def make(kind=AliExpress, **settings):
        usual = {"app_key": aliexpress.app_key, "base_url": aliexpress.url}
        config = kind.Config.model_validate(usual | secrets | settings)
        return closing(kind(config, Context(account="lamps", now=now, tokens=tokens)))

    return make


@pytest.fixture
def legacy(connect, shop):
    return connect(AliExpressLegacy, seller_login=shop.seller)


@pytest.fixture
def calls(aliexpress):
    """Gives the fields of the requests that a call has made so far."""

    def made(call):
        return [
            {name: values[0] for name, values in request.query.items()}
            for request in aliexpress.requests
            if request.path.endswith(call)
        ]

    return made
