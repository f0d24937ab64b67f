"""The verb that asks a seller for a consent, and keeps the login that comes of it."""

import secrets
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from urllib.parse import unquote

import click

from syncd import clock
from syncd.cli import completing
from syncd.cli.consent_listener import Listener, answer_in
from syncd.cli.invocation import Invocation, pass_invocation
from syncd.cli.output import printable
from syncd.config import AccountSettings, ConfigError, Problem, Settings
from syncd.config.wording import did_you_mean
from syncd.connector import (
    Connector,
    ConnectorError,
    Consent,
    Context,
    NotPermitted,
    Rejected,
    Unavailable,
)
from syncd.plugins import Plugins
from syncd.store import Store, Vault

# Fixed, since some platforms want the address registered; between those of /metrics and of pushes,
# so that a running daemon is not in the way.
PORT = 9465


@click.command()
@click.argument("account", shell_complete=completing.accounts)
@click.option("--no-browser", is_flag=True,
              help="Print the page's address, and ask for the one that the browser ends at.")  # fmt: skip
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535),
              help="Where on 127.0.0.1 to wait for the browser; 0 takes any free port.")  # fmt: skip
@click.option("--timeout", default=300.0, show_default=True, type=click.FloatRange(min=1),
              help="Seconds to wait for the browser.")  # fmt: skip
@click.option("--forget", is_flag=True, help="Forget the login that is kept instead.")
@pass_invocation
def connect(
    invocation: Invocation,
    account: str,
    no_browser: bool,
    port: int,
    timeout: float,
    forget: bool,
) -> None:
    """Let the seller agree on ACCOUNT's platform, and keep the login, encrypted, in the store.

    Opens the platform's page in a browser and waits on this machine's loopback until the browser
    comes back. Where the browser is elsewhere, or the platform sends it to a page of yours, use
    --no-browser and paste the address that it ends at.
    """
    settings, plugins = invocation.load()
    chosen = _account(settings, account)
    if forget:
        _forget(settings, chosen)
        return
    with _opened(invocation, settings, chosen, plugins) as (connector, resume):
        walk = _pasted(connector, port) if no_browser else _browsed(connector, port, timeout)
        code, consent = walk
        connector.exchange(code, consent)
        resume()
        click.echo(f"{account}: the login is kept")
        _check(connector, account)


def _account(settings: Settings, name: str) -> AccountSettings:
    found = settings.accounts.get(name)
    if found is None:
        known = ", ".join(sorted(settings.accounts)) or "none"
        hint = did_you_mean(name, settings.accounts) or f"Accounts: {known}"
        raise click.UsageError(f"there is no account {name!r} in the config. {hint}")
    return found


def _forget(settings: Settings, account: AccountSettings) -> None:
    with closing(Store(settings.store.connect_url(), as_is=True)) as store:
        account_id = store.accounts.register(account.name, account.connector, clock.now())
        gone = store.tokens.forget(account_id)
    click.echo(f"{account.name}: {'the login is forgotten' if gone else 'no login was kept'}")


@contextmanager
def _opened(
    invocation: Invocation, settings: Settings, account: AccountSettings, plugins: Plugins
) -> Iterator[tuple[Connector, Callable[[], None]]]:
    """The account's connector, with the store to keep its login in, and what ends its stop there.

    Raises ConfigError where the config names no key for the store.
    """
    if settings.store.key is None:
        _prove_page(account, plugins)
        raise ConfigError([
            Problem(
                invocation.config, None, "store.key", "is needed to keep a login",
                'make one with `openssl rand -base64 32` and name its place: key = { credential = '
                '"syncd-key" }',
            )
        ])  # fmt: skip
    vault = Vault(settings.store.key)
    with closing(Store(settings.store.connect_url())) as store:
        account_id = store.accounts.register(account.name, account.connector, clock.now())
        tokens = store.tokens.keeper(account.name, account_id, vault, clock.now)
        context = Context(account=account.name, now=clock.now, tokens=tokens)
        connector = plugins.connectors[account.connector](account.options, context)
        with closing(connector):
            yield connector, partial(store.accounts.resume, account_id)


def _prove_page(account: AccountSettings, plugins: Plugins) -> None:
    """A usage error for an account without a page for a consent, which needs no key either."""
    context = Context(account=account.name, now=clock.now)
    with closing(plugins.connectors[account.connector](account.options, context)) as connector:
        _page(connector, _consent("state", f"http://127.0.0.1:{PORT}/"))


def _browsed(connector: Connector, port: int, timeout: float) -> tuple[str, Consent]:
    state = secrets.token_urlsafe(32)
    with _listening(port, state, connector.consent_code) as listener:
        consent = _consent(state, listener.url)
        url = _page(connector, consent)
        click.echo(f"agree on this page, in a browser on this machine:\n{printable(url)}")
        webbrowser.open(url)
        code = listener.wait(timeout)
    if code is None:
        raise Unavailable(
            f"no browser came back to {consent.redirect} within {timeout:g} s: try again, or use "
            "--no-browser and paste the address that it ends at"
        )
    return code.taken(), consent


def _listening(port: int, state: str, code: str) -> Listener:
    try:
        return Listener(port, state, code)
    except OSError as error:
        raise click.UsageError(
            f"cannot listen on 127.0.0.1:{port}: {error.strerror}; choose another by --port, or use "
            "--no-browser"
        ) from None


def _asked(question: str) -> str:
    try:
        answer: str = click.prompt(question, err=True)
    except click.Abort as error:
        if not isinstance(error.__context__, EOFError):
            raise
        raise click.UsageError(
            "nobody is there to be asked: run it in a terminal, or give the address on standard input"
        ) from None
    return answer.strip()


def _pasted(connector: Connector, port: int) -> tuple[str, Consent]:
    """The code out of what a person pastes: the whole address, or the code alone."""
    state = secrets.token_urlsafe(32)
    consent = _consent(state, f"http://127.0.0.1:{port or PORT}/")
    url = _page(connector, consent)
    click.echo(f"agree on this page, in any browser:\n{printable(url)}\n")
    click.echo("It ends at an address with a code in it, on a page that may well fail to load.")
    pasted = _asked("Paste that address")
    if "://" not in pasted:
        return unquote(pasted), consent  # as an address bar writes it
    code = answer_in(pasted, state, connector.consent_code)
    if code is None:
        raise click.UsageError(
            "that address is not the answer to this consent (its state is another, or it holds no "
            "code): take the one that the browser ends at after agreeing on the page above"
        )
    return code.taken(), consent


def _page(connector: Connector, consent: Consent) -> str:
    try:
        return connector.authorize_url(consent)
    except Rejected as error:
        raise click.UsageError(str(error)) from None


def _consent(state: str, redirect: str) -> Consent:
    return Consent(state=state, redirect=redirect, verifier=secrets.token_urlsafe(48))


def _check(connector: Connector, account: str) -> None:
    """Whether the login works; it is kept in any case."""
    try:
        connector.check()
    except NotPermitted as error:
        said = f"{account}: the login is kept and works, but for this: {error.said}"
        raise NotPermitted(said, error.fix) from None
    except ConnectorError as error:
        raise type(error)(f"{account}: the login is kept, but does not work: {error}") from None
    click.echo(f"{account}: {connector.name} answers")
    click.echo(
        "a running daemon takes the login by itself; an account that was stopped, or a stream that "
        "was not permitted, goes on within half a minute"
    )
