"""Mail in by IMAP, mail out by SMTP."""

from syncd.connector import Connector
from syncd.hookspecs import hookimpl
from syncd_imap.connector import ImapConnector
from syncd_imap.settings import ImapConfig

__all__ = ["ImapConfig", "ImapConnector", "syncd_connectors"]


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """The connector of this distribution."""
    return [ImapConnector]
