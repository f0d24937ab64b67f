from datetime import time, timedelta
from pathlib import Path

import pytest

from syncd.config import ConfigError, Kind, Watches, load, state_folder
from syncd_imap import ImapConfig, ImapConnector

SHOP = """
[accounts.shop-de]
connector = "shop"
host = "a.example.org"
token = { env = "TOKEN" }
"""


def test_an_empty_file_is_all_defaults(read, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}:/other")
    settings = read("")
    assert settings.store.url == f"sqlite:///{tmp_path}/syncd.db"
    assert settings.daemon.workers == 10
    assert settings.daemon.stop_timeout == timedelta(seconds=30)
    assert settings.metrics.address == ("127.0.0.1", 9464)
    assert (settings.quiet_hours.opens, settings.quiet_hours.closes) == (time(8), time(21))
    assert settings.watches.no_movement.after == timedelta(days=5)
    assert settings.watches.no_movement.between_countries == timedelta(days=10)
    assert settings.watches.promise_passed.grace == timedelta(days=1)
    assert all(getattr(settings.watches, name).enabled for name in Watches.model_fields)
    assert settings.accounts == {}
    assert settings.playbooks == ()


def test_without_systemd_the_state_is_the_users_own(monkeypatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("HOME", "/home/ops")
    assert state_folder() == Path("/home/ops/.local/state/syncd")


def test_an_account_has_our_keys_and_the_connectors_own(read) -> None:
    settings = read(
        SHOP
        + """
        port = 8443
        enabled = false
        intervals = { messages = "90s", orders = "2h" }
        shop_name = "Blaue Lampe"
        language = "de"
        """
    )
    account = settings.accounts["shop-de"]
    assert (account.name, account.connector, account.enabled) == ("shop-de", "shop", False)
    assert account.intervals == {"messages": timedelta(seconds=90), "orders": timedelta(hours=2)}
    assert (account.shop_name, account.language) == ("Blaue Lampe", "de")
    assert (account.options.host, account.options.port) == ("a.example.org", 8443)
    assert account.options.token.env == "TOKEN"


def test_playbooks(read) -> None:
    settings = read(
        SHOP
        + """
        [[playbooks]]
        name = "late"
        when = ["no_movement", "exception"]
        tell = "buyer"
        accounts = ["shop-*"]
        countries = ["DE"]
        template = "delay"
        approval = true
        wait = "6h"
        [[playbooks]]
        name = "held"
        when = ["customs_hold"]
        tell = "staff"
        """
    )
    late, held = settings.playbooks
    assert late.when == (Kind.NO_MOVEMENT, Kind.EXCEPTION)
    assert late.wait == timedelta(hours=6)
    assert (held.accounts, held.approval, held.template) == (("*",), False, None)


def test_files_of_conf_d_add_tables_in_the_order_of_their_names(read) -> None:
    settings = read(
        SHOP + '[[playbooks]]\nname = "a"\nwhen = ["exception"]\ntell = "staff"\n',
        b='[[playbooks]]\nname = "c"\nwhen = ["exception"]\ntell = "staff"\n',
        a='[accounts.mail]\nconnector = "mail"\n[log]\nlevel = "debug"\n'
        '[watches.no_movement]\nafter = "3d"\n'
        '[[playbooks]]\nname = "b"\nwhen = ["exception"]\ntell = "staff"\n',
    )
    assert list(settings.accounts) == ["shop-de", "mail"]
    assert settings.log.level == "debug"
    assert settings.watches.no_movement.after == timedelta(days=3)
    assert [playbook.name for playbook in settings.playbooks] == ["a", "b", "c"]


def test_relative_paths_start_at_the_main_file(read, main) -> None:
    settings = read('[templates]\nfolder = "texts"\n')
    assert settings.templates.folder == main.parent / "texts"


def test_the_home_of_nobody_is_told(read) -> None:
    with pytest.raises(ConfigError, match=r"at the home of a user there is not: ~nobody-here"):
        read('[templates]\nfolder = "~nobody-here/texts"\n')
    with pytest.raises(ConfigError, match=r"store\.url: .*~nobody-here"):
        read('[store]\nurl = "sqlite:///~nobody-here/syncd.db"\n')
    with pytest.raises(ConfigError, match=r"password\.file: begins at the home .*~nobody-here"):
        read('[store]\npassword = { file = "~nobody-here/secret" }\n')


def test_a_tilde_is_the_home_folder(read, monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/home/ops")
    settings = read('[templates]\nfolder = "~/texts"\n')
    assert settings.templates.folder == Path("/home/ops/texts")


def test_the_postgresql_url_gets_the_password_only_to_connect(read, monkeypatch) -> None:
    monkeypatch.setenv("DB", "p@ss/wört")
    settings = read(
        '[store]\nurl = "postgresql://syncd@db:5433/syncd?sslmode=require"\npassword = { env = "DB" }'
    )
    assert settings.store.connect_url() == (
        "postgresql://syncd:p%40ss%2Fw%C3%B6rt@db:5433/syncd?sslmode=require"
    )
    assert "p@ss" not in repr(settings)


def test_a_url_without_password_is_left_alone(read) -> None:
    settings = read('[store]\nurl = "postgresql://syncd@db/syncd"')
    assert settings.store.connect_url() == "postgresql://syncd@db/syncd"


@pytest.mark.parametrize("written", ['"07:30"', "07:30:00"])
def test_times_of_day_as_text_or_as_toml_times(read, written: str) -> None:
    assert read(f"[quiet_hours]\nopens = {written}").quiet_hours.opens == time(7, 30)


@pytest.mark.parametrize("listen", ["[::1]:0", "localhost:9464", "127.1.2.3:1"])
def test_loopback_addresses_need_no_expose(read, listen: str) -> None:
    assert read(f'[metrics]\nlisten = "{listen}"').metrics.address[1] in {0, 9464, 1}


def test_an_exposed_address(read) -> None:
    settings = read('[metrics]\nlisten = "0.0.0.0:9464"\nexpose = true')
    assert settings.metrics.address == ("0.0.0.0", 9464)


def test_a_whole_table_may_be_inline(read) -> None:
    settings = read('accounts = { mail = { connector = "mail" } }\nlog.level = "error"')
    assert (list(settings.accounts), settings.log.level) == (["mail"], "error")


def test_a_mail_account_can_write_for_another(read) -> None:
    settings = read(SHOP + 'writes_mail_by = "post"\n[accounts.post]\nconnector = "mail"')
    assert settings.accounts["shop-de"].writes_mail_by == "post"


def test_settings_do_not_change(read) -> None:
    settings = read("")
    with pytest.raises(ValueError, match="frozen"):
        settings.log.level = "debug"


def test_templates_are_not_checked_where_they_are_not_known(main) -> None:
    main.write_text('[[playbooks]]\nname="a"\nwhen=["exception"]\ntell="staff"\ntemplate="own"\n')
    assert load(main, {}).playbooks[0].template == "own"


def test_relative_paths_of_secrets_and_of_the_store_begin_at_the_main_file(read, main) -> None:
    text = '[store]\nurl = "sqlite:///kept/x.db"\nkey = {file = "key"}\n'
    settings = read(text, one=SHOP.replace('{ env = "TOKEN" }', '{ file = "secrets/token" }'))
    assert settings.store.url == f"sqlite:///{main.parent}/kept/x.db"
    assert settings.store.key.file == main.parent / "key"
    assert settings.accounts["shop-de"].options.token.file == main.parent / "secrets" / "token"


def test_relative_paths_of_connectors_begin_at_the_main_file(main) -> None:
    main.write_text(
        '[accounts.mail]\nconnector = "imap"\naddress = "a@b.example"\npassword = { env = "X" }\n'
        'imap_host = "b.example"\nsmtp_host = "b.example"\nca_file = "certs/ca.pem"\n'
    )
    options = load(main, {"imap": ImapConnector}).accounts["mail"].options
    assert isinstance(options, ImapConfig)
    assert options.ca_file == main.parent / "certs" / "ca.pem"


def test_a_home_folder_and_whole_paths_stay(read, monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    settings = read('[store]\nurl = "sqlite:////var/x.db"\nkey = {file = "~/key"}\n')
    assert settings.store.url == "sqlite:////var/x.db"
    assert str(settings.store.key.file) == "/home/ann/key"
