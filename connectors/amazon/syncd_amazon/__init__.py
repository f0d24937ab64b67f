"""Amazon orders, shipments and returns, notices and review requests, by the Selling Partner API."""

from syncd.connector import Connector
from syncd.hookspecs import hookimpl
from syncd_amazon.connector import AmazonConnector
from syncd_amazon.settings import AmazonConfig

__all__ = ["AmazonConfig", "AmazonConnector", "syncd_connectors"]


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Amazon's connector."""
    return [AmazonConnector]
