"""The contract between syncd and a connector.

A connector is a class; the daemon makes one object of it for each account in the config. The
object reads streams and sends drafts. It keeps no global state, reads no clock but the one it is
given, never sleeps, retries or logs an error by itself: it raises, and the class of what it raises
says how to recover.
"""

from syncd.connector.asking import ask_each
from syncd.connector.consent import Consent
from syncd.connector.contract import (
    API_VERSION,
    MAX_RETRY_AFTER,
    AccountConfig,
    AuthFailed,
    Batch,
    Capability,
    Connector,
    ConnectorError,
    Context,
    Cursor,
    NotPermitted,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from syncd.connector.entities import unescape
from syncd.connector.following import AboutNumber, follow_each, follow_several
from syncd.connector.paging import Paging
from syncd.connector.parsing import NOT_JSON, describe_by, mended, parse_each
from syncd.connector.push import Push, Wake
from syncd.connector.sent import (
    find_text,
    only_messages,
    require,
    same_text,
    settling,
    written_since,
)
from syncd.connector.times import reached, utc_text
from syncd.connector.tokens import MemoryTokens, TokenKeeper
from syncd.model.lengths import text_length
from syncd.secret import LocalPath, Secret, SecretUnavailable

__all__ = [
    "API_VERSION",
    "MAX_RETRY_AFTER",
    "NOT_JSON",
    "AboutNumber",
    "AccountConfig",
    "AuthFailed",
    "Batch",
    "Capability",
    "Connector",
    "ConnectorError",
    "Consent",
    "Context",
    "Cursor",
    "LocalPath",
    "MemoryTokens",
    "NotPermitted",
    "OutcomeUnknown",
    "Paging",
    "Push",
    "Rejected",
    "Secret",
    "SecretUnavailable",
    "TokenKeeper",
    "Unavailable",
    "Wake",
    "ask_each",
    "describe_by",
    "find_text",
    "follow_each",
    "follow_several",
    "mended",
    "only_messages",
    "parse_each",
    "reached",
    "require",
    "same_text",
    "settling",
    "text_length",
    "unescape",
    "utc_text",
    "written_since",
]
