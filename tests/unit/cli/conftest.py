"""A shop whose store was filled by the real ingest, and verbs run on it as `main` runs them."""

import json
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from syncd.cli import cli
from syncd.cli.failures import report
from syncd.store import Store


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Command:
    """Runs verbs with one config; errors are worded and exit codes given as by `main`."""

    def __init__(self, config, capsys):
        self.config = config
        self._capsys = capsys

    def __call__(self, *args):
        arguments = ["--config", str(self.config), *map(str, args)]
        self._capsys.readouterr()
        result = CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=True)
        code = result.return_value if isinstance(result.return_value, int) else 0
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            code = report(result.exception)
        elif isinstance(result.exception, SystemExit):
            code = result.exit_code
        return Ended(code, result.stdout, result.stderr + self._capsys.readouterr().err)


@pytest.fixture
def shop_config(tmp_path, sqlite_url):
    path = tmp_path / "etc" / "syncd.toml"
    path.parent.mkdir()
    path.write_text(
        f'[store]\nurl = "{sqlite_url}"\n'
        '[accounts.shop]\nconnector = "sandbox"\nurl = "http://127.0.0.1:1"\n'
        'token = { env = "NO_SUCH_TOKEN" }\n'
        '[accounts.mail]\nconnector = "sandbox"\nurl = "http://127.0.0.1:1"\n'
        'token = { env = "NO_SUCH_TOKEN" }\nenabled = false\n'
    )
    return path


@pytest.fixture
def syncd(shop_config, capsys):
    return Command(shop_config, capsys)


@pytest.fixture
def command(capsys):
    """Make a `Command` for another config."""
    return lambda config: Command(config, capsys)


@pytest.fixture
def kept(sqlite_url, time):
    """The store behind `syncd`, open to be filled."""
    store = Store(sqlite_url)
    yield store
    store.close()


@pytest.fixture
def filled(kept, source_of, make):
    """An order in trouble whose buyer wrote, in an account called shop."""
    source = source_of(kept, platform="sandbox")
    source.bring(make.order(promise=-2), make.shipment(), stream="orders")
    source.bring(make.event(-10), make.event(-9, text="Held\x1b[2J at customs"), stream="tracking")
    source.bring(
        make.message("m1", -3, text="Where is \x1b]0;pwned\x07my parcel?",
                     order_ids=("12-00001-00001",)),
    )  # fmt: skip
    return source
