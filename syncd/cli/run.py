"""The verb that is the service."""

import os
import sys
from functools import partial
from typing import NoReturn

import click

from syncd import log
from syncd.cli import exits
from syncd.cli.invocation import Invocation, pass_invocation
from syncd.config import ConfigError
from syncd.daemon.engine import build
from syncd.daemon.listening import AddressTaken
from syncd.daemon.service import serve
from syncd.secret import SecretUnavailable
from syncd.store.database import StoreUnavailable
from syncd.text.templates import TemplateProblems

_log = log.get("daemon")

# What keeps the service from starting. In the log, not in plain words, lest the journal take it for
# small talk: anything else that ends it is for `syncd.cli.failures`.
_REFUSALS: dict[type[Exception], int] = {
    ConfigError: exits.CONFIG,
    SecretUnavailable: exits.CONFIG,
    TemplateProblems: exits.CONFIG,
    StoreUnavailable: exits.UNAVAILABLE,
    AddressTaken: exits.UNAVAILABLE,
}


@click.command()
@pass_invocation
@click.pass_context
def run(ctx: click.Context, invocation: Invocation) -> None:
    """Run the daemon until SIGTERM or Ctrl-C; SIGHUP reads the config again.

    Under systemd it tells its state, feeds the watchdog and logs for the journal. Exits with 0
    after a stop, 78 if the config or a secret cannot be used, 69 if the database does not answer.
    """
    log.configure()
    try:
        drained = serve(partial(build, invocation.config, invocation.load))
    except tuple(_REFUSALS) as error:
        for problem in str(error).splitlines():
            _log.error("cannot start", problem=problem)
        ctx.exit(next(code for kind, code in _REFUSALS.items() if isinstance(error, kind)))
    except KeyboardInterrupt:
        _leave(exits.INTERRUPTED)
    if not drained:
        _leave(exits.OK)


def _leave(code: int) -> NoReturn:
    """End now: a job that outlived the stop time would keep the interpreter from ending.

    What it was doing is found and settled at the next start, as after a power cut.
    """
    sys.stderr.flush()
    os._exit(code)
