"""Login tokens lie encrypted in the store, bound to their place, under a key from outside."""

import base64
import os

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from syncd import clock
from syncd.secret import Secret, SecretUnavailable
from syncd.store import KeyUnusable, Store, Vault

TOKEN = "v^1.1#refresh-of-the-lamp-shop"


def new_key():
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key"
    path.write_text(new_key() + "\n")
    return path


@pytest.fixture
def key(key_file):
    return Secret(file=key_file)


@pytest.fixture
def store(empty_url):
    opened = Store(empty_url)
    yield opened
    opened.close()


@pytest.fixture
def keeper(store, key):
    def make(name="shop", *, under=key):
        account = store.accounts.register(name, "ebay", clock.now())
        return store.tokens.keeper(name, account, under and Vault(under), clock.now)

    return make


def rows(store):
    with store.database.read() as connection:
        return connection.execute(text("SELECT kind, ciphertext FROM tokens")).all()


def test_what_is_kept_is_read_by_another_object_and_never_in_clear(store, keeper):
    keeper().save("refresh_token", "old")
    keeper().save("refresh_token", TOKEN)

    assert keeper().load("refresh_token") == TOKEN
    assert keeper().load("access_token") is None
    [(kind, ciphertext)] = rows(store)
    assert kind == "refresh_token"
    assert TOKEN.encode() not in bytes(ciphertext)
    assert TOKEN.encode() not in base64.urlsafe_b64decode(bytes(ciphertext))


def test_accounts_have_tokens_of_their_own(keeper):
    keeper("shop").save("refresh_token", TOKEN)
    assert keeper("other").load("refresh_token") is None


def test_a_token_moved_to_another_account_is_refused(store, keeper):
    keeper("shop").save("refresh_token", TOKEN)
    keeper("other")
    with store.database.write() as connection:
        connection.execute(text("UPDATE tokens SET account_id = account_id + 1"))

    with pytest.raises(KeyUnusable, match="another row"):
        keeper("other").load("refresh_token")


def test_a_key_is_changed_by_putting_the_new_one_first(store, keeper, key_file, key):
    keeper().save("refresh_token", TOKEN)
    old = key_file.read_text()
    key_file.write_text(f"{new_key()}\n{old}")
    assert keeper().load("refresh_token") == TOKEN
    keeper().save("refresh_token", TOKEN)

    key_file.write_text(old)
    with pytest.raises(KeyUnusable, match=r"another key than \[store\] key"):
        keeper().load("refresh_token")


@pytest.mark.parametrize(
    "text_", ["", "password", base64.b64encode(b"short").decode(), "ä" * 43, "=" * 44]
)
def test_what_is_no_key_is_refused_with_how_to_make_one(key_file, key, text_):
    key_file.write_text(text_)
    with pytest.raises(KeyUnusable, match="openssl rand -base64 32") as refused:
        Vault(key)
    assert not text_ or text_ not in str(refused.value)


def test_both_alphabets_of_base64_are_keys(key_file, key):
    raw = b"\xff" * 32
    key_file.write_text(base64.b64encode(raw).decode())
    sealed = Vault(key).encrypt("1/x", "text")
    key_file.write_text(base64.urlsafe_b64encode(raw).decode())
    assert Vault(key).decrypt("1/x", sealed) == "text"


class TestUnlocking:
    def test_nothing_is_needed_where_nothing_is_kept(self, store):
        assert store.tokens.unlock(None, {"shop"}) is None

    def test_the_right_key_opens(self, store, keeper, key):
        keeper().save("refresh_token", TOKEN)
        assert store.tokens.unlock(key, {"shop"}) is not None

    def test_a_wrong_key_names_the_accounts_and_the_fix(self, store, keeper, key, key_file):
        keeper().save("refresh_token", TOKEN)
        key_file.write_text(new_key())
        with pytest.raises(KeyUnusable, match=r"shop: .*another key.*connect shop --forget"):
            store.tokens.unlock(key, {"shop"})

    def test_no_key_at_all_is_told_too(self, store, keeper):
        keeper().save("refresh_token", TOKEN)
        with pytest.raises(KeyUnusable, match=r"shop: \[store\] key is not set"):
            store.tokens.unlock(None, {"shop"})

    def test_a_key_that_is_not_there_is_named(self, store, tmp_path):
        with pytest.raises(SecretUnavailable, match="no-such-file"):
            store.tokens.unlock(Secret(file=tmp_path / "no-such-file"), set())

    def test_accounts_that_are_not_in_use_do_not_matter(self, store, keeper):
        keeper().save("refresh_token", TOKEN)
        assert store.tokens.unlock(None, {"other"}) is None

    def test_a_forgotten_login_is_in_nobodys_way(self, store, keeper):
        keeper().save("refresh_token", TOKEN)
        account = store.accounts.register("shop", "ebay", clock.now())
        assert store.tokens.forget(account) == 1
        assert store.tokens.unlock(None, {"shop"}) is None
        assert rows(store) == []


def test_who_only_looks_needs_the_key_when_a_login_is_asked_for(store, keeper, key, tmp_path):
    keeper().save("refresh_token", TOKEN)
    account, gone = store.accounts.register("shop", "ebay", clock.now()), tmp_path / "gone"
    late = store.tokens.late_keeper("shop", account, Secret(file=gone), clock.now)
    for _ in range(2):
        with pytest.raises(SecretUnavailable, match="gone"):
            late.load("refresh_token")
    late = store.tokens.late_keeper("shop", account, key, clock.now)
    assert late.load("refresh_token") == TOKEN
    late.save("refresh_token", "newer")
    assert keeper().load("refresh_token") == "newer"


def test_without_a_key_a_token_lives_as_long_as_the_process_which_is_told_once(store, keeper):
    kept = keeper(under=None)
    with capture_logs() as told:
        kept.save("access_token", "a1")
        assert told == []
        kept.save("refresh_token", TOKEN)
        kept.save("refresh_token", TOKEN + "2")

    assert kept.load("refresh_token") == TOKEN + "2"
    assert rows(store) == []
    assert [line["event"] for line in told] == ["login not kept"]
    assert TOKEN not in repr(told)
