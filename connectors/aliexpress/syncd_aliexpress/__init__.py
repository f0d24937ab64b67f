"""AliExpress's orders, parcels, disputes and reviews, and more time for parcels that are late."""

from syncd.connector import Connector
from syncd.hookspecs import hookimpl
from syncd_aliexpress.legacy import AliExpressLegacy, AliExpressLegacyConfig
from syncd_aliexpress.settings import AliExpressConfig
from syncd_aliexpress.shop import AliExpress

__all__ = ["AliExpress", "AliExpressConfig", "AliExpressLegacy", "AliExpressLegacyConfig"]


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Registers the connectors."""
    return [AliExpress, AliExpressLegacy]
