"""The ready reply to "where is my parcel?": the three facts, in the buyer's language."""

from datetime import datetime

import msgspec

from syncd.accounts import Account, Runtime
from syncd.model import Addressee
from syncd.outbox.compose import Unwritable, Wanted, render
from syncd.rules.playbooks import language_of
from syncd.text import limits

_TEMPLATE = "where_is_it"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A draft for a person to read and send; nothing is queued."""

    account: str
    """Where the buyer spoke last, else where they bought."""
    language: str
    subject: str | None = None
    text: str | None = None
    problem: str | None = None
    """Why there is no text."""


def where_is_it(runtime: Runtime, shipment_id: int, account: str, now: datetime) -> Reply:
    """The reply about a parcel that came through the account of this name."""
    addressee = runtime.store.watch.addressee(shipment_id)
    if addressee is None:
        return Reply(account=account, language="en", problem="its order is not known yet")
    language = language_of(addressee)
    speaker = _speaker(runtime, addressee, account)
    if speaker is None:
        problem = f"account {account} is not in the config, or not enabled"
        return Reply(account=account, language=language, problem=problem)
    buyer = addressee.buyer
    wanted = Wanted(_TEMPLATE, language, buyer.name, buyer.email)
    try:
        written = render(runtime, speaker, wanted, shipment_id, now)
    except Unwritable as error:
        return Reply(account=speaker.name, language=language, problem=str(error))
    platform = limits.carrier_of(speaker.platform, buyer.email)
    broken = "; ".join(limits.check(platform, written)) or None
    return Reply(
        account=speaker.name,
        language=written.language,
        subject=written.subject,
        text=None if broken else written.text,
        problem=broken,
    )


def _speaker(runtime: Runtime, addressee: Addressee, account: str) -> Account | None:
    spoken = addressee.conversation_account_id
    return (runtime.by_id(spoken) if spoken else None) or runtime.accounts.get(account)
