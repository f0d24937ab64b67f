"""The verb that tells a platform of a parcel that left."""

from collections.abc import Collection
from datetime import UTC, datetime

import click

from syncd import clock
from syncd.accounts import Account, Runtime
from syncd.cli import completing
from syncd.cli.invocation import Invocation, json_option, pass_invocation
from syncd.cli.opened import runtime, why_missing
from syncd.cli.output import emit
from syncd.connector import Capability
from syncd.model import CONFIRMATION, NewNotice, Party, Shipment
from syncd.rules.recognise import nearest_name, normalise
from syncd.rules.recognise import recognise as candidates_of


@click.command()
@click.argument("order")
@click.argument("number", metavar="TRACKING-NUMBER")
@click.option(
    "--carrier",
    help="Its name, or its code as `syncd recognise` shows it. Default: the likeliest by the number.",
)
@click.option(
    "--as-written",
    is_flag=True,
    help="Take --carrier as it is, where the platform knows a carrier that syncd does not.",
)
@click.option(
    "--shipped-at",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    help="When it left, in UTC. Default: now.",
)
@click.option(
    "--account", help="Where several accounts have this order.", shell_complete=completing.accounts
)
@json_option
@pass_invocation
def ship(
    invocation: Invocation,
    order: str,
    number: str,
    carrier: str | None,
    as_written: bool,
    shipped_at: datetime | None,
    account: str | None,
    as_json: bool,
) -> None:
    """Tell the platform that ORDER left, with its TRACKING-NUMBER.

    The daemon does it, once; `syncd outbox` shows what became of it. Telling the same again
    changes nothing.

    A --carrier that neither syncd nor the account's connector knows is refused, so that buyers are
    not shown a typing error. Some platforms take any name, others have a list that is known only
    to them: with --as-written the name goes to the platform, and it says whether it takes it.
    """
    now = clock.now()
    _refuse_untrue(number, shipped_at, now)
    with runtime(invocation, as_is=True) as opened:
        found = _account(opened, order, account)
        known = (carrier or "",) if as_written else found.connector.carrier_names()
        shipment = Shipment(
            source_id=f"{order}:{normalise(number)}",
            order_id=order,
            tracking_number=normalise(number),
            carrier=_likeliest(number) if carrier is None else _named(carrier, known),
            shipped_at=shipped_at.replace(tzinfo=UTC) if shipped_at else now,
        )
        queued = opened.store.outbox.queue(_notice(found, shipment, now), now)
    told = {"order": order, "account": found.name, "tracking_number": shipment.tracking_number}
    emit({**told, "carrier": shipment.carrier, "queued": queued}, as_json=as_json)


def _refuse_untrue(number: str, shipped_at: datetime | None, now: datetime) -> None:
    if not normalise(number):
        raise click.UsageError("the tracking number is empty")
    if shipped_at and shipped_at.replace(tzinfo=UTC) > now:
        raise click.UsageError(
            f"--shipped-at: {shipped_at:%Y-%m-%d %H:%M} has not come yet; it is {now:%H:%M} in UTC"
        )


def _account(opened: Runtime, order: str, wanted: str | None) -> Account:
    """Whose order it is; a usage error where that is unclear, or its platform takes no numbers."""
    names = opened.store.stories.accounts_of(order)
    chosen = [name for name in names if wanted in {None, name}]
    if not chosen:
        where = f" in account {wanted}" if wanted else ""
        raise click.UsageError(
            f"there is no order {order!r}{where}: `syncd poll ACCOUNT` brings new ones"
        )
    if len(chosen) > 1:
        raise click.UsageError(
            f"{', '.join(chosen)} have an order {order!r}: say which by --account"
        )
    found = opened.accounts.get(chosen[0])
    if found is None:
        raise click.UsageError(f"account {chosen[0]!r}: {why_missing(opened, chosen[0])}")
    if Capability.UPLOAD_TRACKING not in found.connector.capabilities:
        why = found.connector.lacks.get(Capability.UPLOAD_TRACKING)
        raise click.UsageError(
            f"{found.platform} takes no tracking numbers from syncd{f' ({why})' if why else ''}: "
            "enter it on the platform's own pages"
        )
    return found


def _named(carrier: str, known: Collection[str]) -> str:
    """The carrier as it was named; a usage error where it is neither in our table nor `known`."""
    near = nearest_name(carrier, known)
    if near is None and carrier.strip():
        return carrier.strip()
    hint = f"did you mean {near!r}? " if near else ""
    raise click.UsageError(
        f"no carrier {carrier!r} is known: {hint}`syncd recognise` shows names and codes, and "
        "--as-written gives the platform the name as it is"
    )


def _likeliest(number: str) -> str:
    best = next(iter(candidates_of(number)), None)
    if best is None:
        raise click.UsageError(
            f"no carrier is known for {number}: name it by --carrier, or correct the number"
        )
    return best.carrier


def _notice(account: Account, shipment: Shipment, now: datetime) -> NewNotice:
    return NewNotice(
        key=f"ship:{account.id}:{shipment.source_id}",
        account_id=account.id,
        purpose=CONFIRMATION,
        recipient=Party(),
        language="en",
        not_before=now,
        order_id=shipment.order_id,
        text=f"Order {shipment.order_id} left: {shipment.carrier} {shipment.tracking_number}",
        shipment=shipment,
    )
