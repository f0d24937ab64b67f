"""One table of the config becomes one account: our keys, and the connector's own."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from syncd.config.settings import AccountKeys, AccountSettings
from syncd.config.wording import EMPTY, Complaint, complaints, did_you_mean, quoted
from syncd.connector import AccountConfig, Capability, Connector

_NAME = re.compile(r"[a-z0-9-]+")
_OWN = frozenset(AccountKeys.model_fields)

Connectors = Mapping[str, type[Connector]]


def account(
    name: str, table: object, connectors: Connectors, context: Mapping[str, Any]
) -> tuple[AccountSettings | None, list[Complaint]]:
    """Check ``[accounts.NAME]``; gives the account, or all that is wrong with it.

    A key that both we and the connector have is given to both.
    """
    if not isinstance(table, dict):
        return None, [Complaint((), f"must be a table, such as [accounts.{name}]")]
    found = _name_complaints(name)
    keys, wrong = _keys(table, context)
    found += wrong
    connector = connectors.get(str(table.get("connector")))
    if connector is None:
        return None, found + _unknown_connector(table, connectors)
    options, wrong = _options(table, connector, context)
    found += wrong + _unknown_streams(table, connector)
    if found or keys is None or options is None:
        return None, found
    own = {key: getattr(keys, key) for key in keys.model_fields_set}
    return AccountSettings(**own, name=name, options=options), []


def able(kind: type[Connector], options: AccountConfig | None) -> frozenset[Capability]:
    """What an account with these settings can do; what its class can where they are not known.

    A bug in telling it is told where the account is made.
    """
    try:
        return kind.able(options) if options is not None else kind.capabilities
    except Exception:  # noqa: BLE001  the plug-in boundary: it never stops the rest
        return kind.capabilities


def _name_complaints(name: str) -> list[Complaint]:
    if _NAME.fullmatch(name):
        return []
    return [Complaint((), "an account's name may only have a-z, 0-9 and '-'")]


def _keys(
    table: Mapping[str, Any], context: Mapping[str, Any]
) -> tuple[AccountKeys | None, list[Complaint]]:
    own = {key: value for key, value in table.items() if key in _OWN}
    try:
        return AccountKeys.model_validate(own, context=context), []
    except ValidationError as error:
        return None, complaints(error, AccountKeys)


def _options(
    table: Mapping[str, Any], connector: type[Connector], context: Mapping[str, Any]
) -> tuple[AccountConfig | None, list[Complaint]]:
    config = connector.Config
    theirs = {
        key: value for key, value in table.items() if key not in _OWN or key in config.model_fields
    }
    empty = [
        Complaint((name,), EMPTY)
        for name, info in config.model_fields.items()
        if info.is_required() and theirs.get(name) == ""  # as the sample config leaves them
    ]
    try:
        options = config.model_validate(theirs, context=context)
    except ValidationError as error:
        found = complaints(error, config, also_known=_OWN)
        told = {complaint.path for complaint in found}
        return None, found + [each for each in empty if each.path not in told]
    return (None, empty) if empty else (options, [])


def _unknown_connector(table: Mapping[str, Any], connectors: Connectors) -> list[Complaint]:
    name = table.get("connector")
    if not isinstance(name, str):  # missing or no text: the keys' own complaint says so
        return []
    installed = f"Installed: {', '.join(sorted(connectors)) or 'none'}"
    hint = did_you_mean(name, connectors) or (
        f"{installed}. Install it beside syncd, such as pip install syncd-{name}; "
        "`syncd connectors` tells what is wrong with one that is installed"
    )
    return [Complaint(("connector",), f"unknown connector {quoted(name)}", hint)]


def _unknown_streams(table: Mapping[str, Any], connector: type[Connector]) -> list[Complaint]:
    intervals = table.get("intervals")
    if not isinstance(intervals, dict):
        return []
    return [
        Complaint(
            ("intervals", stream),
            f"{connector.name} has no stream '{stream}'",
            did_you_mean(stream, connector.streams)
            or f"It has: {', '.join(connector.streams) or 'none'}",
        )
        for stream in intervals
        if stream not in connector.streams
    ]
