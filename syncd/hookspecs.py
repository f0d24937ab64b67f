"""The one hook. It registers classes; objects made from the config do the work."""

import pluggy

from syncd.connector import Connector

PROJECT = "syncd"
ENTRY_POINT_GROUP = "syncd.connectors"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def syncd_connectors() -> list[type[Connector]]:  # type: ignore[empty-body]  # pluggy: a spec has no body
    """Return the connector classes that this distribution brings."""
