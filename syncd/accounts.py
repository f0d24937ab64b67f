"""The accounts of a config as living objects, and what they share: the store and the templates."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from syncd import clock, log
from syncd.config import AccountSettings, Settings, able
from syncd.connector import Capability, Connector, Context, TokenKeeper
from syncd.model import ParcelRef
from syncd.model.lateness import KeptModel
from syncd.plugins import Plugins
from syncd.rules import wording
from syncd.rules.following import Routes, route
from syncd.rules.outages import Lane
from syncd.rules.recognise import carriers as known_carriers
from syncd.store import Store, StoreUnavailable
from syncd.text.templates import Templates

if TYPE_CHECKING:  # NumPy is imported where a model is
    from syncd.rules.lateness import Model

_log = log.get("accounts")

_WRITES = frozenset({Capability.START_CONVERSATION, Capability.NOTIFY_TEMPLATED, Capability.REPLY})


class Account(msgspec.Struct, kw_only=True, eq=False):
    """One account: its settings, its place in the store, and the connector object serving it."""

    id: int
    name: str
    settings: AccountSettings
    connector: Connector
    """To be taken from here for each use: `renew` puts another into its place."""
    make: Callable[[], Connector] | None = None
    """Makes such an object; None where it has to serve for good."""
    retired: list[Connector] = msgspec.field(default_factory=list)
    """What has been replaced and may still be in the middle of something."""

    @property
    def platform(self) -> str:
        """The connector's name, which platform rules and identities go by."""
        return self.connector.name

    @property
    def can_write(self) -> bool:
        """Whether it can write to buyers at all."""
        return bool(_WRITES & self.connector.capabilities)

    @property
    def shop_name(self) -> str:
        """What buyers know the shop by."""
        return self.settings.shop_name or self.name

    def intervals(self) -> dict[str, timedelta]:
        """How often each of its streams is polled."""
        return {
            stream: self.settings.intervals.get(stream, default)
            for stream, default in self.connector.streams.items()
        }

    def renew(self) -> None:
        """Have the account served by a new connector object, that holds no token of before.

        Where none can be made the old one stays. A replaced one ends what it is doing in peace.
        """
        if self.make is None:
            return
        try:
            made = self.make()
        except Exception as error:  # noqa: BLE001  the plug-in boundary
            _log.warning("no new connector object", account=self.name, error=str(error))
            return
        self.retired.append(self.connector)
        self.connector = made

    def close(self) -> None:
        """Close its connector objects."""
        for connector in (self.connector, *self.retired):
            try:
                connector.close()
            except Exception as error:  # noqa: BLE001  the plug-in boundary
                _log.warning("close failed", account=self.name, error=str(error))


class Runtime:
    """Everything a running syncd holds; made by `open`, given back by `close`."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        templates: Templates,
        accounts: Mapping[str, Account],
        broken: Mapping[str, str],
    ) -> None:
        self.settings = settings
        self.store = store
        self.templates = templates
        self.accounts = accounts
        self.broken = broken
        """Accounts whose connector object could not be made, each with the reason."""
        self.lateness: tuple[KeptModel, Model] | None = None
        """The lateness model in force; `syncd.forecast` keeps it the latest."""
        self.lateness_sought = False
        """Whether the store has been asked for one."""
        self.under_way: tuple[datetime | None, Mapping[tuple[str, str, str], int]] = None, {}
        """How many parcels each carrier had on each route, and when they were counted."""
        self.newly_late: tuple[datetime | None, Mapping[Lane, int]] = None, {}
        """How many of these fell silent or late lately, since the last count, and when that was."""
        self.outages_asked_at: datetime | None = None
        """When it was last looked whether an outage is over."""
        self.stale: set[str] = set()
        """Accounts whose silence counts for nothing at the moment, as the log last said."""
        self._by_id = {account.id: account for account in accounts.values()}

    @classmethod
    def open(
        cls,
        settings: Settings,
        plugins: Plugins,
        *,
        as_is: bool = False,
        key_needed: bool = False,
    ) -> "Runtime":
        """Open the store, bring it up to date and make the connector objects; no source is asked.

        Raises StoreUnavailable, SecretUnavailable (the store's password or key) or
        TemplateProblems. An account whose connector object cannot be made is left out and listed in
        `broken`. With `as_is` the store has to be there already, as this syncd knows it; its key
        then need only be where a login is asked for, unless `key_needed`.
        """
        templates = wording.load(settings)
        store = Store(
            settings.store.connect_url(),
            max_attachment_bytes=settings.store.max_attachment_bytes,
            as_is=as_is,
        )
        accounts: dict[str, Account] = {}
        try:
            keeper = _keepers(settings, store, late=as_is and not key_needed)
            routes = _routes(settings, plugins, store)
            if not as_is and store.follows.declare(routes, clock.now()):
                _log.info("parcels will be shared out anew", followers=len(routes))
            make = partial(_account, plugins=plugins, store=store, keeper=keeper, routes=routes)
            broken = _made(settings, make, accounts, gone=store.database.gone)
        except BaseException as error:
            for account in accounts.values():
                account.close()
            store.close()
            if isinstance(error, store.database.gone):
                raise _unanswered(store, error) from error
            raise
        return cls(settings, store, templates, accounts, broken)

    def by_id(self, account_id: int) -> Account | None:
        """The account with this id in the store, unless the config has it no longer."""
        return self._by_id.get(account_id)

    def mail_account(self, account: Account) -> Account | None:
        """The account that mails for `account` where its platform does not let syncd write."""
        return self.accounts.get(account.settings.writes_mail_by or "")

    def close(self) -> None:
        """Close every connector and the store."""
        for account in self.accounts.values():
            account.close()
        self.store.close()


def _made(
    settings: Settings,
    make: Callable[[str, AccountSettings], Account],
    accounts: dict[str, Account],
    *,
    gone: tuple[type[Exception], ...],
) -> dict[str, str]:
    """Put each enabled account into `accounts`; why not, of those that cannot be made.

    A store that does not answer is no account's fault: what is `gone` is raised.
    """
    broken = {}
    for name, wanted in settings.accounts.items():
        if not wanted.enabled:
            continue
        try:
            accounts[name] = make(name, wanted)
        except gone:
            raise
        except Exception as error:  # noqa: BLE001  the plug-in boundary: it never stops the rest
            broken[name] = f"{type(error).__name__}: {error}"
            _log.error("account left out", account=name, reason=broken[name])
    return broken


def _unanswered(store: Store, error: BaseException) -> StoreUnavailable:
    said = getattr(error, "orig", None) or error  # SQLAlchemy adds the statement to its own text
    return StoreUnavailable(f"the store {store.database.shown} does not answer: {said}")


_Keeper = Callable[[str, int], TokenKeeper]


def _keepers(settings: Settings, store: Store, *, late: bool) -> _Keeper:
    """What makes the keeper of an account's tokens; a command that only looks needs no key."""
    key, tokens = settings.store.key, store.tokens
    if late:
        return lambda name, number: tokens.late_keeper(name, number, key, clock.now)
    vault = tokens.unlock(key, {n for n, each in settings.accounts.items() if each.enabled})
    return lambda name, number: tokens.keeper(name, number, vault, clock.now)


def _routes(settings: Settings, plugins: Plugins, store: Store) -> Routes:
    """Whose parcels each enabled account follows, also one that cannot be made at the moment."""
    routes: dict[int, frozenset[str] | None] = {}
    for name, wanted in settings.accounts.items():
        kind = plugins.connectors[wanted.connector]
        if not wanted.enabled or Capability.TRACK_PARCELS not in able(kind, wanted.options):
            continue
        own = wanted.follow_carriers
        carriers = kind.carriers if own is None else frozenset(own)
        unknown = (carriers or frozenset()) - set(known_carriers())
        if unknown:
            _log.warning("carriers that nobody knows", account=name, carriers=sorted(unknown))
        routes[store.accounts.register(name, wanted.connector, clock.now())] = carriers
    return routes


def _due_parcels(store: Store, account_id: int, routes: Routes) -> list[ParcelRef]:
    while store.follows.route(partial(route, routes=routes), clock.now()):
        pass
    return store.follows.due(account_id, clock.now())


def _account(
    name: str,
    settings: AccountSettings,
    plugins: Plugins,
    store: Store,
    *,
    keeper: _Keeper,
    routes: Routes,
) -> Account:
    kind = plugins.connectors[settings.connector]
    account_id = store.accounts.register(name, settings.connector, clock.now())
    context = Context(
        account=name,
        now=clock.now,
        parcels=partial(_due_parcels, store, account_id, routes),
        tokens=keeper(name, account_id),
    )
    make = partial(kind, settings.options, context)
    return Account(id=account_id, name=name, settings=settings, connector=make(), make=make)
