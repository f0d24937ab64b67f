"""The ``syncd`` command: its verbs, global options, and how it ends.

Exit codes are in `syncd.cli.exits`; nothing but click is imported until a verb runs.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from syncd import __version__, process
from syncd.cli import exits
from syncd.cli.invocation import Invocation
from syncd.cli.lazy import LazyGroup, Verb

VERBS = {
    "init": Verb("syncd.cli.config_verbs:init", "Write a commented config to start from."),
    "check-config": Verb(
        "syncd.cli.config_verbs:check_config", "Tell what is wrong with a config."
    ),
    "run": Verb("syncd.cli.run:run", "Run the daemon."),
    "demo": Verb("syncd.cli.demo:demo", "Show it all in a minute, in a made-up world."),
    "status": Verb("syncd.cli.look:status", "Tell how each account and queue is doing."),
    "conversations": Verb(
        "syncd.cli.look:conversations", "List conversations and who waits for an answer."
    ),
    "show": Verb("syncd.cli.look:show", "Tell all about a conversation, order or parcel."),
    "board": Verb("syncd.cli.board:board", "List parcels and waiting orders at risk, worst first."),
    "explain": Verb("syncd.cli.explain:explain", "Tell a parcel's story, and what comes next."),
    "recognise": Verb(
        "syncd.cli.recognise:recognise", "Tell which carrier a tracking number belongs to."
    ),
    "backtest": Verb(
        "syncd.cli.backtest:backtest", "Judge delay detectors on your own order history."
    ),
    "poll": Verb("syncd.cli.act:poll", "Poll an account now."),
    "send-test": Verb("syncd.cli.act:send_test", "Send a test message from an account."),
    "ship": Verb("syncd.cli.ship:ship", "Tell the platform that an order left."),
    "outbox": Verb("syncd.cli.outbox:outbox", "List, approve, cancel and retry what goes out."),
    "quarantine": Verb("syncd.cli.quarantine:quarantine", "List what could not be read."),
    "db": Verb("syncd.cli.db:db", "Create, migrate and look after the database."),
    "connectors": Verb("syncd.cli.config_verbs:connectors", "List the connectors installed."),
    "connect": Verb("syncd.cli.connect:connect", "Ask the seller for a consent, keep the login."),
    "capabilities": Verb(
        "syncd.cli.capabilities:capabilities", "Tell what each account can do, and why not."
    ),
    "connector": Verb("syncd.cli.connector:connector", "Begin a connector of your own, test it."),
    "record": Verb(
        "syncd.cli.record:record", "Record what a platform answers, personal data masked."
    ),
    "sample-config": Verb("syncd.cli.config_verbs:sample_config", "Print a commented config."),
    "completion": Verb("syncd.cli.completion:completion", "Print a shell's completion script."),
}


@click.group(
    cls=LazyGroup,
    verbs=VERBS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="syncd VERB --help tells about a verb. Exit codes: 0 ok, 1 something was found wrong, "
    "64 usage, 69 unavailable, 70 bug, 74 input or output, 77 permission, 78 config.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, readable=False),  # what cannot be read is the config's problem
    envvar="SYNCD_CONFIG",
    show_envvar=True,
    help="The config file. Default: /etc/syncd/syncd.toml, else ~/.config/syncd/syncd.toml.",
)
@click.option("-v", "--verbose", count=True, help="Log debug lines too.")
@click.version_option(__version__, prog_name="syncd")
@click.pass_context
def cli(ctx: click.Context, config: Path | None, verbose: int) -> None:
    """Sync messages, orders and parcels of every sales channel; tell buyers of delays first."""
    ctx.obj = Invocation(given=config, verbose=verbose)


def main() -> NoReturn:
    """Run the command line and exit with one of `syncd.cli.exits`."""
    process.open_streams()
    output = sys.stdout
    process.end_as_it_is()
    try:
        result = cli.main(prog_name="syncd", standalone_mode=False)
        code = result if isinstance(result, int) else exits.OK
        sys.stdout.flush()
    except SystemExit:
        if sys.stdout is output:
            raise
        code = exits.OK  # click puts a silent stream there when the reader of our output is gone
    except BrokenPipeError:  # a reader such as `head` has seen enough, seen at the last flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = exits.OK
    except BaseException as error:  # noqa: BLE001  the CLI boundary: every error ends here, worded
        from syncd.cli.failures import report  # noqa: PLC0415  not needed where nothing fails

        code = report(error)
    sys.exit(code)
