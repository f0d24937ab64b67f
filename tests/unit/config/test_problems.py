"""What is wrong is told with file, line, key and fix; never the secret."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from syncd.config import ConfigError, load
from syncd.config.wording import complaints

SHOP = """\
[accounts.shop-de]
connector = "shop"
host = "a.example.org"
token = { env = "TOKEN" }
"""
PLAYBOOK = """\
[[playbooks]]
name = "late"
when = ["exception"]
tell = "staff"
"""
REFERENCE = (
    'must be a reference such as { credential = "NAME" }, not the secret itself. '
    'Or { file = "PATH" }, or { env = "NAME" }'
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[lgo]\n", "1: unknown key 'lgo'. Did you mean 'log'?"),
        ("[log]\nlevle = 1\n", "2: log: unknown key 'levle'. Did you mean 'level'?"),
        ("[log]\nzzz = 1\n", "2: log: unknown key 'zzz'. Known keys: format, level"),
        (
            '[log]\n\nlevel = "wraning"',
            ("3: log.level: must be one of 'debug', 'info', 'warning', 'error', not \"wraning\". "
            "Did you mean 'warning'?"),
        ),
        ('[daemon]\nworkers = "ten"', '2: daemon.workers: must be a whole number, not "ten"'),
        (f'[daemon]\nworkers = "{"x" * 99}"', ('2: daemon.workers: must be a whole number, not '
         f'"{"x" * 59}…')),
        ("[daemon]\nworkers = 1.5", "2: daemon.workers: must be a whole number, not 1.5"),
        ("[daemon]\nworkers = 0", "2: daemon.workers: must be at least 1, not 0"),
        ("[daemon]\nworkers = [1]", "2: daemon.workers: must be a whole number, not a list"),
        ("[metrics]\nenabled = {}", "2: metrics.enabled: must be true or false, not a table"),
        ("daemon = 3", "1: daemon: must be a table, not 3"),
        (
            '[daemon]\nstop_timeout = "5 min"',
            ('2: daemon.stop_timeout: must be a duration such as "90s", "5m", "2h" or "3d", '
            'not "5 min"'),
        ),
        (
            '[daemon]\nstop_timeout = "3651d"',
            '2: daemon.stop_timeout: must be at most "3650d", not "3651d"',
        ),
        (
            '[watches.no_movement]\nafter = "0d"',
            '2: watches.no_movement.after: must be more than "0s", not "0d"',
        ),
        (
            '[[playbooks]]\nname = "tell"\nwhen = ["no_first_scan", "lost"]\ntell = "buyer"',
            ("1: playbooks[1]: no_first_scan is for staff: there is no text that tells a buyer of it; "
            'give a template of your own, or set tell = "staff" in a playbook for it'),
        ),
        (
            "[quiet_hours]\nopens = 25:00",
            "2: is not valid TOML: Expected newline or end of document after a statement",
        ),
        (
            '[quiet_hours]\nopens = "8 am"',
            '2: quiet_hours.opens: must be a time of day such as "08:00", not "8 am"',
        ),
        ('[quiet_hours]\nopens = "21:00"', "1: quiet_hours: opens must be earlier than closes"),
        ('[quiet_hours]\ncloses = "24:00"', "2: quiet_hours.closes: must be a time of day such as"),
        (
            '[metrics]\nlisten = "0.0.0.0:9464"',
            ("1: metrics: listen = '0.0.0.0:9464' can be reached from other machines, without a "
            "login: listen on 127.0.0.1, or set expose = true if that is wanted"),
        ),
        (
            '[push]\nlisten = "127.0.0.1:65536"',
            '1: push: listen must be an address and a port, such as "127.0.0.1:9464"',
        ),
        (
            '[metrics]\nlisten = "9464"',
            '1: metrics: listen must be an address and a port, such as "127.0.0.1:9464"',
        ),
        ('[store]\nurl = "mysql://x/y"', '2: store.url: must begin with "sqlite:///" or "postgresql://"'),
        ('[store]\nurl = "postgresql://[x/y"', "2: store.url: is not a URL"),
        (
            "[templates]\ndefault_language = 'Deutsch!'",
            "2: templates.default_language: must match pattern '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'",
        ),
        ('[templates]\ndefault_language = ""', "2: templates.default_language: must not be empty"),
        ("[templates]\nfolder = 3", "2: templates.folder: must be a path in quotes, not 3"),
        ("accounts = 3", "1: accounts: must be tables, such as [accounts.shop-de]"),
        ("[accounts]\nx = 3", "2: accounts.x: must be a table, such as [accounts.x]"),
        ("[accounts.x]\n", "1: accounts.x: missing key 'connector'. Add connector = \"imap\""),
        ("[accounts.x]\nconnector = 3", "2: accounts.x.connector: must be a text in quotes, not 3"),
        (
            '[accounts.x]\nconnector = "shpo"',
            "2: accounts.x.connector: unknown connector \"shpo\". Did you mean 'shop'?",
        ),
        (
            '[accounts.x]\nconnector = "ebay"',
            ('2: accounts.x.connector: unknown connector "ebay". Installed: mail, shop. Install it '
            "beside syncd, such as pip install syncd-ebay; `syncd connectors` tells what is wrong "
            "with one that is installed"),
        ),
        (
            '[accounts."Shop DE"]\nconnector = "mail"',
            "1: accounts.Shop DE: an account's name may only have a-z, 0-9 and '-'",
        ),
        (
            SHOP + "enabeld = true",
            "5: accounts.shop-de: unknown key 'enabeld'. Did you mean 'enabled'?",
        ),
        (SHOP + "prot = 1", "5: accounts.shop-de: unknown key 'prot'. Did you mean 'port'?"),
        (SHOP + 'port = "x"', '5: accounts.shop-de.port: must be a whole number, not "x"'),
        (SHOP + "port = 70000", "5: accounts.shop-de.port: must be at most 65535, not 70000"),
        (
            SHOP.replace("host", "hots"),
            "1: accounts.shop-de: missing key 'host'. Add host = \"shop.example.org\"",
        ),
        (SHOP.replace('"a.example.org"', '""'), "3: accounts.shop-de.host: must not be empty"),
        (
            SHOP.replace("token =", "port = 1 #"),
            "1: accounts.shop-de: missing key 'token'. Add token = { credential = \"NAME\" }",
        ),
        (
            SHOP + 'intervals = { message = "5m" }',
            ("5: accounts.shop-de.intervals.message: shop has no stream 'message'. "
            "Did you mean 'messages'?"),
        ),
        (
            SHOP + 'intervals = { messages = "fast" }',
            ('5: accounts.shop-de.intervals.messages: must be a duration such as "90s", "5m", '
            '"2h" or "3d", not "fast"'),
        ),
        (SHOP + 'intervals = "5m"', '5: accounts.shop-de.intervals: must be a table, not "5m"'),
        (SHOP + "[accounts.shop-de.oauth]\nuser = 'x'", ("5: accounts.shop-de.oauth: missing key "
         "'refresh'. Add refresh = { credential = \"NAME\" }")),
        (
            SHOP + "site = []",
            "5: accounts.shop-de.site: must be a text in quotes, not a list",
        ),
        (
            SHOP + 'writes_mail_by = "psot"\n[accounts.post]\nconnector = "mail"',
            "5: accounts.shop-de.writes_mail_by: there is no account \"psot\". Did you mean 'post'?",
        ),
        (
            SHOP + 'writes_mail_by = "shop-de"',
            "5: accounts.shop-de.writes_mail_by: names the account itself. Name a mail account",
        ),
        (
            SHOP + 'writes_mail_by = "b"\n' + SHOP.replace("shop-de", "b"),
            ('5: accounts.shop-de.writes_mail_by: account "b" cannot write mail. Its '
            "connector shop lacks write_mail; name a mail account"),
        ),
        (
            SHOP + 'writes_mail_by = "b"\n[accounts.b]\nconnector = "mail"\nsmtp = false',
            ('5: accounts.shop-de.writes_mail_by: account "b" cannot write mail. Its '
            "settings leave that out; change them, or name another mail account"),
        ),
        (
            SHOP + 'writes_mail_by = "b"\n[accounts.b]\nconnector = "mail"\nenabled = false',
            '5: accounts.shop-de.writes_mail_by: account "b" is not enabled',
        ),
        (PLAYBOOK.replace("staff", "platform") + 'ask = "review"', ('1: playbooks[1]: ask = "review" goes '
         'with tell = "platform" and when = ["arrived"]')),
        (PLAYBOOK + 'template = "dely"', ('5: playbooks[1].template: there is no template "dely". '
         "Did you mean 'delay'?")),
        (PLAYBOOK + 'accounts = ["*", "etsy-*"]', ('5: playbooks[1].accounts[2]: no account matches '
         '"etsy-*". Accounts: none')),
        (
            PLAYBOOK + 'countries = ["DE",\n "de"]',
            '6: playbooks[1].countries[2]: must look like "DE", not "de". The pattern is ^[A-Z]{2}$',
        ),
        (
            PLAYBOOK + 'countries = ["UK"]',
            '5: playbooks[1].countries[1]: must be "GB", as in ISO 3166, not "UK"',
        ),
        (PLAYBOOK.replace("late", "Late!"), (
            '2: playbooks[1].name: must look like "tell-the-buyer", not "Late!". '
            "The pattern is ^[a-z0-9][a-z0-9_-]*$"
        )),
        ("[playbooks]\nname = 'x'", (
            "1: playbooks: must be a list in square brackets, not a table. "
            "Write [[playbooks]], once for each"
        )),
        ('[store]\nurl = "sqlite://x.db"', '2: store.url: must begin with "sqlite:///" or'),
        (PLAYBOOK + PLAYBOOK, '6: playbooks[2].name: there is another playbook "late". Rename one'),
        ("playbooks = 3", "1: playbooks: must be a list in square brackets, not 3"),
        ("playbooks = [3]", "1: playbooks[1]: must be a table, not 3"),
        ("[log\n", "1: is not valid TOML: Expected ']' at the end of a table declaration"),
        ('[log]\nlevel = "info', "2: is not valid TOML: Unterminated string"),
        ("[log]\n[log]\n", "2: is not valid TOML: Cannot declare ('log',) twice"),
        ("x = " + "9" * 5000, "syncd.toml: is not valid TOML: Exceeds the limit"),
        ("x = " + "[" * 5000, "syncd.toml: is nested too deeply to be a config"),
    ],
)  # fmt: skip
def test_each_problem_has_its_line_and_fix(wrong, text: str, problem: str) -> None:
    found = wrong(text)
    expected = problem if problem.startswith("syncd.toml") else f"syncd.toml:{problem}"
    assert any(each.startswith(expected) for each in found), found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[store]\npassword = "hunter2"', f"2: store.password: password {REFERENCE}"),
        (SHOP.replace('{ env = "TOKEN" }', '"hunter2"'), f"4: accounts.shop-de.token: token {REFERENCE}"),
        (SHOP.replace('{ env = "TOKEN" }', '["hunter2"]'), f"4: accounts.shop-de.token: token {REFERENCE}"),
        (
            SHOP.replace('{ env = "TOKEN" }', '{ value = "hunter2" }'),
            "4: accounts.shop-de.token: unknown key in a secret; write { credential = ",
        ),
        (
            SHOP.replace('{ env = "TOKEN" }', '{ credential = "hunter2 ?" }'),
            "4: accounts.shop-de.token.credential: credential must be a name of letters, digits",
        ),
        (
            SHOP.replace('{ env = "TOKEN" }', "{ env = 3, file = 'hunter2' }"),
            "4: accounts.shop-de.token.env: env must be a text in quotes",
        ),
        (
            SHOP.replace('{ env = "TOKEN" }', "{ env = 'hunter2', file = 'hunter2' }"),
            "4: accounts.shop-de.token: must name exactly one place",
        ),
        (SHOP + 'password = "hunter2"', "5: accounts.shop-de: unknown key 'password'"),
        (SHOP + '[accounts.shop-de.oauth]\nrefresh = "hunter2"', f"6: accounts.shop-de.oauth.refresh: refresh {REFERENCE}"),
        (
            '[store]\nurl = "postgresql://syncd:hunter2@db/syncd"',
            "2: store.url: must not hold the password; give it as password = { credential",
        ),
        ('[daemon]\nworkers = "postgresql://syncd:hunter2@db/syncd"',
         '2: daemon.workers: must be a whole number, not "postgresql://…@db/syncd"'),
    ],
)  # fmt: skip
def test_a_secret_in_clear_is_refused_and_never_repeated(wrong, text: str, problem: str) -> None:
    found = wrong(text)
    assert any(each.startswith(f"syncd.toml:{problem}") for each in found), found
    assert "hunter2" not in "\n".join(found)


def test_nor_is_what_a_connector_takes_in_clear_under_a_name_that_sounds_secret() -> None:
    class Careless(BaseModel):
        api_key: int

    with pytest.raises(ValidationError) as caught:
        Careless.model_validate({"api_key": "hunter2"})
    (told,) = complaints(caught.value, Careless)
    assert (told.path, told.message) == (("api_key",), "must be a whole number")


def test_all_problems_come_at_once_in_the_order_of_the_file(wrong) -> None:
    found = wrong(
        SHOP.replace("shop.example", "x") + 'prot = 1\n[log]\nlevel = "x"\n',
        a="[daemon]\nworkers = 0\n",
        b="[[playbooks]]\n",
    )
    places = [each.split(": ")[0] for each in found]
    assert places == [
        "syncd.toml:5",
        "syncd.toml:7",
        "conf.d/a.toml:2",
        "conf.d/b.toml:1",
        "conf.d/b.toml:1",
        "conf.d/b.toml:1",
    ]


def test_a_table_in_two_files_names_both_places(wrong) -> None:
    (problem,) = wrong(
        "[log]\nlevel = 'info'\n" + SHOP, b="\n\n[accounts.shop-de]\nconnector='mail'"
    )
    assert problem == (
        "conf.d/b.toml:3: accounts.shop-de: defined twice: syncd.toml:3 and conf.d/b.toml:3. "
        "Keep one of them"
    )


@pytest.mark.parametrize("first", ["accounts = 1", "watches = 1", "playbooks = 1"])
def test_files_that_disagree_on_what_is_a_table(wrong, first: str) -> None:
    more = "[accounts.a]\nconnector='mail'\n[watches.exception]\n" + PLAYBOOK
    assert "defined twice: syncd.toml:1 and" in "\n".join(wrong(first, b=more))


def test_lines_of_conf_d_playbooks_are_their_own(wrong) -> None:
    (problem,) = wrong(PLAYBOOK, b="\n" + PLAYBOOK.replace("late", "b").replace("staff", "stuff"))
    assert problem.startswith("conf.d/b.toml:5: playbooks[2].tell: must be one of")


def test_references_are_not_judged_while_a_file_is_unreadable(wrong) -> None:
    (problem,) = wrong(PLAYBOOK + 'accounts = ["etsy-*"]', b="[accounts.etsy-uk")
    assert problem.startswith("conf.d/b.toml:1: is not valid TOML")


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "no.toml", {})
    assert str(caught.value) == (
        f"{tmp_path}/no.toml: there is no such file. `syncd init {tmp_path}/no.toml` writes one to "
        "start from"
    )


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: Is a directory. Name the file in it"):
        load(tmp_path, {})


@pytest.mark.parametrize("closed", ["syncd.toml", "."])
def test_a_file_that_this_user_may_not_read(main: Path, monkeypatch, closed: str) -> None:
    """Root may read everything, so the system's answer is made up."""
    refused = (main.parent / closed).resolve()
    for name in ("read_bytes", "stat"):
        real = getattr(Path, name)

        def refuse(file, *args, real=real, **kwargs):
            if refused in (file, *file.parents):
                raise PermissionError(13, "Permission denied", str(file))
            return real(file, *args, **kwargs)

        monkeypatch.setattr(Path, name, refuse)
    with pytest.raises(ConfigError) as caught:
        load(main, {})
    assert str(caught.value) == (
        f"{main}: cannot be read: Permission denied. Run this as the user whose file it is "
        "(`sudo -u syncd syncd ...`)"
    )


def test_a_folder_of_files_that_this_user_may_not_look_into(main: Path, monkeypatch) -> None:
    """Passed over, it would cost all accounts in it."""
    folder = main.parent / "conf.d"
    folder.mkdir()
    main.touch()

    def refuse(where):
        raise PermissionError(13, "Permission denied", str(where))

    monkeypatch.setattr("os.listdir", refuse)
    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(ConfigError) as caught:
        load(main, {})
    assert f"{folder}: cannot be read: Permission denied. Run this as" in str(caught.value)


def test_a_file_that_is_not_utf_8(main: Path) -> None:
    main.write_bytes(b'[log]\nlevel = "\xe4"\n')
    with pytest.raises(ConfigError, match=r"syncd.toml:2: is not UTF-8 text. Save it as UTF-8"):
        load(main, {})


def test_wrong_items_of_a_list_do_not_make_it_empty(wrong) -> None:
    (problem,) = wrong('[[playbooks]]\nname = "x"\nwhen = ["late"]\ntell = "staff"')
    assert "when[1]: must be one of" in problem


def test_all_keys_that_a_sample_leaves_empty_are_told(wrong) -> None:
    found = wrong('[accounts.x]\nconnector = "shop"\nhost = ""\nport = 0\ntoken = ""')
    assert [problem.split(": ", 1)[1].partition(" a reference")[0] for problem in found] == [
        "accounts.x.host: must not be empty",
        "accounts.x.port: must be at least 1, not 0",
        "accounts.x.token: token must be",
    ]
