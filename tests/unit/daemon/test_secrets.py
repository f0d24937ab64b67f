"""Which missing secrets are found, and under which key they are told."""

from pathlib import Path

import pytest

from syncd.config import AccountSettings, Settings, StoreSettings
from syncd.connector import AccountConfig
from syncd.daemon.secrets import missing_secrets
from syncd.secret import Secret

FILE = Path("/etc/syncd/syncd.toml")


class Login(AccountConfig):
    user: str = "shop"
    password: Secret


class MailConfig(AccountConfig):
    logins: tuple[Login, ...] = ()
    token: Secret | None = None


def account(options, *, enabled=True):
    return AccountSettings(name="mail", connector="imap", options=options, enabled=enabled)


@pytest.fixture
def there(tmp_path):
    (tmp_path / "secret").write_text("swordfish")
    return Secret(file=tmp_path / "secret")


@pytest.fixture
def absent(tmp_path):
    return Secret(file=tmp_path / "none")


def keys(settings):
    return [problem.key for problem in missing_secrets(settings, FILE)]


def test_every_missing_secret_is_told_by_its_key_in_the_config(there, absent):
    settings = Settings(
        store=StoreSettings(url="postgresql://db/syncd", password=absent),
        accounts={
            "mail": account(MailConfig(logins=(Login(password=there), Login(password=absent)))),
            "shop": account(MailConfig(token=absent)),
        },
    )
    assert keys(settings) == [
        "store.password",
        "accounts.mail.logins.1.password",
        "accounts.shop.token",
    ]


def test_an_account_at_rest_needs_no_secret(absent):
    resting = account(MailConfig(token=absent), enabled=False)
    settings = Settings(accounts={"mail": resting, "mail-de": account(MailConfig(token=absent))})
    assert keys(settings) == ["accounts.mail-de.token"]


def test_the_problem_says_what_to_do_and_not_what_the_secret_is(there):
    settings = Settings(
        accounts={"mail": account(MailConfig(token=Secret(credential="shop-de")))},
        store=StoreSettings(url="postgresql://db/syncd", password=there),
    )
    (problem,) = missing_secrets(settings, FILE)
    assert "LoadCredential=shop-de:" in str(problem)
    assert "swordfish" not in str(problem)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"Stra\xdfe 7\n", "is not UTF-8 text, save it as that"),
    ],
)
def test_what_is_there_and_no_secret_is_told_without_its_content(tmp_path, content, why):
    (tmp_path / "secret").write_bytes(content)
    options = MailConfig(token=Secret(file=tmp_path / "secret"))
    (problem,) = missing_secrets(Settings(accounts={"mail": account(options)}), FILE)
    assert problem.key == "accounts.mail.token"
    assert str(problem).endswith(f"the secret in {tmp_path}/secret {why}")


def test_the_mark_that_some_editors_begin_a_file_with_is_none_of_the_secret(tmp_path):
    (tmp_path / "secret").write_bytes(b"\xef\xbb\xbfswordfish\r\n")
    assert Secret(file=tmp_path / "secret").reveal() == "swordfish"
