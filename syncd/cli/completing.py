"""What shells complete: names of accounts, tracking numbers, rows that wait for a decision."""

import re
from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from syncd.cli.invocation import Invocation
from syncd.cli.output import cell

# More than fit on a screen help nobody.
_AT_MOST = 50
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def accounts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The accounts of the config, each with its connector."""
    from syncd.cli.opened import enabled  # noqa: PLC0415  only while completing
    from syncd.config.files import read  # noqa: PLC0415

    del param
    named = enabled(read(_invocation(ctx).config).data)
    return _beginning(named.items(), incomplete)


def connectors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The packages of connectors that are installed, whether they load or not."""
    from importlib.metadata import entry_points  # noqa: PLC0415  only while completing

    from syncd.hookspecs import ENTRY_POINT_GROUP  # noqa: PLC0415

    del ctx, param
    found = {each.name: each.value for each in entry_points(group=ENTRY_POINT_GROUP)}
    return _beginning(sorted(found.items()), incomplete)


def outbox_rows(*states: str) -> Completer:
    """Completes the numbers of rows in these states, each with what it is about."""

    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from syncd.cli.opened import store  # noqa: PLC0415  only while completing
        from syncd.config import ConfigError  # noqa: PLC0415
        from syncd.model import OutboxState  # noqa: PLC0415
        from syncd.store import StoreUnavailable  # noqa: PLC0415

        del param
        try:
            with store(_invocation(ctx)) as looking:
                rows = looking.store.outbox.rows(states=[OutboxState(state) for state in states])
        except (ConfigError, StoreUnavailable):
            return []  # a shell has no place to say why
        said = ((str(row.id), f"{row.state} {row.order_id or ''}".strip()) for row in rows)
        return _beginning(said, incomplete)

    return complete


def tracking_numbers(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Completes the number of a parcel, each with its order."""
    from syncd.cli.opened import store  # noqa: PLC0415  only while completing
    from syncd.config import ConfigError  # noqa: PLC0415
    from syncd.store import StoreUnavailable  # noqa: PLC0415

    del param
    try:
        with store(_invocation(ctx)) as looking:
            numbers = looking.store.dossiers.numbers(incomplete, _AT_MOST)
    except (ConfigError, StoreUnavailable):
        return []  # a shell has no place to say why
    return _beginning(numbers, incomplete)


def _invocation(ctx: click.Context) -> Invocation:
    """The global options typed so far: while completing, the group itself has not run."""
    return Invocation(given=ctx.find_root().params.get("config"))


def _beginning(items: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem]:
    """Those that begin so, and that a shell takes as they are: it would run ``$(...)`` in one."""
    return [
        CompletionItem(name, help=cell(told))
        for name, told in items
        if name.startswith(incomplete) and _PLAIN.fullmatch(name)
    ]
